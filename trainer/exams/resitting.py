"""Drafting the exam that makes up for another (补考): another one, because its keys must be new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.core.errors import Conflict, Forbidden
from trainer.exams.queries import ExamLine, titles_of_resits
from trainer.exams.rules import ExamSpec
from trainer.exams.service import create_exam
from trainer.exams.wording import resit_title
from trainer.papers.queries import rules_of, sections_of
from trainer.papers.rules.blueprint import DrawRules, SectionSpec
from trainer.web.locale import zone

AHEAD = timedelta(days=7)


def spec_of(exam: ExamLine, sections: Sequence[SectionSpec], rules: DrawRules) -> ExamSpec:
    """Return what was asked for when ``exam`` was made, without its people and its seed."""
    return ExamSpec(
        title=exam.title,
        opens_at=exam.opens_at,
        closes_at=exam.closes_at,
        minutes=exam.minutes,
        sections=tuple(sections),
        pass_mark=exam.pass_mark,
        attempts=exam.attempts,
        release=exam.release,
        draw=exam.draw,
        forms=exam.forms,
        shuffle_items=exam.shuffle_items,
        shuffle_options=exam.shuffle_options,
        credit_hours=exam.credit_hours,
        rules=rules,
        unit_code=exam.unit_code,
        is_mock=exam.is_mock,
        focus_threshold=exam.focus_threshold,
        navigation=exam.navigation,
    )


class NobodyToResit(Conflict):
    """All who were asked for are named for a resit already, or there is nobody like that."""

    code = "nobody_to_resit"


def draft_resit(session: Session, exam: ExamLine, usernames: Sequence[str], *, by: Person, now: datetime) -> int:
    """Draft a resit with the same rules for these people, at the same time of day in a week, and return its id.

    Each call drafts another one, under a title that no other resit of the exam bears. Raises ``Forbidden`` before the
    results are out, ``NobodyToResit`` for an empty list.
    """
    if exam.phase(now) != "released" or exam.state != "published":
        raise Forbidden("not_released")
    if not usernames:
        raise NobodyToResit
    spec = spec_of(exam, sections_of(session, exam.blueprint_id), rules_of(session, exam.blueprint_id))
    today = now.astimezone(zone())
    start = spec.opens_at.astimezone(zone()).replace(year=today.year, month=today.month, day=today.day) + AHEAD
    spec = replace(
        spec,
        title=resit_title(exam.title, titles_of_resits(session, exam.id)),
        opens_at=start,
        closes_at=start + (exam.closes_at - exam.opens_at),
        usernames=tuple(usernames),
        seed=None,
        resit_of_id=exam.id,
    )
    return create_exam(spec, by=by, now=now, publish=False)
