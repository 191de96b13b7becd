"""Figures along the tree: sums, order, and the heat table."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from trainer.reports.rules.figures import NOBODY, Figures, flat, furthest_behind, heat, heat_table, roll_up


@dataclass
class _Unit:
    id: int
    path: str
    kind: str = "department"
    sort: int = 0

    @property
    def code(self):
        return f"U{self.id}"

    name = property(lambda self: f"单位{self.id}")
    short_name = property(lambda self: f"单{self.id}")


UNITS = [
    _Unit(1, "000001/", "city"),
    _Unit(2, "000001/000002/", "department", 1),
    _Unit(3, "000001/000003/", "county", 2),
    _Unit(4, "000001/000003/000004/", "department", 3),
    _Unit(5, "000001/000003/000005/", "department", 4),
]
OWN = {
    2: Figures(due=2, met=1, on_pace=1, hours_total=Decimal(100), hours_due=Decimal(100), forecast_met=2),
    4: Figures(due=3, met=0, behind=1, at_risk=2, hours_total=Decimal(40), hours_due=Decimal(40)),
    5: Figures(due=1, met=1, exempt=1, hours_total=Decimal(70), hours_due=Decimal(60), forecast_met=1),
}


def test_a_unit_holds_everybody_below_it():
    tree = roll_up("000001/", UNITS, OWN, keep_empty=False)
    assert tree.figures == Figures(6, 2, 1, 1, 2, 1, 3, Decimal(210), Decimal(200))
    county = tree.children[1]
    assert (county.code, county.figures.due, county.figures.below, county.figures.keeping) == ("U3", 4, 3, 1)
    assert sum((child.figures for child in tree.children), NOBODY) == tree.figures
    assert [(row.code, row.level) for row in flat(tree)] == [("U1", 0), ("U2", 1), ("U3", 1), ("U4", 2), ("U5", 2)]


def test_the_mean_is_of_the_hours_and_the_people_due_alone():
    tree = roll_up("000001/", UNITS, OWN, keep_empty=False)
    assert tree.figures.mean_hours == Decimal("33.33")
    assert Figures(exempt=2, hours_total=Decimal(10)).mean_hours is None


def test_a_part_of_the_tree_knows_nothing_of_what_lies_above():
    tree = roll_up("000001/000003/", UNITS[2:], OWN, keep_empty=False)
    assert (tree.level, tree.parent_path, tree.figures.due) == (0, "", 4)
    assert roll_up("000009/", UNITS, OWN, keep_empty=False) is None


def test_units_without_officers_are_left_out_unless_they_are_kept():
    own = {2: OWN[2]}
    assert [row.code for row in flat(roll_up("000001/", UNITS, own, keep_empty=False))] == ["U1", "U2"]
    assert len(flat(roll_up("000001/", UNITS, own, keep_empty=True))) == 5


@pytest.mark.parametrize(
    ("key", "descending", "order"),
    [
        ("tree", False, ["U2", "U3"]),
        ("tree", True, ["U3", "U2"]),
        ("due", True, ["U3", "U2"]),
        ("met", True, ["U2", "U3"]),
        ("below", True, ["U3", "U2"]),
        ("hours", False, ["U3", "U2"]),
    ],
)
def test_siblings_sort_and_stay_below_their_parent(key, descending, order):
    rows = flat(roll_up("000001/", UNITS, OWN, keep_empty=False), key, descending)
    assert rows[0].code == "U1"
    assert [row.code for row in rows if row.level == 1] == order
    at = next(number for number, row in enumerate(rows) if row.code == "U3")
    assert {row.code for row in rows[at + 1 : at + 3]} == {"U4", "U5"}


@pytest.mark.parametrize(
    ("part", "whole", "step"), [(0, 5, 1), (1, 5, 2), (19, 100, 1), (20, 100, 2), (4, 5, 5), (5, 5, 5), (0, 0, None)]
)
def test_heat_has_five_even_steps(part, whole, step):
    assert heat(part, whole) == step


def test_below_a_city_the_rows_are_counties_and_its_departments_together():
    tree = roll_up("000001/", UNITS, OWN, keep_empty=False)
    cells = {(2, "market"): (2, 2), (4, "fire"): (3, 0), (5, "market"): (1, 1), (5, "odd"): (0, 0)}
    columns, rows = heat_table(tree, cells, ["fire", "market"])
    assert columns == ["fire", "market"]
    assert [(row.part, row.code, row.cells) for row in rows] == [
        ("direct", "", ((0, 0), (2, 2))),
        ("", "U3", ((3, 0), (1, 1))),
    ]


def test_below_a_county_the_rows_are_its_units_and_its_own_people():
    tree = roll_up("000001/000003/", UNITS, OWN | {3: Figures(due=1)}, keep_empty=False)
    columns, rows = heat_table(tree, {(3, "fire"): (1, 0), (4, "fire"): (3, 0)}, ["fire"])
    assert columns == ["fire"]
    assert [(row.part, row.code) for row in rows] == [("", "U4"), ("own", "")]


@pytest.mark.parametrize(("most", "found"), [(5, ["U3", "U4"]), (1, ["U3"])])
def test_the_units_furthest_behind_stand_by_people_and_none_without(most, found):
    # U2 and U6 have nobody below the pace; U3 has three of four, U4 one of one.
    units = [_Unit(1, "1/"), *(_Unit(number, f"1/{number}/") for number in (2, 3, 4, 6))]
    own = {
        2: Figures(due=2, met=2),
        3: Figures(due=4, met=1, behind=2, at_risk=1),
        4: Figures(due=1, behind=1),
        6: Figures(exempt=3),
    }
    tree = roll_up("1/", units, own, keep_empty=False)
    assert [one.code for one in furthest_behind(tree, most)] == found


def test_a_single_unit_below_the_root_is_passed_over():
    units = [_Unit(1, "1/"), _Unit(2, "1/2/"), _Unit(3, "1/2/3/"), _Unit(4, "1/2/4/")]
    tree = roll_up("1/", units, {3: Figures(due=1, behind=1), 4: Figures(due=2, behind=1)}, keep_empty=False)
    assert [one.code for one in furthest_behind(tree, 5)] == ["U3", "U4"]
    assert furthest_behind(roll_up("1/", units[:1], {1: Figures(due=1, behind=1)}, keep_empty=False), 5) == []
