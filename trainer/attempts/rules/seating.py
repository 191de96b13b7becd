"""Who sits where: spreading candidates over sittings. Pure; the order of the rooms is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Room:
    """A sitting that may be filled; ``seats`` are free ones, None for any number."""

    sitting_id: int
    seats: int | None


class NotEnoughSeats(ValueError):
    """The rooms cannot hold everybody; ``missing`` seats are lacking."""

    def __init__(self, missing: int) -> None:
        self.missing = missing
        super().__init__(f"{missing} seats are missing")


def spread(people: Sequence[tuple[int, str]], rooms: Sequence[Room], *, by_unit: bool) -> dict[int, int]:
    """Return the sitting of each person, given as (id, path of the unit). Raises ``NotEnoughSeats``.

    ``by_unit`` fills room after room in the order of the units, so that a unit sits together as far as it fits;
    otherwise rooms fill evenly, measured by their seats. The same call gives the same seats.
    """
    limited = [room.seats for room in rooms]
    if not rooms or (None not in limited and sum(seats or 0 for seats in limited) < len(people)):
        raise NotEnoughSeats(len(people) - sum(seats or 0 for seats in limited))
    in_order = sorted(people, key=lambda one: (one[1], one[0]))
    return _one_by_one(in_order, rooms) if by_unit else _evenly(in_order, rooms)


def _one_by_one(people: Sequence[tuple[int, str]], rooms: Sequence[Room]) -> dict[int, int]:
    # Without limits there is nothing to fill: each room gets its equal share, counted out beforehand.
    share = -(-len(people) // len(rooms))
    limited = sum(room.seats or 0 for room in rooms if room.seats is not None)
    open_rooms = sum(1 for room in rooms if room.seats is None)
    if open_rooms:
        share = max(share, -(-(len(people) - limited) // open_rooms))
    placed: dict[int, int] = {}
    waiting = list(people)
    for room in rooms:
        seats = share if room.seats is None else room.seats
        for person, _unit in waiting[:seats]:
            placed[person] = room.sitting_id
        waiting = waiting[seats:]
    return placed


def _evenly(people: Sequence[tuple[int, str]], rooms: Sequence[Room]) -> dict[int, int]:
    taken = [0] * len(rooms)
    usual = -(-len(people) // len(rooms))
    placed: dict[int, int] = {}
    for person, _unit in people:
        free = [at for at, room in enumerate(rooms) if room.seats is None or taken[at] < room.seats]
        # The fraction of its seats that a room has filled; whole numbers, so that no rounding decides.
        best = min(free, key=lambda at: (taken[at] * 10**9 // (rooms[at].seats or usual or 1), at))
        taken[best] += 1
        placed[person] = rooms[best].sitting_id
    return placed
