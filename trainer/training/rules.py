"""What a training class must be before it is entered, handed in and confirmed. Pure.

Two pairs of eyes: who entered a class never decides on it (our decision; the notice behind the model case had hours
entered only after the unit's personnel office had checked them, 水利部普法办). ``draft → submitted → confirmed`` or
``rejected`` with a reason, which the clerk mends and hands in again; ``confirmed → withdrawn`` by counter-entries.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from trainer.core.errors import FieldProblem
from trainer.hours.rules.crediting import MOST_DAYS, hours_problems

EDITABLE = ("draft", "rejected")
EARLIEST = date(2000, 1, 1)
ROLL_MOST = 3000
_SEPARATORS = re.compile(r"[\s,;，；、]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")


def entry_problems(title: str, held_on: date | None, days: int | None, hours: Decimal | None) -> list[FieldProblem]:
    """Return what keeps a class from being entered at all; an empty list when it may be kept as a draft."""
    problems = []
    if not title:
        problems.append(FieldProblem("title", "required"))
    if held_on is None:
        problems.append(FieldProblem("held_on", "required"))
    elif held_on < EARLIEST or held_on.year > 2100:
        problems.append(FieldProblem("held_on", "bad_format"))
    if days is None or not 1 <= days <= MOST_DAYS:
        problems.append(FieldProblem("days", "out_of_range", {"least": 1, "most": MOST_DAYS}))
    else:
        problems.extend(hours_problems(hours, days))
    return problems


def handing_in_problems(held_on: date, evidence: str, present: int, today: date) -> list[FieldProblem]:
    """Return what keeps a class from going to the unit head; ``today`` is the city's day, a class of today may go."""
    problems = []
    if held_on > today:
        problems.append(FieldProblem("held_on", "class_not_held_yet", {"held_on": held_on}))
    if not evidence:
        problems.append(FieldProblem("evidence", "evidence_needed"))
    if not present:
        problems.append(FieldProblem("roll", "nobody_present"))
    return problems


def pasted_usernames(text: str) -> list[str]:
    """Return the user names of a pasted list, lower case, each once, in their order; any usual separator divides.

    A control character becomes U+FFFD: such a name is nobody's, and PostgreSQL would refuse a NUL.
    """
    names = _SEPARATORS.split(_CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text).strip())
    return list(dict.fromkeys(name.lower() for name in names if name))


def may_decide(decider_id: int, entered_by: int | None) -> bool:
    """Return whether this person may confirm or reject a class: never who entered it."""
    return decider_id != entered_by
