"""What other points would do to places: the standings of every competition on an exam, supposed and not written.

For whoever must know before results are repaired. A signed competition is looked at too, although its places stay as
they were signed until somebody deliberately has its standings rebuilt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trainer.accounts.models import User
from trainer.competitions import queries
from trainer.competitions.leaderboard import best_of, final_results, seed_of
from trainer.competitions.models import Competition, Round
from trainer.competitions.queries import Outline, RoundOutline
from trainer.competitions.roster_queries import rosters, squads
from trainer.competitions.rules import standings
from trainer.competitions.rules.advancing import Ranked, advancing
from trainer.competitions.rules.prizes import Prize, cuts_of, prize_at
from trainer.competitions.rules.standings import Entry, PersonScore
from trainer.competitions.rules.tiebreak import draw_lot
from trainer.marking.models import Result
from trainer.orgs.models import Unit


@dataclass(frozen=True)
class Move:
    """Somebody whose place, prize or going through would be another; None where there is or would be none.

    ``by`` is individual, team or unit; ``goes_through`` is None where nobody is told to.
    """

    by: str
    key: int
    name: str
    unit: str
    before: int | None
    after: int | None
    went_through: bool | None = None
    goes_through: bool | None = None
    prize_before: str | None = None
    prize_after: str | None = None


@dataclass(frozen=True)
class Supposed:
    """The moves in one round of a competition, by board and new place. ``signed``: its places stay as they are.

    ``gives_prizes`` says that places of this round bring prizes.
    """

    competition_id: int
    title: str
    round_number: int
    round_title: str
    signed: bool
    moves: tuple[Move, ...]
    gives_prizes: bool = False


def places_if(session: Session, exam_id: int, points: Mapping[int, tuple[Decimal, Decimal]]) -> list[Supposed]:
    """Return what would move if final results had other ``points``: (score, objective score) by attempt id.

    Results that are not in ``points`` stay. One that is, and waits for a person today, is final then: its candidate
    comes onto the boards. A round where nothing moves is in it with no moves; none for an exam on which no competition
    ranks.
    """
    ids = session.scalars(
        select(Competition.id)
        .join(Round, Round.competition_id == Competition.id)
        .where(Round.exam_id == exam_id, Competition.state.in_(("published", "closed")))
        .distinct()
        .order_by(Competition.id)
    ).all()
    if not ids:
        return []
    waiting = _waiting(session, exam_id, points)
    best = best_of(_if(row, points) for row in [*final_results(session, exam_id), *waiting])
    newcomers = {row.user_id: row for row in waiting}
    seed = seed_of(session, exam_id)
    made = []
    for outline in queries.outlines(session, ids):
        for one in outline.rounds:
            if one.exam_id == exam_id:
                moves = _moves(session, outline, one, best, newcomers, seed)
                head = (outline.id, outline.title, one.number, one.title, outline.ended)
                made.append(Supposed(*head, tuple(moves), gives_prizes=bool(outline.prizes_of(one))))
    return made


@dataclass(frozen=True)
class _Row:
    """A final result, with what ``best_of`` compares."""

    attempt_id: int
    user_id: int
    unit_id: int
    score: Decimal
    objective_score: Decimal
    seconds_used: int
    submitted_at: datetime


_COLUMNS = tuple(one.name for one in fields(_Row))


def _if(row: Any, points: Mapping[int, tuple[Decimal, Decimal]]) -> Any:
    """Return a final result as it would be with the points supposed for its attempt."""
    if row.attempt_id not in points:
        return row
    score, objective = points[row.attempt_id]
    return replace(_Row(**{name: getattr(row, name) for name in _COLUMNS}), score=score, objective_score=objective)


def _waiting(session: Session, exam_id: int, points: Mapping[int, Any]) -> list[Any]:
    """Return the results in ``points`` that wait for a person today, with the names of candidate and unit."""
    rows = session.execute(
        select(*(getattr(Result, name) for name in _COLUMNS), User.name, Unit.short_name.label("unit"))
        .join(User, User.id == Result.user_id)
        .join(Unit, Unit.id == Result.unit_id)
        .where(Result.exam_id == exam_id, Result.unmarked > 0)
    )
    return [row for row in rows if row.attempt_id in points]


def _moves(
    session: Session,
    outline: Outline,
    round_: RoundOutline,
    best: Mapping[int, Any],
    newcomers: Mapping[int, Any],
    seed: str,
) -> list[Move]:
    before = queries.person_scores(session, round_.id, frozen=False)
    after = [_supposed(one, best.get(one.user_id)) for one in before]
    ranked = {one.user_id for one in before}
    after += [
        _newcomer(row, best[row.user_id], draw_lot(seed, round_.id, row.user_id))
        for row in newcomers.values()
        if row.user_id not in ranked
    ]
    prizes = outline.prizes_of(round_)
    people = (_people(before, outline), _people(after, outline))
    moves = _compared("individual", *people, prizes, _through(round_))
    if queries.has_teams(session, outline.id):
        teams = squads(session, outline.id, round_.exam_id)
        rule: dict[str, Any] = {"rule": outline.team_score, "best_n": outline.team_best_n}
        moves += _compared(
            "team",
            standings.of_teams(before, teams, outline.tie_break, **rule),
            standings.of_teams(after, teams, outline.tie_break, **rule),
            prizes,
        )
    units = rosters(session, round_.exam_id)
    moves += _compared(
        "unit",
        standings.of_units(before, units, outline.tie_break),
        standings.of_units(after, units, outline.tie_break),
        prizes,
    )
    return moves


def _supposed(one: PersonScore, best: Any) -> PersonScore:
    if best is None:
        return one
    return replace(
        one,
        score=best.score,
        objective_score=best.objective_score,
        seconds_used=best.seconds_used,
        submitted_at=best.submitted_at,
    )


def _newcomer(row: Any, best: Any, lot: int) -> PersonScore:
    """Return the score of somebody who has none today, by the ``best`` of their results."""
    return PersonScore(
        user_id=row.user_id,
        name=row.name,
        unit_id=best.unit_id,
        unit=row.unit,
        score=best.score,
        objective_score=best.objective_score,
        seconds_used=best.seconds_used,
        submitted_at=best.submitted_at,
        lot=lot,
    )


def _people(scores: Sequence[PersonScore], outline: Outline) -> list[Entry]:
    return standings.of_people(scores, outline.tie_break)


def _through(round_: RoundOutline) -> dict[str, int] | None:
    rule = round_.advance
    if rule is None:
        return None
    return {"top": rule["top"], "per_unit_at_least": rule.get("per_unit_at_least") or 0}


def _compared(
    by: str,
    before: Sequence[Entry],
    after: Sequence[Entry],
    prizes: Sequence[Prize],
    rule: dict[str, int] | None = None,
) -> list[Move]:
    old = {one.key: one.place for one in before}
    went, goes = _going(before, rule), _going(after, rule)
    had, has = _prizes(by, before, prizes), _prizes(by, after, prizes)
    moves = []
    for one in after:
        prize = (had.get(one.key), has.get(one.key))
        through = (None, None) if rule is None else (one.key in went, one.key in goes)
        if old.get(one.key) != one.place or through[0] != through[1] or prize[0] != prize[1]:
            moves.append(Move(by, one.key, one.name, one.unit, old.get(one.key), one.place, *through, *prize))
    return moves


def _prizes(by: str, entries: Sequence[Entry], prizes: Sequence[Prize]) -> dict[int, str]:
    cuts = cuts_of(prizes, by, len(entries))
    return {one.key: prize for one in entries if (prize := prize_at(one.place, cuts))}


def _going(entries: Sequence[Entry], rule: dict[str, int] | None) -> set[Any]:
    if rule is None:
        return set()
    return {one.key for one in advancing([Ranked(one.place, one.key, one.unit_id) for one in entries], **rule)}
