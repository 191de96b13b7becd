"""Standings of people, teams and units out of the same scores."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from trainer.competitions.rules.standings import PersonScore, Squad, UnitRoster, of_people, of_teams, of_units

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
CHAIN = ("score", "seconds_used")


def score(user_id, points, unit_id=1, *, seconds=600, lot=0):
    return PersonScore(
        user_id, f"人{user_id}", unit_id, f"单位{unit_id}", Decimal(points), Decimal(points), seconds, NINE, lot
    )


def squad(team_id, members, due=None):
    return Squad(team_id, f"队{team_id}", 1, "单位", tuple(members), frozenset(members if due is None else due))


def test_people_share_places_and_equals_stand_by_unit_and_name():
    found = of_people([score(1, "80", 2), score(2, "90"), score(3, "80", 1), score(4, "70")], CHAIN)
    assert [(one.place, one.key) for one in found] == [(1, 2), (2, 3), (2, 1), (4, 4)]


def test_a_team_counts_its_best_and_breaks_ties_by_those_who_count():
    scores = [score(1, "90", seconds=100), score(2, "80", seconds=100), score(3, "10", seconds=9999)]
    scores += [score(4, "90", seconds=200), score(5, "80", seconds=200)]
    found = of_teams(scores, [squad(1, [1, 2, 3]), squad(2, [4, 5])], CHAIN, rule="best_n", best_n=2)
    assert [(one.place, one.key, one.score, one.seconds_used) for one in found] == [
        (1, 1, Decimal("170.00"), 100),
        (2, 2, Decimal("170.00"), 200),
    ]
    assert [(one.participants, one.due) for one in found] == [(3, 3), (2, 2)]


def test_a_member_who_did_not_come_pulls_a_mean_down_and_an_exempt_one_does_not():
    scores = [score(1, "90"), score(2, "90")]
    teams = [squad(1, [1, 8]), squad(2, [2, 9], due=[2])]
    found = of_teams(scores, teams, CHAIN, rule="mean", best_n=None)
    assert [(one.key, one.score, one.participation_rate) for one in found] == [
        (2, Decimal("90.00"), Decimal("1.0000")),
        (1, Decimal("45.00"), Decimal("0.5000")),
    ]


def test_a_team_of_which_nobody_came_has_no_line():
    assert of_teams([score(1, "90")], [squad(1, [7])], CHAIN, rule="sum", best_n=None) == []


def test_a_unit_is_the_mean_of_all_who_came_beside_its_participation():
    scores = [score(1, "90"), score(2, "75.55"), score(3, "100", 2), score(4, "60", 1)]
    rosters = [UnitRoster(1, "单位1", frozenset({1, 2, 5, 6, 7})), UnitRoster(2, "单位2", frozenset({3}))]
    found = of_units(scores, rosters, CHAIN)
    assert [(one.place, one.key, one.score, one.participants, one.due) for one in found] == [
        (1, 2, Decimal("100.00"), 1, 1),
        (2, 1, Decimal("75.18"), 3, 5),  # 225.55 / 3 = 75.18333…
    ]
    # The fourth came without being due: in the mean, not in the rate.
    assert found[1].participation_rate == Decimal("0.4000")


def test_equal_units_share_a_place_by_the_rounded_value_that_everybody_sees():
    scores = [score(1, "33.33", 1), score(2, "33.33", 1), score(3, "33.34", 1), score(4, "33.33", 2)]
    found = of_units(scores, [], ("score",))
    assert [(one.place, one.score) for one in found] == [(1, Decimal("33.33")), (1, Decimal("33.33"))]
    assert found[0].participation_rate is None


def test_lots_and_hand_in_of_a_team_come_from_those_who_count():
    early, late = NINE, NINE + timedelta(minutes=5)
    one = PersonScore(1, "甲", 1, "单位", Decimal(50), Decimal(50), 60, early, 9)
    two = PersonScore(2, "乙", 1, "单位", Decimal(50), Decimal(50), 60, late, 1)
    three = PersonScore(3, "丙", 1, "单位", Decimal(50), Decimal(50), 60, late, 2)
    four = PersonScore(4, "丁", 1, "单位", Decimal(50), Decimal(50), 60, late, 3)
    teams = [squad(1, [3, 4]), squad(2, [1, 2])]
    assert [
        one.key for one in of_teams([one, two, three, four], teams, ("score", "draw_lots"), rule="sum", best_n=None)
    ] == [2, 1]
