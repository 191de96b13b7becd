"""Officers and auxiliaries of the demonstration city with their posts and certificates.

The names are invented (``names.py``) and so is the form of the certificate number: it is made so
that nobody takes it for a real one. That a certificate runs for five years is our decision too;
the term in Guangdong was not found in a source, other provinces use five.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from trainer.demo.rules.dealing import apportion, deal
from trainer.demo.rules.names import draw_name
from trainer.demo.rules.tree import (
    CITY,
    COUNTIES,
    UnitSpec,
    county_of,
    enforcement_units,
    unit_by_code,
)

CERTIFICATE_YEARS = 5
AUXILIARY_SHARE = 0.03

# The unit in which most demonstration accounts work has enough colleagues to show lists.
SHOW_UNIT = "JM-PJ-BSJD-ZF"

FIELD_WEIGHTS = {
    "market": 14.0, "urban_mgmt": 12.0, "public_security": 12.0, "transport": 10.0,
    "ecology": 8.0, "agriculture": 7.0, "natural_resources": 7.0, "health": 6.0,
    "emergency": 5.0, "housing": 5.0, "culture_tourism": 4.0, "labour": 4.0, "fire": 4.0,
    "water": 4.0, "township": 3.0,
}  # fmt: skip
OTHER_FIELD_WEIGHT = 2.0
# City bodies that share the field of a big department but are small themselves.
SMALL_BODIES = ("JM-SHWJ", "JM-YCZMJ", "JM-HSJ", "JM-YZGLJ", "JM-QXJ")
CITY_FACTOR = 1.3
COUNTY_FACTORS = {
    "JM-PJ": 0.9, "JM-JH": 0.5, "JM-XH": 1.0, "JM-TS": 1.0, "JM-KP": 0.8, "JM-HS": 0.6,
    "JM-EP": 0.5,
}  # fmt: skip

DEPARTMENT_POSTS = {
    "办案人员": 58, "主办人员": 18, "法制审核人员": 9, "中队长": 9, "案件审批人员": 6,
}  # fmt: skip
TOWNSHIP_POSTS = {"执法队员": 66, "主办人员": 16, "案件审核人员": 10, "执法办副主任": 8}
AUXILIARY_POST = "执法辅助人员"

# What becomes of the certificate (证件). Those due soon are valid and end within 90 days;
# some newcomers have got theirs already, others still wait for it.
CERTIFICATE_SHARES = {
    "valid": 91.2, "due_soon": 3.6, "expired": 1.2, "suspended": 0.7, "revoked": 0.1,
    "cancelled": 0.2, "newcomer": 2.0, "newcomer_without": 1.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seat:
    """An officer who is named beforehand, because a demonstration account belongs to him or her.

    ``certificate`` is one of the labels of ``CERTIFICATE_SHARES``.
    """

    username: str
    name: str
    unit_code: str
    post: str
    certificate: str = "valid"


@dataclass(frozen=True, slots=True)
class PersonSpec:
    """An officer (行政执法人员) or an auxiliary (辅助人员).

    ``category`` is ``officer`` or ``auxiliary``; auxiliaries never hold a certificate.
    ``joined_on`` is the local day on which the person came to enforcement; a day in the current
    year marks a newcomer. The four ``certificate_`` values are all None together. The state is
    ``valid``, ``suspended``, ``revoked`` or ``cancelled``; an expired certificate is a valid one
    whose last day, itself included in the term, has passed.
    """

    username: str
    name: str
    unit_code: str
    post: str
    category: str
    fields: tuple[str, ...]
    joined_on: date
    certificate_no: str | None
    certificate_valid_from: date | None
    certificate_valid_until: date | None
    certificate_state: str | None


def make_people(seed: int, officers: int, today: date, seats: Sequence[Seat] = ()) -> tuple[PersonSpec, ...]:
    """Return exactly ``officers`` officers, then some three in a hundred auxiliaries on top.

    ``today`` is the local day of the city. ``seats`` come first and count among the officers; if
    there are more of them than officers, the last ones are left out. Every enforcement unit has
    someone as soon as there are enough officers; below that the largest units come first. The same
    arguments give the same people in the same order. Raises ``ValueError`` below one officer.
    """
    if officers < 1:
        raise ValueError("a city needs at least one officer")
    random = Random(f"{seed}:people")
    seats = seats[:officers]
    places: list[Seat | str] = [*seats, *_open_places(officers, seats)]
    states = [seat.certificate for seat in seats]
    states += deal(random, officers - len(seats), CERTIFICATE_SHARES)
    people = []
    for number, (place, label) in enumerate(zip(places, states, strict=True), start=1):
        unit = unit_by_code()[place.unit_code if isinstance(place, Seat) else place]
        joined_on = _joined_on(random, today, newcomer=label.startswith("newcomer"))
        issued, until, state = _certificate(random, today, joined_on, label)
        if issued and issued < joined_on:
            joined_on = issued - timedelta(days=random.randint(30, 400))
        people.append(
            PersonSpec(
                username=place.username if isinstance(place, Seat) else f"jm{number:06d}",
                name=place.name if isinstance(place, Seat) else draw_name(random, number - 1),
                unit_code=unit.code,
                post=place.post if isinstance(place, Seat) else _draw_post(random, unit),
                category="officer",
                fields=_draw_fields(random, unit),
                joined_on=joined_on,
                certificate_no=_certificate_no(unit, number) if state else None,
                certificate_valid_from=issued,
                certificate_valid_until=until,
                certificate_state=state,
            )
        )
    people.extend(_auxiliaries(random, officers, today))
    return tuple(people)


def staff_units(officers: int, seated: Counter[str]) -> dict[str, int]:
    """Return how many officers each enforcement unit has, under its code, in reading order.

    ``seated`` are the officers placed beforehand; no unit gets fewer. The sum is ``officers``,
    which must not be below the number seated (``ValueError``).
    """
    units = enforcement_units()
    weights = [_unit_weight(unit) for unit in units]
    left = officers - seated.total()
    if left < 0:
        raise ValueError("more officers are seated than there are")
    counts = {unit.code: seated[unit.code] for unit in units}
    empty = [unit.code for unit in units if not counts[unit.code]]
    if left < len(empty):
        heavy = dict(zip((unit.code for unit in units), weights, strict=True))
        for code in sorted(empty, key=lambda code: -heavy[code])[:left]:
            counts[code] = 1
        return counts
    for code in empty:
        counts[code] = 1
    left -= len(empty)
    extra = max(0, min(left, officers // 30 - counts[SHOW_UNIT], 10 - counts[SHOW_UNIT]))
    counts[SHOW_UNIT] += extra
    whole = sum(weights)
    wanted = [
        max(0.0, officers * weight / whole - counts[unit.code]) for unit, weight in zip(units, weights, strict=True)
    ]
    for unit, share in zip(units, apportion(left - extra, wanted), strict=True):
        counts[unit.code] += share
    return counts


def _open_places(officers: int, seats: Sequence[Seat]) -> Iterator[str]:
    seated = Counter(seat.unit_code for seat in seats)
    for code, count in staff_units(officers, seated).items():
        for _ in range(count - seated[code]):
            yield code


def _unit_weight(unit: UnitSpec) -> float:
    county = county_of(unit.code)
    factor = CITY_FACTOR if county is None else COUNTY_FACTORS[county]
    if unit.code in SMALL_BODIES:
        return OTHER_FIELD_WEIGHT * factor
    return FIELD_WEIGHTS.get(unit.fields[0], OTHER_FIELD_WEIGHT) * factor


def _draw_post(random: Random, unit: UnitSpec) -> str:
    township = unit.kind == "township_enforcement_office"
    posts = TOWNSHIP_POSTS if township else DEPARTMENT_POSTS
    return random.choices(list(posts), list(posts.values()))[0]


def _draw_fields(random: Random, unit: UnitSpec) -> tuple[str, ...]:
    if unit.kind == "township_enforcement_office":
        return (unit.fields[0], random.choice(unit.fields[1:]))
    return unit.fields


def _joined_on(random: Random, today: date, *, newcomer: bool) -> date:
    new_year = date(today.year, 1, 1)
    if newcomer:
        return new_year + timedelta(days=random.randint(0, (today - new_year).days))
    return new_year - timedelta(days=random.randint(200, 28 * 365))


def _certificate(
    random: Random, today: date, joined_on: date, label: str
) -> tuple[date | None, date | None, str | None]:
    if label == "newcomer_without":
        return None, None, None
    if label == "due_soon":
        until = today + timedelta(days=random.randint(0, 90))
    elif label == "expired":
        until = today - timedelta(days=random.randint(1, 120))
    elif label == "newcomer":
        issued = joined_on + timedelta(days=random.randint(0, (today - joined_on).days))
        return issued, last_day(issued), "valid"
    else:
        until = today + timedelta(days=random.randint(91, 365 * CERTIFICATE_YEARS - 160))
    issued = first_day(until)
    state = label if label in ("suspended", "revoked", "cancelled") else "valid"
    return issued, until, state


def last_day(issued: date) -> date:
    """Return the last day on which a certificate issued on that day is valid."""
    return _shift_years(issued, CERTIFICATE_YEARS) - timedelta(days=1)


def first_day(until: date) -> date:
    """Return the day of issue that belongs to a last day of validity."""
    return _shift_years(until + timedelta(days=1), -CERTIFICATE_YEARS)


def _shift_years(day: date, years: int) -> date:
    # 29 February has no twin in most years; 1 March keeps the term whole.
    if (day.month, day.day) == (2, 29):
        return date(day.year + years, 3, 1)
    return day.replace(year=day.year + years)


def _certificate_no(unit: UnitSpec, number: int) -> str:
    county = county_of(unit.code)
    codes = [CITY, *(f"{CITY}-{part}" for part, _, _ in COUNTIES)]
    return f"JMD{codes.index(county or CITY)}-{number:06d}"


def _auxiliaries(random: Random, officers: int, today: date) -> Iterator[PersonSpec]:
    # They work where most hands are needed: in the towns and with the urban management.
    units = [unit for unit in enforcement_units() if "urban_mgmt" in unit.fields]
    for number in range(officers + 1, officers + 1 + round(officers * AUXILIARY_SHARE)):
        unit = random.choice(units)
        yield PersonSpec(
            username=f"jm{number:06d}",
            name=draw_name(random, number - 1),
            unit_code=unit.code,
            post=AUXILIARY_POST,
            category="auxiliary",
            fields=_draw_fields(random, unit),
            joined_on=_joined_on(random, today, newcomer=False),
            certificate_no=None,
            certificate_valid_from=None,
            certificate_valid_until=None,
            certificate_state=None,
        )
