"""The demonstration city as a whole: who works there and what their year has been like.

``tell_story`` is the one call the loader needs. Everything follows from the seed, the number of
officers and the local day; no clock is read, so the same three give the same city on any machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from trainer.demo.rules.accounts import ACCOUNTS, AccountSpec, officer_seats
from trainer.demo.rules.contests import CompetitionSpec, make_competitions
from trainer.demo.rules.dealing import deal
from trainer.demo.rules.people import PersonSpec, make_people
from trainer.demo.rules.training_calendar import TrainingClass
from trainer.demo.rules.training_year import (
    ACCOUNT_PACES,
    Exemption,
    choose_exemptions,
    hold_classes,
)
from trainer.demo.rules.tree import UnitSpec, units

DEFAULT_SEED = 2024
DEFAULT_OFFICERS = 300

WINGS = ("legal_theory", "job_duties", "procedures")
# How much officers practise: practice is free, so a good part never does.
PRACTICE_SHARES = {"seldom": 35.0, "sometimes": 22.0, "often": 8.0}
# Beyond so many, more practice would only make the demonstration slower to load.
MOST_PRACTISING = 1000
PRACTICE_ANSWERS = {"seldom": (5, 30), "sometimes": (31, 90), "often": (91, 200)}
ANSWERS_A_DAY = 15


@dataclass(frozen=True, slots=True)
class PracticeSpec:
    """How much an officer has practised.

    ``answers`` are spread over ``active_days`` different days within the last ``span_days`` before
    today. ``ability`` is the chance, 0 to 1, of getting an item of middle difficulty right;
    ``wing`` is the wing of the bank that the officer likes best.
    """

    username: str
    answers: int
    active_days: int
    span_days: int
    ability: float
    wing: str


@dataclass(frozen=True, slots=True)
class Story:
    """A whole demonstration city.

    ``people`` are the officers, the demonstration accounts among them first, then the auxiliaries.
    ``classes`` are those of the current year, held and planned; ``earlier_classes`` those of the
    year before, all held. ``practice`` lists only officers who practise.
    """

    today: date
    units: tuple[UnitSpec, ...]
    people: tuple[PersonSpec, ...]
    accounts: tuple[AccountSpec, ...]
    exemptions: tuple[Exemption, ...]
    classes: tuple[TrainingClass, ...]
    earlier_classes: tuple[TrainingClass, ...]
    competitions: tuple[CompetitionSpec, ...]
    practice: tuple[PracticeSpec, ...]


def tell_story(seed: int, officers: int, today: date) -> Story:
    """Return the city with ``officers`` officers as it stands on the local day ``today``.

    Accounts whose person found no place, because there are fewer officers than officer accounts,
    are left out. Linear in ``officers``. Raises ``ValueError`` below one officer.
    """
    people = make_people(seed, officers, today, officer_seats())
    seated = {person.username for person in people}
    exemptions = choose_exemptions(seed, people, today)
    exempt = frozenset(exemption.username for exemption in exemptions)
    abilities = draw_abilities(seed, people)
    return Story(
        today=today,
        units=units(),
        people=people,
        accounts=tuple(account for account in ACCOUNTS if account.post is None or account.username in seated),
        exemptions=exemptions,
        classes=hold_classes(seed, people, today.year, today, exempt),
        earlier_classes=hold_classes(seed, people, today.year - 1, today, frozenset()),
        competitions=make_competitions(people, abilities, today, seed),
        practice=_practise(seed, people, abilities),
    )


def draw_abilities(seed: int, people: Sequence[PersonSpec]) -> dict[str, float]:
    """Return each officer's ability, 0.20 to 0.98, most between 0.55 and 0.85, to two places."""
    random = Random(f"{seed}:abilities")
    return {
        person.username: round(min(0.98, max(0.20, random.gauss(0.70, 0.14))), 2)
        for person in people
        if person.category == "officer"
    }


def _practise(seed: int, people: Sequence[PersonSpec], abilities: dict[str, float]) -> tuple[PracticeSpec, ...]:
    random = Random(f"{seed}:practice")
    officers = [person.username for person in people if person.category == "officer"]
    # The accounts that a visitor signs in with have a wrong-answer book worth looking at.
    habits = {username: "sometimes" for username in officers if username in ACCOUNT_PACES}
    others = [username for username in officers if username not in habits]
    wanted = round(len(others) * sum(PRACTICE_SHARES.values()) / 100)
    chosen = random.sample(others, min(MOST_PRACTISING - len(habits), wanted))
    habits.update(zip(chosen, deal(random, len(chosen), PRACTICE_SHARES), strict=True))
    specs = []
    for username in officers:
        habit = habits.get(username)
        if habit is None:
            continue
        answers = random.randint(*PRACTICE_ANSWERS[habit])
        active_days = random.randint(-(-answers // ANSWERS_A_DAY), max(2, answers // 5))
        span_days = random.randint(max(active_days, 14), 120)
        wing = random.choice(WINGS)
        specs.append(PracticeSpec(username, answers, active_days, span_days, abilities[username], wing))
    return tuple(specs)
