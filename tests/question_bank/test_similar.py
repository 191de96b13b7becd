"""Near-duplicate groups."""

import random

import pytest

from question_bank.similar import nearest, similar_groups, similar_pairs, words
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


def test_few_pairs_are_missed_and_none_is_made_up():
    """Planted near-doubles among other questions: a number, a name, words, signs, an order of options changed."""
    chance = random.Random(1)
    signs = [chr(code) for code in range(0x4E00, 0x4E00 + 600)]
    said = {f"q-{n:04d}": "".join(chance.choices(signs, k=chance.randint(15, 120))) for n in range(1500)}
    planted = set()
    for number, one in enumerate(sorted(said)[:300]):
        plain = said[one]
        at = chance.randrange(len(plain) - 3)
        changed = [
            plain[:at] + "15" + plain[at + 1 :],
            "张某、" + plain,
            plain[:at] + chance.choice(signs) + plain[at + 2 :],
        ][number % 3]
        said[one + "-b"] = changed
        planted.add((one, one + "-b"))
    found = {(pair.left, pair.right) for pair in similar_pairs(said)}
    assert found <= planted
    assert len(found) >= 0.97 * len(planted)
    assert similar_pairs(said) == similar_pairs(dict(reversed(said.items())))
    some = {"q-0003", "q-0700", "q-0299-b"}
    among = [(pair.left, pair.right) for pair in similar_pairs(said, among=some)]
    assert among == [("q-0003", "q-0003-b"), ("q-0299", "q-0299-b")]


@pytest.mark.parametrize(
    ("stem", "other"),
    [
        ("当事人应当自收到处罚决定书之日起十五日内缴纳罚款。", "当事人应当自收到处罚决定书之日起60日内缴纳罚款。"),
        ("某市城管局对张某罚款二百元。", "某市城管局对李某罚款五百元。"),
        ("执法人员不得少于两人。", "执法人员不得少于三人。"),
    ],
)
def test_another_number_or_name_leaves_a_short_question_alike(stem, other):
    assert groups(statement(1, stem), statement(2, other)) == [("penalty-law-0001", "penalty-law-0002")]


def test_the_nearest_come_first_and_only_those_that_are_alike():
    said = {"a": words(statement(1, LONG)), "b": words(statement(2, LONG[3:])), "c": "另一件事情"}
    assert nearest(words(statement(3, LONG + "吗")), said) == [("a", 98), ("b", 95)]
    assert nearest("无关的问题", said) == []


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
