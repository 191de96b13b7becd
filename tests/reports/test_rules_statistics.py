"""Statistics of items and exams, against published examples and against scipy.

LSAT-6: the answers of 1,000 people to five items of the Law School Admission Test, R. D. Bock and M. Lieberman,
"Fitting a response model for n dichotomously scored items", Psychometrika 35 (1970), 179–197; facility, point-biserials
and alpha of them as printed by D. Rizopoulos, "ltm: An R package for latent variable modeling and item response theory
analyses", J. Stat. Softw. 17 (2006), issue 5, and its function ``descript``.
"""

import math
import random
from datetime import date
from statistics import stdev

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trainer.reports.rules import advice
from trainer.reports.rules.drift import drift_of, quarter_of
from trainer.reports.rules.intervals import (
    chi_square_tail,
    correlation_interval,
    differ_by_chance,
    difference_interval,
    mean_correlation,
    share_interval,
)
from trainer.reports.rules.item_stats import Abilities, Place, Tally, chosen_in, option_table, options_of
from trainer.reports.rules.reliability import Answers, alpha_interval, grade_of, reliability_of

LSAT_6 = (
    "00000 3, 00001 6, 00010 2, 00011 11, 00100 1, 00101 1, 00110 3, 00111 4, 01000 1, 01001 8, 01011 16, 01101 3, "
    "01110 2, 01111 15, 10000 10, 10001 29, 10010 14, 10011 81, 10100 3, 10101 28, 10110 15, 10111 80, 11000 16, "
    "11001 56, 11010 21, 11011 173, 11100 11, 11101 61, 11110 28, 11111 298"
)
MIDDLE = Place(0.0, 0.0, 1)


def lsat():
    """Return the 1,000 answers as rows of five noughts and ones."""
    rows = []
    for pattern in LSAT_6.split(", "):
        bits, people = pattern.split()
        rows += [[int(bit) for bit in bits]] * int(people)
    return rows


def tally_of(rows, item):
    """Count one item of people's rows of shares, as a job does it for an exam."""
    places = Abilities(sum(row) / len(row) for row in rows)
    tally = Tally()
    for row in rows:
        rest = (sum(row) - row[item]) / (len(row) - 1)
        tally.add(row[item], rest, places.place(sum(row) / len(row)), (), answered=True)
    return tally


def answers_of(rows):
    made = Answers(len(rows[0]))
    for row in rows:
        made.add(row, [one == 1 for one in row], dichotomous=all(one in (0, 1) for one in row))
    return made


# --- against published examples ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "facility", "point_biserial"),
    [(0, 0.924, 0.1128), (1, 0.709, 0.1531), (2, 0.553, 0.1728), (3, 0.763, 0.1444), (4, 0.870, 0.1215)],
)
def test_items_of_the_lsat_have_their_published_figures(item, facility, point_biserial):
    tally = tally_of(lsat(), item)
    assert tally.people == 1000
    assert tally.facility == pytest.approx(facility, abs=5e-4)
    assert tally.point_biserial == pytest.approx(point_biserial, abs=1.5e-4)


def test_the_lsat_has_its_published_alpha_which_for_noughts_and_ones_is_kr20():
    made = answers_of(lsat())
    assert made.alpha == pytest.approx(0.2950, abs=5e-5)
    assert made.kr20 == pytest.approx(made.alpha)


@pytest.mark.parametrize(
    ("right", "people", "low", "high"),
    # Newcombe, Stat. Med. 17 (1998), 857–872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_are_those_of_newcombes_table(right, people, low, high):
    assert share_interval(right / people, people) == pytest.approx((low, high), abs=5e-5)


def test_the_interval_of_a_difference_is_that_of_newcombes_example():
    """56 of 70 less 48 of 80: Newcombe, Stat. Med. 17 (1998), 873–890, table II (a), method 10."""
    assert difference_interval(56 / 70, 70, 48 / 80, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_the_interval_of_alpha_comes_near_the_exact_one():
    """0.85 over 7 units and 89 people: 0.797 to 0.893 by Feldt, as R's ``statpsych::ci.cronbach`` prints it."""
    assert alpha_interval(0.85, 7, 89) == pytest.approx((0.797, 0.893), abs=0.005)


@pytest.mark.parametrize(("value", "freedom"), [(3.841, 1), (5.991, 2), (7.815, 3), (18.307, 10), (24.996, 15)])
def test_chi_squared_is_that_of_the_printed_tables(value, freedom):
    assert chi_square_tail(value, freedom) == pytest.approx(0.05, abs=5e-5)


# --- against an independent library -----------------------------------------------------------------------------------


def test_point_biserial_of_partial_credit_is_scipys_correlation_with_the_rest():
    chance = random.Random(7)
    able = [chance.gauss(0, 1) for _ in range(400)]
    rows = [
        [chance.choice([0, 0.5, 1]) if chance.random() < 0.3 else float(chance.gauss(one, 1) > 0) for _ in range(12)]
        for one in able
    ]
    for item in range(12):
        rest = [sum(row) - row[item] for row in rows]
        expected = stats.pearsonr([row[item] for row in rows], rest)
        found = tally_of(rows, item).point_biserial
        assert found == pytest.approx(expected.statistic)
        low, high = expected.confidence_interval()
        assert correlation_interval(found, 400) == pytest.approx((low, high))


@given(st.lists(st.lists(st.integers(0, 4), min_size=6, max_size=6), min_size=3, max_size=40))
@settings(deadline=None)
def test_alpha_is_what_the_matrix_of_covariances_says(rows):
    matrix = numpy.array(rows, dtype=float)
    whole = matrix.sum(axis=1).var(ddof=1)
    made = answers_of(rows)
    if whole < 1e-9:
        assert made.alpha is None
        return
    covariances = numpy.cov(matrix.T)
    assert made.alpha == pytest.approx(6 / 5 * (1 - covariances.trace() / covariances.sum()), abs=1e-7)
    assert made.deviation == pytest.approx(stdev(map(sum, rows)))


@given(st.integers(1, 5000), st.floats(0, 1))
@settings(deadline=None)
def test_wilson_is_scipys(people, part):
    right = round(part * people)
    expected = stats.binomtest(right, people).proportion_ci(method="wilson")
    assert share_interval(right / people, people) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.floats(0.001, 200), st.integers(1, 40))
@settings(deadline=None)
def test_the_tail_of_chi_squared_is_scipys(value, freedom):
    assert chi_square_tail(value, freedom) == pytest.approx(stats.chi2.sf(value, freedom), rel=1e-6, abs=1e-12)


def test_the_test_of_drift_is_pearsons_for_right_and_wrong():
    groups = [(0.60, 200), (0.72, 150), (0.55, 100)]
    right = [round(share * people) for share, people in groups]
    table = [right, [people - one for one, (_share, people) in zip(right, groups, strict=True)]]
    mean = sum(right) / 450
    expected = stats.chi2_contingency(table, correction=False).pvalue
    assert differ_by_chance(groups, mean * (1 - mean)) == pytest.approx(expected)


# --- our own rules ----------------------------------------------------------------------------------------------------


def test_the_standard_error_is_the_deviation_times_the_root_of_what_alpha_leaves():
    made = answers_of(lsat())
    assert made.standard_error == pytest.approx(made.deviation * math.sqrt(1 - made.alpha))


def test_a_part_of_the_points_makes_kr20_impossible_and_leaves_alpha():
    rows = [[1, 0.5, 0], [1, 1, 0], [0, 0, 0], [1, 1, 1]]
    made = answers_of(rows)
    assert made.kr20 is None
    assert made.alpha is not None


def test_papers_of_different_items_are_measured_each_by_itself():
    one, two = answers_of(lsat()), answers_of(lsat()[::2])
    both = reliability_of([one, two, Answers(5)])
    assert (both.people, both.sets, both.interval) == (1500, 2, None)
    assert both.alpha == pytest.approx((one.alpha * 1000 + two.alpha * 500) / 1500)
    assert reliability_of([answers_of(lsat()[:29])]).alpha is None


@pytest.mark.parametrize(
    ("alpha", "word"), [(0.9, "good"), (0.899, "fair"), (0.8, "fair"), (0.7, "low"), (0.69, "poor"), (None, "unknown")]
)
def test_reliability_has_a_word(alpha, word):
    assert grade_of(alpha) == word


def test_groups_are_27_percent_and_equal_scores_at_the_edge_count_in_part():
    places = Abilities([10, 9, 8, 8, 8, 8, 5, 4, 3, 2])
    weights = [places.place(score) for score in [10, 9, 8, 8, 8, 8, 5, 4, 3, 2]]
    assert sum(one.upper for one in weights) == pytest.approx(3)
    assert sum(one.lower for one in weights) == pytest.approx(3)
    assert [one.upper for one in weights[:3]] == [1, 1, 0.25]


def test_equal_scores_stand_in_the_same_third():
    scores = [1, 1, 1, 1, 2, 2, 3, 3, 3]
    assert [Abilities(scores).place(one).third for one in scores] == [0, 0, 0, 0, 1, 1, 2, 2, 2]
    assert Abilities([5, 5, 5]).place(5) == Place(pytest.approx(1 / 3), pytest.approx(1 / 3), 1)


def test_correlations_of_several_exams_are_averaged_on_fishers_scale():
    both = mean_correlation([(0.5, 103), (0.1, 53), (0.9, 3)])
    expected = math.tanh((math.atanh(0.5) * 100 + math.atanh(0.1) * 50) / 150)
    assert both.value == pytest.approx(expected)
    assert both.people == 156
    assert mean_correlation([(0.5, 103)]).interval == pytest.approx(correlation_interval(0.5, 103))
    assert mean_correlation([]) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(0, 2), st.booleans()), max_size=30))
def test_a_tally_added_up_and_written_down_is_the_tally_of_all(rows):
    whole, parts = Tally(), [Tally(), Tally()]
    for number, (share, rest, third, answered) in enumerate(rows):
        for one in (whole, parts[number % 2]):
            one.add(share, rest, Place(0.5, 0.0, third), ("AB"[number % 2],) if answered else (), answered=answered)
    parts[0].merge(Tally.from_dict(parts[1].to_dict()))
    assert parts[0].people == whole.people
    assert parts[0].chosen == whole.chosen
    assert parts[0].share == pytest.approx(whole.share)
    assert parts[0].lower_share == pytest.approx(whole.lower_share)


def test_times_have_a_median_once_there_are_enough_of_them():
    tally = Tally()
    for second in range(1, 20):
        tally.add_practice(1, (), second, answered=True)
    assert tally.median_seconds is None
    tally.add_practice(1, (), 4000, answered=True)
    tally.add_practice(1, (), None, answered=True)
    assert (tally.times, tally.median_seconds) == (19, None)
    tally.add_practice(1, (), 100, answered=True)
    assert (tally.times, tally.median_seconds) == (20, 10.5)


@pytest.mark.parametrize(
    ("body", "answer", "options", "right", "chosen"),
    [
        ({"kind": "true_false", "key": False}, True, ("true", "false"), {"false"}, ("true",)),
        (
            {"kind": "single_choice", "key": "B", "options": [{"key": "A"}, {"key": "B"}]},
            "A",
            ("A", "B"),
            {"B"},
            ("A",),
        ),
        (
            {"kind": "multiple_choice", "key": ["A", "B"], "options": [{"key": k} for k in "ABC"]},
            ["A", "C"],
            ("A", "B", "C"),
            {"A", "B"},
            ("A", "C"),
        ),
        ({"kind": "fill_blank", "key": [["15"]]}, ["15"], (), set(), ()),
        ({"kind": "single_choice", "key": "B", "options": []}, None, (), {"B"}, ()),
    ],
)
def test_options_and_what_chose_them(body, answer, options, right, chosen):
    assert options_of(body) == (options, frozenset(right))
    assert chosen_in(body["kind"], answer) == chosen


def test_quarters_are_of_the_calendar_and_small_ones_are_shown_but_not_judged():
    def tally(right, people):
        made = Tally()
        for number in range(people):
            made.add(1.0 if number < right else 0.0, 0.5, MIDDLE, (), answered=True)
        return made

    assert quarter_of(date(2026, 12, 31)) == date(2026, 10, 1)
    drift = drift_of(
        [(date(2026, 2, 1), tally(80, 100)), (date(2026, 5, 1), tally(50, 100)), (date(2026, 8, 1), tally(9, 9))]
    )
    assert [one.people for one in drift.quarters] == [100, 100, 9]
    assert drift.change == pytest.approx(-0.3)
    assert drift.is_sure
    steady = drift_of([(date(2026, 2, 1), tally(80, 100)), (date(2026, 5, 1), tally(75, 100))])
    assert not steady.is_sure
    assert drift_of([(date(2026, 2, 1), tally(80, 100))]).chance is None


# --- advice -----------------------------------------------------------------------------------------------------------

STEADY = drift_of([])


def answered(counts, right="B", people_in_third=None):
    """Return tally and lines of an item from how many of each third chose each option."""
    tally = Tally()
    places = (Place(1.0, 0.0, 0), MIDDLE, Place(0.0, 1.0, 2))
    for option, thirds in counts.items():
        for third, people in enumerate(thirds):
            for _ in range(people):
                share = 1.0 if option == right else 0.0
                chosen = (option,) if option else ()
                tally.add(share, third / 2, places[third], chosen, answered=bool(option))
    options = tuple(one for one in counts if one)
    return tally, option_table(tally, options, frozenset({right}))


def codes(tally, lines, difficulty=3, drift=STEADY):
    correlation = mean_correlation([(tally.point_biserial or 0.0, tally.people)])
    return [one.code for one in advice.advise_on_exams(tally, correlation, lines, difficulty, drift)]


def test_a_good_item_brings_no_advice():
    tally, lines = answered({"A": (20, 10, 5), "B": (15, 30, 45), "C": (15, 10, 5), "D": (10, 8, 3)})
    assert codes(tally, lines) == []
    assert advice.band_of(tally.upper_lower) == "very_good"


def test_a_wrong_option_that_the_able_prefer_makes_the_key_suspicious():
    tally, lines = answered({"A": (5, 20, 50), "B": (30, 20, 10), "C": (15, 10, 5), "D": (10, 10, 5)})
    found = advice.advise_on_exams(tally, None, lines, 3, STEADY)
    assert (found[0].code, found[0].reason, found[0].options) == ("key_suspicious", "beaten_by_able", ("A",))
    assert "weak" not in codes(tally, lines)


def test_a_negative_discrimination_makes_the_key_suspicious_without_options_too():
    tally, _lines = answered({"B": (40, 30, 20), "": (10, 20, 30)})
    found = advice.advise_on_exams(tally, mean_correlation([(-0.3, 150)]), [], 3, STEADY)
    assert (found[0].code, found[0].reason) == ("key_suspicious", "negative")


def test_an_item_that_separates_nobody_is_weak_unless_nearly_all_get_it_right():
    tally, lines = answered({"A": (60, 60, 60), "B": (70, 70, 70), "C": (30, 30, 30), "D": (30, 30, 30)})
    assert codes(tally, lines) == ["weak"]
    tally, lines = answered({"A": (5, 5, 5), "B": (180, 180, 180), "C": (5, 5, 5)})
    assert codes(tally, lines, 1) == []


def test_a_distractor_is_dead_only_where_it_could_have_lived():
    tally, lines = answered({"A": (40, 40, 19), "B": (50, 90, 131), "C": (30, 10, 0), "D": (0, 0, 1)})
    dead = [one for one in advice.advise_on_exams(tally, None, lines, 3, STEADY) if one.code == "distractor_dead"]
    assert [one.options for one in dead] == [("D",)]
    easy, lines = answered({"A": (10, 5, 0), "B": (120, 130, 135), "C": (5, 1, 0), "D": (0, 0, 0)})
    assert codes(easy, lines, 1) == []


@pytest.mark.parametrize(
    ("right", "difficulty", "code"),
    [(190, 5, "too_easy"), (190, 3, "too_easy"), (190, 1, ""), (40, 2, "too_hard"), (40, 4, ""), (120, 3, "")],
)
def test_an_item_is_held_against_its_label(right, difficulty, code):
    third = right // 3
    wrong = (200 - right) // 3
    tally, _lines = answered({"B": (third - 5, third, third + 5), "": (wrong + 5, wrong, max(0, wrong - 5))})
    found = [one for one in codes(tally, [], difficulty) if one.startswith("too_")]
    assert found == ([code] if code else [])


def test_blanks_are_told_where_they_are_many():
    tally, lines = answered({"": (30, 20, 10), "B": (20, 30, 40), "A": (10, 10, 10), "C": (5, 5, 5)})
    assert "left_blank" in codes(tally, lines)


def test_few_people_bring_no_advice_whatever_they_answered():
    tally, lines = answered({"A": (0, 0, 14), "B": (15, 0, 0)})
    assert codes(tally, lines) == []


def test_practice_tells_of_options_alone():
    tally = Tally()
    for number in range(120):
        option = "A" if number < 80 else "B" if number < 110 else "C"
        tally.add_practice(float(option == "B"), (option,), None, answered=True)
    lines = option_table(tally, ("A", "B", "C", "D"), frozenset({"B"}))
    found = advice.advise_on_practice(tally, lines)
    assert [(one.code, one.options) for one in found] == [("key_suspicious", ("A",)), ("distractor_dead", ("D",))]


@pytest.mark.parametrize(
    ("index", "word"),
    [(0.4, "very_good"), (0.39, "good"), (0.3, "good"), (0.2, "marginal"), (0.19, "poor"), (-0.01, "negative")],
)
def test_the_bands_are_those_of_ebel_and_frisbie(index, word):
    assert advice.band_of(index) == word
