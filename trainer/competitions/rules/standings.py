"""Standings (名次表) of people, teams and units out of the scores of a round. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from trainer.competitions.rules.ranking import rank
from trainer.competitions.rules.team_score import counted, mean, mean_seconds, participation_rate, team_score
from trainer.competitions.rules.tiebreak import order_key


@dataclass(frozen=True, slots=True)
class PersonScore:
    """What a person reached in a round. ``unit_id`` is the unit for which the person was named."""

    user_id: int
    name: str
    unit_id: int
    unit: str
    score: Decimal
    objective_score: Decimal
    seconds_used: int
    submitted_at: datetime
    lot: int


@dataclass(frozen=True, slots=True)
class Squad:
    """A team with its members. ``due_ids`` are those of them who are not exempt or deferred."""

    team_id: int
    name: str
    unit_id: int
    unit: str
    member_ids: tuple[int, ...]
    due_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class UnitRoster:
    """A unit with the people who were due for the round (应参加人员)."""

    unit_id: int
    name: str
    due_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a board. ``key`` is the id of the person, team or unit.

    ``participants`` and ``due`` are None for a person; ``participation_rate`` is None where nobody was due.
    """

    place: int
    key: int
    name: str
    unit_id: int
    unit: str
    score: Decimal
    objective_score: Decimal
    seconds_used: int
    participants: int | None = None
    due: int | None = None
    participation_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class _Sum:
    """A team or unit with what the chain compares."""

    key: int
    name: str
    unit_id: int
    unit: str
    score: Decimal
    objective_score: Decimal
    seconds_used: int
    submitted_at: datetime
    lot: int
    participants: int
    due: int
    rate: Decimal | None


def of_people(scores: Iterable[PersonScore], chain: Sequence[str]) -> list[Entry]:
    """Return the standings of people, the best first; equals by unit and name."""
    ranked = rank(scores, order_key(chain), then=lambda one: (one.unit, one.name, one.user_id))
    return [
        Entry(place, one.user_id, one.name, one.unit_id, one.unit, one.score, one.objective_score, one.seconds_used)
        for place, one in ranked
    ]


def of_teams(
    scores: Iterable[PersonScore], squads: Iterable[Squad], chain: Sequence[str], *, rule: str, best_n: int | None
) -> list[Entry]:
    """Return the standings of teams. A team of which nobody has a score yet has no line.

    The chain compares a team by the members who count: its objective score is made by the same rule, its seconds
    are the mean of theirs, its hand-in is the latest, its lot the smallest.
    """
    by_user = {one.user_id: one for one in scores}
    key = order_key(chain)
    sums = []
    for squad in squads:
        present = sorted(
            (by_user[one] for one in squad.member_ids if one in by_user), key=lambda one: (key(one), one.user_id)
        )
        if not present:
            continue
        due = len(squad.due_ids | {one.user_id for one in present})
        points = [one.score for one in present]
        best = present[: counted(points, rule, best_n)]
        objective = [one.objective_score for one in best]
        sums.append(
            _Sum(
                key=squad.team_id,
                name=squad.name,
                unit_id=squad.unit_id,
                unit=squad.unit,
                score=team_score(points, due=due, rule=rule, best_n=best_n),
                objective_score=team_score(objective, due=due, rule="mean" if rule == "mean" else "sum", best_n=None),
                seconds_used=mean_seconds([one.seconds_used for one in best]),
                submitted_at=max(one.submitted_at for one in best),
                lot=min(one.lot for one in best),
                participants=len(present),
                due=due,
                rate=participation_rate(len(present), due),
            )
        )
    return _entries(sums, key)


def of_units(scores: Iterable[PersonScore], rosters: Iterable[UnitRoster], chain: Sequence[str]) -> list[Entry]:
    """Return the standings of units by the mean of all who took part, each with its participation.

    A unit of which nobody has a score yet has no line. Who took part without being due (an exempt person who came
    all the same) counts in the mean and not in the rate.
    """
    due_of: Mapping[int, frozenset[int]] = {one.unit_id: one.due_ids for one in rosters}
    members: dict[int, list[PersonScore]] = defaultdict(list)
    for one in scores:
        members[one.unit_id].append(one)
    sums = []
    for unit_id, present in members.items():
        due = due_of.get(unit_id, frozenset())
        sums.append(
            _Sum(
                key=unit_id,
                name=present[0].unit,
                unit_id=unit_id,
                unit=present[0].unit,
                score=mean([one.score for one in present], len(present)),
                objective_score=mean([one.objective_score for one in present], len(present)),
                seconds_used=mean_seconds([one.seconds_used for one in present]),
                submitted_at=max(one.submitted_at for one in present),
                lot=min(one.lot for one in present),
                participants=len(present),
                due=len(due),
                rate=participation_rate(sum(1 for one in present if one.user_id in due), len(due)),
            )
        )
    return _entries(sums, order_key(chain))


def _entries(sums: Iterable[_Sum], key: Callable[[Any], Any]) -> list[Entry]:
    return [
        Entry(
            place,
            one.key,
            one.name,
            one.unit_id,
            one.unit,
            one.score,
            one.objective_score,
            one.seconds_used,
            one.participants,
            one.due,
            one.rate,
        )
        for place, one in rank(sums, key, then=lambda one: (one.name, one.key))
    ]
