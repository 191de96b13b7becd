"""Telling people whose prize (奖项) has become another one, as after a repair of results.

Boards work prizes out from the places. What they say once the places are final is kept besides, as ``Award`` rows;
when the scores change later, the rows are compared with what the places bring then, and whoever has another prize is
told: a person of the own one, the members of a team of the team's. A prize of a unit is nobody's own; the board tells
it. The first prizes bring no notice: the organiser posts them (公示), of which everybody is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from trainer.audit.service import record
from trainer.competitions.board import read_standings
from trainer.competitions.leaderboard import waits_for_results
from trainer.competitions.models import Award, Competition, Round, TeamMember
from trainer.competitions.queries import Outline, RoundOutline, outline_of, outlines
from trainer.competitions.rules.prizes import BOARDS, cuts_of, prize_at
from trainer.core.database import db, end_read, transaction
from trainer.exams.models import Exam
from trainer.marking.models import Result
from trainer.notices.service import Told, queue_each

# By (board, id of the person, team or unit) the name of the prize.
Awards = dict[tuple[str, int], str]


def tell_prizes(now: datetime, exam_id: int | None = None) -> int:
    """Tell everybody whose prize has changed and return how many notices are new; on one exam, or anywhere.

    What nobody may see yet, what is not final, and what a repair is still changing waits for a later call. A second
    call tells nobody; where nothing has changed it is one statement.
    """
    rows = (
        select(Competition.id)
        .where(
            Competition.prizes.is_not(None),
            Competition.state.in_(("published", "closed")),
            Competition.frozen_at.is_(None),
            or_(Competition.awards_no.is_(None), Competition.awards_no != Competition.standings_no),
        )
        .order_by(Competition.id)
    )
    if exam_id is not None:
        rows = rows.where(exists().where(Round.competition_id == Competition.id, Round.exam_id == exam_id))
    session = db.session()
    ids = list(session.scalars(rows))
    # Looked at without a lock first: while a round is running nothing is to be told for days.
    out = [one.id for one in (outlines(session, ids) if ids else ()) if _is_out(session, one, now)]
    end_read()
    return sum(_tell(competition_id, now) for competition_id in out)


def _tell(competition_id: int, now: datetime) -> int:
    with transaction() as session:
        rows = select(Competition).where(Competition.id == competition_id).with_for_update()
        row = session.scalars(rows.execution_options(populate_existing=True)).one()
        outline = outline_of(session, competition_id)
        round_ = outline.prize_round
        if round_ is None or row.awards_no == row.standings_no or not _is_out(session, outline, now):
            return 0
        kept = session.execute(
            select(Award.board, Award.ranked_id, Award.prize, Award.round_id).where(
                Award.competition_id == competition_id
            )
        ).all()
        before: Awards = {(one.board, one.ranked_id): one.prize for one in kept}
        # With one more round the prizes go by other places, and nobody has read of those yet.
        first = row.awards_no is None or not kept or any(one.round_id != round_.id for one in kept)
        after = _awards(outline, round_)
        session.execute(delete(Award).where(Award.competition_id == competition_id))
        if after:
            same = {"competition_id": competition_id, "round_id": round_.id}
            rows_after = [same | {"board": by, "ranked_id": one, "prize": name} for (by, one), name in after.items()]
            session.execute(insert(Award), rows_after)
        session.execute(update(Competition).where(Competition.id == competition_id).values(awards_no=row.standings_no))
        changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
        if first or not changed:
            return 0
        record(
            "competition.prizes_moved",
            by=None,
            target=f"competition:{competition_id}",
            unit_id=outline.unit_id,
            detail={"changed": len(changed)},
        )
        return _notify(session, outline, round_, changed, before, after)


def _is_out(session: Session, outline: Outline, now: datetime) -> bool:
    """Whether the prizes stand on the board, and no change of results is on its way there."""
    round_ = outline.prize_round
    if round_ is None or outline.frozen_at is not None:
        return False
    if outline.ended:
        return True
    if not round_.shows(now) or round_.provisional(now):
        return False
    repaired = select(Result.attempt_id).join(Exam, Exam.id == Result.exam_id)
    behind = repaired.where(Exam.id == round_.exam_id, Result.repairs_no < Exam.repairs_no).limit(1)
    return session.scalar(behind) is None and not waits_for_results(session, outline.id)


def _awards(outline: Outline, round_: RoundOutline) -> Awards:
    awards: Awards = {}
    for by in BOARDS:
        if not any(prize.by == by for prize in outline.prizes):
            continue
        entries, _of_user = read_standings(outline, round_, by, frozen=False)
        cuts = cuts_of(outline.prizes, by, len(entries))
        awards |= {(by, one.key): prize for one in entries if (prize := prize_at(one.place, cuts))}
    return awards


def _notify(
    session: Session,
    outline: Outline,
    round_: RoundOutline,
    changed: Sequence[tuple[str, int]],
    before: Awards,
    after: Awards,
) -> int:
    members: dict[int, list[int]] = defaultdict(list)
    teams = select(TeamMember.team_id, TeamMember.user_id).where(TeamMember.competition_id == outline.id)
    for team_id, user_id in session.execute(teams):
        members[team_id].append(user_id)
    new = 0
    for by in ("individual", "team"):
        told: dict[int, Told] = {}
        for key in (one for one in changed if one[0] == by):
            one = _words(outline, round_, by, before.get(key), after.get(key))
            told |= dict.fromkeys([key[1]] if by == "individual" else members[key[1]], one)
        new += queue_each(told, key=f"competition:{outline.id}:prizes:{by}:{outline.standings_no}")
    return new


def _words(outline: Outline, round_: RoundOutline, by: str, before: str | None, after: str | None) -> Told:
    params = {"title": outline.title, "before": before or "", "after": after or ""}
    url = f"/competitions/{outline.id}/leaderboard?round={round_.number}&by={by}"
    own = by == "individual"
    if before and after:
        return Told("prize_changed", params, url) if own else Told("team_prize_changed", params, url)
    if after:
        return Told("prize_won", params, url) if own else Told("team_prize_won", params, url)
    return Told("prize_lost", params, url) if own else Told("team_prize_lost", params, url)
