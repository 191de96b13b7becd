"""Reads of results, each behind the release rule: before it nothing of a key leaves the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from question_bank import Item
from question_bank.kinds import right_answer
from question_bank.laws import find as find_law
from trainer.attempts.models import Attempt, Response
from trainer.bank.models import ItemVersion
from trainer.bank.queries import shows_medium
from trainer.bank.rules.pieces import told_pairs, told_rubric, told_segments
from trainer.bank.rules.rich import html_of
from trainer.core.errors import Forbidden
from trainer.exams.models import Exam
from trainer.exams.queries import last_own_closing, longest_extra
from trainer.exams.rules import ends_at
from trainer.marking.grading import PaperKey, keys_of
from trainer.marking.models import Result
from trainer.marking.queries.remarks import Remarked, remarks_of
from trainer.marking.queries.repairs import earlier_results, reasons_of
from trainer.marking.rules import may_see_result
from trainer.marking.rules.regrade import DROP
from trainer.marking.rules.retelling import without_old_notes
from trainer.papers.models import Paper, PaperItem


class NotReleased(Forbidden):
    """The result may not be seen yet; ``release`` says by which rule."""

    code = "not_released"


# What says of an ``Attempt`` of an ``Exam`` with a ``Result`` whether it may be seen.
RELEASE = (
    Attempt.state.label("attempt_state"),
    Exam.state.label("exam_state"),
    Exam.release,
    Exam.released_at,
    Exam.grace_seconds,
    last_own_closing().label("closes_at"),
    longest_extra().label("longest_extra"),
    Result.unmarked,
)


def is_released(row: Any, now: datetime) -> bool:
    """Return whether the result that a row of ``RELEASE`` tells of may be seen by its candidate at ``now``.

    A cancelled exam has no results: its items may come again in the one that makes up for it.
    """
    return row.exam_state == "published" and may_see_result(
        row.release,
        submitted=row.attempt_state == "submitted",
        ended_at=ends_at(row.closes_at, row.longest_extra, grace_seconds=row.grace_seconds),
        released_at=row.released_at,
        now=now,
        unmarked=row.unmarked,
    )


def released_result(session: Session, attempt_id: int, now: datetime) -> dict[str, Any] | None:
    """Return the whole result of a settled attempt, or None while the release rule or the marking holds it back."""
    row = session.execute(
        select(Attempt, Exam, Result, *RELEASE)
        .join(Exam, Exam.id == Attempt.exam_id)
        .join(Result, Result.attempt_id == Attempt.id)
        .where(Attempt.id == attempt_id)
    ).first()
    return _whole(session, *row[:3]) if row is not None and is_released(row, now) else None


def result_or_refuse(session: Session, attempt_id: int, now: datetime) -> dict[str, Any]:
    """Return the result; raises ``NotReleased`` while it is held back."""
    found = released_result(session, attempt_id, now)
    if found is None:
        raise NotReleased
    return found


def released_with_medium(session: Session, person: Any, sha256: str, now: datetime) -> bool:
    """Return whether a released result of the person shows this medium, in an explanation perhaps."""
    attempts = session.scalars(
        select(Attempt.id)
        .join(PaperItem, PaperItem.paper_id == Attempt.paper_id)
        .join(ItemVersion, ItemVersion.id == PaperItem.item_version_id)
        .where(Attempt.user_id == person.id, shows_medium(sha256, after_answer=True))
        .distinct()
    )
    return bool(released_scores(session, list(attempts), now)) and person.ticket_exam_id is None


@dataclass(frozen=True)
class Score:
    """What a candidate may know of an attempt in a list. ``passed`` is None without a pass mark."""

    score: Decimal
    max_points: Decimal
    passed: bool | None


def released_scores(session: Session, attempt_ids: Sequence[int], now: datetime) -> dict[int, Score]:
    """Return the scores of those attempts whose release rule lets their candidate see them at ``now``."""
    rows = session.execute(
        select(
            Result.attempt_id,
            Result.score,
            Result.max_points,
            Result.passed,
            Result.unmarked,
            Exam.release,
            Exam.released_at,
            Exam.grace_seconds,
            last_own_closing().label("closes_at"),
            longest_extra().label("longest_extra"),
        )
        .join(Attempt, Attempt.id == Result.attempt_id)
        .join(Exam, Exam.id == Attempt.exam_id)
        .where(Result.attempt_id.in_(attempt_ids), Attempt.state == "submitted", Exam.state == "published")
    )
    return {
        row.attempt_id: Score(row.score, row.max_points, row.passed)
        for row in rows
        if may_see_result(
            row.release,
            submitted=True,
            ended_at=ends_at(row.closes_at, row.longest_extra, grace_seconds=row.grace_seconds),
            released_at=row.released_at,
            now=now,
            unmarked=row.unmarked,
        )
    }


def waiting_answers(session: Session, attempt_ids: Sequence[int]) -> dict[int, int]:
    """Return how many answers of each of these attempts wait for a person; attempts without any are not in it."""
    if not attempt_ids:
        return {}
    rows = session.execute(
        select(Result.attempt_id, Result.unmarked).where(Result.attempt_id.in_(attempt_ids), Result.unmarked > 0)
    )
    return {row.attempt_id: row.unmarked for row in rows}


@dataclass(frozen=True)
class Unmarked:
    """What waits for a person in an exam: so many answers in so many attempts."""

    answers: int
    attempts: int


def waiting_people(session: Session, exam_id: int) -> set[int]:
    """Return the ids of the people of an exam none of whose results is final: answers wait for a marker."""
    final = func.max(case((Result.unmarked == 0, 1), else_=0))
    rows = select(Result.user_id).where(Result.exam_id == exam_id).group_by(Result.user_id).having(final == 0)
    return set(session.scalars(rows))


def unmarked_of(session: Session, exam_id: int) -> Unmarked:
    """Return what waits for a person in an exam: one statement."""
    row = session.execute(
        select(func.coalesce(func.sum(Result.unmarked), 0), func.count()).where(
            Result.exam_id == exam_id, Result.unmarked > 0
        )
    ).one()
    return Unmarked(int(row[0]), row[1])


def _whole(session: Session, attempt: Attempt, exam: Exam, result: Result) -> dict[str, Any]:
    document = orjson.loads(session.scalar(select(Paper.document).where(Paper.id == attempt.paper_id)) or b"{}")
    order = {item["number"]: item for part in document["sections"] for item in part["items"]}
    cases = {case["case"]: case for part in document["sections"] for case in part.get("cases", ())}
    titles = {number: part["title"] for number, part in enumerate(document["sections"], 1)}
    answers = {
        number: orjson.loads(text)
        for number, text in session.execute(
            select(Response.number, Response.answer).where(Response.attempt_id == attempt.id)
        )
    }
    keys = keys_of(session, attempt.paper_id, exam.id, result.repairs_no)
    repaired = result.repairs_no > 0
    printed = {key.number: key.item for key in keys_of(session, attempt.paper_id)} if repaired else {}
    reasons = reasons_of(session, exam.id, result.repairs_no) if repaired else {}
    remarks = remarks_of(session, attempt.id, result.repairs_no) if repaired else {}
    return {
        "attempt_id": str(attempt.id),
        "exam_id": str(exam.id),
        "title": exam.title,
        "score": result.score,
        "max_points": result.max_points,
        "pass_mark": exam.pass_mark,
        "passed": result.passed,
        "correct_count": result.correct_count,
        "item_count": sum(1 for key in keys if key.outcome != DROP),
        "seconds_used": result.seconds_used,
        "submitted_at": result.submitted_at,
        "items": [
            _item(told, order[key.number], cases, titles[key.section], answers.get(key.number), mark)
            | {"repair": _repair(key, printed[key.number], *reasons[key.place]) if key.ruling else None}
            | {"remark": _remark(remarks[key.number]) if key.number in remarks else None}
            for key, mark in zip(keys, result.marks, strict=True)
            for told in [_newly_told(key, printed)]
        ],
        "earlier": [
            {"score": one.score, "passed": one.passed, "remedy": one.remedy, "reason": one.reason, "at": one.at}
            | {"number": one.number, "changes": one.changes}
            for one in (earlier_results(session, attempt.id) if repaired else ())
        ],
    }


def _newly_told(key: PaperKey, printed: Mapping[int, Item]) -> PaperKey:
    """Return an item of a paper without the notes that its repairs contradict."""
    return replace(key, item=without_old_notes(printed[key.number], key.ruling)) if key.ruling else key


def _repair(key: PaperKey, printed: Item, reason: str, at: datetime) -> dict[str, Any]:
    """Return what was done to an item. ``also_right`` are the further answers that count as right, JSON data."""
    assert key.ruling is not None
    return {
        "remedy": key.ruling.last,
        "also_right": [right_answer(item) for item in key.ruling.items[1:]],
        "announced_points": key.announced,
        "explains_old_key": any(item.key != printed.key for item in key.ruling.items),
        "reason": reason,
        "at": at,
    }


def _remark(one: Remarked) -> dict[str, Any]:
    """Return what an answer was given anew."""
    return {
        "before": one.before,
        "points": one.points,
        "announced_points": one.announced,
        "lines": list(one.lines),
        "comment": one.comment,
        "reason": one.reason,
        "at": one.at,
    }


def _item(
    key: PaperKey,
    shown: dict[str, Any],
    cases: dict[str, dict[str, Any]],
    section: str,
    answer: Any,
    mark: dict[str, Any],
) -> dict[str, Any]:
    """Return one item with key and reasons, its options in the order in which the candidate saw them."""
    item = key.item
    notes = {option.key: option.note for option in item.options}
    options = [
        {
            "key": option["key"],
            "text": option["text"],
            "html": option.get("html"),
            "note": notes.get(option["key"], ""),
            "note_html": html_of(item, notes.get(option["key"], "")),
        }
        for option in shown.get("options") or []
    ]
    return {
        "number": key.number,
        "section": section,
        "kind": item.kind,
        "indefinite": bool(item.settings.get("indefinite")),
        "case": cases.get(item.case),
        "stem": item.stem,
        "stem_html": shown.get("stem_html"),
        "options": options or None,
        "pairs": told_pairs(item, answer) or None,
        "segments": told_segments(item, answer) or None,
        "rubric": told_rubric(item) or None,
        "answer": answer,
        "right_answer": right_answer(item),
        "right_answer_html": html_of(item, item.settings["sample"]) if item.kind == "short_answer" else None,
        "points": mark["points"],
        "max_points": key.points,
        "correct": mark["correct"],
        "answered": mark["answered"],
        "explanation": item.explanation,
        "explanation_html": html_of(item, item.explanation),
        "basis": [
            {
                "law": basis.law,
                "title": _title(basis.law),
                "version": basis.version,
                "article": basis.article,
                "paragraph": basis.paragraph,
                "item": basis.item,
            }
            for basis in item.basis
        ],
    }


def _title(law: str) -> str:
    found = find_law(law)
    return found.title if found else law
