"""The time that counts, while the machine's clock is set forward, back, and right again."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from trainer.core import steady as module
from trainer.core.steady import LASTING, SECOND, SteadyClock

HOUR = 3600
START = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)


class Machine:
    """A machine: ``pass_seconds`` lets time go by, ``set_clock`` sets its clock by so many seconds."""

    def __init__(self):
        self._count, self._wall = 50 * SECOND, int(START.timestamp()) * SECOND

    def wall(self):
        return self._wall

    def count(self):
        return self._count

    def pass_seconds(self, seconds):
        self._count += int(seconds * SECOND)
        self._wall += int(seconds * SECOND)

    def set_clock(self, seconds):
        self._wall += int(seconds * SECOND)

    def process(self, folder=None):
        made = SteadyClock(self.wall, self.count)
        if folder is not None:
            made.keep_in(folder)
        return made


@pytest.fixture
def machine():
    return Machine()


def after(seconds):
    return START + timedelta(seconds=seconds)


def outlast(machine, clock, take_over):
    """Let a step last, with the scheduler minding the clock."""
    for _ in range(LASTING // SECOND + 1):
        machine.pass_seconds(1)
        clock.mind(take_over)


@pytest.mark.parametrize("step", [HOUR, -HOUR, 60, -60, 1, -1, 0.6, -0.6])
def test_a_step_changes_nothing_and_is_told_until_the_clock_is_back(machine, step):
    clock = machine.process()
    machine.pass_seconds(10)
    machine.set_clock(step)
    assert (clock.now(), clock.step) == (after(10), pytest.approx(step))
    machine.pass_seconds(20)
    assert clock.now() == after(30)
    machine.set_clock(-step)
    assert (clock.now(), clock.step) == (after(30), 0.0)


@pytest.mark.parametrize("step", [0.5, -0.5, 0.01])
def test_a_small_correction_is_followed_at_once(machine, step):
    clock = machine.process()
    machine.set_clock(step)
    assert (clock.now(), clock.step) == (after(step), 0.0)


def test_a_machine_that_sleeps_counts_its_sleep(machine):
    clock = machine.process()
    machine.pass_seconds(8 * HOUR)
    assert (clock.now(), clock.step) == (after(8 * HOUR), 0.0)


def test_a_process_that_is_stopped_between_two_readings_sees_no_step(machine, monkeypatch):
    clock = machine.process()
    reads = []

    def slow_wall():
        reads.append(1)
        if len(reads) == 1:
            machine.pass_seconds(30)
        return machine.wall()

    monkeypatch.setattr(clock, "wall", slow_wall)
    clock.now()
    assert (clock.step, clock.now()) == (0.0, after(30))


def test_a_step_that_lasts_is_taken_over_once_nobody_is_sitting(machine):
    clock = machine.process()
    machine.set_clock(HOUR)
    outlast(machine, clock, lambda: False)
    assert clock.step == pytest.approx(HOUR)
    passed = (clock.now() - START).total_seconds()
    clock.mind(lambda: True)
    assert (clock.step, clock.now()) == (0.0, after(passed + HOUR))


def test_a_clock_that_is_set_about_starts_the_waiting_anew(machine):
    clock = machine.process()
    machine.set_clock(HOUR)
    outlast(machine, clock, lambda: False)
    machine.set_clock(60)
    clock.mind(lambda: True)
    assert clock.step == pytest.approx(HOUR + 60)


def test_all_processes_of_a_machine_count_alike(machine, tmp_path):
    web, scheduler = machine.process(tmp_path), machine.process(tmp_path)
    machine.set_clock(HOUR)
    assert web.now() == scheduler.now() == machine.process(tmp_path).now() == START
    outlast(machine, scheduler, lambda: True)
    machine.pass_seconds(1)
    assert scheduler.step == web.step == 0.0
    assert web.now() == scheduler.now() == machine.process(tmp_path).now() > after(HOUR)


def test_many_small_corrections_leave_no_step_to_a_process_that_is_started_late(machine, tmp_path):
    scheduler = machine.process(tmp_path)
    for _ in range(40):
        machine.set_clock(0.05)
        scheduler.mind(lambda: False)
    assert machine.process(tmp_path).step == 0.0


def test_a_machine_that_was_started_anew_has_its_clock_alone(machine, tmp_path, monkeypatch):
    machine.process(tmp_path)
    machine.set_clock(HOUR)
    monkeypatch.setattr(module, "_this_start", lambda: "another start")
    assert machine.process(tmp_path).now() == after(HOUR)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"start": "x"}', '{"ahead": 1}'])
def test_a_file_that_says_nothing_is_written_anew(machine, tmp_path, text):
    (tmp_path / "clock").write_text(text)
    assert machine.process(tmp_path).now() == START
    assert set(json.loads((tmp_path / "clock").read_text())) == {"start", "ahead"}


def test_a_folder_that_takes_no_file_stops_nothing(machine, tmp_path):
    clock = machine.process(tmp_path / "nowhere")
    machine.pass_seconds(5)
    clock.mind(lambda: True)
    assert clock.now() == after(5)
