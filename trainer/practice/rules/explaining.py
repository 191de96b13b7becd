"""What is told after an answer: verdict, right answer, why each option, and the law that it rests on.

Only an answer opens it: nothing here is computed for a page that still asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from question_bank import kinds, laws
from question_bank.item import Item, LegalBasis
from question_bank.kinds import Grade
from trainer.bank.rules.pieces import ToldPair, ToldPoint, ToldSegment, told_pairs, told_rubric, told_segments
from trainer.bank.rules.rich import html_of
from trainer.practice.rules.grading import Judged


@dataclass(frozen=True, slots=True)
class ToldOption:
    """An option after the answer. In an ordering item ``place`` is the right place, ``given_place`` the answer's.

    Places count from 1; ``given_place`` is None for a step that the answer left out. For true or false the key is
    ``true`` or ``false`` and the text empty.
    """

    key: str
    text: str
    note: str
    right: bool
    chosen: bool
    place: int | None = None
    given_place: int | None = None
    html: str | None = None
    note_html: str | None = None


@dataclass(frozen=True, slots=True)
class ToldBlank:
    """A blank after the answer; ``accepted`` begins with the canonical answer."""

    number: int
    given: str
    right: bool
    accepted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cited:
    """A place in a law as a reader wants it. ``in_force`` is None where the register does not know the version."""

    law: str
    title: str
    version: str
    article: str
    paragraph: int | None
    item: int | None
    in_force: bool | None


@dataclass(frozen=True, slots=True)
class Explained:
    """A graded answer. ``verdict`` is right, part, wrong, skipped (the person said not to know) or waiting.

    Of a short answer ``right_answer`` is the sample.
    """

    verdict: str
    right_answer: Any
    explanation: str
    options: tuple[ToldOption, ...] = ()
    blanks: tuple[ToldBlank, ...] = ()
    pairs: tuple[ToldPair, ...] = ()
    segments: tuple[ToldSegment, ...] = ()
    rubric: tuple[ToldPoint, ...] = ()
    basis: tuple[Cited, ...] = field(default=())
    explanation_html: str | None = None
    right_answer_html: str | None = None


def explain_case(item: Item, judged: Judged) -> Explained:
    """Return what to tell of a case on the whole; its parts are explained one by one."""
    return Explained(
        verdict=_verdict_of_case(judged),
        right_answer=None,
        explanation=item.explanation,
        basis=tuple(cite(entry) for entry in dict.fromkeys(item.citations())),
        explanation_html=html_of(item, item.explanation),
    )


def _verdict_of_case(judged: Judged) -> str:
    verdicts = {_verdict(grade) for grade in judged.grades}
    if "waiting" in verdicts:
        return "waiting"
    if len(verdicts) == 1:
        return verdicts.pop()
    return "part" if judged.fraction > 0 else "wrong"


def explain(item: Item, answer: Any, grade: Grade) -> Explained:
    """Return what to tell. ``answer`` is in the normal form that was graded, None for "I do not know"."""
    return Explained(
        verdict=_verdict(grade),
        right_answer=kinds.right_answer(item),
        explanation=item.explanation,
        options=_options(item, answer),
        blanks=_blanks(item, answer, grade) if item.kind == "fill_blank" else (),
        pairs=told_pairs(item, answer),
        segments=told_segments(item, answer),
        rubric=told_rubric(item),
        basis=tuple(cite(entry) for entry in item.basis),
        explanation_html=html_of(item, item.explanation),
        right_answer_html=html_of(item, item.settings["sample"]) if item.kind == "short_answer" else None,
    )


def cite(basis: LegalBasis) -> Cited:
    """Return a legal basis with the full title and standing of its law; the short name where it is not registered."""
    law = laws.find(basis.law)
    version = law.version(basis.version) if law else None
    return Cited(
        law=basis.law,
        title=law.title if law else basis.law,
        version=basis.version,
        article=basis.article,
        paragraph=basis.paragraph,
        item=basis.item,
        in_force=version.in_force if version else None,
    )


def _verdict(grade: Grade) -> str:
    if grade.needs_person:
        return "waiting"
    if not grade.answered:
        return "skipped"
    if grade.correct:
        return "right"
    return "part" if grade.fraction > 0 else "wrong"


def _options(item: Item, answer: Any) -> tuple[ToldOption, ...]:
    if item.kind in ("matching", "error_finding", "short_answer"):
        return ()
    if item.kind == "true_false":
        return tuple(
            ToldOption("true" if value else "false", "", "", right=item.key is value, chosen=answer is value)
            for value in (True, False)
        )
    if item.kind == "ordering":
        given = {key: place for place, key in enumerate(answer or (), start=1)}
        return tuple(
            ToldOption(
                key,
                option.text,
                option.note,
                given.get(key) == place,
                key in given,
                place,
                given.get(key),
                html_of(item, option.text),
                html_of(item, option.note),
            )
            for place, key in enumerate(item.key, start=1)
            if (option := item.option(key))
        )
    right = {item.key} if isinstance(item.key, str) else set(item.key)
    chosen = {answer} if isinstance(answer, str) else set(answer or ())
    return tuple(
        ToldOption(
            option.key,
            option.text,
            option.note,
            option.key in right,
            option.key in chosen,
            html=html_of(item, option.text),
            note_html=html_of(item, option.note),
        )
        for option in item.options
    )


def _blanks(item: Item, answer: Any, grade: Grade) -> tuple[ToldBlank, ...]:
    judged = {part.place: part.right for part in grade.parts}
    return tuple(
        ToldBlank(number, answer[number - 1] if answer else "", judged.get(str(number), False), tuple(accepted))
        for number, accepted in enumerate(item.key, start=1)
    )
