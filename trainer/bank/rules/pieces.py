"""What came of the pieces of an answer, for pages that explain it: pairs, marked places, points of a rubric.

Everything here is as secret as the key; only an answer in practice or a released result opens it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from question_bank import Item
from trainer.bank.rules.rich import html_of


@dataclass(frozen=True, slots=True)
class ToldPair:
    """A prompt of a matching item. ``given`` is the text that was chosen for it, None where nothing was."""

    key: str
    text: str
    html: str | None
    given: str | None
    given_html: str | None
    wanted: str
    wanted_html: str | None
    right: bool
    note: str
    note_html: str | None


@dataclass(frozen=True, slots=True)
class ToldSegment:
    """A piece of a document in its order; one without ``key`` only stands between. ``note`` says what is wrong, or why
    nothing is.

    ``outcome`` is hit, missed (faulty, not marked), false_alarm (sound, but marked) or empty.
    """

    key: str | None
    text: str
    outcome: str
    note: str
    note_html: str | None


@dataclass(frozen=True, slots=True)
class ToldPoint:
    """A point of the rubric of a short answer with its weight; the note is for who marks."""

    point: str
    html: str | None
    weight: int
    note: str
    note_html: str | None


def told_pairs(item: Item, answer: Mapping[str, str] | None) -> tuple[ToldPair, ...]:
    """Return the pairs of a matching item, empty for other kinds."""
    if item.kind != "matching":
        return ()
    made = []
    for prompt in item.settings["prompts"]:
        key, note = prompt["key"], prompt.get("note", "")
        wanted, chosen = item.key[key], (answer or {}).get(key)
        given = item.option(chosen).text if chosen else None
        right = item.option(wanted).text
        made.append(
            ToldPair(
                key=key,
                text=prompt["text"],
                html=html_of(item, prompt["text"]),
                given=given,
                given_html=html_of(item, given or ""),
                wanted=right,
                wanted_html=html_of(item, right),
                right=chosen == wanted,
                note=note,
                note_html=html_of(item, note),
            )
        )
    return tuple(made)


def told_segments(item: Item, answer: Collection[str] | None) -> tuple[ToldSegment, ...]:
    """Return the document of an item in which faults are found, empty for other kinds."""
    if item.kind != "error_finding":
        return ()
    made = []
    for segment in item.settings["document"]:
        key, note = segment.get("key"), segment.get("note", "")
        faulty, marked = key in item.key, key is not None and key in (answer or ())
        outcome = ("hit" if marked else "missed") if faulty else ("false_alarm" if marked else "")
        made.append(ToldSegment(key, segment["text"], outcome, note, html_of(item, note)))
    return tuple(made)


def told_rubric(item: Item) -> tuple[ToldPoint, ...]:
    """Return the rubric of a short answer, empty for other kinds."""
    if item.kind != "short_answer":
        return ()
    return tuple(
        ToldPoint(
            row["point"],
            html_of(item, row["point"]),
            int(row["weight"]),
            row.get("note", ""),
            html_of(item, row.get("note", "")),
        )
        for row in item.settings["rubric"]
    )
