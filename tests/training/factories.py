"""Training classes for tests."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.conftest import NINE
from tests.hours.factories import person
from trainer.training import service
from trainer.training.service import ClassEntry, Roll


def entry(city, **more):
    """Return what a clerk writes down of a sound class of PJ-CGJ on 20 November 2026, four hours."""
    given = {
        "unit_id": city.units["PJ-CGJ"],
        "title": "证据收集培训班",
        "kind": "enforcement_skill",
        "held_on": date(2026, 11, 20),
        "days": 1,
        "hours": Decimal(4),
        "place": "三楼会议室",
        "evidence": "签到册 12",
    }
    return ClassEntry(**(given | more))


def roll(city, *usernames, absent=()):
    """Return a roll with these people present and ``absent`` listed beside them."""
    present = frozenset(city.people[name] for name in usernames)
    return Roll(present | {city.people[name] for name in absent}, present)


def make_class(city, *usernames, state="draft", absent=(), now=NINE, **more):
    """Enter a class as the clerk and bring it to ``state``; return its id."""
    clerk, head = person(city, "clerk"), person(city, "head")
    names = usernames or ("officer", "officer2")
    class_id = service.enter(entry(city, **more), roll(city, *names, absent=absent), by=clerk, now=now)
    if state != "draft":
        service.submit(class_id, by=clerk, now=now)
    if state in ("confirmed", "withdrawn"):
        # All classes of a test may be held on one day: the head has looked at that.
        service.confirm(class_id, by=head, now=now, checked=True)
    if state == "rejected":
        service.reject(class_id, "名册不全", by=head, now=now)
    if state == "withdrawn":
        service.withdraw(class_id, "重复登记", by=head, now=now)
    return class_id
