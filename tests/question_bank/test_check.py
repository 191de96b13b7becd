"""The findings on a bank: each defect is found, and a sound bank has none."""

from datetime import date
from decimal import Decimal

import pytest

from question_bank import Item, Problem, check, grade, kinds, load
from question_bank.guessing import at_least
from question_bank.kinds.case_study import expand
from question_bank.kinds.short_answer import marked
from question_bank.laws import register
from question_bank.store import Fault, read
from question_bank.topics import taxonomy
from tests.question_bank.checking import ARTICLES, FILE, findings, found
from tests.question_bank.samples import BASIS, DATA, make_data, make_item


@pytest.mark.parametrize("kind", DATA)
def test_a_sound_item_has_no_findings(kind):
    assert findings(make_item(kind)) == []


def test_a_fault_of_reading_becomes_an_error():
    assert found(faults=[Fault(FILE, "x", Problem("key", "unknown_key"))]) == {("error", "unknown_key")}


@pytest.mark.parametrize(
    ("changes", "file", "code"),
    [
        ({"wing": "legal_practice"}, FILE, "unknown_wing"),
        ({"topic": "astrology", "id": "astrology-0001"}, "legal_theory/astrology/a.json", "unknown_topic"),
        ({"wing": "procedures"}, "procedures/penalty_law/a.json", "topic_of_other_wing"),
        ({"fields": ["astrology"]}, FILE, "unknown_field_of_enforcement"),
        ({}, "legal_theory/licensing_law/a.json", "wrong_folder"),
        ({"id": "licensing-law-0001"}, FILE, "id_of_other_form"),
        ({"id": "penalty-law-1"}, FILE, "id_of_other_form"),
    ],
)
def test_an_item_filed_wrongly_is_an_error(changes, file, code):
    assert ("error", code) in found(make_item(**changes), file=file)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"law": "养犬法"}, "unknown_law"),
        ({"law": "中华人民共和国行政处罚法"}, "not_the_short_title"),
        ({"version": "2017-09-01"}, "unknown_version"),
        ({"article": "87"}, "no_such_article"),
        ({"article": "36-1"}, "no_such_article"),
        ({"paragraph": 3}, "no_such_paragraph"),
        ({"article": "9", "item": 3}, "no_such_item"),
        ({"item": 1}, "no_such_item"),
        ({"law": "旧法", "version": "2012-01-01", "article": "1"}, "law_not_in_force"),
        ({"law": "失效法", "version": "2012-01-01", "article": "1"}, "law_not_in_force"),
    ],
)
def test_a_wrong_basis_is_an_error(changes, code):
    assert ("error", code) in found(make_item(basis=[BASIS | changes]))


@pytest.mark.parametrize(
    "changes", [{"paragraph": 2}, {"paragraph": None}, {"article": "9", "item": 2}, {"article": "86"}]
)
def test_a_right_basis_is_none(changes):
    assert found(make_item(basis=[BASIS | changes])) == set()


@pytest.mark.parametrize(("day", "wrong"), [(date(2025, 12, 31), False), (date(2026, 1, 1), True), (None, True)])
def test_whether_a_law_is_in_force_depends_on_the_day(day, wrong):
    item = make_item(basis=[BASIS | {"law": "旧法", "version": "2012-01-01", "article": "1"}])
    assert (("error", "law_not_in_force") in found(item, day=day)) is wrong


def test_a_law_not_yet_in_force_is_an_error():
    assert ("error", "law_not_in_force") in found(make_item(), day=date(2021, 7, 14))
    assert ("error", "law_not_in_force") not in found(make_item(), day=date(2021, 7, 15))


def test_an_item_without_basis_is_an_error():
    assert ("error", "no_basis") in found(make_item(basis=[]))


def test_the_same_basis_twice_is_a_warning():
    assert found(make_item(basis=[BASIS, BASIS])) == {("warning", "basis_twice")}


def text_of(version="2021-01-22", **changes):
    articles = [{"number": int(number), "text": body} for number, body in (ARTICLES | changes).items()]
    return {"行政处罚法": {"version_date": version, "articles": articles}}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (text_of(), set()),
        (text_of(**{"36": "一款，\n二款"}), set()),
        (text_of(**{"86": "别的。"}), set()),
        (text_of(**{"36": "一款改了。\n二款。"}), {("error", "article_text_differs")}),
        (text_of(version="2025-01-01"), {("warning", "text_of_other_version")}),
        ({}, {("warning", "no_text_to_compare")}),
    ],
)
def test_cited_articles_are_compared_with_full_texts(texts, expected):
    assert found(make_item(), texts=texts) == expected


@pytest.mark.parametrize(
    "words",
    [
        "故A项正确。",
        "选项B错误。",
        "故选C。",
        "答案为D。",
        "A、C两项当选。",
        "AB选项均不符合。",
        "应选BD。",
        "因此 C 正确。",
        "B项、D项错误",
    ],
)
@pytest.mark.parametrize("place", ["stem", "explanation", "note"])
def test_a_letter_of_an_option_is_an_error(words, place):
    data = make_data()
    if place == "note":
        data["options"][2]["note"] = words
    else:
        data[place] = words
    assert ("error", "letter_reference") in found(Item.from_dict(data))


@pytest.mark.parametrize(
    "words",
    [
        "A公司未取得许可。",
        "A市B区的市场监管局立案。",
        "该A项目未经批准。",
        "甲项正确。",
        "持C1驾驶证。",
        "采用PDA执法。",
        "选择适当的措施。",
        "按GB标准选项执行。",
    ],
)
def test_a_letter_that_names_something_else_is_none(words):
    assert found(make_item(explanation=words)) == set()


@pytest.mark.parametrize(
    "option",
    [
        "以上都对",
        "以上都是",
        "以上都不对",
        "以上均正确",
        "以上选项均不正确",
        "以上三项都对",
        "上述说法都正确",
        "以上全部",
        "都正确",
        "其他选项均错误",
        "All of the above",
        "none of the above",
    ],
)
def test_a_banned_wording_is_an_error(option):
    data = make_data()
    data["options"][3]["text"] = option
    assert ("error", "banned_wording") in found(Item.from_dict(data))


@pytest.mark.parametrize(
    "option",
    [
        "三人以上都应当签名",
        "上述机关的负责人决定",
        "以上级机关的决定为准",
        "都市农业部门",
        "两名以上执法人员",
    ],
)
def test_an_honest_option_is_not_banned(option):
    data = make_data()
    data["options"][3]["text"] = option
    assert ("error", "banned_wording") not in found(Item.from_dict(data))


def bent(**changes):
    """A single choice item with other option texts, by letter."""
    data = make_data()
    for option in data["options"]:
        option["text"] = changes.get(option["key"], option["text"])
    return Item.from_dict(data)


@pytest.mark.parametrize("other", ["立案", "立案。", "“立案”", "《立案》"])
def test_an_option_twice_is_an_error(other):
    assert ("error", "option_twice") in found(bent(D=other))


@pytest.mark.parametrize(("length", "wrong"), [(14, False), (15, True)])
def test_a_right_option_much_longer_than_the_others_is_a_warning(length, wrong):
    # The longest wrong option has 7 characters, so the limits are 12.6 and 15.
    item = bent(A="甲" * 7, B="乙" * length, C="丙" * 6, D="丁" * 5)
    assert (("warning", "right_option_stands_out") in found(item)) is wrong


def test_a_long_wrong_option_is_no_finding():
    assert found(bent(A="甲" * 40)) == set()


@pytest.mark.parametrize(
    ("kind", "count", "wrong"),
    [("single_choice", 3, True), ("single_choice", 4, False), ("multiple_choice", 3, True)],
)
def test_an_unusual_number_of_options_is_a_warning(kind, count, wrong):
    item = make_item(
        kind, options=make_data(kind)["options"][:count], key="A" if kind == "single_choice" else ["A", "B"]
    )
    assert (("warning", "unusual_option_count") in found(item)) is wrong


def test_an_option_without_a_note_and_an_item_without_explanation_are_warnings():
    options = [{"key": key, "text": text} for key, text in zip("ABCD", ["立案", "送达", "听证", "告知"], strict=True)]
    item = make_item(options=options, explanation="")
    assert found(item) == {("warning", "no_note"), ("warning", "no_explanation")}


@pytest.mark.parametrize(
    ("stem", "code"),
    [
        ("执法人员不得不回避。", "double_negative"),
        ("该行为并非不违法。", "double_negative"),
        ("没有不受监督的权力。", "double_negative"),
        ("未告知且没有听取意见也不说明理由的不得处罚。", "many_negations"),
    ],
)
def test_a_statement_hard_to_read_is_a_warning(stem, code):
    assert ("warning", code) in found(make_item("true_false", stem=stem))


@pytest.mark.parametrize(
    "stem", ["没有不可抗力等正当理由的，视为撤回。", "当事人不服的，可以申请复议。", "执法人员不得少于两人。"]
)
def test_the_usual_negations_of_the_law_are_none(stem):
    assert found(make_item("true_false", stem=stem)) == set()


def test_a_negative_question_with_a_double_negative_option_is_a_warning():
    item = bent(C="不得不听证")
    assert found(item) == set()
    negative = item.to_dict() | {"stem": "下列说法不正确的是（　　）。"}
    assert found(Item.from_dict(negative)) == {("warning", "double_negative")}


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("见《行政处罚法》第三十六条。", False),
        ("见第36条第一款。", False),
        ("见《行政处罚法》第三十七条。", True),
        ("见第三十六条之一。", True),
        ("见《行政诉讼法》第三十七条。", False),
    ],
)
def test_an_article_of_the_explanation_that_the_basis_lacks_is_a_warning(words, wrong):
    assert (("warning", "article_not_in_basis") in found(make_item(explanation=words))) is wrong


def test_answers_listed_twice_or_given_away_are_warnings():
    assert found(make_item("fill_blank", key=[["九十", "九十"], ["行政机关"]])) == {("warning", "answer_listed_twice")}
    given = make_item("fill_blank", stem="行政机关应当在____日内以____的名义作出。", key=[["九十"], ["行政机关"]])
    assert found(given) == {("warning", "answer_in_stem")}


def test_doubles_are_found():
    one = make_item(id="penalty-law-0001")
    codes = found(one, make_item(id="penalty-law-0001", stem="别的问题在这里（　　）。"))
    assert ("error", "duplicate_id") in codes
    assert ("error", "duplicate_item") not in codes
    assert ("error", "duplicate_item") in found(one, make_item(id="penalty-law-0008", key="C"))
    others = [
        "先行登记保存证据的期限",
        "申请人民法院强制执行",
        "公开举行听证的例外情形",
        "指定管辖由谁决定为宜",
    ]
    other = make_item(
        id="penalty-law-0009",
        options=[{"key": key, "text": text, "note": "说明。"} for key, text in zip("ABCD", others, strict=True)],
    )
    assert found(one, other) == {("warning", "duplicate_stem")}


def test_near_duplicates_are_a_warning():
    stem = "违法行为在二年内未被发现的，不再给予行政处罚，法律另有规定的除外"
    items = [
        make_item("true_false", id=f"penalty-law-000{n}", stem=stem + end) for n, end in ((1, "。"), (2, "情形。"))
    ]
    assert found(*items) == {("warning", "near_duplicates")}


@pytest.mark.parametrize(("count", "wrong"), [(100, False), (101, True)])
def test_a_file_of_more_than_a_hundred_items_is_an_error(count, wrong):
    items = [make_item(id=f"penalty-law-{number:04d}", stem=f"{number * 7919}（　　）。") for number in range(count)]
    assert (("error", "too_many_items") in found(*items)) is wrong


def spread(kind, keys, **changes):
    items = [make_item(kind, id=f"penalty-law-{number:04d}", key=key, **changes) for number, key in enumerate(keys)]
    return {finding.code for finding in findings(*items) if not finding.item}


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ("ABCD" * 5, False),
        ("A" * 7 + "B" * 5 + "C" * 5 + "D" * 3, False),
        ("A" * 8 + "BCD" * 4, True),
        ("A" * 6 + "B" * 6 + "C" * 6 + "D" * 2, True),
        ("A" * 19, False),
    ],
)
def test_keys_that_lean_to_a_letter_are_a_warning(keys, wrong):
    assert ("uneven_keys" in spread("single_choice", keys)) is wrong


@pytest.mark.parametrize(("true", "wrong"), [(7, False), (13, False), (6, True), (14, True)])
def test_statements_that_are_mostly_true_or_false_are_a_warning(true, wrong):
    assert ("uneven_truth" in spread("true_false", [True] * true + [False] * (20 - true))) is wrong


@pytest.mark.parametrize(("whole", "wrong"), [(5, False), (6, True)])
def test_too_many_items_with_every_option_right_are_a_warning(whole, wrong):
    keys = [list("ABCDE")] * whole + [["A", "B"]] * (20 - whole)
    assert ("often_all_right" in spread("multiple_choice", keys)) is wrong


def levels(kind, keys, options):
    items = [
        make_item(kind, id=f"penalty-law-{number:04d}", key=key, options=options) for number, key in enumerate(keys)
    ]
    return [one.level for one in findings(*items) if one.code == "longest_is_right" and not one.file]


# D is the longest of these options, so each item with the key D counts; 10 of 40 are to be expected.
LONG_D = [{"key": key, "text": key * (3 if key == "D" else 2), "note": "说明。"} for key in "ABCD"]


@pytest.mark.parametrize(("longest", "level"), [(17, []), (18, ["warning"]), (19, ["warning"]), (20, ["error"])])
def test_the_longest_option_may_be_right_as_often_as_chance_allows(longest, level):
    assert levels("single_choice", ("D" * longest + "ABC" * 13)[:40], LONG_D) == level


def test_options_of_one_length_say_nothing_about_the_key():
    level = [one | {"text": one["key"] * 3} for one in LONG_D]
    assert levels("single_choice", "D" * 40, level) == []


@pytest.mark.parametrize(("longest", "level"), [(27, []), (28, ["warning"]), (31, ["error"])])
def test_in_multiple_choice_the_longest_option_is_weighed_by_how_many_are_right(longest, level):
    # Two of four are right, so the longest one is right in half of the items by chance.
    keys = [["A", "D"]] * longest + [["A", "B"]] * (40 - longest)
    assert levels("multiple_choice", keys, LONG_D) == level


@pytest.mark.parametrize(("shares", "hits", "chance"), [([0.5] * 4, 4, 0.0625), ([0.25, 0.5], 1, 0.625), ([], 0, 1)])
def test_the_chance_of_so_many_hits_is_that_of_so_many_tosses(shares, hits, chance):
    assert at_least(hits, shares) == pytest.approx(chance)


def test_a_finding_tells_where_it_is():
    lines = [str(finding) for finding in findings(make_item(basis=[BASIS | {"article": "87"}]))]
    assert lines == [f"{FILE}:penalty-law-0001: error: no_such_article at basis[0] (law=行政处罚法, article=87)"]


# What follows is about the shipped bank.


def test_the_shipped_bank_has_no_errors():
    bank, faults = read()
    wrong = [str(finding) for finding in check(bank, register(), taxonomy(), faults=faults) if finding.level == "error"]
    assert wrong == []


def test_the_shipped_bank_can_be_loaded_and_graded():
    bank = load()
    assert len(bank) > 0
    for item in (part for whole in bank for part in expand(whole)):
        answer = [one[0] for one in item.key] if item.kind == "fill_blank" else kinds.right_answer(item)
        grades = [grade(item, answer, rule) for rule in kinds.RULES]
        # A short answer is marked by a person; the full marks of its rubric must be all of it.
        if item.kind == "short_answer":
            grades.append(marked(item, [Decimal(1)] * len(item.settings["rubric"])))
        assert all(one.fraction == 1 or one.needs_person for one in grades), item.id
        assert grades[-1].fraction == 1, item.id
