"""What becomes of an article in another version, and where two texts differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank.difference import pieces
from question_bank.lawdiff import ArticleChange, compare, likeness
from question_bank.laws import fingerprint

OLD = {
    "1": "为了规范示例活动，制定本条例。",
    "2": "示例机关应当自收到申请之日起六十日内作出决定，并书面告知申请人。",
    "3": "检查人员不得少于二人，并应当出示证件。",
    "4": "违反本条例规定的，处五百元以上五千元以下罚款。",
    "5": "示例名单由示例机关每年公布一次。",
}
NEW = {
    "1": "为了规范示例活动，制定本条例。",
    "2": "示例工作坚持公开、公平、公正。",
    "3": "示例机关应当自收到申请之日起三十日内作出决定，并书面告知申请人。",
    "4": "检查人员不得少于二人，并应当出示证件。",
    "5": "违反本条例规定的，由示例机关责令改正；拒不改正的，处一千元以上一万元以下罚款。",
}


def marks(texts):
    return {number: fingerprint(text) for number, text in texts.items()}


def test_each_article_has_one_of_four_fates():
    found = compare(marks(OLD), marks(NEW), OLD, NEW)
    assert found["1"] == ArticleChange("unchanged", "1", 1.0)
    assert (found["2"].outcome, found["2"].new) == ("renumbered", "3")
    assert 0.9 <= found["2"].likeness < 1
    assert found["3"] == ArticleChange("renumbered", "4", 1.0)
    assert (found["4"].outcome, found["4"].new) == ("changed", "5")
    assert found["5"] == ArticleChange("vanished", None)


def test_fingerprints_alone_tell_what_stayed_and_what_moved_word_for_word():
    found = compare(marks(OLD), marks(NEW))
    assert [found[number].outcome for number in "12345"] == [
        "unchanged",
        "changed",
        "renumbered",
        "changed",
        "changed",
    ]
    assert found["2"] == ArticleChange("changed", "2", None)
    assert compare({"9": "a"}, {"1": "b"})["9"] == ArticleChange("vanished", None)


def test_only_the_articles_asked_for_are_compared():
    assert set(compare(marks(OLD), marks(NEW), OLD, NEW, only={"2"})) == {"2"}


def test_signs_and_spaces_are_no_change():
    other = {"1": OLD["1"].replace("，", "，　")}
    assert compare({"1": fingerprint(OLD["1"])}, marks(other))["1"].outcome == "unchanged"


def test_of_several_that_read_alike_the_nearest_is_meant():
    gone = dict.fromkeys(("2", "8", "40"), "（删去）")
    assert compare({"9": fingerprint("（删去）")}, marks(gone))["9"] == ArticleChange("renumbered", "8", 1.0)


def test_an_article_that_stays_as_it_is_succeeds_no_other():
    old = {"1": "检查人员不得少于二人。", "2": "检查人员不得少于三人。"}
    new = {"1": "检查人员不得少于二人。"}
    assert compare(marks(old), marks(new), old, new)["2"] == ArticleChange("vanished", None)


@pytest.mark.parametrize(
    ("left", "right", "told"), [("", "", 1), ("甲", "乙", 0), ("甲，乙", "甲乙", 1), ("甲乙", "甲丙", 0.5)]
)
def test_likeness_is_the_share_of_common_characters(left, right, told):
    assert likeness(left, right) == told
    assert likeness(right, left) == told


def test_a_difference_is_marked_on_its_side_and_numbers_are_not_split():
    before, after = pieces("应当在六十日内决定。", "应当在三十日内作出决定。")
    assert "".join(one.text for one in before if one.kind == "removed") == "六十"
    assert "".join(one.text for one in after if one.kind == "added") == "三十作出"


TEXT = st.text(alphabet="甲乙丙丁一二三，。\n12", max_size=60)


@given(TEXT, TEXT)
def test_the_pieces_of_each_side_are_that_side(old, new):
    before, after = pieces(old, new)
    assert "".join(one.text for one in before) == old
    assert "".join(one.text for one in after) == new
    same = ["".join(one.text for one in side if one.kind == "same") for side in (before, after)]
    assert same[0] == same[1]


@given(st.dictionaries(st.integers(1, 9).map(str), TEXT), st.dictionaries(st.integers(1, 9).map(str), TEXT))
def test_unchanged_means_the_same_words_under_the_same_number(old, new):
    for number, change in compare(marks(old), marks(new), old, new).items():
        assert (change.outcome == "unchanged") == (
            number in new and fingerprint(new[number]) == fingerprint(old[number])
        )
        assert change.new is None or change.new in new
        assert (change.new is None) == (change.outcome == "vanished")
