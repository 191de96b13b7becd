"""Reads about competitions: who may know of which, their rounds with the phase of each exam, and score rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from trainer.accounts.models import User
from trainer.accounts.rules import Person
from trainer.attempts.models import Attempt
from trainer.competitions.models import ENDED, Competition, FrozenScore, Round, RoundScore, Team, TeamMember
from trainer.competitions.rules import showing
from trainer.competitions.rules.prizes import Prize, prize_of_row
from trainer.competitions.rules.standings import PersonScore
from trainer.core.errors import Missing
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.marking.models import Result
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within


@dataclass(frozen=True, slots=True)
class RoundOutline:
    """A round with what matters of its exam. Times are aware UTC; ``ended_at`` is when nobody can write any more.

    ``due`` counts candidates who have to come; ``unsettled`` says that a paper has no result yet, or a provisional one.
    ``names`` is how names appear on its board: as the strictest of all competitions says that rank by this exam.
    """

    id: int
    number: int
    title: str
    advance: dict[str, Any] | None
    exam_id: int
    exam_title: str
    exam_state: str
    release: str
    released_at: datetime | None
    opens_at: datetime | None
    closes_at: datetime | None
    ended_at: datetime | None
    due: int
    unsettled: bool
    names: str

    def shows(self, now: datetime) -> bool:
        """Return whether everybody who may see the board may see scores on it."""
        if self.exam_state == "cancelled":
            return False
        return showing.scores_may_show(self.release, ended_at=self.ended_at, released_at=self.released_at, now=now)

    def provisional(self, now: datetime) -> bool:
        """Return whether places may still change."""
        return showing.is_provisional(self.shows(now), ended_at=self.ended_at, unsettled=self.unsettled, now=now)

    def phase(self, now: datetime) -> str:
        """Return ``cancelled``, ``upcoming``, ``open``, ``closed`` (results still held back) or ``released``."""
        if self.exam_state == "cancelled":
            return "cancelled"
        if self.opens_at is None or now < self.opens_at or self.exam_state == "draft":
            return "upcoming"
        if self.ended_at is None or now < self.ended_at:
            return "open"
        return "released" if self.shows(now) else "closed"


@dataclass(frozen=True, slots=True)
class Outline:
    """A competition with its rounds in their order, as a plain value."""

    id: int
    title: str
    unit_id: int
    unit_name: str
    unit_path: str
    state: str
    public: bool
    names: str
    team_score: str
    team_best_n: int | None
    tie_break: tuple[str, ...]
    prizes: tuple[Prize, ...]
    frozen_at: datetime | None
    objections_until: datetime | None
    closed_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str
    standings_no: int
    created_at: datetime
    rounds: tuple[RoundOutline, ...] = field(default=())

    @property
    def ended(self) -> bool:
        """Whether it was signed or cancelled, so that nothing of it changes any more."""
        return self.state in ENDED

    def round(self, number: int) -> RoundOutline:
        """Return the round of that number; raises ``Missing``."""
        for one in self.rounds:
            if one.number == number:
                return one
        raise Missing

    @property
    def prize_round(self) -> RoundOutline | None:
        """The round whose places bring the prizes: the last one that was not called off; None without prizes."""
        held = [one for one in self.rounds if one.exam_state != "cancelled"]
        return held[-1] if held and self.prizes else None

    def prizes_of(self, round_: RoundOutline) -> tuple[Prize, ...]:
        """Return the prizes that the places of a round bring; none but for ``prize_round``."""
        last = self.prize_round
        return self.prizes if last is not None and last.id == round_.id else ()

    def current_round(self, now: datetime) -> RoundOutline | None:
        """Return the last round that has begun, the first while none has; None without rounds."""
        begun = [one for one in self.rounds if one.phase(now) in ("open", "closed", "released")]
        return begun[-1] if begun else (self.rounds[0] if self.rounds else None)


def may_manage(person: Person, outline: Outline) -> bool:
    """Return whether the caller runs this competition."""
    return person.scope("competition.manage").holds_whole(outline.unit_path)


def may_watch(person: Person, outline: Outline) -> bool:
    """Return whether the caller may know of this competition by a grant, drafts included."""
    return may_manage(person, outline) or person.scope("competition.view").holds_whole(outline.unit_path)


def takes_part(user_id: int) -> ColumnElement[bool]:
    """Return the condition on ``Competition`` that a person is a candidate of a round or in a team."""
    named = exists().where(
        Round.competition_id == Competition.id, Candidate.exam_id == Round.exam_id, Candidate.user_id == user_id
    )
    in_team = exists().where(TeamMember.competition_id == Competition.id, TeamMember.user_id == user_id)
    return or_(named, in_team)


def known_to(person: Person) -> ColumnElement[bool]:
    """Return the condition on ``Competition`` joined to ``Unit`` that the caller may know of it.

    By a grant everything in scope; otherwise what is published and public, or takes the caller in.
    """
    watched = or_(
        units_within(person.scope("competition.manage").whole), units_within(person.scope("competition.view").whole)
    )
    return or_(watched, and_(Competition.state != "draft", or_(Competition.public, takes_part(person.id))))


def listed(person: Person) -> Select[Any]:
    """Return the statement of the ids of all competitions that the caller may know of, the newest first."""
    return (
        select(Competition.id)
        .join(Unit, Unit.id == Competition.unit_id)
        .where(known_to(person))
        .order_by(Competition.id.desc())
    )


def _of_exam(column: Any, table: Any, *conditions: Any) -> Any:
    return select(column).where(table.exam_id == Exam.id, *conditions).scalar_subquery()


def outlines(session: Session, ids: Sequence[int]) -> list[Outline]:
    """Return competitions in the order of ``ids``; unknown ids are left out. Two statements, however many."""
    heads = session.execute(
        select(
            Competition.id,
            Competition.title,
            Competition.unit_id,
            Unit.short_name,
            Unit.path,
            Competition.state,
            Competition.public,
            Competition.names,
            Competition.team_score,
            Competition.team_best_n,
            Competition.tie_break,
            Competition.prizes,
            Competition.frozen_at,
            Competition.objections_until,
            Competition.closed_at,
            Competition.cancelled_at,
            Competition.cancel_reason,
            Competition.standings_no,
            Competition.created_at,
        )
        .join(Unit, Unit.id == Competition.unit_id)
        .where(Competition.id.in_(ids))
    ).all()
    unsettled = or_(
        exists().where(Attempt.exam_id == Exam.id, Attempt.settled_at.is_(None)),
        exists().where(Result.exam_id == Exam.id, Result.unmarked > 0),
    )
    rows = session.execute(
        select(
            Round.competition_id,
            Round.id,
            Round.number,
            Round.title,
            Round.advance,
            Exam.id,
            Exam.title,
            Exam.state,
            Exam.release,
            Exam.released_at,
            Exam.grace_seconds,
            _of_exam(func.min(Sitting.opens_at), Sitting),
            _of_exam(func.max(Sitting.closes_at), Sitting),
            _of_exam(func.max(func.coalesce(Sitting.shifted_closes_at, Sitting.closes_at)), Sitting),
            _of_exam(func.max(Candidate.extra_minutes), Candidate),
            _of_exam(func.count(), Candidate, Candidate.state == "due"),
            unsettled,
            *(_promised(names) for names in showing.STRICTNESS),
        )
        .join(Exam, Exam.id == Round.exam_id)
        .where(Round.competition_id.in_(ids))
        .order_by(Round.number)
    ).all()
    own = {head[0]: head.names for head in heads}
    rounds: dict[int, list[RoundOutline]] = defaultdict(list)
    for row in rows:
        rounds[row[0]].append(_round(row, own[row[0]]))
    found = {
        head[0]: Outline(
            *head[:10],
            tuple(head.tie_break),
            tuple(prize_of_row(one) for one in head.prizes or ()),
            *head[12:],
            rounds=tuple(rounds[head[0]]),
        )
        for head in heads
    }
    return [found[one] for one in ids if one in found]


def _promised(names: str) -> ColumnElement[bool]:
    """Return the condition on ``Exam`` that a competition on it shows names so; a draft has promised nothing yet."""
    other, held = aliased(Round), aliased(Competition)
    return exists().where(
        other.exam_id == Exam.id, held.id == other.competition_id, held.state != "draft", held.names == names
    )


def _round(row: Any, names: str) -> RoundOutline:
    promised = [rule for rule, there in zip(showing.STRICTNESS, row[-3:], strict=True) if there]
    _competition, *own, grace_seconds, opens_at, closes_at, last_closes_at, extra_minutes, due, unsettled = row[:-3]
    ended_at = None
    if last_closes_at is not None:
        ended_at = showing.ends_at(last_closes_at, extra_minutes=extra_minutes or 0, grace_seconds=grace_seconds)
    return RoundOutline(
        *own, opens_at, closes_at, ended_at, due, bool(unsettled), showing.strictest([names, *promised])
    )


def outline_of(session: Session, competition_id: int) -> Outline:
    """Return a competition without asking who wants to know; raises ``Missing``."""
    found = outlines(session, [competition_id])
    if not found:
        raise Missing
    return found[0]


def person_takes_part(session: Session, competition_id: int, user_id: int) -> bool:
    """Return whether a person is a candidate of a round or in a team."""
    found = session.scalar(select(Competition.id).where(Competition.id == competition_id, takes_part(user_id)))
    return found is not None


def known(session: Session, competition_id: int, person: Person) -> Outline:
    """Return a competition that the caller may know of; raises ``Missing`` for any other one."""
    outline = outline_of(session, competition_id)
    if may_watch(person, outline):
        return outline
    if outline.state != "draft" and (outline.public or person_takes_part(session, competition_id, person.id)):
        return outline
    raise Missing


def managed(session: Session, competition_id: int, person: Person) -> Outline:
    """Return a competition that the caller runs; raises ``Missing`` for any other one."""
    outline = outline_of(session, competition_id)
    if not may_manage(person, outline):
        raise Missing
    return outline


def managed_row(
    session: Session, competition_id: int, person: Person, *, taking: Collection[int] | None = None
) -> Competition:
    """Return the row of a competition that the caller runs, locked for changing it; raises ``Missing``.

    Whoever is going to take scores over says so by ``taking``, the ids of exams besides its own: these lock all
    competitions on an exam, in the order of their ids, and so it is done here before the own one is held.
    """
    managed(session, competition_id, person)
    if taking is not None:
        own = select(Round.exam_id).where(Round.competition_id == competition_id)
        sharing = select(Competition.id).join(Round, Round.competition_id == Competition.id)
        sharing = sharing.where(or_(Round.exam_id.in_(own), Round.exam_id.in_(taking))).order_by(Competition.id)
        session.execute(sharing.with_for_update(of=Competition)).all()
    rows = select(Competition).where(Competition.id == competition_id).with_for_update()
    return session.execute(rows.execution_options(populate_existing=True)).scalar_one()


def person_scores(session: Session, round_id: int, *, frozen: bool) -> list[PersonScore]:
    """Return the scores of a round with names, in no order; ``frozen`` those kept when the board was frozen."""
    table = FrozenScore if frozen else RoundScore
    rows = session.execute(
        select(
            table.user_id,
            User.name,
            table.unit_id,
            Unit.short_name,
            table.score,
            table.objective_score,
            table.seconds_used,
            table.submitted_at,
            table.lot,
        )
        .join(User, User.id == table.user_id)
        .join(Unit, Unit.id == table.unit_id)
        .where(table.round_id == round_id)
    )
    return [PersonScore(*row) for row in rows]


def has_teams(session: Session, competition_id: int) -> bool:
    """Return whether a competition has a team."""
    return session.scalar(select(Team.id).where(Team.competition_id == competition_id).limit(1)) is not None


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team as its page shows it; ``members`` are (username, name), the order of entering."""

    id: int
    name: str
    unit_code: str
    unit_name: str
    members: tuple[tuple[str, str], ...]


def teams(session: Session, competition_id: int) -> list[TeamRow]:
    """Return the teams of a competition by name, with their members. One statement."""
    rows = session.execute(
        select(Team.id, Team.name, Unit.code, Unit.short_name, User.username, User.name)
        .join(Unit, Unit.id == Team.unit_id)
        .outerjoin(TeamMember, TeamMember.team_id == Team.id)
        .outerjoin(User, User.id == TeamMember.user_id)
        .where(Team.competition_id == competition_id)
        .order_by(Team.name, User.username)
    ).all()
    members: dict[tuple[int, str, str, str], list[tuple[str, str]]] = {}
    for *head, username, name in rows:
        held = members.setdefault((head[0], head[1], head[2], head[3]), [])
        if username is not None:
            held.append((username, name))
    return [TeamRow(*head, members=tuple(held)) for head, held in members.items()]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are: ``scored`` by round id (of others as well); ``teams`` and ``members`` of the competition."""

    teams: int
    members: int
    scored: dict[int, int]


def counts(session: Session, outline: Outline) -> Counts:
    """Return the counts of a competition's page. Three statements."""
    return counts_of(session, [outline])[outline.id]


def counts_of(session: Session, found: Sequence[Outline]) -> dict[int, Counts]:
    """Return the counts of competitions by id. Three statements, however many."""
    ids = [one.id for one in found]

    def by_competition(table: Any) -> dict[int, int]:
        rows = select(table.competition_id, func.count()).where(table.competition_id.in_(ids))
        return {row[0]: row[1] for row in session.execute(rows.group_by(table.competition_id))}

    teams_of, members_of = by_competition(Team), by_competition(TeamMember)
    rows = session.execute(
        select(RoundScore.round_id, func.count())
        .where(RoundScore.round_id.in_([one.id for outline in found for one in outline.rounds]))
        .group_by(RoundScore.round_id)
    )
    scored = {row[0]: row[1] for row in rows}
    return {one: Counts(teams_of.get(one, 0), members_of.get(one, 0), scored) for one in ids}


def has_scores(session: Session, competition_id: int) -> bool:
    """Return whether somebody has a score in a round of a competition."""
    scored = exists().where(Round.competition_id == competition_id, RoundScore.round_id == Round.id)
    return bool(session.scalar(select(scored)))


def uses_of_exams(session: Session, exam_ids: Iterable[int], person: Person) -> dict[int, list[str | None]]:
    """Return by exam id the titles of the competitions on it, None for one that the caller may not know of."""
    found: dict[int, list[str | None]] = defaultdict(list)
    rows = session.execute(
        select(Round.exam_id, Competition.title, case((known_to(person), 1), else_=0).label("known"))
        .join(Competition, Competition.id == Round.competition_id)
        .join(Unit, Unit.id == Competition.unit_id)
        .where(Round.exam_id.in_(set(exam_ids)), Competition.state != "cancelled")
        .order_by(Competition.id)
    )
    for row in rows:
        found[row.exam_id].append(row.title if row.known else None)
    return found


def manageable_exams(session: Session, person: Person, now: datetime, *, beyond: Iterable[int] = ()) -> list[Any]:
    """Return exams on which the caller may found a round, the newest first: id, title, unit name, begun, scored.

    ``begun`` says that a sitting has opened by ``now``, ``scored`` that there is a result. Cancelled ones are left
    out, and those in ``beyond``.
    """
    begun = exists().where(Sitting.exam_id == Exam.id, Sitting.opens_at <= now, Exam.state == "published")
    scored = exists().where(Result.exam_id == Exam.id)
    return list(
        session.execute(
            select(Exam.id, Exam.title, Unit.short_name, begun.label("begun"), scored.label("scored"))
            .join(Unit, Unit.id == Exam.unit_id)
            .where(
                units_within(person.scope("competition.manage").whole),
                Exam.state != "cancelled",
                ~Exam.is_mock,
                Exam.id.not_in(list(beyond)),
            )
            .order_by(Exam.id.desc())
            .limit(500)
        )
    )


def participants(session: Session, competition_id: int) -> list[int]:
    """Return the ids of everybody who takes part, candidates and members of teams alike, sorted."""
    named = select(Candidate.user_id).join(Round, Round.exam_id == Candidate.exam_id)
    in_teams = select(TeamMember.user_id).where(TeamMember.competition_id == competition_id)
    return sorted(session.scalars(named.where(Round.competition_id == competition_id).union(in_teams)))
