"""Repairs as a pure rule: which answers count, what an item is worth, where a result stands."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.attempts.factories import item
from tests.question_bank.samples import make_item
from trainer.marking.rules.regrade import (
    KEYS_MOST,
    Line,
    Remedy,
    as_printed,
    cleaned,
    leaves_nothing,
    regraded,
    remark_problems,
    remarked,
    remedies_for,
    remedy_problems,
    ruling,
    worth,
)

ONE = Decimal(1)


def points(*texts):
    return [Decimal(text) for text in texts]


def fractions(made, answers, rule="all_or_nothing"):
    return [made.judge(answer, rule).fraction for answer in answers]


def test_a_changed_key_judges_everybody_by_the_new_one():
    made = ruling(item("single_choice", 1), [Remedy("change_key", "C")])
    assert fractions(made, ["B", "C", None]) == points("0", "1", "0")
    assert (made.items[0].key, made.outcome, made.last) == ("C", "", "change_key")


def test_what_is_also_accepted_takes_nothing_from_who_was_right():
    made = ruling(item("single_choice", 1), [Remedy("also_accept", "C"), Remedy("also_accept", "D")])
    assert fractions(made, ["B", "C", "D", "A", None]) == points("1", "1", "1", "0", "0")
    assert [one.key for one in made.items] == ["B", "C", "D"]


def test_the_best_of_several_keys_counts_under_the_rule_of_partial_credit():
    made = ruling(item("multiple_choice", 2), [Remedy("also_accept", ["A", "B", "C"])])
    assert fractions(made, [["A", "B"], ["A", "C"], ["A"], ["D"]], "half_for_incomplete") == points(
        "0.5", "1", "0.5", "0"
    )
    assert fractions(made, [["A", "B", "C", "D"]], "plus_minus")[0] == Decimal(2) / 3


def test_blanks_take_old_and_new_words_side_by_side():
    made = ruling(item("fill_blank", 4), [Remedy("also_accept", [["20"], []]), Remedy("also_accept", [[], ["90"]])])
    assert fractions(made, [["20", "90"], ["15", "90"], ["20", "60"], ["30", "60"]]) == points("1", "1", "1", "0")
    assert len(made.items) == 1


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("single_choice", "D"),
        ("multiple_choice", ["B", "D"]),
        ("true_false", False),
        ("fill_blank", [["20"], ["90"]]),
        ("ordering", ["A", "B", "C", "D"]),
    ],
)
def test_every_keyed_kind_takes_another_key(kind, answer):
    before = as_printed(item(kind, 1))
    for remedy in ("change_key", "also_accept"):
        assert remedy_problems(before, cleaned(before.items[0], Remedy(remedy, answer))) == []
    given_answer = ["20", "90"] if kind == "fill_blank" else answer
    assert ruling(before.items[0], [Remedy("change_key", answer)]).judge(given_answer, "all_or_nothing").correct


@pytest.mark.parametrize("name", ["matching", "error_finding"])
def test_pairs_and_faulty_places_take_another_key_too(name):
    one = make_item(name)
    key = dict(one.key) if name == "matching" else list(one.key)
    if name == "matching":
        first, second = list(key)[:2]
        key[first], key[second] = key[second], key[first]
    else:
        markable = [segment["key"] for segment in one.settings["document"] if "key" in segment]
        key = [next(place for place in markable if place not in one.key)]
    remedy = cleaned(one, Remedy("change_key", key))
    assert remedy_problems(as_printed(one), remedy) == []
    assert ruling(one, [remedy]).judge(key, "all_or_nothing").correct


@pytest.mark.parametrize("kind", ["single_choice", "multiple_choice", "true_false", "fill_blank", "ordering"])
def test_full_marks_are_for_those_too_who_left_it_empty_and_nothing_is_deducted(kind):
    made = ruling(item(kind, 1), [Remedy("full_marks")])
    for rule in ("all_or_nothing", "plus_minus"):
        grade = made.judge(None, rule)
        assert (grade.fraction, grade.correct, grade.answered, grade.needs_person) == (ONE, True, False, False)


def test_an_open_answer_has_the_two_remedies_that_need_no_key():
    one = make_item("short_answer")
    assert remedies_for(one) == ("drop", "full_marks")
    assert [found.code for found in remedy_problems(as_printed(one), Remedy("change_key", "x"))] == ["remedy_needs_key"]
    assert not ruling(one, [Remedy("full_marks")]).judge("写了", "all_or_nothing").needs_person


def test_the_last_word_counts():
    one = item("single_choice", 1)
    back = ruling(one, [Remedy("drop"), Remedy("also_accept", "C")])
    assert (back.outcome, [kept.key for kept in back.items]) == ("", ["B", "C"])
    assert ruling(one, [Remedy("also_accept", "C"), Remedy("change_key", "D")]).items[0].key == "D"
    assert ruling(one, [Remedy("full_marks"), Remedy("drop")]).outcome == "drop"


@pytest.mark.parametrize(
    ("kind", "remedy", "code"),
    [
        ("single_choice", Remedy("change_key", "B"), "repair_changes_nothing"),
        ("single_choice", Remedy("also_accept", "B"), "repair_changes_nothing"),
        ("single_choice", Remedy("change_key", "Z"), "answer_of_wrong_shape"),
        ("single_choice", Remedy("change_key", None), "answer_of_wrong_shape"),
        ("single_choice", Remedy("change_key", {"a": 1}), "answer_of_wrong_shape"),
        ("multiple_choice", Remedy("change_key", ["A"]), "too_few_right"),
        ("multiple_choice", Remedy("change_key", ["C", "A"]), "repair_changes_nothing"),
        ("true_false", Remedy("change_key", "false"), "answer_of_wrong_shape"),
        ("fill_blank", Remedy("also_accept", [[], []]), "answer_of_wrong_shape"),
        ("fill_blank", Remedy("change_key", [["20"], []]), "answer_of_wrong_shape"),
        ("fill_blank", Remedy("also_accept", [["15"], []]), "repair_changes_nothing"),
        ("fill_blank", Remedy("also_accept", [["20"]]), "answer_of_wrong_shape"),
        ("fill_blank", Remedy("also_accept", [[" "], []]), "empty"),
        ("ordering", Remedy("change_key", ["A", "B"]), "not_every_key_once"),
    ],
)
def test_a_key_that_cannot_be_or_changes_nothing_is_told(kind, remedy, code):
    before = as_printed(item(kind, 1))
    assert [one.code for one in remedy_problems(before, cleaned(before.items[0], remedy))] == [code]


def test_what_is_done_already_is_not_done_again_but_a_key_brings_a_dropped_item_back():
    one = item("single_choice", 1)
    dropped = ruling(one, [Remedy("drop")])
    assert [found.code for found in remedy_problems(dropped, Remedy("drop"))] == ["repair_changes_nothing"]
    assert remedy_problems(dropped, Remedy("full_marks")) == []
    assert remedy_problems(dropped, Remedy("change_key", "B")) == []


def test_an_item_does_not_collect_keys_without_end():
    orders = [["A", "B", "C", "D"], ["B", "A", "C", "D"]]
    before = ruling(item("ordering", 5), [Remedy("also_accept", orders[0])] * (KEYS_MOST - 1))
    assert [one.code for one in remedy_problems(before, Remedy("also_accept", orders[1]))] == ["too_many"]


# --- what items are worth


@pytest.mark.parametrize(
    ("announced", "dropped", "expected"),
    [
        (["2", "2", "2"], [], ["2", "2", "2"]),
        (["2", "2", "2"], [1], ["3.00", "0.00", "3.00"]),
        (["1", "1", "1", "1"], [0], ["0.00", "1.34", "1.33", "1.33"]),
        (["2", "6", "2"], [0], ["0.00", "7.50", "2.50"]),
        (["2", "2"], [0, 1], ["0.00", "0.00"]),
    ],
)
def test_the_points_of_a_dropped_item_go_to_the_others_in_the_ratio_of_theirs(announced, dropped, expected):
    lines = [Line(Decimal(one), "drop" if place in dropped else "") for place, one in enumerate(announced)]
    assert [str(one) for one in worth(lines)] == expected
    assert leaves_nothing(lines) is (len(dropped) == len(announced))


hundredths = st.integers(1, 5000).map(lambda number: Decimal(number) / 100)


@given(st.lists(st.tuples(hundredths, st.booleans()), min_size=1, max_size=40))
def test_full_points_stay_as_announced_whatever_is_dropped(drawn):
    lines = [Line(points, "drop" if dropped else "") for points, dropped in drawn]
    made = worth(lines)
    if leaves_nothing(lines):
        assert all(dropped for _points, dropped in drawn)
        return
    assert sum(made) == sum(line.points for line in lines)
    for line, points_now in zip(lines, made, strict=True):
        assert points_now == 0 if line.outcome else points_now >= line.points


# --- results

WAITS = {"points": "0.00", "fraction": "0", "correct": False, "answered": True, "waits": True}


def mark(points, fraction, *, answered=True):
    return {"points": points, "fraction": fraction, "correct": fraction == "1", "answered": answered}


def test_a_result_adds_up_and_passes_by_the_announced_mark():
    lines = [Line(Decimal(2)), Line(Decimal(2), "drop"), Line(Decimal(2)), Line(Decimal(4), by_person=True)]
    marks = [mark("2.00", "1"), mark("2.00", "1"), mark("1.00", "0.5"), mark("3.00", "0.75")]
    dropped = ruling(item("single_choice", 1), [Remedy("drop")])
    made = regraded(marks, lines, {2: dropped.judge("B", "all_or_nothing")}, Decimal(6))
    assert [one["points"] for one in made.marks] == ["2.50", "0.00", "1.25", "3.75"]
    assert (made.score, made.objective_score, made.correct_count, made.passed) == (
        Decimal("7.50"),
        Decimal("3.75"),
        1,
        True,
    )


@pytest.mark.parametrize(
    ("lines", "stands", "found"),
    [
        (["4", "2"], "3", []),
        (["0", "0"], "3", []),
        (["2", "1"], "3", [("lines", "remark_changes_nothing")]),
        (["1", "2"], "3", [("lines", "remark_changes_nothing")]),
        (["4.01", "2"], "3", [("lines.0", "out_of_range")]),
        (["4", "-0.01"], "3", [("lines.1", "out_of_range")]),
        (["1", "1.005"], "3", [("lines.1", "two_decimals")]),
        (["1"], "3", [("lines", "line_count")]),
    ],
)
def test_an_answer_is_judged_anew_within_its_lines_and_to_other_points(lines, stands, found):
    made = remark_problems([Decimal(one) for one in lines], [Decimal(4), Decimal(2)], Decimal(stands))
    assert [(one.field, one.code) for one in made] == found


@pytest.mark.parametrize(("points", "score", "correct"), [("5", "7.00", 1), ("6", "8.00", 2), ("0", "2.00", 1)])
def test_an_answer_that_is_judged_anew_earns_its_share_of_what_the_item_is_worth(points, score, correct):
    marks = [mark("2.00", "1"), mark("3.00", "0.5")]
    anew = remarked(marks, {2: (Decimal(points), Decimal(6))})
    lines = [Line(Decimal(2)), Line(Decimal(6), by_person=True)]
    made = regraded(anew, lines, {}, Decimal(7))
    assert (str(made.score), made.correct_count, made.passed) == (score, correct, Decimal(score) >= 7)
    assert made.objective_score == Decimal("2.00")
    # With the other item dropped it is worth all eight.
    dropped = [Line(Decimal(2), "drop"), lines[1]]
    whole = regraded(anew, dropped, {1: ruling(item("single_choice", 1), [Remedy("drop")]).judge("B", "x")}, None)
    assert whole.score == (Decimal(points) * 8 / 6).quantize(Decimal("0.01"))
    assert regraded(remarked(made.marks, {2: (Decimal(points), Decimal(6))}), lines, {}, Decimal(7)) == made


def test_what_is_decided_for_all_goes_before_one_judgement():
    anew = remarked([mark("3.00", "0.5")], {1: (Decimal(1), Decimal(6))})
    full = ruling(make_item("short_answer"), [Remedy("full_marks")]).judge("写了", "all_or_nothing")
    made = regraded(anew, [Line(Decimal(6), "full_marks", by_person=True)], {1: full}, None)
    assert made.score == Decimal("6.00")


def test_an_answer_that_waits_for_a_person_goes_on_waiting_unless_the_repair_decides_it():
    lines = [Line(Decimal(2)), Line(Decimal(4), by_person=True)]
    one = regraded([mark("2.00", "1"), WAITS], lines, {}, Decimal(2))
    assert (one.unmarked, one.passed, one.marks[1]) == (1, None, WAITS)
    full = ruling(make_item("short_answer"), [Remedy("full_marks")]).judge("写了", "all_or_nothing")
    lines[1] = Line(Decimal(4), "full_marks", by_person=True)
    two = regraded([mark("2.00", "1"), WAITS], lines, {2: full}, Decimal(6))
    assert (two.unmarked, two.passed, two.score, two.objective_score) == (0, True, Decimal("6.00"), Decimal("2.00"))


@given(
    st.lists(
        st.tuples(hundredths, st.sampled_from(("0", "0.5", "1", "0.3333333333333333333333333333")), st.booleans()),
        min_size=2,
        max_size=20,
    )
)
def test_regrading_twice_is_regrading_once(drawn):
    lines = [Line(points, "drop" if dropped else "") for points, _fraction, dropped in drawn]
    dropped = ruling(item("single_choice", 1), [Remedy("drop")])
    grades = {place: dropped.judge("B", "all_or_nothing") for place, line in enumerate(lines, 1) if line.outcome}
    marks = [mark("0.00", fraction) for _points, fraction, _dropped in drawn]
    once = regraded(marks, lines, grades, Decimal(1))
    assert regraded(once.marks, lines, grades, Decimal(1)) == once
    assert once.score <= sum(line.points for line in lines)
