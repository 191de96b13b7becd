"""One password hash at a time, and a line before it that tells everybody their place."""

import threading
import time

import pytest

from trainer.core.errors import Busy
from trainer.core.lane import EARLY, KEPT, LONGEST_WAIT, Lane, Numbers

WIDTH = 4


def numbers(drawn=0, called=0.0, last_at=100.0, pace=0.02):
    return Numbers(drawn, called, last_at, pace)


@pytest.mark.parametrize(
    ("drawn", "called", "number", "is_now", "before", "given"),
    [
        (0, 0, None, True, 0, 1),
        (3, 0, None, True, 3, 4),
        (4, 0, None, False, 4, 5),
        (9, 5, 9, True, 3, 9),
        (10, 5, 10, False, 4, 10),
        (10, 5, 6, True, 0, 6),
        (10, 5, 5, True, 0, 5),
        (10, 5, 11, False, 5, 11),
        (2 * KEPT, KEPT, 0, False, KEPT, 2 * KEPT + 1),
    ],
)
def test_as_many_as_may_wait_go_in_and_the_others_are_told_how_many_are_before_them(
    drawn, called, number, is_now, before, given
):
    after, place = numbers(drawn, float(called)).ask(number, WIDTH)
    assert (place.number, place.before, place.wait == 0) == (given, before, is_now)
    assert after.drawn == max(drawn, given)


def test_the_wait_goes_by_the_pace_of_the_lane_and_is_never_longer_than_the_longest():
    _after, place = numbers(102, 0.0).ask(102, WIDTH)
    assert place.wait == pytest.approx(EARLY * (101 - 2) * 0.02)
    assert numbers(1_000_000).ask(1_000_000, WIDTH)[1].wait == LONGEST_WAIT


def test_each_hash_calls_the_next_and_nobody_who_has_not_drawn():
    after = numbers(2, 0.0).passed(101.0, 100.96)
    assert (after.called, after.last_at) == (1, 101.0)
    assert 0.02 < after.pace < 0.04
    assert after.passed(101.1, 101.06).passed(101.2, 101.16).called == 2


def test_the_pace_counts_from_the_hash_before_where_somebody_waited_behind_it():
    waited, alone = (numbers(2, 0.0).passed(100.5, began) for began in (99.0, 100.48))
    assert waited.pace > numbers().pace
    assert alone.pace == pytest.approx(numbers().pace)


@pytest.mark.parametrize(("seconds", "called"), [(0.02, 0), (0.49, 0), (0.5, 25), (60, 40)])
def test_time_calls_those_who_do_not_come(seconds, called):
    assert numbers(40, 0.0).at(100 + seconds, is_held=False).called == pytest.approx(called)
    assert numbers(40, 0.0).at(100 + seconds, is_held=True) == numbers(40, 0.0)


def test_a_hash_that_takes_long_calls_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.core.lane.IDLE", 0.1)
    lane, last = Lane(tmp_path, 2), 9
    with lane:
        assert [lane.ask(None).number for _ in range(last)][-1] == last
        time.sleep(0.2)
        assert lane.ask(last).before == last - 1
    assert lane.ask(last).before < last - 1


def test_a_machine_that_was_started_anew_keeps_nobody_waiting_for_the_old_line():
    assert numbers(50, 3.0, last_at=9e9).at(5.0, is_held=True) == numbers(50, 50.0, last_at=5.0)


def test_two_processes_share_the_numbers(tmp_path):
    one, other = Lane(tmp_path, 2, 2), Lane(tmp_path, 2, 2)
    places = [lane.ask(None) for lane in (one, other, one, other, one)]
    assert [place.number for place in places] == [1, 2, 3, 4, 5]
    assert [place.wait > 0 for place in places] == [False] * 4 + [True]
    assert other.ask(5).number == 5


def test_no_more_threads_wait_than_there_is_room_for(tmp_path):
    lane = Lane(tmp_path, 1)
    with lane.turn(None) as first, lane.turn(first.number) as second:
        assert (first.wait, second.number, second.before) == (0, first.number, 1)
        assert second.wait > 0
    with lane.turn(None) as third:
        assert third.wait == 0


def test_one_hash_runs_at_a_time_and_whoever_waits_too_long_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.core.lane.PATIENCE", 0.05)
    lane = Lane(tmp_path, 2)
    refused = []

    def come():
        try:
            with lane:
                pass
        except Busy:
            refused.append(True)

    with lane:
        thread = threading.Thread(target=come)
        thread.start()
        thread.join()
    assert refused
