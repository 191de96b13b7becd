"""Two competitions of the demonstration city: one finished, one whose preliminary is running.

They follow the pattern of real 大比武: units register teams and single entrants, an online
preliminary for all, an on-site final for the best teams. Answers are not made here: each entrant
has an ability, the chance of getting an item of middle difficulty right, from which the loader
makes them. How many enter is capped, so that a city of 10,000 loads as fast as its roster allows.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import nlargest
from random import Random

from trainer.demo.rules.dealing import apportion, deal
from trainer.demo.rules.people import PersonSpec
from trainer.demo.rules.tree import CITY, CITY_JUSTICE_BUREAU, COUNTIES, county_of, unit_by_code

TEAM_SIZE = 4
MOST_ENTRANTS = 240
CITY_TEAMS = (
    "JM-SCJGJ", "JM-STHJJ", "JM-JTYSJ", "JM-CSGLJ", "JM-NYNCJ", "JM-YJGLJ", "JM-ZRZYJ", "JM-WSJKJ",
)  # fmt: skip
# The accounts that a visitor tries out take part, whatever their ability.
ALWAYS_ENTERED = ("officer", "officer2", "mentor")


@dataclass(frozen=True, slots=True)
class RoundSpec:
    """A round (赛程) from ``opens_on`` to ``closes_on``, local days, both included.

    ``minutes`` is the length of the paper. ``sections`` are (kind of item, count, points each).
    ``advance_teams`` is how many teams go on, None in the last round.
    """

    title: str
    kind: str
    opens_on: date
    closes_on: date
    minutes: int
    sections: tuple[tuple[str, int, int], ...]
    advance_teams: int | None


@dataclass(frozen=True, slots=True)
class TeamSpec:
    """A team (代表队) of a unit: four members, the leader first among them."""

    name: str
    unit_code: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntrySpec:
    """An entrant (参赛人员).

    ``unit_code`` is the unit that the person competes for: the own county or city department.
    ``ability`` lies between 0 and 1. ``presence`` is ``submitted``, ``absent`` (finished
    competition only), ``open`` or ``not_started`` (running competition only).
    """

    username: str
    unit_code: str
    ability: float
    presence: str


@dataclass(frozen=True, slots=True)
class CompetitionSpec:
    """A competition (竞赛); ``state`` is ``finished`` or ``running``.

    ``unit_codes`` are the units taking part. The members of the teams are among the entries, which
    follow the order of the people. ``published_on`` is the local day on which the result was
    published, None while it runs.
    """

    code: str
    title: str
    state: str
    organiser_unit_code: str
    unit_codes: tuple[str, ...]
    rounds: tuple[RoundSpec, ...]
    teams: tuple[TeamSpec, ...]
    entries: tuple[EntrySpec, ...]
    published_on: date | None


FIXED_HOLIDAYS = {(1, 1), *((5, day) for day in range(1, 6)), *((10, day) for day in range(1, 8))}

PRELIMINARY = (("single_choice", 40, 1), ("multiple_choice", 20, 2), ("true_false", 20, 1))
FINAL = (("single_choice", 20, 2), ("multiple_choice", 20, 3))

FINISHED_SHARES = {"submitted": 93.0, "absent": 7.0}
RUNNING_SHARES = {"submitted": 46.0, "open": 4.0, "not_started": 50.0}


def make_competitions(
    people: Sequence[PersonSpec], abilities: Mapping[str, float], today: date, seed: int
) -> tuple[CompetitionSpec, CompetitionSpec]:
    """Return the finished and the running competition, in this order.

    ``abilities`` holds the ability of every officer among ``people``. Units with fewer than four
    officers send nobody. Linear in the number of people.
    """
    squads = _squads(people, today)
    closed = _working_day(today - timedelta(days=66))
    final_on = _working_day(closed + timedelta(days=10))
    opened = today - timedelta(days=3)
    coming = _working_day(today + timedelta(days=20))
    finished = _make(
        squads, abilities, Random(f"{seed}:contest:finished"), FINISHED_SHARES, closed,
        code=f"BW{closed.year}-1", title=f"{closed.year}年江门市行政执法人员法律知识竞赛",
        state="finished",
        rounds=(
            RoundSpec(
                "线上初赛", "preliminary", closed - timedelta(days=6), closed, 60, PRELIMINARY, 6,
            ),
            RoundSpec("现场决赛", "final", final_on, final_on, 45, FINAL, None),
        ),
        published_on=_working_day(final_on + timedelta(days=8)),
    )  # fmt: skip
    running = _make(
        squads, abilities, Random(f"{seed}:contest:running"), RUNNING_SHARES, opened,
        code=f"BW{opened.year}-2", title=f"{opened.year}年江门市行政执法大比武", state="running",
        rounds=(
            RoundSpec(
                "线上初赛", "preliminary", opened, today + timedelta(days=6), 60, PRELIMINARY, 8,
            ),
            RoundSpec("现场决赛", "final", coming, coming, 45, FINAL, None),
        ),
        published_on=None,
    )  # fmt: skip
    return finished, running


def _make(
    squads: Mapping[str, Sequence[PersonSpec]],
    abilities: Mapping[str, float],
    random: Random,
    shares: Mapping[str, float],
    joined_by: date,
    *,
    code: str,
    title: str,
    state: str,
    rounds: tuple[RoundSpec, ...],
    published_on: date | None,
) -> CompetitionSpec:
    squads = {
        unit: able
        for unit, squad in squads.items()
        if len(able := [person for person in squad if person.joined_on <= joined_by]) >= TEAM_SIZE
    }
    teams = [_pick_team(unit, squad, abilities, random) for unit, squad in squads.items()]
    in_teams = {member for team in teams for member in team.members}
    fixed = {
        person.username: unit
        for unit, squad in squads.items()
        for person in squad
        if person.username in in_teams or person.username in ALWAYS_ENTERED
    }
    others = {
        unit: [person.username for person in squad if person.username not in fixed] for unit, squad in squads.items()
    }
    free = sum(len(usernames) for usernames in others.values())
    wanted = max(0, min(MOST_ENTRANTS - len(fixed), free // 2))
    entered = dict(fixed)
    counts = apportion(wanted, [len(each) for each in others.values()]) if others else []
    for (unit, usernames), count in zip(others.items(), counts, strict=True):
        entered.update(dict.fromkeys(random.sample(usernames, count), unit))
    ordered = [person.username for squad in squads.values() for person in squad]
    ordered = [username for username in ordered if username in entered]
    entries = [
        EntrySpec(username, entered[username], abilities[username], presence)
        for username, presence in zip(ordered, deal(random, len(ordered), shares), strict=True)
    ]
    entries = [_settle_account(entry, state) for entry in entries]
    return CompetitionSpec(
        code, title, state, CITY_JUSTICE_BUREAU, tuple(squads), rounds, tuple(teams),
        tuple(entries), published_on,
    )  # fmt: skip


def _squads(people: Sequence[PersonSpec], today: date) -> dict[str, list[PersonSpec]]:
    squads: dict[str, list[PersonSpec]] = defaultdict(list)
    units = [f"{CITY}-{part}" for part, _, _ in COUNTIES] + list(CITY_TEAMS)
    for person in people:
        # A suspended certificate, or none, bars from the contest, as does one that has expired.
        until = person.certificate_valid_until
        if person.certificate_state == "valid" and until is not None and until >= today:
            squads[county_of(person.unit_code) or person.unit_code].append(person)
    return {unit: squads[unit] for unit in units if unit in squads}


def _pick_team(unit: str, squad: Sequence[PersonSpec], abilities: Mapping[str, float], random: Random) -> TeamSpec:
    # Units send good people, not their very best: the four come from the best eight.
    best = nlargest(TEAM_SIZE * 2, squad, key=lambda person: abilities[person.username])
    members = random.sample(best, TEAM_SIZE)
    members.sort(key=lambda person: -abilities[person.username])
    name = f"{unit_by_code()[unit].short_name}代表队"
    return TeamSpec(name, unit, tuple(person.username for person in members))


def _settle_account(entry: EntrySpec, state: str) -> EntrySpec:
    # Whoever signs in with a demonstration account finds an old result and a paper still to write.
    if entry.username not in ALWAYS_ENTERED:
        return entry
    presence = "submitted" if state == "finished" else "not_started"
    return EntrySpec(entry.username, entry.unit_code, entry.ability, presence)


def _working_day(day: date) -> date:
    # Holidays that follow the moon are not looked up: a demonstration may err by a day there.
    while day.weekday() > 4 or (day.month, day.day) in FIXED_HOLIDAYS:
        day += timedelta(days=1)
    return day
