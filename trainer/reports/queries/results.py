"""The results of an exam in figures: who may see whose, the scores counted by unit, and the profile of the paper.

Counted is the best result of each person, in the unit for which the person was named. Scores are counted in the
database, so what comes back grows with the units and the scores that occur, not with the people. Who runs the exam's
own unit sees all; anybody else with ``exam.view`` the people of the own subtree, once the results are out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, exists, false, func, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from trainer.accounts.rules import PERMISSIONS, Person
from trainer.attempts.models import Attempt
from trainer.core.errors import Missing
from trainer.exams.models import Candidate, Exam
from trainer.exams.queries import ExamLine, every_row, last_closing, lines_of
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.orgs.rules import Reach, Scope, ancestors
from trainer.papers.queries import sections_of
from trainer.reports.models import ExamStatistic
from trainer.reports.queries.exams import best_results
from trainer.reports.rules.results import Group, Part, ShareSum, Step, group_of, part_of, steps_of

OTHERS_MOST = 20


def scope_with(person: Person, *permissions: str) -> Scope:
    """Return where one and the same role lets the caller do all of this, reaches cut to a field left out."""
    return Scope(
        tuple(
            Reach(grant.unit_path)
            for grant in person.grants
            if grant.field is None and set(permissions) <= PERMISSIONS.get(grant.role, frozenset())
        )
    )


@dataclass(frozen=True)
class Seen:
    """An exam with whose results of it the caller may see: ``scope`` None means everybody's."""

    exam: ExamLine
    scope: Scope | None


def read_exam_with_people(session: Session, exam_id: int, person: Person, *permissions: str) -> Seen:
    """Return an exam of the caller's units, or a published one that people of these units are named for.

    Two statements. ``permissions`` must come together in one role. Raises ``Missing`` for any other exam.
    """
    scope = scope_with(person, *permissions)
    # What others only draft is theirs: whom they mean to name is not told before.
    of_others = and_(Exam.state == "published", _names(scope))
    row = session.execute(every_row().where(Exam.id == exam_id, or_(units_within(scope), of_others))).first()
    if row is None:
        raise Missing
    exam = lines_of(session, [row])[0]
    return Seen(exam, None if scope.holds_whole(exam.unit_path) else scope)


def exams_of_others(session: Session, person: Person, now: Any) -> list[ExamLine]:
    """Return the last exams of other units whose results are out and that people of the caller's units are named for.

    At most ``OTHERS_MOST``, the latest first; two statements.
    """
    scope = scope_with(person, "exam.view")
    rows = session.execute(
        every_row()
        .where(Exam.state == "published", ~Exam.is_mock, last_closing() <= now, ~units_within(scope), _names(scope))
        .order_by(last_closing().desc(), Exam.id.desc())
        .limit(OTHERS_MOST)
    ).all()
    return [line for line in lines_of(session, rows) if line.phase(now) == "released"]


def _names(scope: Scope) -> ColumnElement[bool]:
    """Return the condition on ``Exam`` that people of ``scope`` are named for it."""
    unit = aliased(Unit)
    within = or_(false(), *(unit.path.startswith(reach.path, autoescape=True) for reach in scope.reaches))
    return exists().where(Candidate.exam_id == Exam.id, unit.id == Candidate.unit_id, within)


@dataclass(frozen=True)
class UnitRow:
    """A unit beside its sisters. ``due`` and ``started`` count people; ``opens`` that there are units below to see.

    ``is_own`` is the part of a unit above that belongs to none of the units below it.
    """

    code: str
    name: str
    due: int
    started: int
    group: Group
    opens: bool
    is_own: bool


@dataclass(frozen=True)
class Results:
    """The results of the people below a unit. ``unit`` is (code, name), None where several units stand side by side.

    ``above`` are the units over it up to the widest one that may be seen, as (code, name), that one first. ``waiting``
    people have answers that wait for a marker and are not counted. ``max_points`` and ``pass_mark`` are points.
    """

    unit: tuple[str, str] | None
    above: tuple[tuple[str, str], ...]
    due: int
    started: int
    waiting: int
    max_points: float
    pass_mark: float | None
    group: Group
    steps: tuple[Step, ...]
    units: tuple[UnitRow, ...]
    unit_ids: frozenset[int] = field(default_factory=frozenset)


@dataclass
class _Sums:
    counts: Counter[int] = field(default_factory=Counter)
    due: int = 0
    started: int = 0
    waiting: int = 0


def results_of_units(session: Session, seen: Seen, code: str | None) -> Results:
    """Return the results below the unit ``code``, without one below the lowest that holds all: three statements.

    Raises ``Missing`` for a unit that nobody was named in, or outside of what the caller may see.
    """
    by_path: dict[str, _Sums] = defaultdict(_Sums)
    most = _read_scores(session, seen, by_path)
    _read_people(session, seen, by_path)
    top = _common(by_path)
    wanted = {one for path in by_path for one in ancestors(path) if one.startswith(top)}
    units = {one.path: one for one in session.scalars(select(Unit).where(Unit.path.in_(wanted)))}
    root = top
    if code is not None:
        root = next((path for path, one in units.items() if one.code == code and _is_seen(seen, path)), "")
        if not root:
            raise Missing
    mark = None if seen.exam.pass_mark is None else int(seen.exam.pass_mark * 100)
    inside = {path: sums for path, sums in by_path.items() if path.startswith(root)}
    whole = _added(inside.values())
    return Results(
        unit=(units[root].code, units[root].short_name) if root in units and _is_seen(seen, root) else None,
        above=tuple(
            (units[path].code, units[path].short_name)
            for path in ancestors(root)[:-1]
            if path in units and _is_seen(seen, path)
        ),
        due=whole.due,
        started=whole.started,
        waiting=whole.waiting,
        max_points=most / 100,
        pass_mark=None if mark is None else mark / 100,
        group=group_of(whole.counts, most, mark),
        steps=steps_of(whole.counts, most, mark),
        units=_rows(inside, units, root, most, mark),
        unit_ids=frozenset(_id_of(path) for path in inside),
    )


def _is_seen(seen: Seen, path: str) -> bool:
    return seen.scope is None or seen.scope.holds_whole(path)


def _within(seen: Seen) -> Sequence[ColumnElement[bool]]:
    return () if seen.scope is None else (units_within(seen.scope),)


def _read_scores(session: Session, seen: Seen, by_path: dict[str, _Sums]) -> int:
    """Count scores into ``by_path`` and return the full score; both are whole hundredths."""
    best = best_results(seen.exam.id)
    waits = case((best.c.unmarked > 0, 1), else_=0)
    score = type_coerce(best.c.score, BigInteger)
    most = type_coerce(func.max(type_coerce(best.c.max_points, BigInteger)), BigInteger)
    rows = session.execute(
        select(Unit.path, waits.label("waits"), score.label("score"), func.count().label("people"), most.label("most"))
        .join(Unit, Unit.id == best.c.unit_id)
        .where(*_within(seen))
        .group_by(Unit.path, waits, score)
    )
    full = int(seen.exam.max_points * 100)
    for row in rows:
        full = max(full, int(row.most))
        if row.waits:
            by_path[row.path].waiting += row.people
        else:
            by_path[row.path].counts[int(row.score)] += row.people
    return full


def _read_people(session: Session, seen: Seen, by_path: dict[str, _Sums]) -> None:
    started = exists().where(Attempt.candidate_id == Candidate.id).correlate(Candidate)
    rows = session.execute(
        select(
            Unit.path,
            func.sum(case((Candidate.state == "due", 1), else_=0)).label("due"),
            func.sum(case((and_(Candidate.state == "due", started), 1), else_=0)).label("started"),
        )
        .join(Unit, Unit.id == Candidate.unit_id)
        .where(Candidate.exam_id == seen.exam.id, *_within(seen))
        .group_by(Unit.path)
    )
    for row in rows:
        by_path[row.path].due += int(row.due)
        by_path[row.path].started += int(row.started)


def _common(paths: Iterable[str]) -> str:
    """Return the path of the lowest unit that holds all of ``paths``; empty without any."""
    lines = [ancestors(path) for path in paths]
    shared = ""
    for level in zip(*lines, strict=False):
        if len(set(level)) > 1:
            break
        shared = level[0]
    return shared


def _id_of(path: str) -> int:
    return int(path.rstrip("/").rpartition("/")[2])


def _added(parts: Iterable[_Sums]) -> _Sums:
    whole = _Sums()
    for one in parts:
        whole.counts.update(one.counts)
        whole.due += one.due
        whole.started += one.started
        whole.waiting += one.waiting
    return whole


def _rows(
    inside: dict[str, _Sums], units: dict[str, Unit], root: str, most: int, mark: int | None
) -> tuple[UnitRow, ...]:
    """Return the units right below ``root`` in the order of the tree, what belongs to none of them first."""
    level = len(ancestors(root))
    parts: dict[str, dict[str, _Sums]] = defaultdict(dict)
    for path, sums in inside.items():
        parts[ancestors(path)[: level + 1][-1]][path] = sums
    if len(parts) < 2:
        return ()
    rows = []
    for path in sorted(parts, key=lambda one: (one != root, units[one].sort, units[one].name, one)):
        sums, unit = _added(parts[path].values()), units[path]
        opens = path != root and any(one != path for one in parts[path])
        group = group_of(sums.counts, most, mark)
        rows.append(UnitRow(unit.code, unit.short_name, sums.due, sums.started, group, opens, path == root))
    return tuple(rows)


DIMENSIONS = ("section", "topic", "wing")


def profile_of(counted: ExamStatistic | None, unit_ids: frozenset[int]) -> dict[str, list[Part]] | None:
    """Return the parts of the paper by dimension, for the people of these units; None before the exam was counted.

    Sections stand in the order of the paper, the others by their key.
    """
    if counted is None or "profile" not in counted.figures:
        return None
    sums: dict[tuple[str, str], ShareSum] = defaultdict(ShareSum)
    for dimension, key, unit_id, *numbers in counted.figures["profile"]:
        if unit_id in unit_ids:
            sums[dimension, key].take_in(ShareSum(*numbers))
    return {
        dimension: sorted(
            (part_of(key, found) for (held, key), found in sums.items() if held == dimension),
            key=lambda part: (int(part.key) if dimension == "section" else 0, part.key),
        )
        for dimension in DIMENSIONS
    }


def section_titles(session: Session, blueprint_id: int) -> dict[str, str]:
    """Return the titles of the sections of an exam's papers by their number, as keys of the profile are."""
    return {str(number): one.title for number, one in enumerate(sections_of(session, blueprint_id), start=1)}
