"""Who stood in the rolls of a year, and who was exempt from its hours.

How much of the offer of ``training_calendar.py`` an officer took follows from a pace. ``met`` and
``on_pace`` officers have at least that part of the 60 hours which has passed of the year,
``behind`` roughly half of it or more, ``far_behind`` less than half. Before the first class of a
year nobody has an hour. One office holds two classes more, so that the demonstration accounts
there have something to confirm.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from trainer.demo.rules.dealing import deal
from trainer.demo.rules.people import SHOW_UNIT, PersonSpec
from trainer.demo.rules.training_calendar import (
    TrainingClass,
    audience_of,
    last_class_day,
    offers_by_audience,
    plan_classes,
)

YEARLY_HOURS = Decimal(60)

# The running year, and a year that has ended, by when most have caught up. The exempt are taken
# out afterwards; newcomers fall short of their pace by what they missed.
PACE_SHARES = {"met": 32.0, "on_pace": 26.0, "behind": 32.0, "far_behind": 10.0}
PAST_PACE_SHARES = {"met": 50.0, "on_pace": 37.0, "behind": 10.0, "far_behind": 3.0}
EXEMPT_SHARE = 0.02
EXEMPTION_REASONS = ("长期病假", "产假", "借调外单位", "脱产进修", "临近退休离岗")

# Paces of the demonstration accounts, so that each shows something of its own.
ACCOUNT_PACES = {
    "officer": "behind", "officer2": "on_pace", "mentor": "met", "clerk": "on_pace", "head": "met",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exemption:
    """An approved exemption from the hours of a year, with its reason and first local day."""

    username: str
    reason: str
    starts_on: date


def hold_classes(
    seed: int, people: Sequence[PersonSpec], year: int, today: date, exempt: frozenset[str]
) -> tuple[TrainingClass, ...]:
    """Return the classes of a year with the rolls of those that were over before ``today``.

    Only officers stand in a roll; ``exempt`` usernames come to no class of the year, newcomers only
    to classes after they joined. Linear in the number of people.
    """
    planned = plan_classes(year)
    random = Random(f"{seed}:training:{year}")
    offers = offers_by_audience([each for each in planned if last_class_day(each) < today])
    day = min(today, date(year, 12, 31))
    share_passed = Decimal(max(0, (day - date(year, 1, 1)).days + 1)) / Decimal(days_in(year))
    officers = [person for person in people if person.category == "officer"]
    past = year < today.year
    paces = deal(random, len(officers), PAST_PACE_SHARES if past else PACE_SHARES)
    rolls: dict[str, list[str]] = defaultdict(list)
    for person, dealt in zip(officers, paces, strict=True):
        if person.username in exempt:
            continue
        pace = dealt if past else ACCOUNT_PACES.get(person.username, dealt)
        offer = [each for each in offers[audience_of(person)] if each.held_on >= person.joined_on]
        for each in _attended(random, offer, pace, YEARLY_HOURS * share_passed):
            rolls[each.code].append(person.username)
    held = [
        replace(each, state="confirmed", roll=tuple(rolls[each.code])) if last_class_day(each) < today else each
        for each in planned
    ]
    if not past:
        held.extend(_show_unit_classes(officers, today, exempt))
    return tuple(sorted(held, key=lambda each: (each.held_on, each.code)))


def choose_exemptions(seed: int, people: Sequence[PersonSpec], today: date) -> tuple[Exemption, ...]:
    """Return who need not earn the hours of this year: two in a hundred, at least one in thirty.

    Neither demonstration accounts nor newcomers are among them. Each starts in the current year,
    on ``today`` at the latest.
    """
    random = Random(f"{seed}:exemptions:{today.year}")
    new_year = date(today.year, 1, 1)
    able = [
        person.username
        for person in people
        if person.category == "officer" and person.username not in ACCOUNT_PACES and person.joined_on < new_year
    ]
    count = max(round(len(able) * EXEMPT_SHARE), 1 if len(able) >= 30 else 0)
    chosen = set(random.sample(able, count))
    latest = min((today - new_year).days, 60)
    return tuple(
        Exemption(
            username,
            random.choice(EXEMPTION_REASONS),
            new_year + timedelta(days=random.randint(0, latest)),
        )
        for username in able
        if username in chosen
    )


def hours_by_officer(classes: Sequence[TrainingClass]) -> dict[str, Decimal]:
    """Return the hours that the confirmed rolls give, for everyone who stands in one."""
    hours: dict[str, Decimal] = defaultdict(Decimal)
    for each in classes:
        for username in each.roll if each.state == "confirmed" else ():
            hours[username] += each.credit_hours
    return dict(hours)


def days_in(year: int) -> int:
    """Return 365, or 366 in a leap year."""
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days


def _show_unit_classes(officers: Sequence[PersonSpec], today: date, exempt: frozenset[str]) -> Iterator[TrainingClass]:
    # Small enough not to change anybody's pace: the first gives an hour, the second waits.
    colleagues = [person for person in officers if person.unit_code == SHOW_UNIT and person.username not in exempt]
    for number, days_ago, state, title, topics in (
        (1, 34, "confirmed", "占道经营案件案例研讨", ("town_enforcement", "evidence")),
        (2, 6, "submitted", "说理式执法文书讲评", ("flexible_enforcement", "document_making")),
    ):
        held_on = today - timedelta(days=days_ago)
        held_on -= timedelta(days=max(0, held_on.weekday() - 4))
        if held_on.year != today.year or not colleagues:
            continue
        yield TrainingClass(
            f"PX{today.year}-ZF{number}",
            title,
            "enforcement_skill",
            SHOW_UNIT,
            held_on,
            1,
            Decimal(1),
            topics,
            state,
            tuple(person.username for person in colleagues if person.joined_on <= held_on),
        )


def _attended(random: Random, offer: Sequence[TrainingClass], pace: str, expected: Decimal) -> list[TrainingClass]:
    """Choose from the offer so that the hours fit the pace, as far as the offer allows."""
    shuffled = random.sample(offer, len(offer))
    if pace in ("met", "on_pace"):
        # Those on pace leave out what they can spare; a target above the offer means all of it.
        limits = ("1.12", "1.45") if pace == "met" else ("1.00", "1.12")
        goal = expected * _between(random, *limits)
        total = sum((each.credit_hours for each in offer), Decimal(0))
        left_out = set()
        for each in shuffled:
            if total - each.credit_hours >= goal:
                total -= each.credit_hours
                left_out.add(each.code)
        return [each for each in offer if each.code not in left_out]
    limits = ("0.60", "0.98") if pace == "behind" else ("0.00", "0.48")
    goal = expected * _between(random, *limits)
    taken, total = set(), Decimal(0)
    for each in shuffled:
        if total + each.credit_hours <= goal:
            total += each.credit_hours
            taken.add(each.code)
    return [each for each in offer if each.code in taken]


def _between(random: Random, low: str, high: str) -> Decimal:
    # Whole thousandths, so that no float takes part in a sum of hours.
    return Decimal(random.randint(int(Decimal(low) * 1000), int(Decimal(high) * 1000))) / 1000
