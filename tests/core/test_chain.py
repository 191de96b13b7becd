"""The keyed chain: what it tells, and what its canonical bytes keep apart."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from trainer.core.chain import FIRST, Break, Head, Sealed, canonical, code, first_break

KEY = b"k" * 32


def _chain(count, name="hours", key=KEY):
    before, rows = FIRST, []
    for number in range(1, count + 1):
        content = {"id": number * 10, "hours": Decimal(number)}
        before = code(key, name, number, before, content)
        rows.append(Sealed(number, before, content))
    return rows, Head(count, before)


def test_a_whole_chain_holds_also_when_its_head_lags_behind():
    rows, head = _chain(4)
    assert first_break(KEY, "hours", rows, head) is None
    assert first_break(KEY, "hours", rows, Head(2, rows[1].mac)) is None
    assert first_break(KEY, "hours", rows, Head()) is None
    assert first_break(KEY, "hours", [], Head()) is None


def test_a_changed_row_is_named_even_when_later_ones_were_changed_too():
    rows, head = _chain(4)
    for at in (1, 3):
        rows[at] = Sealed(rows[at].number, rows[at].mac, rows[at].content | {"hours": Decimal(99)})
    assert first_break(KEY, "hours", rows, head) == Break("changed", 2, 20)


def test_a_removed_row_is_named_by_its_number():
    rows, head = _chain(4)
    assert first_break(KEY, "hours", rows[:1] + rows[2:], head) == Break("missing", 2)
    assert first_break(KEY, "hours", rows[1:], head) == Break("missing", 1)


def test_a_cut_end_is_told_by_the_head():
    rows, head = _chain(4)
    assert first_break(KEY, "hours", rows[:2], head) == Break("cut", 3)
    assert first_break(KEY, "hours", [], head) == Break("cut", 1)


def test_a_chain_computed_anew_with_another_key_or_for_another_table_does_not_hold():
    rows, head = _chain(3, key=b"x" * 32)
    assert first_break(KEY, "hours", rows, head) == Break("changed", 1, 10)
    rows, head = _chain(3, name="audit")
    assert first_break(KEY, "hours", rows, head) == Break("changed", 1, 10)


def test_a_chain_rewritten_with_the_key_still_differs_from_the_kept_head():
    _, head = _chain(3)
    other = []
    before = FIRST
    for number in range(1, 4):
        content = {"id": number * 10, "hours": Decimal(number + 1)}
        before = code(KEY, "hours", number, before, content)
        other.append(Sealed(number, before, content))
    assert first_break(KEY, "hours", other, head) == Break("changed", 3, 30)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "2026-01-01"}, {"a": date(2026, 1, 1)}),
        ({"a": "1.00"}, {"a": Decimal(1)}),
        ({"a": None}, {"a": "None"}),
        ({"a": "x", "b": "y"}, {"a": "y", "b": "x"}),
        ({"a": b"\x01"}, {"a": "01"}),
        ({"a": {"b": 1}}, {"a": {"b": 2}}),
    ],
)
def test_different_rows_have_different_bytes(one, other):
    assert canonical(one) != canonical(other)


def test_equal_rows_have_equal_bytes_whatever_the_order_and_the_zone():
    moment = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    there = moment.astimezone(timezone(timedelta(hours=8)))
    assert canonical({"a": moment, "b": Decimal("1.5")}) == canonical({"b": Decimal("1.50"), "a": there})
