"""What is wrong with an exam before it is stored: by itself, in whom it names, and for lack of items. Reads alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.bank.queries import reserved_among
from trainer.core.clock import local_day
from trainer.core.errors import FieldProblem, Forbidden, Invalid, Missing
from trainer.exams.changing import MANAGE
from trainer.exams.naming import Named, find_candidates
from trainer.exams.rules import ExamSpec, exam_problems
from trainer.exams.supply import Seen, kept_out
from trainer.orgs.models import Unit
from trainer.orgs.queries import unit_by_code
from trainer.papers.outlook import why_not_enough
from trainer.papers.rules.blueprint import SectionSpec
from trainer.web.locale import zone


def checked(
    session: Session, spec: ExamSpec, *, by: Person, now: datetime, publish: bool, seen: Seen | None
) -> tuple[Unit, list[Named]]:
    """Return the owning unit and the people named; raises ``Invalid`` with all that is wrong at once.

    With ``publish`` what keeps the exam from being published is wrong too; ``seen`` is needed then where its rules
    avoid what candidates have met.
    """
    problems, unit, named = _faults(session, spec, by)
    if unit is not None and not problems:
        return unit, named
    problems += _past_problems(spec, now, publish=publish)
    if publish and not any(one.field.startswith("sections") for one in problems):
        forms_of = {one.user_id: (form,) for form, one in enumerate(named, start=1)}
        out = kept_out(session, spec.rules, spec.draw, forms_of, now=now, seen=seen)
        until = local_day(spec.closes_at, zone())
        lack = why_not_enough(session, spec.sections, until, rules=spec.rules, now=now, kept_out=out)
        problems += lack.problems if lack else []
    raise Invalid(problems)


def exam_faults(
    session: Session, spec: ExamSpec, *, by: Person, now: datetime, publish: bool = False
) -> list[FieldProblem]:
    """Return what would be refused of an exam, without asking what the bank lacks; an empty list for nothing.

    Only reads. ``publish`` says that it is meant to be published at once.
    """
    problems, _unit, _named = _faults(session, spec, by)
    return problems + _past_problems(spec, now, publish=publish)


def _faults(session: Session, spec: ExamSpec, by: Person) -> tuple[list[FieldProblem], Unit | None, list[Named]]:
    """Return what is wrong with an exam, its owning unit (None where it is unknown), and the people named."""
    problems = exam_problems(spec) + _reserved_problems(session, spec.sections, by)
    unit, named = None, []
    # Only reads are refused and gone on after here: nothing half done can be committed.
    try:
        unit = _owner(session, by, spec.unit_code)
    except Invalid as refusal:
        problems += refusal.problems
    try:
        named = find_candidates(session, by.scope(MANAGE), units=spec.units, usernames=spec.usernames)
    except Invalid as refusal:
        problems += refusal.problems
    return problems, unit, named


def _past_problems(spec: ExamSpec, now: datetime, *, publish: bool) -> list[FieldProblem]:
    return [FieldProblem("closes_at", "closes_in_past")] if publish and spec.closes_at <= now else []


def _reserved_problems(session: Session, sections: Sequence[SectionSpec], by: Person) -> list[FieldProblem]:
    """Return where sections ask for reserved items without the permission; that a named one exists is not told."""
    if by.may("item.reserve"):
        return []
    kept = reserved_among(session, {code for one in sections for code in one.item_ids})
    problems = []
    for number, one in enumerate(sections):
        if one.pool == "reserved":
            problems.append(FieldProblem(f"sections.{number}.pool", "reserved_not_allowed"))
        hidden = [code for code in one.item_ids if code in kept]
        if hidden:
            named = {"section": number + 1, "items": ", ".join(hidden[:5])}
            problems.append(FieldProblem(f"sections.{number}.item_ids", "unknown_items", named))
    return problems


def _owner(session: Session, by: Person, code: str | None) -> Unit:
    """Return the unit that owns the exam: the one asked for, else the widest of the caller's scope."""
    scope = by.scope(MANAGE)
    if code:
        try:
            unit = unit_by_code(session, scope, code)
        except Missing:
            raise Invalid.at("unit", "unknown_unit", value=code[:40]) from None
        if not scope.holds_whole(unit.path):
            raise Invalid.at("unit", "unknown_unit", value=code[:40])
        return unit
    paths = sorted((reach.path for reach in scope.reaches if reach.field is None), key=lambda path: (len(path), path))
    unit = session.scalar(select(Unit).where(Unit.path == paths[0])) if paths else None
    if unit is None:
        raise Forbidden(permission=MANAGE)
    return unit
