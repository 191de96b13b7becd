"""One password hash at a time, and a line before it that tells everybody their place."""

import errno
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.core import crypto
from trainer.core.errors import Busy
from trainer.core.lane import ASKING, EARLY, FEW, KEPT, LINE_MOST, OFTEN, SELDOM, Lane, Numbers

WIDTH = 4


def numbers(drawn=0, base=0, out=(), last_at=100.0, pace=0.02):
    return Numbers(drawn, base, sum(1 << number - 1 - base for number in out), last_at, pace)


@pytest.mark.parametrize(
    ("drawn", "base", "number", "is_now", "before", "given"),
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
    drawn, base, number, is_now, before, given
):
    after, place = numbers(drawn, base).ask(number, WIDTH)
    assert (place.number, place.before, place.wait == 0) == (given, before, is_now)
    assert after.drawn == max(drawn, given)


def test_the_wait_goes_by_the_pace_of_the_lane_and_nobody_is_sent_away_for_long():
    _after, place = numbers(52).ask(52, WIDTH)
    assert place.lasts == pytest.approx((51 - 2) * 0.02)
    assert place.wait == pytest.approx(EARLY * place.lasts)
    _after, place = numbers(300).ask(300, WIDTH)
    assert (place.lasts > OFTEN, place.wait) == (True, OFTEN)
    # The longer the line, the longer: together they ask no more than so often.
    for length, wait in ((2_000, 2_000 / ASKING), (10_000, SELDOM), (50_000, SELDOM)):
        _after, place = numbers(length).ask(length, WIDTH)
        assert place.wait == pytest.approx(wait)


def test_a_line_without_end_lets_its_first_ones_in():
    line = numbers(LINE_MOST)
    assert line.before(LINE_MOST) == LINE_MOST - 1
    line, place = line.ask(None, WIDTH)
    assert (place.number, place.before, line.base) == (LINE_MOST + 1, LINE_MOST - 1, 1)


def test_each_hash_takes_its_number_out_of_the_line():
    line = numbers(5).passed(101.0, 100.96, 1)
    assert (line.base, line.last_at) == (1, 101.0)
    assert 0.02 < line.pace < 0.04
    assert [line.before(number) for number in range(1, 6)] == [0, 0, 1, 2, 3]


def test_the_pace_counts_from_the_hash_before_where_somebody_waited_behind_it():
    waited, alone = (numbers(2).passed(100.5, began, 1) for began in (99.0, 100.48))
    assert waited.pace > numbers().pace
    assert alone.pace == pytest.approx(numbers().pace)


@given(st.integers(0, 40), st.integers(0, 40), st.lists(st.integers(-3, 90), max_size=60))
def test_before_somebody_are_those_who_are_still_in_the_line(base, count, gone):
    """The bits say the same as a set of numbers, whatever the order in which they go."""
    line, left = numbers(base + count, base), set(range(base + 1, base + count + 1))
    for number in gone:
        line = line.without(number)
        left.discard(number)
    for number in range(1, base + count + 1):
        before = sum(one < number for one in left) if number in left else 0
        assert line.before(number) == before
    assert line.base == (min(left) - 1 if left else base + count)


@pytest.mark.parametrize(("seconds", "gone"), [(0.02, 0), (0.49, 0), (0.5, 25), (60, 40)])
def test_time_takes_those_out_who_do_not_come(seconds, gone):
    assert numbers(40).at(100 + seconds, is_held=False).base == gone
    assert numbers(40).at(100 + seconds, is_held=True) == numbers(40)


def test_time_goes_on_behind_those_who_went_before_their_turn():
    line = numbers(40, out=[2, 4]).at(100.5, is_held=False)
    assert line.base == 27


def test_while_a_hash_takes_long_nobody_is_taken_out(tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.core.lane.IDLE", 0.1)
    lane, last = Lane(tmp_path, 2, 2), 9
    with lane.turn(None), lane.turn(None):
        with lane:
            assert [lane.ask(None).number for _ in range(last - 2)][-1] == last
            time.sleep(0.2)
            assert lane.ask(last).before == last - 1
        assert lane.ask(last).before < last - 1


def test_a_machine_that_was_started_anew_keeps_nobody_waiting_for_the_old_line():
    assert numbers(50, 3, last_at=9e9).at(5.0, is_held=True) == numbers(50, 50, last_at=5.0)


def test_two_processes_share_the_numbers(tmp_path):
    one, other = Lane(tmp_path, 2, 4), Lane(tmp_path, 2, 4)
    with one.turn(None), one.turn(None), other.turn(None), other.turn(None):
        places = [lane.ask(None) for lane in (one, other, one)]
        assert [place.number for place in places] == [5, 6, 7]
        assert all(place.wait for place in places)
        assert other.ask(5).number == 5


def test_where_few_are_at_the_lane_whoever_asks_goes_in(tmp_path):
    """Who was called comes when they were told to; whoever asks before that lets the lane not stand empty."""
    one, other = Lane(tmp_path, 4, 4), Lane(tmp_path, 4, 4)
    with one.turn(None), one.turn(None), other.turn(None), other.turn(None):
        far = [one.ask(None) for _ in range(40)][-1]
        assert (far.number, far.before) == (44, 43)
        assert one.ask(far.number) == other.ask(far.number) == far
    let_in = one.ask(far.number)
    assert (let_in.number, let_in.wait) == (far.number, 0)
    # They are out of the line, so nobody waits for them, and they keep their turn on the way to the lane.
    with one.turn(None), one.turn(None), one.turn(None):
        assert one.ask(far.number).wait == 0
        assert one.ask(43).before < 42


def test_no_more_are_let_in_than_there_is_need_for(tmp_path):
    lane = Lane(tmp_path, 8, 2)
    asked = [lane.ask(None) for _ in range(40)]
    assert sum(place.wait == 0 for place in asked) == 2 + FEW


def test_two_processes_have_the_lane_in_turn(tmp_path):
    """Each stands for a process of its own; one that is at the lane again and again lets the other in between."""
    lanes, had, until = [Lane(tmp_path, 2, 4), Lane(tmp_path, 2, 4)], [], time.monotonic() + 1

    def keep_coming(place):
        while time.monotonic() < until:
            with lanes[place]:
                had.append(place)
                time.sleep(0.005)

    threads = [threading.Thread(target=keep_coming, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert min(had.count(0), had.count(1)) > len(had) / 3


def test_no_more_threads_wait_than_there_is_room_for(tmp_path):
    lane = Lane(tmp_path, 1, 1)
    with lane.turn(None) as first, lane.turn(first.number) as second:
        assert (first.wait, second.number, second.before) == (0, first.number, 1)
        assert second.wait > 0
    with lane.turn(None) as third:
        assert third.wait == 0


def test_who_stands_in_no_line_takes_up_half_as_many_threads_and_is_refused_at_once(tmp_path):
    """However many change their passwords, the line of those who sign in keeps its room and savers their threads."""
    lane = Lane(tmp_path, 4, 4)
    with lane.beside(), lane.beside():
        with pytest.raises(Busy), lane.beside():
            pass
        with lane.turn(None) as place:
            assert place.wait == 0
    with lane.beside():
        pass


def test_whoever_has_room_at_the_lane_takes_no_more_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(crypto, "_lane", Lane(tmp_path, 2, 2))
    with crypto.room_to_hash():
        hashed = crypto.hash_password("some password")
        assert crypto.password_fits(hashed, "some password")
        with ThreadPoolExecutor(1) as other, pytest.raises(Busy):
            other.submit(crypto.hash_password, "another").result()
        with ThreadPoolExecutor(1) as other:
            assert other.submit(_signs_in, hashed).result()
    assert crypto.password_fits(hashed, "some password")


def _signs_in(hashed):
    with crypto.turn_to_hash(None) as place:
        return not place.wait and crypto.password_fits(hashed, "some password")


def test_one_hash_runs_at_a_time_and_whoever_waits_too_long_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.core.lane.PATIENCE", 0.05)
    lane = Lane(tmp_path, 2, 2)
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


def test_a_lane_that_cannot_be_opened_fails_one_hash_and_not_all_after_it(monkeypatch):
    class Broken:
        def __enter__(self):
            raise OSError(errno.EMFILE, "too many open files")

        def __exit__(self, *_):
            raise AssertionError("it was not entered")

    with monkeypatch.context() as broken:
        broken.setattr(crypto, "_lane", Broken())
        with pytest.raises(OSError, match="too many"):
            crypto.hash_password("some password")
    assert crypto.password_fits(crypto.hash_password("some password"), "some password")
