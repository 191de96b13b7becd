"""Reads of who is ranked together: teams with their members, units with the people who are due for them."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from trainer.competitions.models import Round, Team, TeamMember
from trainer.competitions.rules.standings import Squad, UnitRoster
from trainer.exams.models import Candidate
from trainer.orgs.models import Unit

NOT_DUE = ("exempt", "deferred")


def due_in(session: Session, exam_id: int) -> list[int]:
    """Return the ids of the people who are due in an exam, sorted."""
    due = select(Candidate.user_id).where(Candidate.exam_id == exam_id, Candidate.state == "due")
    return sorted(session.scalars(due))


def signed_due(session: Session, round_id: int) -> frozenset[int] | None:
    """Return who was due in a round when the result was signed; None before."""
    kept = session.scalar(select(Round.signed_due).where(Round.id == round_id))
    return None if kept is None else frozenset(kept)


def squads(session: Session, competition_id: int, exam_id: int, due: frozenset[int] | None = None) -> list[Squad]:
    """Return the teams of a competition by name. Due is each member who is not exempt from or deferred in the exam.

    ``due`` are the people who were due at an earlier time, and count as such whatever became of them.
    """
    rows = session.execute(
        select(Team.id, Team.name, Team.unit_id, Unit.short_name, TeamMember.user_id, Candidate.state)
        .join(Unit, Unit.id == Team.unit_id)
        .outerjoin(TeamMember, TeamMember.team_id == Team.id)
        .outerjoin(Candidate, and_(Candidate.exam_id == exam_id, Candidate.user_id == TeamMember.user_id))
        .where(Team.competition_id == competition_id)
        .order_by(Team.name, TeamMember.user_id)
    ).all()
    members: dict[tuple[int, str, int, str], list[tuple[int, str | None]]] = {}
    for team_id, name, unit_id, unit, user_id, state in rows:
        held = members.setdefault((team_id, name, unit_id, unit), [])
        if user_id is not None:
            held.append((user_id, state))
    return [
        Squad(
            *head,
            member_ids=tuple(one for one, _state in held),
            due_ids=frozenset(
                one for one, state in held if (state not in NOT_DUE if due is None or state is None else one in due)
            ),
        )
        for head, held in members.items()
    ]


def rosters(session: Session, exam_id: int, due: frozenset[int] | None = None) -> list[UnitRoster]:
    """Return per unit the people who are due in an exam, or were by ``due``, by the unit for which they were named."""
    rows = session.execute(
        select(Candidate.unit_id, Unit.short_name, Candidate.user_id, Candidate.state)
        .join(Unit, Unit.id == Candidate.unit_id)
        .where(Candidate.exam_id == exam_id)
    )
    found: dict[tuple[int, str], set[int]] = defaultdict(set)
    for unit_id, name, user_id, state in rows:
        if state == "due" if due is None else user_id in due:
            found[(unit_id, name)].add(user_id)
    return [UnitRoster(unit_id, name, frozenset(people)) for (unit_id, name), people in sorted(found.items())]
