"""What a repair does to results: for the preview of everybody whom it concerns, and for carrying it out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trainer.accounts.models import User
from trainer.attempts.models import Attempt, Response
from trainer.exams.models import Exam
from trainer.marking.grading import PaperKey, Place, keys_of, remedies_of, repaired
from trainer.marking.models import MarkingTask, Result
from trainer.marking.rules.regrade import NOTHING_GIVEN, Regraded, Remedy, regraded, remarked
from trainer.orgs.models import Unit
from trainer.papers.models import Paper, PaperItem

PAGE = 500
NOTHING = Decimal("0.00")

# By attempt and item number what an answer is given anew: (points, most points).
Anew = Mapping[int, Mapping[int, tuple[Decimal, Decimal]]]
NONE_ANEW: Anew = MappingProxyType({})


def after_repairs(
    session: Session,
    results: Sequence[tuple[Result, int]],
    keys: Callable[[int], tuple[PaperKey, ...]],
    pass_mark: Decimal | None,
    anew: Anew = NONE_ANEW,
    *,
    touched: Collection[int],
) -> list[Regraded]:
    """Return where each (result, paper id) stands with the ``keys`` of its paper.

    One statement for the answers, and one for what people have given where a result still waits for others.

    Results of papers that are not ``touched`` stand as they are, and their papers are not even read: where each
    candidate has a paper of their own, a repair is about few of them. Answers that are judged ``anew`` come before what
    is decided for all.
    """
    papers = {paper_id for _result, paper_id in results} & set(touched)
    numbers = {key.number for paper_id in papers for key in keys(paper_id) if key.ruling}
    answers: dict[tuple[int, int], Any] = {}
    if numbers:
        rows = session.execute(
            select(Response.attempt_id, Response.number, Response.answer).where(
                Response.attempt_id.in_([result.attempt_id for result, _paper_id in results]),
                Response.number.in_(sorted(numbers)),
            )
        )
        answers = {(row.attempt_id, row.number): orjson.loads(row.answer) for row in rows}
    waiting = [result.attempt_id for result, paper_id in results if result.unmarked and paper_id in papers]
    given = _given(session, waiting)
    made = []
    for result, paper_id in results:
        if paper_id not in touched:
            made.append(_as_it_stands(result))
            continue
        own = keys(paper_id)
        grades = {key.number: key.judge(answers.get((result.attempt_id, key.number))) for key in own if key.ruling}
        marks = remarked(result.marks, anew.get(result.attempt_id, {}))
        lines = [key.line for key in own]
        made.append(regraded(marks, lines, grades, pass_mark, given.get(result.attempt_id, NOTHING_GIVEN)))
    return made


def _given(session: Session, attempt_ids: Collection[int]) -> dict[int, dict[int, tuple[Decimal, Decimal]]]:
    """Return by attempt and item number (points, most points) of the answers that people have marked."""
    found: dict[int, dict[int, tuple[Decimal, Decimal]]] = defaultdict(dict)
    if attempt_ids:
        task = MarkingTask
        rows = select(task.attempt_id, task.number, task.points, task.max_points).where(
            task.attempt_id.in_(attempt_ids), task.points.is_not(None)
        )
        for attempt_id, number, points, most in session.execute(rows):
            found[attempt_id][number] = (points, most)
    return found


def _as_it_stands(result: Result) -> Regraded:
    return Regraded(
        score=result.score,
        objective_score=result.objective_score,
        correct_count=result.correct_count,
        passed=result.passed,
        unmarked=result.unmarked,
        marks=result.marks,
    )


def papers_with(session: Session, exam_id: int, places: Collection[Place]) -> set[int]:
    """Return the ids of the papers of an exam on which one of these items stands: one statement."""
    rows = session.execute(
        select(PaperItem.paper_id, PaperItem.item_version_id, func.coalesce(PaperItem.part, 0))
        .join(Paper, Paper.id == PaperItem.paper_id)
        .join(Exam, Exam.blueprint_id == Paper.blueprint_id)
        .where(Exam.id == exam_id, PaperItem.item_version_id.in_({one[0] for one in places}))
    )
    return {paper_id for paper_id, version_id, part in rows if (version_id, part) in places}


@dataclass(frozen=True)
class Effect:
    """What becomes of one result. ``hours`` are what its candidate gains or, below 0, loses; 0 for nothing.

    ``objective_after`` and ``final`` are what boards go by: a result that waits for a person is on none. ``waited``
    says that it waits today, so that ``before`` is no score that anybody has seen.
    """

    attempt_id: int
    user_id: int
    name: str
    username: str
    unit: str
    before: Decimal
    after: Decimal
    objective_after: Decimal
    final: bool
    passed_before: bool | None
    passed_after: bool | None
    hours: Decimal = NOTHING
    waited: bool = False

    @property
    def difference(self) -> Decimal:
        return self.after - self.before

    @property
    def is_change(self) -> bool:
        """Whether points, pass or hours are others, or a result comes to be that was none."""
        becomes_final = self.waited and self.final
        return bool(self.difference or self.hours) or self.passed_before != self.passed_after or becomes_final


@dataclass(frozen=True)
class Preview:
    """What a repair would do, by unit and name. ``effects`` holds who is concerned in points, pass or hours alone.

    ``results`` counts all results looked at, ``supposed`` gives (score, objective score) of each final one by attempt.
    """

    results: int
    effects: tuple[Effect, ...]
    supposed: dict[int, tuple[Decimal, Decimal]] = field(default_factory=dict)

    def count(self, what: str) -> int:
        """Return how many effects are ``up``, ``down``, ``pass``, ``fail``, ``hours_up`` or ``hours_down``."""
        tests: dict[str, Callable[[Effect], bool]] = {
            "up": lambda one: one.difference > 0,
            "down": lambda one: one.difference < 0,
            "pass": lambda one: bool(one.passed_after) and not one.passed_before,
            "fail": lambda one: bool(one.passed_before) and not one.passed_after,
            "hours_up": lambda one: one.hours > 0,
            "hours_down": lambda one: one.hours < 0,
        }
        return sum(1 for one in self.effects if tests[what](one))


def preview(session: Session, exam: Exam, place: Place, remedy: Remedy) -> Preview:
    """Return what ``remedy`` would do to the results of an exam as they stand. Writes nothing."""
    remedies = remedies_of(session, exam.id, exam.repairs_no)
    remedies = {**remedies, place: [*remedies.get(place, []), remedy]}
    return _previewed(session, exam, remedies, papers_with(session, exam.id, [place]))


def preview_remark(session: Session, exam: Exam, task: MarkingTask, points: Decimal) -> Preview:
    """Return what other ``points`` for one answer would do to the results of its candidate. Writes nothing."""
    user_id, paper_id = session.execute(
        select(Attempt.user_id, Attempt.paper_id).where(Attempt.id == task.attempt_id)
    ).one()
    anew = {task.attempt_id: {task.number: (points, task.max_points)}}
    remedies = remedies_of(session, exam.id, exam.repairs_no)
    return _previewed(session, exam, remedies, {paper_id}, anew, user_id=user_id)


def _previewed(
    session: Session,
    exam: Exam,
    remedies: Mapping[Place, Sequence[Remedy]],
    papers: Collection[int],
    anew: Anew = NONE_ANEW,
    *,
    user_id: int | None = None,
) -> Preview:
    made: list[Effect] = []
    for page in _pages(session, exam.id, user_id):
        keys = keys_after(session, remedies)
        behind = {row[1] for row in page if row[0].repairs_no < exam.repairs_no}
        rows = [(row[0], row[1]) for row in page]
        stands = after_repairs(session, rows, keys, exam.pass_mark, anew, touched=behind | set(papers))
        for (result, _paper_id, name, username, unit), after in zip(page, stands, strict=True):
            made.append(
                Effect(
                    attempt_id=result.attempt_id,
                    user_id=result.user_id,
                    name=name,
                    username=username,
                    unit=unit,
                    before=result.score,
                    after=after.score,
                    objective_after=after.objective_score,
                    final=after.unmarked == 0,
                    passed_before=result.passed,
                    passed_after=after.passed,
                    waited=result.unmarked > 0,
                )
            )
            session.expunge(result)
    made = _with_hours(made, exam)
    changed = sorted((one for one in made if one.is_change), key=lambda one: (one.unit, one.name, one.attempt_id))
    supposed = {one.attempt_id: (one.after, one.objective_after) for one in made if one.final}
    return Preview(len(made), tuple(changed), supposed)


def _pages(session: Session, exam_id: int, user_id: int | None) -> Iterator[Sequence[Any]]:
    rows = (
        select(Result, Attempt.paper_id, User.name, User.username, Unit.short_name)
        .join(Attempt, Attempt.id == Result.attempt_id)
        .join(User, User.id == Result.user_id)
        .join(Unit, Unit.id == Result.unit_id)
        .where(Result.exam_id == exam_id)
        .order_by(Result.attempt_id)
        .limit(PAGE)
    )
    if user_id is not None:
        rows = rows.where(Result.user_id == user_id)
    last = 0
    while page := session.execute(rows.where(Result.attempt_id > last)).all():
        last = page[-1][0].attempt_id
        yield page


def keys_after(session: Session, remedies: Mapping[Place, Sequence[Remedy]]) -> Callable[[int], tuple[PaperKey, ...]]:
    """Return what gives the items of a paper after remedies, by the paper's id.

    It keeps all papers that it was asked for: where each candidate has a paper, take another one for each page.
    """
    made: dict[int, tuple[PaperKey, ...]] = {}

    def keys(paper_id: int) -> tuple[PaperKey, ...]:
        if paper_id not in made:
            made[paper_id] = repaired(keys_of(session, paper_id), remedies)
        return made[paper_id]

    return keys


def _with_hours(effects: Sequence[Effect], exam: Exam) -> list[Effect]:
    """Return the effects with the hours of people whose only pass comes or goes, at their first result alone."""
    if not exam.credit_hours or exam.is_mock:
        return list(effects)
    before: dict[int, bool] = defaultdict(bool)
    after: dict[int, bool] = defaultdict(bool)
    for one in effects:
        before[one.user_id] |= bool(one.passed_before)
        after[one.user_id] |= bool(one.passed_after)
    told: set[int] = set()
    made = []
    for one in effects:
        change = int(after[one.user_id]) - int(before[one.user_id])
        if change and one.user_id not in told:
            told.add(one.user_id)
            one = replace(one, hours=change * exam.credit_hours)
        made.append(one)
    return made
