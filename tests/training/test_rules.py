"""What a class must be before it is kept, handed in and decided."""

from datetime import date
from decimal import Decimal

import pytest

from trainer.training.rules import Span, crowded_day, entry_problems, handing_in_problems, may_decide


def _codes(problems):
    return [(problem.field, problem.code) for problem in problems]


def test_a_sound_class_has_no_problem():
    assert entry_problems("培训班", date(2026, 11, 20), 2, Decimal(16)) == []


@pytest.mark.parametrize(
    ("title", "held_on", "days", "hours", "found"),
    [
        ("", date(2026, 1, 1), 1, Decimal(1), [("title", "required")]),
        ("x", None, 1, Decimal(1), [("held_on", "required")]),
        ("x", date(1999, 12, 31), 1, Decimal(1), [("held_on", "out_of_range")]),
        ("x", date(2026, 1, 1), 0, Decimal(1), [("days", "out_of_range")]),
        ("x", date(2026, 1, 1), 31, Decimal(1), [("days", "out_of_range")]),
        ("x", date(2026, 1, 1), 1, Decimal("8.5"), [("hours", "hours_beyond_days")]),
        ("x", date(2026, 1, 1), 1, Decimal("0.7"), [("hours", "hours_not_in_halves")]),
    ],
)
def test_each_problem_stands_at_its_field(title, held_on, days, hours, found):
    assert _codes(entry_problems(title, held_on, days, hours)) == found


@pytest.mark.parametrize(("held_on", "early"), [(date(2026, 11, 23), False), (date(2026, 11, 24), True)])
def test_a_class_goes_to_the_head_from_its_day_on(held_on, early):
    found = _codes(handing_in_problems(held_on, "签到册", 1, date(2026, 11, 23)))
    assert found == ([("held_on", "class_not_held_yet")] if early else [])


def test_without_evidence_and_people_a_class_stays_with_the_clerk():
    found = _codes(handing_in_problems(date(2026, 1, 1), "", 0, date(2026, 11, 23)))
    assert found == [("evidence", "evidence_needed"), ("roll", "nobody_present")]


DAY = date(2026, 11, 20)


def _span(title, hours, *, on=DAY, days=1):
    return Span(title, on, days, Decimal(hours))


@pytest.mark.parametrize(
    ("own", "others", "found"),
    [
        (_span("own", "4"), [_span("a", "4")], None),
        (_span("own", "4"), [_span("a", "4.5")], (DAY, Decimal("8.50"), ["a"])),
        (_span("own", "4"), [_span("a", "3"), _span("b", "2")], (DAY, Decimal("9.00"), ["a", "b"])),
        (_span("own", "8"), [_span("a", "8", on=date(2026, 11, 21))], None),
        (_span("own", "8"), [_span("a", "24", on=date(2026, 11, 18), days=3)], (DAY, Decimal("16.00"), ["a"])),
        (_span("own", "8"), [_span("a", "16", on=date(2026, 11, 18), days=2)], None),
        (
            _span("own", "10", days=3),
            [_span("a", "5", on=date(2026, 11, 21)), _span("b", "6", on=date(2026, 11, 22))],
            (date(2026, 11, 22), Decimal("9.33"), ["b"]),
        ),
    ],
)
def test_the_fullest_day_of_several_classes_is_found(own, others, found):
    worst = crowded_day(own, others)
    assert found == (worst and (worst[0], worst[1], [one.title for one in worst[2]]))


def test_nobody_decides_on_an_own_class():
    assert not may_decide(5, 5)
    assert may_decide(5, 6)
    assert may_decide(5, None)
