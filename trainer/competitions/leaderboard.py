"""The scores behind the boards: taken over from settled results, frozen, thawed, rebuilt.

``marking`` lies below this feature and cannot call it. So whoever settles results calls ``take_settled`` with the
attempts that were settled (the roof of the hand-in, at once), and a job calls ``take_missing``, which finds whatever
was left by a crash in between or by a changed result. Both may run as often as they like.

If somebody sat an exam several times, the best result counts: the higher score, then the higher objective score,
then the shorter time, then the earlier hand-in. A signed or cancelled competition takes no more scores; only
``rebuild``, a deliberate command that is written into the audit, changes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.audit.service import record
from trainer.competitions.models import ENDED, Competition, FrozenScore, Round, RoundScore
from trainer.competitions.queries import managed_row
from trainer.competitions.rules.tiebreak import draw_lot
from trainer.core.database import db, end_read, transaction
from trainer.core.errors import Conflict, Missing
from trainer.exams.models import Exam
from trainer.marking.models import Result
from trainer.papers.models import Blueprint

PART = 400
SCORE_COLUMNS = ("attempt_id", "unit_id", "score", "objective_score", "seconds_used", "submitted_at", "lot")


class Settled(Protocol):
    """What ``record_result`` needs to know of a result; a ``marking.models.Result`` is one."""

    exam_id: int
    user_id: int


def record_result(session: Session, result: Settled) -> int:
    """Bring the score of a result's person up to date in every round on its exam; return how many changed.

    To be called inside the transaction that writes the result. ``Competition.standings_no`` grows with a change. A
    second call, or one for a result that is not the person's best, changes nothing.
    """
    return _take(session, result.exam_id, [result.user_id])


# A score that waits for a person to mark an answer is provisional, and no place rests on it.
FINAL = Result.unmarked == 0


def take_settled(attempt_ids: Sequence[int]) -> int:
    """Take over the results of attempts settled just now and return how many scores changed.

    Opens a transaction only when a competition is concerned, so that ordinary exams pay one small read.
    """
    session = db.session()
    by_exam: dict[int, set[int]] = defaultdict(set)
    for part in _parts(attempt_ids):
        concerned = (
            select(Result.exam_id, Result.user_id)
            .join(Round, Round.exam_id == Result.exam_id)
            .where(Result.attempt_id.in_(part))
        )
        for exam_id, user_id in session.execute(concerned.distinct()):
            by_exam[exam_id].add(user_id)
    end_read()
    if not by_exam:
        return 0
    taken = 0
    for exam_id, users in sorted(by_exam.items()):
        # One exam a transaction: each locks its competitions in the order of their ids, so none waits in a ring.
        with transaction() as session:
            taken += _take(session, exam_id, sorted(users))
    return taken


def take_missing(limit: int = 2000) -> int:
    """Find results that no round score stands for, take over up to ``limit`` people's, return how many changed."""
    by_exam = _not_taken(db.session(), Competition.state.not_in(ENDED), limit=limit)
    end_read()
    taken = 0
    for exam_id, users in sorted(by_exam.items()):
        for part in _parts(sorted(users)):
            # A transaction for each part, so that hand-ins are not kept waiting behind a long catching up.
            with transaction() as session:
                taken += _take(session, exam_id, part)
    return taken


def _not_taken(session: Session, which: ColumnElement[bool], *, limit: int | None = None) -> dict[int, set[int]]:
    """Return by exam id who has a result that a round score of the competitions ``which`` does not stand for.

    ``limit`` is the most people; one statement.
    """
    changed = and_(
        RoundScore.attempt_id == Result.attempt_id,
        or_(
            RoundScore.score != Result.score,
            RoundScore.objective_score != Result.objective_score,
            RoundScore.seconds_used != Result.seconds_used,
            RoundScore.submitted_at != Result.submitted_at,
        ),
    )
    links = (
        (Result.score, RoundScore.score, Result.score > RoundScore.score),
        (Result.objective_score, RoundScore.objective_score, Result.objective_score > RoundScore.objective_score),
        (Result.seconds_used, RoundScore.seconds_used, Result.seconds_used < RoundScore.seconds_used),
        (Result.submitted_at, RoundScore.submitted_at, Result.submitted_at < RoundScore.submitted_at),
    )
    better = [
        and_(*(one == other for one, other, _wins in links[:number]), wins)
        for number, (_one, _other, wins) in enumerate(links)
    ]
    rows = (
        select(Result.exam_id, Result.user_id)
        .join(Round, Round.exam_id == Result.exam_id)
        .join(Competition, Competition.id == Round.competition_id)
        .outerjoin(RoundScore, and_(RoundScore.round_id == Round.id, RoundScore.user_id == Result.user_id))
        .where(which, FINAL, or_(RoundScore.user_id.is_(None), changed, *better))
    )
    by_exam: dict[int, set[int]] = defaultdict(set)
    for exam_id, user_id in session.execute(rows.distinct().limit(limit)):
        by_exam[exam_id].add(user_id)
    return by_exam


def _parts(ids: Iterable[int]) -> Iterator[Sequence[int]]:
    wanted = list(ids)
    for start in range(0, len(wanted), PART):
        yield wanted[start : start + PART]


def _take(session: Session, exam_id: int, user_ids: Sequence[int]) -> int:
    rounds = session.execute(
        select(Round.id, Round.competition_id)
        .join(Competition, Competition.id == Round.competition_id)
        .where(Round.exam_id == exam_id, Competition.state.not_in(ENDED))
        .order_by(Competition.id)
        # Whoever takes scores of one competition waits here for the other, so that the later one sees both results.
        .with_for_update(of=Competition)
    ).all()
    if not rounds:
        return 0
    changed: dict[int, int] = defaultdict(int)
    seed = seed_of(session, exam_id)
    for part in _parts(user_ids):
        best = best_of(final_results(session, exam_id, part))
        known = {
            (row.round_id, row.user_id): row
            for row in session.execute(
                select(*(getattr(RoundScore, name) for name in ("round_id", "user_id", *SCORE_COLUMNS))).where(
                    RoundScore.round_id.in_([one.id for one in rounds]), RoundScore.user_id.in_(part)
                )
            )
        }
        new, moved = [], []
        for one in rounds:
            for user_id, result in best.items():
                values = _values(result, seed, one.id)
                before = known.get((one.id, user_id))
                if before is None:
                    new.append({"round_id": one.id, "user_id": user_id, **values})
                elif any(getattr(before, name) != value for name, value in values.items()):
                    moved.append({"round_id": one.id, "user_id": user_id, **values})
                else:
                    continue
                changed[one.competition_id] += 1
        if new:
            session.execute(insert(RoundScore), new)
        if moved:
            session.execute(update(RoundScore), moved)
    _count_up(session, changed)
    return sum(changed.values())


def seed_of(session: Session, exam_id: int) -> str:
    """Return the seed by which lots are drawn in rounds on an exam."""
    seed = session.scalar(
        select(Blueprint.seed).join(Exam, Exam.blueprint_id == Blueprint.id).where(Exam.id == exam_id)
    )
    assert seed is not None, "every exam has a blueprint"
    return seed


def final_results(session: Session, exam_id: int, user_ids: Sequence[int] | None = None) -> Iterable[Any]:
    """Return the final results of an exam with what ``best_of`` compares; of everybody with None."""
    rows = select(
        Result.user_id,
        Result.attempt_id,
        Result.unit_id,
        Result.score,
        Result.objective_score,
        Result.seconds_used,
        Result.submitted_at,
    ).where(Result.exam_id == exam_id, FINAL)
    if user_ids is not None:
        rows = rows.where(Result.user_id.in_(user_ids))
    return session.execute(rows)


def best_of(results: Iterable[Any]) -> dict[int, Any]:
    """Return the best of the results of each person by user id."""
    best: dict[int, Any] = {}
    for row in results:
        if row.user_id not in best or worth(row) > worth(best[row.user_id]):
            best[row.user_id] = row
    return best


def worth(row: Any) -> tuple[Any, ...]:
    """Return what of several results of a person the best one has most of."""
    return row.score, row.objective_score, -row.seconds_used, -row.submitted_at.timestamp(), -row.attempt_id


def _values(result: Any, seed: str, round_id: int) -> dict[str, Any]:
    values = {name: getattr(result, name) for name in SCORE_COLUMNS if name != "lot"}
    return values | {"lot": draw_lot(seed, round_id, result.user_id)}


def _count_up(session: Session, competition_ids: Iterable[int]) -> None:
    session.execute(
        update(Competition)
        .where(Competition.id.in_(list(competition_ids)))
        .values(standings_no=Competition.standings_no + 1)
    )


def catch_up(session: Session, competition_id: int) -> int:
    """Take over every result of a competition that no board has heard of; return how many scores changed.

    Joins the caller's transaction. A second call changes nothing, and looks no further than one statement.
    """
    by_exam = _not_taken(session, Competition.id == competition_id)
    return sum(_take(session, exam_id, sorted(users)) for exam_id, users in sorted(by_exam.items()))


def waits_for_results(session: Session, competition_id: int) -> bool:
    """Return whether there is a result of a competition that its boards have not taken over."""
    return bool(_not_taken(session, Competition.id == competition_id, limit=1))


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild found: scores written, and how many of them differ from what stood before (or came, or went)."""

    rounds: int
    scores: int
    changed: int


def rebuild(competition_id: int, *, by: int | None = None) -> Rebuilt:
    """Recompute all scores of a competition from the results of its attempts. Raises ``Missing``.

    It also repairs a signed competition, and is written into the audit. A second call changes nothing but the number
    of the standings. A frozen board keeps what it shows.
    """
    with transaction() as session:
        found = session.scalar(select(Competition).where(Competition.id == competition_id).with_for_update())
        if found is None:
            raise Missing
        rounds = session.execute(select(Round.id, Round.exam_id).where(Round.competition_id == competition_id)).all()
        scores = changed = 0
        for round_id, exam_id in rounds:
            seed = seed_of(session, exam_id)
            before = _all_scores(session, round_id)
            session.execute(delete(RoundScore).where(RoundScore.round_id == round_id))
            after = {
                user_id: _values(result, seed, round_id)
                for user_id, result in best_of(final_results(session, exam_id)).items()
            }
            for part in _parts(sorted(after)):
                rows = [{"round_id": round_id, "user_id": one, **after[one]} for one in part]
                session.execute(insert(RoundScore), rows)
            scores += len(after)
            changed += sum(1 for one in before.keys() | after.keys() if before.get(one) != after.get(one))
        _count_up(session, [competition_id])
        record(
            "competition.rebuilt",
            by=by,
            target=f"competition:{competition_id}",
            unit_id=found.unit_id,
            detail={"scores": scores, "changed": changed},
        )
        return Rebuilt(len(rounds), scores, changed)


def _all_scores(session: Session, round_id: int) -> dict[int, dict[str, Any]]:
    columns = [getattr(RoundScore, name) for name in SCORE_COLUMNS]
    rows = session.execute(select(RoundScore.user_id, *columns).where(RoundScore.round_id == round_id))
    return {row[0]: dict(zip(SCORE_COLUMNS, row[1:], strict=True)) for row in rows}


def freeze(competition_id: int, *, by: Person, now: datetime) -> None:
    """Freeze the boards (封榜): from now on everybody but those who run the competition sees the scores of ``now``.

    A second call keeps the first moment. Raises ``Missing`` outside the caller's scope and ``Conflict`` unless the
    competition is published.
    """
    with transaction() as session:
        row = managed_row(session, competition_id, by)
        if row.state != "published":
            raise Conflict("competition_not_published")
        if row.frozen_at is not None:
            return
        names = [column.name for column in RoundScore.__table__.columns]
        rounds = select(Round.id).where(Round.competition_id == competition_id)
        kept = select(*(RoundScore.__table__.c[name] for name in names)).where(RoundScore.round_id.in_(rounds))
        session.execute(insert(FrozenScore).from_select(names, kept))
        row.frozen_at = now
        _write_down("competition.frozen", row, by)


def unfreeze(competition_id: int, *, by: Person) -> None:
    """Thaw the boards: everybody sees the standings as they are. A second call changes nothing.

    Raises ``Missing`` outside the caller's scope.
    """
    with transaction() as session:
        row = managed_row(session, competition_id, by)
        if row.frozen_at is None:
            return
        rounds = select(Round.id).where(Round.competition_id == competition_id)
        session.execute(delete(FrozenScore).where(FrozenScore.round_id.in_(rounds)))
        row.frozen_at = None
        _write_down("competition.thawed", row, by)


def _write_down(action: str, row: Competition, by: Person) -> None:
    record(action, by=by.id, target=f"competition:{row.id}", unit_id=row.unit_id)
