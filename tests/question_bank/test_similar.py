"""Near-duplicate groups."""

import pytest

from question_bank.similar import shingles, similar_groups, words
from tests.question_bank.samples import DATA, make_item

LONG = "行政机关在作出行政处罚决定之前，应当告知当事人拟作出的行政处罚内容及事实、理由、依据"


def statement(number, stem):
    return make_item("true_false", id=f"penalty-law-{number:04d}", stem=stem)


def groups(*items, **options):
    return [group.ids for group in similar_groups(items, **options)]


def test_questions_that_differ_by_a_word_are_one_group():
    items = [
        statement(1, LONG + "。"),
        statement(2, LONG + "！"),
        statement(3, LONG.replace("告知", "通知") + "。"),
    ]
    assert groups(*items) == [("penalty-law-0001", "penalty-law-0002", "penalty-law-0003")]


def test_questions_on_other_matters_are_no_group():
    assert groups(statement(1, LONG), statement(2, "当事人对当场收缴罚款不服的可以依法申请行政复议。")) == []


def test_the_same_stem_with_other_options_is_no_group():
    stem = "下列说法正确的是（　　）。"
    texts = [
        ["立案前可以检查现场", "先行登记保存七日", "罚款可以分期缴纳", "文书应当直接送达"],
        ["听证公开举行为原则", "委托书应当载明事项", "回避由负责人决定的", "处罚信息依法公示了"],
    ]
    items = [
        make_item(
            id=f"penalty-law-{number:04d}",
            stem=stem,
            options=[{"key": key, "text": text} for key, text in zip("ABCD", words, strict=True)],
        )
        for number, words in enumerate(texts, start=1)
    ]
    assert groups(*items) == []
    same = make_item(id="penalty-law-0009", stem=stem, options=items[0].to_dict()["options"])
    assert groups(*items, same) == [("penalty-law-0001", "penalty-law-0009")]


def test_the_order_of_options_and_items_does_not_matter():
    one = make_item(id="penalty-law-0001")
    texts = [option.text for option in one.options][::-1]
    other = make_item(
        id="penalty-law-0002",
        key="C",
        options=[{"key": key, "text": text} for key, text in zip("ABCD", texts, strict=True)],
    )
    assert similar_groups([one, other]) == similar_groups([other, one])
    assert similar_groups([one, other])[0].least == 1


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.9, 1.0])
def test_the_filter_loses_no_pair(threshold):
    items = [statement(number, LONG[: 10 + number] + LONG[number:]) for number in range(1, 30)]
    sets = {item.id: shingles(item) for item in items}
    expected = {
        frozenset((one, two))
        for one in sets
        for two in sets
        if one < two and len(sets[one] & sets[two]) / len(sets[one] | sets[two]) >= threshold
    }
    together = [set(ids) for ids in groups(*items, threshold=threshold)]
    assert all(any(pair <= group for group in together) for pair in expected)
    assert {item_id for group in together for item_id in group} == {item_id for pair in expected for item_id in pair}


@pytest.mark.parametrize("threshold", [0, -1, 1.1])
def test_a_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(ValueError):
        similar_groups([], threshold=threshold)


def test_no_items_make_no_groups():
    assert similar_groups([]) == []


@pytest.mark.parametrize("kind", DATA)
def test_what_is_compared_is_what_candidates_see(kind):
    said = words(make_item(kind))
    assert "canary" not in said
    assert "none" not in said


def test_two_documents_under_one_instruction_are_told_apart():
    other = [{"text": f"送达回证第{n}栏填写完整无误。", "key": str(n), "note": "说明。"} for n in range(1, 7)]
    items = [make_item("error_finding"), make_item("error_finding", id="penalty-law-0017", document=other)]
    assert groups(*items) == []
    assert groups(items[0], make_item("error_finding", id="penalty-law-0018")) == [
        ("penalty-law-0007", "penalty-law-0018")
    ]
