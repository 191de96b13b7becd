"""Mark, mark by a second and a third, change, release, repair and judge anew in any order, against a small model.

The model is the contract in a few lines of its own; after each step points, state and pass of every result must be what
it says. ``tests/attempts/test_walks.py`` walks what lies before: sitting an exam and its keys.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from tests.attempts.test_walks import Judged
from tests.marking.factories import (
    AFTER,
    OFFICERS,
    RIGHT,
    add_markers,
    make_waiting,
    person,
    plan,
    points,
    propose_anew,
    repair,
    result_of,
    tasks_of,
)
from tests.walking import walk
from trainer.core.database import db
from trainer.core.errors import Invalid, Refused
from trainer.exams.service import release_results
from trainer.marking.allocating import NothingToMark, claim, give_back
from trainer.marking.giving import MarksAreOut, give
from trainer.marking.jobs import regrade_and_spread, regrade_left_over
from trainer.marking.models import Mark
from trainer.marking.repairing import sign

MARKERS = ("marker1", "marker2", "marker3")
TOLERANCE, PASS_MARK, FULL = Decimal(1), Decimal(6), Decimal(8)
WORTH = {1: Decimal(2), 2: Decimal(6)}

names, markers = st.sampled_from(OFFICERS), st.sampled_from(MARKERS)
# What is given by line; some pairs differ by the tolerance itself, some by more.
lines = st.sampled_from((("4", "2"), ("3", "2"), ("2.5", "1.25"), ("4", "0.5"), ("0", "0")))


@dataclass
class Answer:
    """The short answer of one attempt as the model knows it: who sits where, and what was decided on an appeal."""

    seats: dict = field(default_factory=dict)
    given: dict = field(default_factory=dict)
    anew: Decimal | None = None
    appealed: bool = False

    def split(self, double):
        first, second = (self.given.get(self.seats.get(seat)) for seat in (1, 2))
        return double and None not in (first, second) and abs(first - second) > TOLERANCE

    def points(self, double):
        if self.anew is not None:
            return self.anew
        first, second, third = (self.given.get(self.seats.get(seat)) for seat in (1, 2, 3))
        if not double or self.split(double):
            return third if double else first
        return None if None in (first, second) else hundredth((first + second) / 2)

    def free_seat(self, marker, double):
        """The seat that a marker who claims gets; None where the answer needs nobody, or not this one."""
        wanted = (1,) if not double else (1, 2, 3) if self.split(double) else (1, 2)
        open_ = [seat for seat in wanted if seat not in self.seats]
        waits = self.points(double) is None and marker not in self.seats.values()
        return open_[0] if open_ and waits else None


def hundredth(value):
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


class MarkingWalk(RuleBasedStateMachine):
    """Marking and what comes after it, walked over one exam whose answers wait."""

    def __init__(self, city):
        super().__init__()
        self.city = city

    @initialize(double=st.booleans())
    def hand_in(self, double):
        self.double, self.released = double, False
        self.waiting = make_waiting(self.city, answers=1, pass_mark=PASS_MARK)
        self.exam_id = self.waiting.exam_id
        plan(self.city, self.exam_id, MARKERS, double=double, tolerance=str(TOLERANCE), batch_size=1, now=AFTER)
        self.answers = {self.waiting.attempts[name]: Answer() for name in OFFICERS}
        self.judged = {1: Judged([RIGHT]), 2: Judged([])}
        self.places, self.lines = {}, {}

    # --- what the model says

    def waits(self, attempt_id):
        return not self.judged[2].outcome and self.answers[attempt_id].points(self.double) is None

    def out(self, attempt_id):
        return self.released and not self.waits(attempt_id)

    def score(self, attempt_id):
        kept = [number for number, one in self.judged.items() if one.outcome != "drop"]
        total = Decimal(0)
        for number in kept:
            worth = FULL if len(kept) == 1 else WORTH[number]
            one = self.judged[number]
            if one.outcome == "full_marks" or (number == 1 and RIGHT in one.right):
                total += worth
            elif number == 2 and not self.waits(attempt_id):
                total += hundredth(worth * self.answers[attempt_id].points(self.double) / WORTH[2])
        return total

    # --- markers

    @rule(marker=markers, given=lines)
    def mark_the_next(self, marker, given):
        by = person(self.city, marker)
        # Answers that a repair decides for all need nobody any more.
        open_answers = {} if self.judged[2].outcome else self.answers
        free = {key: one.free_seat(marker, self.double) for key, one in open_answers.items()}
        if not any(free.values()):
            with pytest.raises(NothingToMark):
                claim(self.exam_id, None, by=by, now=AFTER)
            return
        batch_id = claim(self.exam_id, None, by=by, now=AFTER)
        assert claim(self.exam_id, None, by=by, now=AFTER) == batch_id
        mark = db.session.scalars(select(Mark).where(Mark.batch_id == batch_id)).one()
        attempt_id = next(one.attempt_id for one in tasks_of(self.exam_id) if one.id == mark.task_id)
        assert free[attempt_id] == mark.seat
        if self.out(attempt_id):
            with pytest.raises(MarksAreOut):
                give(batch_id, 1, points(*given), "", by=by, now=AFTER)
            assert give_back(batch_id, by=by) == 1
            return
        for _time in range(2):
            give(batch_id, 1, points(*given), "", by=by, now=AFTER)
        self.answers[attempt_id].seats[mark.seat] = marker
        self.answers[attempt_id].given[marker] = sum(points(*given))
        self.places[attempt_id, marker], self.lines[attempt_id, marker] = batch_id, given

    @rule(marker=markers, name=names, given=lines)
    def change_a_mark(self, marker, name, given):
        attempt_id = self.waiting.attempts[name]
        batch_id = self.places.get((attempt_id, marker))
        if batch_id is None:
            return
        by, answer = person(self.city, marker), self.answers[attempt_id]
        # The same again changes nothing, and so offends nobody.
        if self.out(attempt_id) and given != self.lines[attempt_id, marker]:
            with pytest.raises(MarksAreOut):
                give(batch_id, 1, points(*given), "", by=by, now=AFTER)
            return
        give(batch_id, 1, points(*given), "", by=by, now=AFTER)
        answer.given[marker], self.lines[attempt_id, marker] = sum(points(*given)), given

    # --- organisers and candidates

    @rule()
    def release(self):
        for _time in range(2):
            release_results(self.exam_id, by=person(self.city, "organiser"), now=AFTER)
        self.released = True

    @rule(
        number=st.sampled_from((1, 1, 2)),
        remedy=st.sampled_from(("change_key", "also_accept", "drop", "full_marks")),
        key=st.booleans(),
    )
    def an_item_is_repaired(self, number, remedy, key):
        other = self.judged[3 - number].outcome
        keyed = remedy in ("change_key", "also_accept")
        after = None if keyed and number == 2 else self.judged[number].after(remedy, key)
        if after is None or (remedy == "drop" and other == "drop"):
            with pytest.raises(Refused):
                repair(self.city, self.exam_id, number, remedy, key if keyed else None)
            db.session.rollback()
            return
        repair(self.city, self.exam_id, number, remedy, key if keyed else None)
        self.judged[number] = after
        assert regrade_left_over(AFTER) == 0

    @rule(name=names, given=lines)
    def an_answer_is_judged_anew(self, name, given):
        attempt_id = self.waiting.attempts[name]
        answer = self.answers[attempt_id]
        new = sum(points(*given))
        if answer.appealed:
            return
        if not self.out(attempt_id) or self.judged[2].outcome or new == answer.points(self.double):
            if not self.out(attempt_id):
                with pytest.raises(Refused):
                    propose_anew(self.city, attempt_id, *given, who=name)
            else:
                answer.appealed = True
                with pytest.raises((Refused, Invalid)):
                    propose_anew(self.city, attempt_id, *given, who=name)
            db.session.rollback()
            return
        repair_id, _appeal = propose_anew(self.city, attempt_id, *given, who=name)
        for _time in range(2):
            sign(repair_id, by=person(self.city, "organiser"), now=AFTER)
            regrade_and_spread(self.exam_id, AFTER)
        answer.anew, answer.appealed = new, True

    # --- what stands

    @invariant()
    def results_are_what_the_model_says(self):
        if not hasattr(self, "answers"):
            return
        for attempt_id in self.answers:
            result = result_of(attempt_id)
            waits = self.waits(attempt_id)
            assert (result.score, result.unmarked) == (self.score(attempt_id), int(waits))
            assert result.passed == (None if waits else self.score(attempt_id) >= PASS_MARK)
            assert sum(Decimal(mark["points"]) for mark in result.marks) == result.score
        db.session.rollback()


def test_any_order_of_marks_and_repairs_leaves_what_the_contract_says(city, request):
    add_markers(city)
    walk(request, lambda: MarkingWalk(city), usual=(15, 5), soak=(1000, 200))
