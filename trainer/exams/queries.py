"""Reads of exams, always for a caller: within a scope, or as a candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from question_bank import Item
from question_bank.lawdiff import UNCHANGED
from question_bank.laws import name_key
from trainer.accounts.models import User
from trainer.accounts.rules import Person
from trainer.bank.models import ItemLawCheck, ItemRecord, ItemVersion, LawChange
from trainer.core.errors import Missing
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.exams.rules import GRACE_MOST, ends_at, own_window, phase
from trainer.orgs.models import Unit
from trainer.orgs.queries import tree, units_within
from trainer.orgs.rules import Scope, depth
from trainer.papers.models import Paper, PaperItem, Section


@dataclass(frozen=True)
class ExamLine:
    """An exam with a window as a list shows it. ``candidate_state`` is the caller's own, None when not named.

    ``opens_at`` and ``closes_at`` are the candidate's own, by sitting and shift, for organisers those of all sittings.
    ``last_closes_at`` is when the last own window of anybody closes.
    """

    id: int
    title: str
    unit_id: int
    unit_code: str
    unit_name: str
    unit_path: str
    blueprint_id: int
    state: str
    minutes: int
    pass_mark: Decimal | None
    attempts: int
    release: str
    draw: str
    forms: int
    shuffle_items: bool
    shuffle_options: bool
    credit_hours: Decimal | None
    grace_seconds: int
    created_at: datetime
    released_at: datetime | None
    is_mock: bool
    resit_of_id: int | None
    focus_threshold: int | None
    navigation: str
    cancel_reason: str
    last_closes_at: datetime
    longest_extra: int
    opens_at: datetime
    closes_at: datetime
    candidate_state: str | None
    shift_minutes: int
    item_count: int
    max_points: Decimal

    def phase(self, now: datetime) -> str:
        """Return where the exam stands at ``now``."""
        return phase(
            now,
            self.opens_at,
            self.closes_at,
            release=self.release,
            released_at=self.released_at,
            extra_minutes=self.longest_extra,
            grace_seconds=self.grace_seconds,
            last_closes_at=self.last_closes_at,
        )

    @property
    def parallel_forms(self) -> int:
        """How many forms are drawn that stand beside each other; 1 where the draw makes none."""
        return self.forms if self.draw == "per_form" else 1

    @property
    def ends_at(self) -> datetime:
        """When the last answer of the last sitting can have arrived."""
        return ends_at(self.last_closes_at, self.longest_extra, grace_seconds=self.grace_seconds)


@cache
def longest_extra() -> ColumnElement[int]:
    """Return the most minutes granted to somebody who is due in ``Exam``, 0 without any, as a column.

    Always the same object: making an alias costs more than running the statement, and each hand-in needs it twice.
    """
    granted = aliased(Candidate)
    due = (granted.exam_id == Exam.id, granted.state == "due")
    most = select(func.max(granted.extra_minutes)).where(*due).correlate(Exam).scalar_subquery()
    return func.coalesce(most, 0)


def first_opening() -> ColumnElement[datetime]:
    """Return when the first sitting of ``Exam`` opens, as a column."""
    one = aliased(Sitting)
    return select(func.min(one.opens_at)).where(one.exam_id == Exam.id).correlate(Exam).scalar_subquery()


def last_closing() -> ColumnElement[datetime]:
    """Return when the last sitting of ``Exam`` closes, as a column; what waits for everybody asks the next one."""
    one = aliased(Sitting)
    return select(func.max(one.closes_at)).where(one.exam_id == Exam.id).correlate(Exam).scalar_subquery()


@cache
def last_own_closing() -> ColumnElement[datetime]:
    """Return when the last own window in ``Exam`` closes, shifted ones included, as a column.

    Results wait for it. A shift only goes later, so that a sitting's shifted end is never before its usual one. Always
    the same object, for the reason of ``longest_extra``.
    """
    one = aliased(Sitting)
    last = func.max(func.coalesce(one.shifted_closes_at, one.closes_at))
    return select(last).where(one.exam_id == Exam.id).correlate(Exam).scalar_subquery()


COLUMNS = (
    Exam.id,
    Exam.title,
    Exam.unit_id,
    Unit.code.label("unit_code"),
    Unit.name.label("unit_name"),
    Unit.path.label("unit_path"),
    Exam.blueprint_id,
    Exam.state,
    Exam.minutes,
    Exam.pass_mark,
    Exam.attempts_allowed.label("attempts"),
    Exam.release,
    Exam.draw,
    Exam.forms,
    Exam.shuffle_items,
    Exam.shuffle_options,
    Exam.credit_hours,
    Exam.grace_seconds,
    Exam.created_at,
    Exam.released_at,
    Exam.is_mock,
    Exam.resit_of_id,
    Exam.focus_threshold,
    Exam.navigation,
    Exam.cancel_reason,
    last_own_closing().label("last_closes_at"),
    longest_extra().label("longest_extra"),
)


def exam_rows(user_id: int) -> Select[Any]:
    """Return the select of exams with the window of ``user_id``: that of the own sitting, else of all sittings."""
    return (
        select(
            *COLUMNS,
            func.coalesce(Sitting.opens_at, first_opening()).label("opens_at"),
            func.coalesce(Sitting.closes_at, last_closing()).label("closes_at"),
            Candidate.state.label("candidate_state"),
            func.coalesce(Candidate.shift_minutes, 0).label("shift_minutes"),
        )
        .join(Unit, Unit.id == Exam.unit_id)
        .outerjoin(Candidate, and_(Candidate.exam_id == Exam.id, Candidate.user_id == user_id))
        .outerjoin(Sitting, Sitting.id == Candidate.sitting_id)
    )


def every_row() -> Select[Any]:
    """Return the select of exams, whoever owns them, with the window of all their sittings."""
    return select(
        *COLUMNS,
        first_opening().label("opens_at"),
        last_closing().label("closes_at"),
        literal(None).label("candidate_state"),
        literal(0).label("shift_minutes"),
    ).join(Unit, Unit.id == Exam.unit_id)


def whole_rows(scope: Scope) -> Select[Any]:
    """Return the select of the exams of ``scope`` with the window of all their sittings, for who looks after them."""
    return every_row().where(units_within(scope))


def lines_of(session: Session, rows: Sequence[Any]) -> list[ExamLine]:
    """Return rows of ``exam_rows`` with the number of items and the points of a paper: one statement for all."""
    wanted = {row.blueprint_id for row in rows}
    sizes: dict[int, tuple[int, Decimal]] = {}
    for blueprint_id, count, points in session.execute(
        select(Section.blueprint_id, Section.count, Section.points_each).where(Section.blueprint_id.in_(wanted))
    ):
        items, most = sizes.get(blueprint_id, (0, Decimal("0.00")))
        sizes[blueprint_id] = (items + count, most + count * points)
    return [
        ExamLine(
            **_own_times(row),
            item_count=sizes.get(row.blueprint_id, (0, Decimal(0)))[0],
            max_points=sizes.get(row.blueprint_id, (0, Decimal("0.00")))[1],
        )
        for row in rows
    ]


def _own_times(row: Any) -> dict[str, Any]:
    values = dict(row._mapping)
    values["opens_at"], values["closes_at"] = own_window(row.opens_at, row.closes_at, row.shift_minutes)
    return values


def may_enter_or_manage(person: Person) -> ColumnElement[bool]:
    """Return the condition on ``exam_rows``: candidates see what is published, organisers all of their scope."""
    own = and_(Candidate.user_id == person.id, Exam.state == "published")
    return or_(own, units_within(person.scope("exam.view")))


def read_exam(session: Session, exam_id: int, person: Person, *, permission: str = "exam.view") -> ExamLine:
    """Return an exam of the caller's scope; raises ``Missing`` for one outside it as for one that does not exist.

    To see one, a grant that is cut to an enforcement field is enough; for anything else it is not.
    """
    scope = person.scope(permission)
    row = session.execute(
        whole_rows(scope if permission == "exam.view" else scope.whole).where(Exam.id == exam_id)
    ).first()
    if row is None:
        raise Missing
    return lines_of(session, [row])[0]


def titles_of_resits(session: Session, exam_id: int) -> set[str]:
    """Return the titles of all resits of an exam of which somebody may know: none of a draft that was cancelled."""
    known = or_(Exam.state != "cancelled", Exam.cancel_reason != "")
    return set(session.scalars(select(Exam.title).where(Exam.resit_of_id == exam_id, known)))


def read_exam_of_caller(session: Session, exam_id: int, person: Person) -> ExamLine:
    """Return an exam that the caller may enter or look after; raises ``Missing`` otherwise."""
    row = session.execute(exam_rows(person.id).where(Exam.id == exam_id, may_enter_or_manage(person))).first()
    if row is None:
        raise Missing
    return lines_of(session, [row])[0]


def read_exam_of_anybody(session: Session, exam_id: int) -> ExamLine:
    """Return an exam whoever asks, for what is public of it; raises ``Missing`` for one that does not exist."""
    row = session.execute(every_row().where(Exam.id == exam_id)).first()
    if row is None:
        raise Missing
    return lines_of(session, [row])[0]


def exams_of_caller(session: Session, person: Person, *, limit: int, before_id: int | None) -> list[ExamLine]:
    """Return the exams that the caller may enter or look after, the newest first; ``before_id`` continues a list."""
    rows = exam_rows(person.id).where(may_enter_or_manage(person)).order_by(Exam.id.desc()).limit(limit)
    if before_id is not None:
        rows = rows.where(Exam.id < before_id)
    return lines_of(session, session.execute(rows).all())


def exams_in_scope(session: Session, person: Person, *, now: datetime, words: str = "", state: str = "") -> Select[Any]:
    """Return the select of an organiser's exams for ``paged``, the latest opening first.

    ``state`` is draft, cancelled, or where a published one stands: upcoming, open, closed, released. Empty filters
    nothing. Only the last two ask the database, once.
    """
    rows = whole_rows(person.scope("exam.view"))
    opens_at, closes_at = first_opening(), last_closing()
    for word in words.split()[:8]:
        rows = rows.where(Exam.title.contains(word, autoescape=True))
    if state in ("draft", "cancelled"):
        rows = rows.where(Exam.state == state)
    elif state == "upcoming":
        rows = rows.where(Exam.state == "published", opens_at > now)
    elif state == "open":
        rows = rows.where(Exam.state == "published", opens_at <= now, closes_at > now)
    elif state in ("closed", "released"):
        ending = _still_ending(session, person.scope("exam.view"), now)
        by_itself = and_(Exam.release != "manual", Exam.id.not_in(ending))
        out = or_(and_(Exam.released_at.is_not(None), Exam.released_at <= now), by_itself)
        rows = rows.where(Exam.state == "published", closes_at <= now, out if state == "released" else ~out)
    return rows.order_by(opens_at.desc(), Exam.id.desc())


def _still_ending(session: Session, scope: Scope, now: datetime) -> list[int]:
    """Return the ids of exams whose sittings have closed while a last answer may still arrive, see ``ends_at``."""
    rows = session.execute(
        select(
            Exam.id, last_own_closing().label("closes_at"), longest_extra().label("longest_extra"), Exam.grace_seconds
        )
        .join(Unit, Unit.id == Exam.unit_id)
        .where(
            units_within(scope),
            Exam.state == "published",
            Exam.release != "manual",
            last_closing() <= now,
            # Long after its closing only granted minutes keep an exam from being over.
            or_(last_own_closing() > now - timedelta(seconds=GRACE_MOST), longest_extra() > 0),
        )
    )
    return [row.id for row in rows if ends_at(row.closes_at, row.longest_extra, grace_seconds=row.grace_seconds) > now]


def exams_at_hand(
    session: Session, person: Person, now: datetime, *, permission: str = "exam.view", drafts: bool = False
) -> list[ExamLine]:
    """Return the first eight exams under way in the caller's scope: open ones by their end, then coming ones.

    ``drafts`` adds those that were not published yet, last. Two statements.
    """
    opens_at, closes_at = first_opening(), last_closing()
    live = and_(Exam.state == "published", closes_at > now)
    running = and_(live, opens_at <= now)
    rows = whole_rows(person.scope(permission)).where(or_(live, Exam.state == "draft") if drafts else live)
    order = case((running, 0), (live, 1), else_=2)
    moment = case((running, closes_at), else_=opens_at)
    return lines_of(session, session.execute(rows.order_by(order, moment, Exam.id).limit(8)).all())


def count_candidates(session: Session, exam_ids: Sequence[int]) -> dict[int, int]:
    """Return how many candidates are due in each exam; exempt and deferred ones do not count."""
    rows = session.execute(
        select(Candidate.exam_id, func.count())
        .where(Candidate.exam_id.in_(exam_ids), Candidate.state == "due")
        .group_by(Candidate.exam_id)
    )
    counts = dict.fromkeys(exam_ids, 0)
    counts.update({row[0]: row[1] for row in rows})
    return counts


def people_named(session: Session, exam_id: int) -> list[int]:
    """Return the user ids of all candidates of an exam, sorted."""
    return list(
        session.scalars(select(Candidate.user_id).where(Candidate.exam_id == exam_id).order_by(Candidate.user_id))
    )


@dataclass(frozen=True)
class StaleItem:
    """An item in an exam's papers that rests on words of a law which do not hold any more on ``stale_on``."""

    item_id: int
    code: str
    law: str
    new_version: str
    stale_on: date


def stale_items(session: Session, blueprint_id: int, until: date) -> list[StaleItem]:
    """Return the items of compiled papers, by code, that rest on words which do not hold any more by ``until``.

    It is the paper's version of an item that counts: one that was rewritten meanwhile stays as it is in a paper. One
    statement; an item that two changes of law touch stands there twice.
    """
    held = exists().where(
        PaperItem.item_version_id == ItemVersion.id, Paper.id == PaperItem.paper_id, Paper.blueprint_id == blueprint_id
    )
    rows = session.execute(
        select(
            ItemRecord.id,
            ItemRecord.code,
            ItemVersion.body,
            LawChange.law,
            LawChange.old_version,
            LawChange.new_version,
            LawChange.takes_force_on,
        )
        .join(ItemVersion, ItemVersion.item_id == ItemRecord.id)
        .join(ItemLawCheck, ItemLawCheck.item_id == ItemRecord.id)
        .join(LawChange, LawChange.id == ItemLawCheck.change_id)
        .where(held, ItemLawCheck.outcome != UNCHANGED, LawChange.takes_force_on <= until)
        .order_by(ItemRecord.code, LawChange.id)
    )
    return [
        StaleItem(row.id, row.code, row.law, row.new_version, row.takes_force_on)
        for row in rows
        if any(
            name_key(basis.law) == name_key(row.law) and basis.version == row.old_version
            for basis in Item.from_dict(row.body).citations()
        )
    ]


def exams_to_come(session: Session, now: datetime) -> list[tuple[Exam, datetime]]:
    """Return the published exams that are not over, each with its last closing time."""
    rows = session.execute(
        select(Exam, func.max(Sitting.closes_at))
        .join(Sitting, Sitting.exam_id == Exam.id)
        .where(Exam.state == "published", Sitting.closes_at > now)
        .group_by(Exam.id)
        .order_by(Exam.id)
    )
    return [(row[0], row[1]) for row in rows]


def waiting_for_release(session: Session, scope: Scope, now: datetime) -> list[tuple[int, str, datetime]]:
    """Return (id, title, ended at) of exams whose results wait to be released by hand, the oldest first."""
    rows = session.execute(
        select(
            Exam.id,
            Exam.title,
            last_own_closing().label("closed_at"),
            longest_extra().label("longest_extra"),
            Exam.grace_seconds,
        )
        .join(Unit, Unit.id == Exam.unit_id)
        .where(
            units_within(scope),
            Exam.state == "published",
            Exam.release == "manual",
            Exam.released_at.is_(None),
            last_closing() <= now,
            exists().where(Candidate.exam_id == Exam.id),
        )
        .order_by(last_closing())
        .limit(20)
    )
    over = [(row, ends_at(row.closed_at, row.longest_extra, grace_seconds=row.grace_seconds)) for row in rows]
    return [(row.id, row.title, ended_at) for row, ended_at in over if ended_at <= now]


@dataclass(frozen=True)
class UnitLine:
    """A unit that may be named, by its depth below the highest one."""

    code: str
    name: str
    level: int


def units_to_name(session: Session, scope: Scope) -> list[UnitLine]:
    """Return the active units of ``scope`` as a tree, parents first; ``level`` counts from the highest, at most 4."""
    units = [unit for unit in tree(session, scope) if unit.state == "active"]
    top = min((depth(unit.path) for unit in units), default=0)
    return [UnitLine(unit.code, unit.name, min(depth(unit.path) - top, 4)) for unit in units]


def owners_of(session: Session, scope: Scope) -> list[Unit]:
    """Return the units over whose whole subtree the caller manages exams, in the order of the tree."""
    paths = [reach.path for reach in scope.reaches if reach.field is None]
    return list(session.scalars(select(Unit).where(Unit.path.in_(paths)).order_by(Unit.path)))


def users_of(session: Session, exam_id: int, candidate_ids: Sequence[int]) -> list[int]:
    """Return the user ids of candidates of an exam, sorted; raises ``Missing`` when one is not of it."""
    wanted = set(candidate_ids)
    rows = select(Candidate.user_id).where(Candidate.exam_id == exam_id, Candidate.id.in_(wanted))
    found = sorted(session.scalars(rows))
    if len(found) != len(wanted):
        raise Missing
    return found


def candidates_by_username(session: Session, exam_id: int, usernames: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return (candidate id, user id) by username (lower case) of who is named among these; others are left out."""
    found: dict[str, tuple[int, int]] = {}
    for start in range(0, len(usernames), 500):
        rows = session.execute(
            select(User.username, Candidate.id, User.id)
            .join(Candidate, Candidate.user_id == User.id)
            .where(Candidate.exam_id == exam_id, User.username.in_(usernames[start : start + 500]))
        )
        found.update({row[0]: (row[1], row[2]) for row in rows})
    return found
