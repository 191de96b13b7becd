"""Who enters training classes and who confirms them, all over the city.

The demonstration accounts show these two duties in one office only. So that the hours of everybody else have a clerk
and a confirmer too, two officers of every enforcement unit get them, and each justice bureau (司法局), which has no
officers, two people of its own. All of them lack a password.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from trainer.demo.rules.accounts import ACCOUNTS
from trainer.demo.rules.names import draw_name
from trainer.demo.rules.people import SHOW_UNIT, PersonSpec
from trainer.demo.rules.tree import CITY_JUSTICE_BUREAU, units

CLERK_POST = "培训管理人员"
HEAD_POST = "分管负责人"
HEAD_POSTS = ("执法办副主任", "中队长", "案件审批人员")
CLERK_POSTS = ("案件审核人员", "法制审核人员")


@dataclass(frozen=True, slots=True)
class Duties:
    """The clerk (培训管理员) and the head (单位负责人) of a unit, by username; never the same person."""

    clerk: str
    head: str


def bureau_staff(seed: int, first_number: int, today: date) -> tuple[PersonSpec, ...]:
    """Return two people for each justice bureau in reading order, the clerk first; numbered from ``first_number``."""
    random = Random(f"{seed}:bureaus")
    bureaus = [unit for unit in units() if unit.kind == "justice_bureau"]
    places = [(unit.code, post) for unit in bureaus for post in (CLERK_POST, HEAD_POST)]
    return tuple(
        PersonSpec(
            username=f"jm{number:06d}",
            name=draw_name(random, number - 1),
            unit_code=code,
            post=post,
            category="staff",
            fields=(),
            joined_on=date(today.year - 2, 1, 1),
            certificate_no=None,
            certificate_valid_from=None,
            certificate_valid_until=None,
            certificate_state=None,
        )
        for number, (code, post) in enumerate(places, start=first_number)
    )


def share_duties(people: Sequence[PersonSpec], staff: Sequence[PersonSpec]) -> dict[str, Duties]:
    """Return the duties by code of unit, for every justice bureau and every unit with two officers to spare.

    Officers who are demonstration accounts keep to what their account says.
    """
    duties = {clerk.unit_code: Duties(clerk.username, head.username) for clerk, head in _pairs(staff)}
    accounts = {account.username for account in ACCOUNTS}
    seated = {person.username for person in people} & accounts
    free: dict[str, list[PersonSpec]] = defaultdict(list)
    for person in people:
        if person.category == "officer" and person.username not in accounts:
            free[person.unit_code].append(person)
    for code, officers in free.items():
        if len(officers) >= 2:
            head = _first(officers, HEAD_POSTS)
            clerk = _first([one for one in officers if one is not head], CLERK_POSTS)
            duties[code] = Duties(clerk.username, head.username)
    if {"clerk", "head"} <= seated:
        duties[SHOW_UNIT] = Duties("clerk", "head")
    return duties


def duties_at(duties: Mapping[str, Duties], code: str) -> tuple[str, Duties]:
    """Return which unit holds a class that ``code`` would organise, and the duties there.

    A unit without people for both duties leaves it to the city's justice bureau.
    """
    return (code, duties[code]) if code in duties else (CITY_JUSTICE_BUREAU, duties[CITY_JUSTICE_BUREAU])


def _pairs(staff: Sequence[PersonSpec]) -> list[tuple[PersonSpec, PersonSpec]]:
    return list(zip(staff[::2], staff[1::2], strict=True))


def _first(officers: Sequence[PersonSpec], posts: tuple[str, ...]) -> PersonSpec:
    return next((one for post in posts for one in officers if one.post == post), officers[0])
