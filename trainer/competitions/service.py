"""Founding and running a competition: rounds, teams, publishing, public notice, signing.

Our decisions of 2026-11-24: a competition belongs to the lowest unit above all exams of its rounds, so that nobody
runs it who does not run each of them; teams are fixed as soon as there is a score, because with known scores a
change of members would be a choice of result; a result is signed only after its public notice (公示) has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.orm import Session

from trainer.accounts.models import User
from trainer.accounts.queries import people_within
from trainer.accounts.rules import Person
from trainer.audit.service import record
from trainer.competitions.leaderboard import catch_up
from trainer.competitions.models import NAME_RULES, Competition, Round, Team, TeamMember
from trainer.competitions.queries import has_scores, managed_row, outline_of, participants
from trainer.competitions.roster_queries import due_in
from trainer.competitions.rules.prizes import Prize, prize_problems
from trainer.competitions.rules.team_score import DEFAULT_BEST_N, RULES
from trainer.competitions.rules.tiebreak import DEFAULT_CHAIN, chain_problem
from trainer.core.database import transaction
from trainer.core.errors import Conflict, FieldProblem, Invalid
from trainer.exams.models import Exam
from trainer.marking.models import Result
from trainer.notices.service import queue
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.orgs.rules import Scope, ancestors

ROUNDS_MOST = 12
TEAMS_MOST = 300
MEMBERS_MOST = 200
TITLE_MOST = 120
TEAM_NAME_MOST = 80


@dataclass(frozen=True)
class NewRound:
    """A round on an exam. ``top`` None lets nobody be told to go through; ``per_unit_at_least`` comes on top of it."""

    title: str
    exam_id: int
    top: int | None = None
    per_unit_at_least: int | None = None

    @property
    def advance(self) -> dict[str, Any] | None:
        """The rule as the table keeps it."""
        if self.top is None:
            return None
        return {"top": self.top, "per_unit_at_least": self.per_unit_at_least or 0}


@dataclass(frozen=True)
class NewTeam:
    """A team with the usernames of its members."""

    name: str
    unit_code: str
    usernames: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The title of a competition and the rules of its boards. ``prizes`` stand in their order, the best first."""

    title: str
    team_score: str = "best_n"
    team_best_n: int | None = None
    tie_break: tuple[str, ...] = DEFAULT_CHAIN
    public: bool = False
    names: str = "full"
    prizes: tuple[Prize, ...] = ()

    def columns(self) -> dict[str, Any]:
        """Return the values as the table keeps them: how many of a team count is told for ``best_n`` alone."""
        return {
            "title": self.title.strip(),
            "public": self.public,
            "names": self.names,
            "team_score": self.team_score,
            "team_best_n": (self.team_best_n or DEFAULT_BEST_N) if self.team_score == "best_n" else None,
            "tie_break": list(self.tie_break),
            "prizes": [replace(one, name=one.name.strip()).as_row() for one in self.prizes] or None,
        }


@dataclass(frozen=True, kw_only=True)
class NewCompetition(Rules):
    """What is needed to found a competition."""

    rounds: tuple[NewRound, ...]
    teams: tuple[NewTeam, ...] = field(default=())
    draft: bool = False


def create(new: NewCompetition, *, by: Person, now: datetime) -> int:
    """Found a competition and return its id; it stands as published unless ``draft``.

    Scores of exams that have been sat already are taken over at once. Each call founds another one. Raises
    ``Invalid`` with a problem at each field that is wrong; an exam out of scope is as unknown as one that is not.
    """
    problems = _problems(new)
    if problems:
        raise Invalid(problems)
    with transaction() as session:
        exams = _exams(session, by.scope("competition.manage"), new.rounds)
        unit_id = _owner(session, by.scope("competition.manage"), list(exams.values()))
        row = Competition(
            **new.columns(),
            unit_id=unit_id,
            state="draft",
            created_at=now,
            created_by=by.id,
        )
        session.add(row)
        session.flush()
        for number, one in enumerate(new.rounds, 1):
            session.add(_round(row.id, number, one))
        session.flush()
        write_down("competition.created", row, by, rounds=len(new.rounds))
        if new.teams:
            save_teams(row.id, new.teams, by=by)
        catch_up(session, row.id)
        if not new.draft:
            publish(row.id, by=by)
        return row.id


def _round(competition_id: int, number: int, one: NewRound) -> Round:
    return Round(
        competition_id=competition_id, number=number, title=one.title.strip(), exam_id=one.exam_id, advance=one.advance
    )


def _problems(new: NewCompetition) -> list[FieldProblem]:
    found = rule_problems(new)
    if not new.rounds:
        found.append(FieldProblem("rounds", "required"))
    if len(new.rounds) > ROUNDS_MOST:
        found.append(FieldProblem("rounds", "out_of_range", {"least": 1, "most": ROUNDS_MOST}))
    for number, one in enumerate(new.rounds):
        found += _round_problems(f"rounds.{number}.", one)
    return found


def rule_problems(rules: Rules) -> list[FieldProblem]:
    """Return what is wrong with a competition's title and rules; an empty list when nothing is."""
    found = _title_problems("title", rules.title)
    chain = chain_problem(rules.tie_break)
    if chain:
        found.append(FieldProblem("tie_break", *chain))
    if rules.team_score not in RULES:
        found.append(FieldProblem("team_score", "unknown_value", {"value": rules.team_score}))
    if rules.team_best_n is not None and not 1 <= rules.team_best_n <= MEMBERS_MOST:
        found.append(FieldProblem("team_best_n", "out_of_range", {"least": 1, "most": MEMBERS_MOST}))
    if rules.names not in NAME_RULES:
        found.append(FieldProblem("names", "unknown_value", {"value": rules.names}))
    return found + prize_problems(rules.prizes)


def _round_problems(at: str, one: NewRound) -> list[FieldProblem]:
    found = _title_problems(f"{at}title", one.title)
    for name, value in (("top", one.top), ("per_unit_at_least", one.per_unit_at_least)):
        if value is not None and not 0 <= value <= 100_000:
            found.append(FieldProblem(f"{at}advance.{name}", "out_of_range", {"least": 0, "most": 100_000}))
    return found


def _title_problems(name: str, title: str) -> list[FieldProblem]:
    if not title.strip():
        return [FieldProblem(name, "required")]
    if len(title.strip()) > TITLE_MOST:
        return [FieldProblem(name, "too_long", {"most": TITLE_MOST})]
    return []


def _exams(
    session: Session, scope: Scope, rounds: Sequence[NewRound], *, at: str = "rounds.{}.", taken: Sequence[int] = ()
) -> dict[int, str]:
    """Return the path of the owning unit by exam id. Raises ``Invalid`` where one is unknown or named twice."""
    wanted = [one.exam_id for one in rounds]
    rows = session.execute(
        select(Exam.id, Unit.path)
        .join(Unit, Unit.id == Exam.unit_id)
        .where(Exam.id.in_(wanted), Exam.state != "cancelled", ~Exam.is_mock, units_within(scope.whole))
    )
    known: dict[int, str] = {row.id: row.path for row in rows}
    problems = []
    for number, exam_id in enumerate(wanted):
        name = f"{at.format(number)}exam_id"
        if exam_id not in known:
            problems.append(FieldProblem(name, "unknown_exam", {"value": exam_id}))
        elif exam_id in wanted[:number] or exam_id in taken:
            problems.append(FieldProblem(name, "exam_has_a_round_already"))
    if problems:
        raise Invalid(problems)
    return known


def _owner(session: Session, scope: Scope, paths: Sequence[str]) -> int:
    """Return the id of the lowest unit above all ``paths``. Raises ``Invalid`` when the caller does not manage it."""
    shared = set(ancestors(paths[0])).intersection(*(ancestors(path) for path in paths[1:]))
    lowest = max(shared, key=len, default="")
    if not lowest or not scope.holds_whole(lowest):
        raise Invalid.at("rounds", "exams_of_separate_units")
    unit_id = session.scalar(select(Unit.id).where(Unit.path == lowest))
    assert unit_id is not None, "a path is made of ids of units"
    return unit_id


def add_round(competition_id: int, new: NewRound, *, by: Person) -> int:
    """Add a round behind the others and return its number.

    Raises ``Missing``, ``Conflict`` once the results are posted, and ``Invalid`` as ``create`` does; the exam must
    lie within the unit that the competition belongs to.
    """
    problems = _round_problems("", new)
    if problems:
        raise Invalid(problems)
    with transaction() as session:
        row = managed_row(session, competition_id, by, taking=[new.exam_id])
        if row.state == "cancelled":
            raise Conflict("competition_is_cancelled")
        if row.objections_until is not None or row.state == "closed":
            raise Conflict("competition_results_posted")
        outline = outline_of(session, competition_id)
        if len(outline.rounds) >= ROUNDS_MOST:
            raise Invalid.at("title", "out_of_range", least=1, most=ROUNDS_MOST)
        paths = _exams(
            session, by.scope("competition.manage"), [new], at="", taken=[one.exam_id for one in outline.rounds]
        )
        if not paths[new.exam_id].startswith(outline.unit_path):
            raise Invalid.at("exam_id", "unknown_exam", value=new.exam_id)
        number = max((one.number for one in outline.rounds), default=0) + 1
        session.add(_round(competition_id, number, new))
        session.flush()
        catch_up(session, competition_id)
        write_down("competition.round_added", row, by, number=number, exam=new.exam_id)
        return number


def save_teams(competition_id: int, teams: Sequence[NewTeam], *, by: Person) -> None:
    """Make ``teams`` the teams of a competition, whatever they were before. A second call changes nothing.

    Members are active people within the caller's scope and below the team's unit; a person is in one team at most.
    Raises ``Missing``, ``Conflict`` once somebody has a score, and ``Invalid`` with fields such as
    ``teams.0.usernames``.
    """
    problems = _team_problems(teams)
    if problems:
        raise Invalid(problems)
    with transaction() as session:
        row = managed_row(session, competition_id, by)
        if row.state == "cancelled":
            raise Conflict("competition_is_cancelled")
        if row.state == "closed" or has_scores(session, competition_id):
            raise Conflict("teams_are_fixed")
        members = _members(session, by.scope("competition.manage"), teams)
        session.execute(delete(TeamMember).where(TeamMember.competition_id == competition_id))
        session.execute(delete(Team).where(Team.competition_id == competition_id))
        for team, (unit_id, user_ids) in zip(teams, members, strict=True):
            made = Team(competition_id=competition_id, name=team.name.strip(), unit_id=unit_id)
            session.add(made)
            session.flush()
            if user_ids:
                rows = [{"competition_id": competition_id, "user_id": one, "team_id": made.id} for one in user_ids]
                session.execute(insert(TeamMember), rows)
        row.standings_no = Competition.standings_no + 1
        write_down("competition.teams_saved", row, by, teams=len(teams), members=sum(len(ids) for _, ids in members))


def _team_problems(teams: Sequence[NewTeam]) -> list[FieldProblem]:
    found = []
    if len(teams) > TEAMS_MOST:
        found.append(FieldProblem("teams", "out_of_range", {"least": 0, "most": TEAMS_MOST}))
    names: set[str] = set()
    placed: dict[str, str] = {}
    for number, team in enumerate(teams):
        name = team.name.strip()
        at = f"teams.{number}."
        if not name:
            found.append(FieldProblem(f"{at}name", "required"))
        elif len(name) > TEAM_NAME_MOST:
            found.append(FieldProblem(f"{at}name", "too_long", {"most": TEAM_NAME_MOST}))
        elif name in names:
            found.append(FieldProblem(f"{at}name", "taken", {"value": name}))
        names.add(name)
        if len(team.usernames) > MEMBERS_MOST:
            found.append(FieldProblem(f"{at}usernames", "out_of_range", {"least": 0, "most": MEMBERS_MOST}))
        for username in _usernames(team):
            if username in placed:
                params = {"value": username, "team": placed[username]}
                found.append(FieldProblem(f"{at}usernames", "person_in_another_team", params))
            placed[username] = name
    return found


def _usernames(team: NewTeam) -> list[str]:
    """Return the usernames of a team as the table keeps them, each once."""
    return list(dict.fromkeys(one.strip().lower() for one in team.usernames if one.strip()))


def _members(session: Session, scope: Scope, teams: Sequence[NewTeam]) -> list[tuple[int, list[int]]]:
    """Return (unit id, user ids) of each team. Two statements. Raises ``Invalid``."""
    codes = {team.unit_code for team in teams}
    units = {
        code: (unit_id, path)
        for code, unit_id, path in session.execute(
            select(Unit.code, Unit.id, Unit.path).where(Unit.code.in_(codes), units_within(scope.whole))
        )
    }
    wanted = {one for team in teams for one in _usernames(team)}
    people = {
        username: (user_id, path)
        for username, user_id, path in session.execute(
            select(User.username, User.id, Unit.path)
            .join(Unit, Unit.id == User.unit_id)
            .where(User.username.in_(wanted), User.state == "active", people_within(scope))
        )
    }
    problems = []
    found = []
    for number, team in enumerate(teams):
        unit_id, unit_path = units.get(team.unit_code, (0, ""))
        if not unit_id:
            problems.append(FieldProblem(f"teams.{number}.unit", "unknown_unit", {"value": team.unit_code}))
        user_ids = []
        for username in _usernames(team):
            user_id, path = people.get(username, (0, ""))
            if not user_id:
                problems.append(FieldProblem(f"teams.{number}.usernames", "unknown_person", {"value": username}))
            elif unit_id and not path.startswith(unit_path):
                problems.append(
                    FieldProblem(f"teams.{number}.usernames", "person_of_another_unit", {"value": username})
                )
            user_ids.append(user_id)
        found.append((unit_id, user_ids))
    if problems:
        raise Invalid(problems)
    return found


def publish(competition_id: int, *, by: Person) -> None:
    """Publish a draft: whoever takes part may see it and gets a notice. A second call changes nothing.

    Raises ``Missing``, and ``Conflict`` for a signed or cancelled competition.
    """
    with transaction() as session:
        row = managed_row(session, competition_id, by)
        if row.state == "closed":
            raise Conflict("competition_closed")
        if row.state == "cancelled":
            raise Conflict("competition_is_cancelled")
        if row.state == "published":
            return
        row.state = "published"
        write_down("competition.published", row, by)
        tell(session, row, "competition_published", f"competition:{row.id}:published")


def post_results(competition_id: int, *, until: datetime, by: Person, now: datetime) -> None:
    """Post the results for objections until ``until`` (公示, aware UTC); a second call only moves the end.

    Settled results that no board has heard of yet are taken over first, so that what is posted is whole.
    Raises ``Missing``, ``Invalid`` for an end that has passed, and ``Conflict`` unless the competition is published,
    thawed, and every round is final.
    """
    with transaction() as session:
        row = managed_row(session, competition_id, by, taking=())
        if row.state != "published":
            raise Conflict("competition_not_published")
        if until <= now:
            raise Invalid.at("until", "must_be_later")
        _demand_final(session, row, now)
        catch_up(session, competition_id)
        first = row.objections_until is None
        row.objections_until = until
        write_down("competition.results_posted", row, by, until=until.isoformat())
        if first:
            tell(session, row, "competition_results_posted", f"competition:{row.id}:posted")


def close(competition_id: int, *, by: Person, now: datetime) -> None:
    """Sign the result (签发): no score is taken over any more. A second call changes nothing.

    What was settled until now and not yet taken over, by a crash in between, still counts. Who is due is kept as it is.
    Raises ``Missing``, and ``Conflict`` before the public notice has ended or while a round is not final.
    """
    with transaction() as session:
        row = managed_row(session, competition_id, by, taking=())
        if row.state == "closed":
            return
        if row.state == "cancelled":
            raise Conflict("competition_is_cancelled")
        if row.objections_until is None:
            raise Conflict("competition_results_not_posted")
        if now < row.objections_until:
            raise Conflict("competition_objections_open", until=row.objections_until)
        _demand_final(session, row, now)
        catch_up(session, competition_id)
        for one in session.scalars(select(Round).where(Round.competition_id == competition_id)):
            one.signed_due = due_in(session, one.exam_id)
        # Who is due may have changed without any score; whoever has another prize by that is told.
        row.standings_no = Competition.standings_no + 1
        row.state, row.closed_at = "closed", now
        session.flush()
        write_down("competition.closed", row, by, standings_no=row.standings_no)


def note_export(competition_id: int, round_number: int, *, by: Person) -> None:
    """Write into the audit that somebody took the standings of a round away, names in full.

    Raises ``Missing``, and ``Conflict`` for a cancelled competition, which has no standings.
    """
    with transaction() as session:
        row = managed_row(session, competition_id, by)
        if row.state == "cancelled":
            raise Conflict("competition_is_cancelled")
        write_down("competition.exported", row, by, round=round_number)


def _demand_final(session: Session, row: Competition, now: datetime) -> None:
    if row.frozen_at is not None:
        raise Conflict("competition_frozen")
    for one in outline_of(session, row.id).rounds:
        if one.exam_state != "cancelled" and one.provisional(now):
            raise Conflict("round_not_final", round=one.title)
    behind = (
        select(Round.title)
        .join(Exam, Exam.id == Round.exam_id)
        .join(Result, and_(Result.exam_id == Exam.id, Result.repairs_no < Exam.repairs_no))
        .where(Round.competition_id == row.id)
    )
    waits = session.scalar(behind.limit(1))
    if waits is not None:
        # A repair is signed, and its points come in a moment.
        raise Conflict("round_not_final", round=waits)


def tell(session: Session, row: Competition, code: str, key: str, **more: Any) -> int:
    """Queue a notice for everybody who takes part and return how many are new; ``more`` goes into its sentence."""
    params = {"title": row.title, **more}
    return queue(participants(session, row.id), code, key=key, params=params, url=f"/competitions/{row.id}")


def write_down(action: str, row: Competition, by: Person, **detail: Any) -> None:
    """Write into the audit what somebody did to a competition, within the caller's transaction."""
    record(action, by=by.id, target=f"competition:{row.id}", unit_id=row.unit_id, detail=detail)
