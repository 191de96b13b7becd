"""Spreading candidates over rooms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.attempts.rules.seating import NotEnoughSeats, Room, spread

PEOPLE = [(1, "/a/"), (2, "/b/"), (3, "/a/"), (4, "/c/")]


def test_units_sit_together_room_after_room():
    rooms = [Room(10, 2), Room(20, 5)]
    assert spread(PEOPLE, rooms, by_unit=True) == {1: 10, 3: 10, 2: 20, 4: 20}


def test_rooms_fill_evenly_by_their_seats():
    seats = spread([(one, "/a/") for one in range(1, 10)], [Room(10, 3), Room(20, 6)], by_unit=False)
    assert [list(seats.values()).count(room) for room in (10, 20)] == [3, 6]


@pytest.mark.parametrize("rooms", [[], [Room(10, 3)], [Room(10, 1), Room(20, 2)]])
def test_too_few_seats_are_told(rooms):
    with pytest.raises(NotEnoughSeats) as lack:
        spread(PEOPLE, rooms, by_unit=True)
    assert lack.value.missing == 4 - sum(room.seats for room in rooms)


@given(
    st.lists(st.sampled_from(["/a/", "/b/", "/c/"]), max_size=30),
    st.lists(st.one_of(st.none(), st.integers(0, 12)), min_size=1, max_size=5),
    st.booleans(),
)
def test_everybody_has_a_seat_and_no_room_is_overfull(units, seats, by_unit):
    people = list(enumerate(units))
    rooms = [Room(number, one) for number, one in enumerate(seats)]
    try:
        placed = spread(people, rooms, by_unit=by_unit)
    except NotEnoughSeats:
        assert None not in seats
        assert sum(seats) < len(people)
        return
    assert set(placed) == {person for person, _unit in people}
    for room in rooms:
        taken = list(placed.values()).count(room.sitting_id)
        assert room.seats is None or taken <= room.seats
