"""Changing, cancelling and deleting a competition that was founded already.

Our decisions of 2026-11-27: once somebody has a score, a change of the rules would be a choice of the result, so that
only the title may still be corrected; a draft, which nobody has seen, stays free. What people were told of is never
deleted: it is cancelled with a reason, which all of them are told. The results of its exams stay what they are.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from trainer.accounts.rules import Person
from trainer.competitions.models import Competition, FrozenScore, Round, RoundScore, Team, TeamMember
from trainer.competitions.queries import has_scores, managed_row
from trainer.competitions.service import Rules, rule_problems, tell, write_down
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Invalid

REASON_MOST = 200


def change(competition_id: int, rules: Rules, *, by: Person) -> None:
    """Give a competition another title and other rules. A second call changes nothing.

    Raises ``Missing``, ``Invalid``, and ``Conflict`` for one that was signed or cancelled, or when more than the title
    of a published one would change after somebody has got a score.
    """
    problems = rule_problems(rules)
    if problems:
        raise Invalid(problems)
    with transaction() as session:
        row = managed_row(session, competition_id, by)
        _demand_running(row)
        changed = {name: value for name, value in rules.columns().items() if getattr(row, name) != value}
        if not changed:
            return
        if set(changed) != {"title"} and row.state != "draft" and has_scores(session, competition_id):
            raise Conflict("competition_has_scores")
        for name, value in changed.items():
            setattr(row, name, value)
        row.standings_no = Competition.standings_no + 1
        write_down("competition.changed", row, by, columns=sorted(changed))


def cancel(competition_id: int, reason: str, *, by: Person, now: datetime) -> int:
    """Call a published competition off and return how many people are told. A second call tells nobody.

    Its boards are empty from now on. Raises ``Missing``, ``Invalid`` without a reason, and ``Conflict`` for a draft,
    which is deleted instead, and for a signed one.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid.at("reason", "reason_needed")
    if len(reason) > REASON_MOST:
        raise Invalid.at("reason", "too_long", most=REASON_MOST)
    with transaction() as session:
        row = managed_row(session, competition_id, by)
        if row.state == "cancelled":
            return 0
        if row.state == "draft":
            raise Conflict("competition_not_published")
        _demand_running(row)
        row.state, row.cancelled_at, row.cancel_reason = "cancelled", now, reason
        write_down("competition.cancelled", row, by, reason=reason)
        return tell(session, row, "competition_cancelled", f"competition:{row.id}:cancelled", reason=reason)


def delete_draft(competition_id: int, *, by: Person) -> None:
    """Delete a draft with its rounds and teams; the exams stay. Raises ``Missing``, also when called again.

    Raises ``Conflict`` for one that was published.
    """
    with transaction() as session:
        row = managed_row(session, competition_id, by)
        if row.state != "draft":
            raise Conflict("competition_not_draft")
        write_down("competition.deleted", row, by)
        rounds = select(Round.id).where(Round.competition_id == competition_id)
        for table in (RoundScore, FrozenScore):
            session.execute(delete(table).where(table.round_id.in_(rounds)))
        for table in (TeamMember, Team, Round):
            session.execute(delete(table).where(table.competition_id == competition_id))
        session.execute(delete(Competition).where(Competition.id == competition_id))


def _demand_running(row: Competition) -> None:
    if row.state == "closed":
        raise Conflict("competition_closed")
    if row.state == "cancelled":
        raise Conflict("competition_is_cancelled")
