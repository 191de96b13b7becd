"""Which place brings which prize (奖项). Pure.

Source: contests give first, second and third prizes and 优胜 (merit) to people, and prizes to teams and units, so many
of each; notices state them as numbers or as shares. The sources say nothing of edges, so these are our decisions of
2026-11-27:

- Prizes go by place in the last round, in the order of the list: first all places of the first prize, then those of
  the second. Everybody with one place has one prize. Who shares the last place of a prize gets it too; what is given
  beyond its number is taken from the prizes behind it, so that the prizes together do not grow but at the very end.
- A share is of all who have a place on that board, rounded half up to whole places.

What an organisation award (优秀组织奖) looks at besides results, participation and the work of organising, no rule of
places can tell; units get prizes here by their place alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainer.core.errors import FieldProblem

BOARDS = ("individual", "team", "unit")
PRIZES_MOST = 30
NAME_MOST = 30
PLACES_MOST = 100_000
WRITTEN = re.compile(r"(?P<name>.*?\S)\s+(?P<number>[0-9]{1,6})\s*(?P<unit>[%％名个]?)")


@dataclass(frozen=True)
class Prize:
    """A prize of the board ``by``; either so many ``places`` or ``percent`` of the ranked, a whole number."""

    by: str
    name: str
    places: int | None = None
    percent: int | None = None

    def as_row(self) -> dict[str, Any]:
        """Return the prize as the table keeps it."""
        size = {"places": self.places} if self.percent is None else {"percent": self.percent}
        return {"by": self.by, "name": self.name} | size


@dataclass(frozen=True)
class Cut:
    """The last place, counted by heads, that brings the prize ``name``."""

    last: int
    name: str


def prize_of_row(row: Mapping[str, Any]) -> Prize:
    """Return what ``Prize.as_row`` wrote."""
    return Prize(row["by"], row["name"], row.get("places"), row.get("percent"))


def places_of(prize: Prize, ranked: int) -> int:
    """Return how many of ``ranked`` people, teams or units a prize is for."""
    if prize.percent is None:
        return prize.places or 0
    return (2 * ranked * prize.percent + 100) // 200


def cuts_of(prizes: Iterable[Prize], by: str, ranked: int) -> tuple[Cut, ...]:
    """Return the cuts of the board ``by``, the best prize first; none without prizes or without anybody ranked."""
    last = 0
    found = []
    for prize in prizes if ranked else ():
        if prize.by == by:
            last += places_of(prize, ranked)
            found.append(Cut(last, prize.name))
    return tuple(found)


def prize_at(place: int, cuts: Sequence[Cut]) -> str | None:
    """Return the prize of a place (shared places as 1, 2, 2, 4), None for a place without one."""
    return next((cut.name for cut in cuts if place <= cut.last), None)


def prize_problems(prizes: Sequence[Prize]) -> list[FieldProblem]:
    """Return what is wrong with the prizes of a competition, at fields such as ``prizes.0.name``."""
    if len(prizes) > PRIZES_MOST:
        return [FieldProblem("prizes", "out_of_range", {"least": 0, "most": PRIZES_MOST})]
    found = []
    names: set[tuple[str, str]] = set()
    shares: dict[str, int] = {}
    for number, prize in enumerate(prizes):
        at, name = f"prizes.{number}.", prize.name.strip()
        if prize.by not in BOARDS:
            found.append(FieldProblem(f"{at}by", "unknown_value", {"value": prize.by}))
        if not name:
            found.append(FieldProblem(f"{at}name", "required"))
        elif len(name) > NAME_MOST:
            found.append(FieldProblem(f"{at}name", "too_long", {"most": NAME_MOST}))
        elif (prize.by, name) in names:
            found.append(FieldProblem(f"{at}name", "prize_named_twice", {"value": name}))
        names.add((prize.by, name))
        if (prize.places is None) == (prize.percent is None):
            found.append(FieldProblem(f"{at}places", "prize_by_number_or_share"))
        elif prize.percent is not None and not 1 <= prize.percent <= 100:
            found.append(FieldProblem(f"{at}percent", "prize_share_out_of_range", {"name": name}))
        elif prize.places is not None and not 1 <= prize.places <= PLACES_MOST:
            found.append(FieldProblem(f"{at}places", "prize_number_out_of_range", {"name": name, "most": PLACES_MOST}))
        else:
            before = shares.get(prize.by, 0)
            shares[prize.by] = before + (prize.percent or 0)
            if before <= 100 < shares[prize.by]:
                found.append(FieldProblem(f"{at}percent", "prize_shares_beyond_all", {"name": name}))
    return found


def read_prizes(by: str, text: str) -> tuple[list[Prize], list[str]]:
    """Return the prizes written one a line, such as ``一等奖 2`` or ``优胜奖 10%``, and the lines that are none."""
    prizes, unread = [], []
    for line in filter(None, (one.strip() for one in text.splitlines())):
        found = WRITTEN.fullmatch(line)
        if found is None:
            unread.append(line)
            continue
        number, share = int(found["number"]), found["unit"] in ("%", "％")
        size: dict[str, Any] = {"percent": number} if share else {"places": number}
        prizes.append(Prize(by, found["name"], **size))
    return prizes, unread


def written(prizes: Iterable[Prize], by: str) -> str:
    """Return the prizes of a board as ``read_prizes`` reads them."""
    return "\n".join(
        f"{one.name} {one.places}" if one.percent is None else f"{one.name} {one.percent}%"
        for one in prizes
        if one.by == by
    )
