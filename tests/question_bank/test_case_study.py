"""A case and the items it expands into, and the points they share."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank import grade, kinds
from question_bank.kinds.case_study import case_view, expand, split_points, weights
from tests.question_bank.samples import BASIS, DATA, make_data, make_item, make_rich_item

CASE = make_item("case_study")


def test_a_case_expands_into_numbered_items_of_their_own_kinds():
    parts = expand(CASE)
    assert [part.id for part in parts] == ["penalty-law-0009.1", "penalty-law-0009.2", "penalty-law-0009.3"]
    assert [part.kind for part in parts] == ["true_false", "multiple_choice", "short_answer"]
    assert {(part.wing, part.topic, part.fields) for part in parts} == {(CASE.wing, CASE.topic, CASE.fields)}
    assert [(part.difficulty, part.level) for part in parts] == [(2, "recall"), (4, "case"), (2, "recall")]
    assert [basis.paragraph for part in parts for basis in part.basis] == [1, 2]
    assert expand(CASE) == parts


@pytest.mark.parametrize("kind", [kind for kind in DATA if kind != "case_study"])
def test_any_other_item_expands_into_itself(kind):
    item = make_item(kind)
    assert expand(item) == (item,)


@pytest.mark.parametrize("kind", [kind for kind in DATA if kind != "case_study"])
def test_a_part_may_be_of_any_other_kind_and_is_marked_as_that_kind(kind):
    alone = make_data(kind)
    part = {name: alone[name] for name in alone if name not in ("id", "wing", "topic", "fields")}
    case = make_item("case_study", parts=[part, part])
    first = expand(case)[0]
    assert first.content_hash() == make_item(kind).content_hash()
    assert kinds.public(first) == kinds.public(make_item(kind)) | {"case": first.case}
    answer = kinds.right_answer(first)
    if kind == "fill_blank":
        answer = [accepted[0] for accepted in answer]
    assert grade(first, answer) == grade(make_item(kind), answer)


def test_the_parts_share_a_reference_that_tells_nothing_of_the_key():
    reference = {part.case for part in expand(CASE)}
    assert len(reference) == 1
    parts = make_data("case_study")["parts"]
    parts[0]["key"] = False
    assert {part.case for part in expand(make_item("case_study", parts=parts))} == reference
    assert {part.case for part in expand(make_item("case_study", stem="另一个案子。"))} != reference


def test_the_stem_is_shown_once_and_the_parts_refer_to_it():
    assert case_view(CASE) == {
        "kind": "case_study",
        "stem": CASE.stem,
        "documents": [{"title": "现场笔录", "text": "执法人员出示了证件。"}],
    }
    seen = kinds.public(expand(CASE)[0])
    assert seen == {"kind": "true_false", "stem": "本案可以当场作出处罚决定。", "case": expand(CASE)[0].case}


def test_the_whole_case_shows_its_parts_with_their_weights():
    seen = kinds.public(CASE)
    assert [(part["kind"], part["weight"]) for part in seen["parts"]] == [
        ("true_false", 1),
        ("multiple_choice", 3),
        ("short_answer", 2),
    ]
    assert not any("case" in part for part in seen["parts"])


def test_a_picture_is_shown_with_the_text_that_has_it():
    parts = make_data("case_study")["parts"]
    parts[0]["stem"] = "看图：![](media:answer.png)"
    case = make_rich_item("case_study", parts=parts)
    assert [medium["name"] for medium in case_view(case)["media"]] == ["scene.png"]
    assert [medium["name"] for medium in kinds.public(expand(case)[0])["media"]] == ["answer.png"]
    assert "media" not in kinds.public(expand(case)[1])


def test_a_case_takes_no_answer_and_needs_no_marker():
    assert kinds.answer_shape(CASE) == {"kind": "case_study"}
    assert not grade(CASE, None).needs_person
    assert kinds.right_answer(CASE) is None


def test_a_fault_of_a_rich_part_is_named_with_its_place():
    parts = make_data("case_study")["parts"]
    parts[1]["explanation"] = "![](media:gone.png)"
    with pytest.raises(ValueError, match=r"parts\[1\]\.explanation: unknown_medium"):
        make_rich_item("case_study", parts=parts)


@pytest.mark.parametrize(
    ("points", "shares", "wanted"),
    [
        ("6", (1, 3, 2), ("1", "3", "2")),
        ("10", (1, 1, 1), ("3.34", "3.33", "3.33")),
        ("0.02", (1, 1, 1), ("0.01", "0.01", "0")),
        ("5", (1, 2), ("1.67", "3.33")),
        ("5.05", (7,), ("5.05",)),
    ],
)
def test_points_are_shared_to_the_hundredth(points, shares, wanted):
    assert split_points(Decimal(points), shares) == tuple(Decimal(one) for one in wanted)


@given(st.integers(0, 100_00), st.lists(st.integers(1, 100), min_size=1, max_size=20))
def test_no_hundredth_is_lost_or_moved_far(hundredths, shares):
    points = Decimal(hundredths) / 100
    made = split_points(points, shares)
    assert sum(made) == points
    for part, share in zip(made, shares, strict=True):
        assert abs(part - points * share / sum(shares)) < Decimal("0.01")


def test_points_finer_than_hundredths_are_refused():
    with pytest.raises(ValueError, match="hundredths"):
        split_points(Decimal("0.005"), (1, 1))


def test_weights_are_one_where_none_is_given():
    assert weights(CASE) == (1, 3, 2)
    assert BASIS["article"] == CASE.citations()[0].article
