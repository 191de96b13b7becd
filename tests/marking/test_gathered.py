"""Of those who come at once one works for all, and nothing that was brought is forgotten."""

import threading

import pytest

from trainer.marking.jobs import TURNS, Gathered


def test_who_comes_alone_is_done_before_the_call_returns():
    done = []
    gathered = Gathered(done.append)
    gathered.take([1, 2])
    gathered.take([3])
    assert done == [[1, 2], [3]]


def test_who_comes_while_another_works_leaves_it_to_that_one():
    began, go_on, done = threading.Event(), threading.Event(), []

    def work(things):
        done.append(list(things))
        began.set()
        assert go_on.wait(10)

    gathered = Gathered(work)
    worker = threading.Thread(target=gathered.take, args=([1],))
    worker.start()
    assert began.wait(10)
    gathered.take([2])
    gathered.take([3])
    assert done == [[1]], "nobody waited"
    go_on.set()
    worker.join(10)
    assert done == [[1], [2, 3]]


def test_a_worker_does_not_serve_others_for_ever_and_the_next_comer_takes_what_is_left():
    done = []

    def work(things):
        done.append(list(things))
        if len(done) <= TURNS:
            gathered.take([f"more {len(done)}"])

    gathered = Gathered(work)
    gathered.take(["first"])
    assert done == [["first"], *([f"more {turn}"] for turn in range(1, TURNS))]
    gathered.take(["last"])
    assert done[TURNS] == [f"more {TURNS}", "last"]


class Door:
    """A lock that lets somebody else in at the moment it is opened."""

    def __init__(self):
        self.lock, self.at_opening = threading.RLock(), lambda: None

    def __enter__(self):
        self.lock.acquire()

    def __exit__(self, *_about):
        self.lock.release()
        self.at_opening()


def test_who_comes_as_the_worker_goes_is_not_left_behind():
    done, door = [], Door()
    gathered = Gathered(lambda things: done.append(list(things)))
    gathered._mutex = door

    def come():
        if done == [[1]]:
            door.at_opening = lambda: None
            gathered.take([2])

    door.at_opening = come
    gathered.take([1])
    assert done == [[1], [2]]


def test_after_a_failure_the_next_comer_works_again():
    gathered = Gathered(lambda things: 1 / things[0])
    with pytest.raises(ZeroDivisionError):
        gathered.take([0])
    gathered.take([1])
