"""Where things stand in the charts, and how scores are spread."""

import pytest

from trainer.reports.rules import charts
from trainer.reports.rules.results import steps_of
from trainer.reports.rules.scores import spread_of


def test_a_share_stands_between_the_lines_of_the_axis():
    chart = charts.options_by_ability([("A", True, (0, 5, 10)), ("B", False, (10, 5, 0))], (10, 10, 10), "弱中强")
    right = [one for one in chart.marks if one.strong]
    assert [one.y for one in right] == [charts.BOTTOM, (charts.TOP + charts.BOTTOM) / 2, charts.TOP]
    assert len(chart.strokes) == 4
    assert [text for _y, text in chart.up] == ["0%", "25%", "50%", "75%", "100%"]
    assert [name for _x, name in chart.along] == list("弱中强")


@pytest.mark.parametrize("options", [2, 4, 10])
def test_letters_of_one_third_do_not_reach_the_next(options):
    lines = [("ABCDEFGHIJ"[n], n == 0, (1, 1, 1)) for n in range(options)]
    chart = charts.options_by_ability(lines, (10, 10, 10), "弱中强")
    columns = [[mark.x for mark in chart.marks[place::3]] for place in range(3)]
    assert max(columns[0]) < min(columns[1]) <= max(columns[1]) < min(columns[2])
    assert all(charts.LEFT <= mark.x <= charts.RIGHT for mark in chart.marks)


@pytest.mark.parametrize(("quarters", "named"), [(1, 1), (4, 4), (5, 3), (12, 4), (40, 4)])
def test_of_many_quarters_some_are_named_the_last_always(quarters, named):
    chart = charts.facility_over_time([(str(n), 0.5, 0.4, 0.6) for n in range(quarters)])
    assert len(chart.marks) == quarters
    assert len(chart.along) == named
    assert chart.along[-1][1] == str(quarters - 1)
    assert chart.marks[0].low > chart.marks[0].y > chart.marks[0].high


def test_bars_of_scores_and_the_pass_mark():
    chart = charts.scores([0, 0, 0, 0, 0, 0, 2, 4, 1, 0], 50.0, 30.0)
    assert chart.strokes[7].y1 == charts.TOP
    assert chart.strokes[0].y1 == chart.strokes[0].y2 == charts.BOTTOM
    assert [text for _x, text in chart.along] == ["0", "10", "20", "30", "40", "50"]
    assert chart.lines == (chart.along[3][0],)
    assert [text for _y, text in chart.up] == ["0", "2", "4"]
    assert charts.scores([0] * 10, 0.0, None).lines == ()


def test_bars_of_steps_stand_on_the_scale_of_points():
    steps = steps_of({0: 3, 5900: 7, 6000: 12, 10_000: 1}, 10_000, 6000)
    chart = charts.spread(steps, 60.0)
    assert [text for _y, text in chart.up] == ["0", "5", "10", "15"]
    assert [text for _x, text in chart.along] == ["0", "20", "40", "60", "80", "100"]
    assert chart.lines == (chart.along[3][0],)
    # Whoever failed stands in another colour, left of the line.
    assert [bar.series for bar in chart.strokes] == [5] * 6 + [1] * 4
    assert (chart.strokes[6].y1, chart.strokes[1].y1) == (charts._y(12 / 15), charts.BOTTOM)
    assert charts.spread((), None).up == ()


@pytest.mark.parametrize(
    ("most", "ticks"), [(0, [0, 1]), (1, [0, 1]), (3, [0, 1, 2, 3]), (5, [0, 1, 2, 3, 4, 5]), (6, [0, 2, 4, 6]),
                        (12, [0, 5, 10, 15]), (4200, [0, 1000, 2000, 3000, 4000, 5000])]
)  # fmt: skip
def test_people_are_counted_up_in_whole_numbers(most, ticks):
    assert charts._whole_ticks(most) == ticks


def test_a_span_stays_on_its_line():
    assert charts.span(60, (40, 120), 80) == charts.Span(75.0, 50.0, 100.0)
    assert charts.span(0, (0, 0), 0) == charts.Span(0.0, 0.0, 0.0)


def test_items_as_points_stay_inside_whatever_their_index():
    chart = charts.facility_and_discrimination([(0.5, -0.9, True), (1.0, 1.0, False)])
    assert (chart.marks[0].y, chart.marks[1].y) == (charts.BOTTOM, charts.TOP)
    assert chart.marks[0].strong


def test_scores_are_spread_over_tenths_and_the_full_score_is_in_the_last():
    spread = spread_of([0, 5.9, 6, 10], 10, 6, 0.5)
    assert spread.steps == (1, 0, 0, 0, 0, 1, 1, 0, 0, 1)
    assert (spread.passed, spread.near_pass, spread.lowest, spread.highest) == (2, 2, 0, 10)
    assert spread.middle == pytest.approx(5.95)


def test_an_exam_nobody_sat_has_no_scores():
    spread = spread_of([], 0, None, None)
    assert (spread.people, spread.mean, spread.deviation, spread.passed) == (0, None, None, None)
