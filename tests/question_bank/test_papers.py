"""Papers as plain text: the habits of Chinese papers are read, doubts are told, and no line is lost."""

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from question_bank import formats
from question_bank.formats import pasted_text
from question_bank.formats.kind_words import kind_of_heading
from question_bank.formats.paper_lines import keys_in, number_at, options_in, options_inside, tidied
from question_bank.formats.report import DOUBTFUL, Unreadable, complete

DEFAULTS = {"wing": "procedures", "topic": "hearing", "fields": ["general"], "difficulty": 3, "level": "recall"}


def read(words):
    return complete(pasted_text.read(words.encode(), "试卷.txt").found, DEFAULTS)


def shown(words):
    """Kind, stem, options and key of each question, or its first problem."""
    return [
        (one.item.kind, one.item.stem, [option.text for option in one.item.options], one.item.to_dict().get("key"))
        if one.item
        else (one.problems[0].place, one.problems[0].code)
        for one in read(words)
    ]


PAPER = """2025年执法考试模拟卷
（时间90分钟）
一、单项选择题（每题1分，共3分）
1. 申请听证的期限是（  ）。
A．三日    B．五日\tC．七日   D．十五日
2、对公民当场罚款的限额是（ d ）。
A、五十元
B、一百元
C、五百元
D、二百元
║ 3．期限届满（ ）。A.甲 B.乙 C.丙 D.丁 答案：B
二、多项选择题（每题2分）
1. 下列属于行政处罚的有（ ）
A. 警告
B. 罚款
C. 记过
D. 行政拘留
三、判断题
1. 执法人员不得少于两人。（√）
2. 申辩可以加重处罚。
四、填空题
1. 应当在____日内由____作出。
五、简答题
1. 简述处罚的种类。

参考答案
一、单项选择题
1-3 BDB
二、多项选择题
1. ABD
三、判断题
1.√ 2.×
四、填空题
1. 五；行政机关
五、简答题
1. 警告、通报批评；
罚款、没收违法所得。
"""


def test_a_whole_paper_with_its_answers_at_the_end():
    done = read(PAPER)
    assert [one.problems for one in done] == [()] * 8
    assert [one.item.kind for one in done] == [
        *["single_choice"] * 3, "multiple_choice", *["true_false"] * 2, "fill_blank", "short_answer",
    ]  # fmt: skip
    assert [one.item.key for one in done[:7]] == ["B", "D", "B", ("A", "B", "D"), True, False, (("五",), ("行政机关",))]
    assert done[1].item.stem == "对公民当场罚款的限额是（  ）。"
    assert done[7].item.settings["sample"] == "警告、通报批评；\n罚款、没收违法所得。"
    report = pasted_text.read(PAPER.encode(), "x")
    assert [(note.code, note.params.get("lines")) for note in report.notes if note.code != "heading_row"] == [
        ("lines_passed_over", 2), ("answer_list", 12), ("decorations_removed", None),
    ]  # fmt: skip


def test_questions_without_numbers_in_the_manner_of_aiken():
    words = "期限是多少？\nA、三日\nB、五日\n答案：B\n解析：见条文。\n\n"
    words += "哪些是处罚？\nA、警告\nB、罚款\nC、记过\n【答案】AB\n\n执法人员不得少于两人。\n答案：对\n"
    assert shown(words) == [
        ("single_choice", "期限是多少？", ["三日", "五日"], "B"),
        ("multiple_choice", "哪些是处罚？", ["警告", "罚款", "记过"], ["A", "B"]),
        ("true_false", "执法人员不得少于两人。", [], True),
    ]
    assert read(words)[0].item.explanation == "见条文。"
    assert formats.sniff(words.encode("gbk"), "x.txt").name == "text"


QUESTION = "1. 期限是（ ）。\n"
OPTIONS = ["三日", "五日", "七日", "九日"]


@pytest.mark.parametrize(
    "rest",
    [
        "A.三日\nB.五日\nC.七日\nD.九日\n答案：B",
        "A、三日 B、五日 C、七日 D、九日\n正确答案：B",
        "A．三日\tB．五日\tC．七日\tD．九日 答案：B",
        "a.三日\nb.五日\nc.七日\nd.九日\n【答案】b",
        "(A)三日 (B)五日 (C)七日 (D)九日\n参考答案：B",
        "（A）三日\n（B）五日\n（C）七日\n（D）九日\n答案 B",
        "A:三日\nB:五日\nC:七日\nD:九日\n[答案]B",
        "A 三日\nB 五日\nC 七日\nD 九日\n答案:B",
        "\u3000\u3000A、三日\u00a0\u00a0B、五日\n\u3000\u3000C、七日\u3000D、九日\n答案：Ｂ",
        "┆A．三日┆\n┆B．五日┆\n┆C．七日┆\n┆D．九日┆\nANSWER: B",
        "答案：B\nA.三日\nB.五日\nC.七日\nD.九日",
        "A.三日\n\nB.五日\n\nC.七日\n\nD.九日\n\n答案：B。解析：见条文。",
    ],
)
def test_options_and_answers_in_every_writing(rest):
    assert shown(QUESTION + rest) == [("single_choice", "期限是（ ）。", OPTIONS, "B")]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("1. 期限是（ C ）。\nA.三日\nB.五日\nC.七日", ("single_choice", "期限是（  ）。", OPTIONS[:3], "C")),
        ("1. 期限是？A.三日 B.五日 C.七日（答案：B）", ("single_choice", "期限是？", OPTIONS[:3], "B")),
        ("【多选题】1、哪？\nA.三日\nB.五日\nC.七日\n答案：AC", ("multiple_choice", "哪？", OPTIONS[:3], [*"AC"])),
        ("1、对吗。（×）", ("true_false", "对吗。", [], False)),
        ("1、[填空题]由____作出。\n答案：机关;部门", ("fill_blank", "由____作出。", [], [["机关", "部门"]])),
        ("1、____内由____作出。\n答案：五;5|甲", ("fill_blank", "____内由____作出。", [], [["五", "5"], ["甲"]])),
        ("1、（a）由（b）办。\n题型：填空题\n【答案】五；六", ("fill_blank", "____由____办。", [], [["五"], ["六"]])),
    ],
)  # fmt: skip
def test_single_questions_of_other_habits(words, wanted):
    assert shown(words) == [wanted]


@pytest.mark.parametrize(
    ("words", "place", "code"),
    [
        ("1. 期限？\nA.三日\nB.五日", "key", "missing"),
        ("1. 期限？\nA.三日\nB.五日\n答案：D", "key", "unknown_key"),
        ("1. 期限？\nA.三日\nB.五日\nB.七日\nD.九日\n答案：B", "key", "unknown_key"),
        ("一、单选题\n1. 期限？\nA.三日\nB.五日\nC.七日\n答案：AB", "key", "several_right_of_one"),
        ("1. 期限（ A ）？\nA.三日\nB.五日\n答案：B", "key", "keys_contradict"),
    ],
)
def test_what_cannot_be_right_is_refused(words, place, code):
    (one,) = read(words)
    assert (place, code) in [(problem.place, problem.code) for problem in one.problems]
    assert one.found.raw["text"] == words.partition("一、单选题\n")[2] or one.found.raw["text"] == words


def test_a_doubled_letter_is_put_right_and_told_where_the_key_is_another():
    (one,) = read("1. 期限？\nA.三日\nB.五日\nB.七日\nD.九日\n答案：D")
    assert one.item.key == "D"
    assert ("option_letter_twice", DOUBTFUL) in [(repair.code, repair.confidence) for repair in one.found.repairs]


def test_an_empty_option_is_left_out_and_told():
    (one,) = read("1. 期限？\nA.三日\nB.五日\nC.\nD.九日\n答案：D")
    assert ([option.text for option in one.item.options], one.item.key) == (["三日", "五日", "九日"], "C")
    assert one.found.doubtful


def test_a_numbered_answer_stays_one_answer():
    words = (
        "一、简答题\n1. 简述处罚的种类。\n答：\n1. 警告；\n2. 罚款；\n3. 拘留。\n2. 简述程序。\n答：先立案，后调查。"
    )
    done = read(words)
    assert [one.item.settings["sample"] for one in done] == ["1. 警告；\n2. 罚款；\n3. 拘留。", "先立案，后调查。"]
    assert done[0].found.doubtful


def test_lists_of_answers_find_their_parts_when_numbers_begin_again():
    words = "一、单选题\n1. 甲？\nA.一\nB.二\n2. 乙？\nA.一\nB.二\n二、判断题\n1. 丙。\n2. 丁。\n答案：\n"
    for answers in ("一、单选题\n1-2 AB\n二、判断题\n1-2 √×", "1.A 2.B\n1.对 2.错"):
        assert [one.item.key for one in read(words + answers)] == ["A", "B", True, False]


def test_an_answer_list_that_contradicts_or_does_not_fit_is_told():
    words = "1. 甲？\nA.一\nB.二\n答案：A\n2. 乙？\nA.一\nB.二\n参考答案\n1-3 BAA"
    report = pasted_text.read(words.encode(), "x")
    assert [repair.code for repair in report.found[0].repairs if repair.confidence == DOUBTFUL] == ["two_answers"]
    assert ("answers_without_question", "3 A") in [(note.code, note.before) for note in report.notes]


def test_what_a_question_says_about_itself_is_taken():
    (one,) = read("1. 对吗。\n答案：对\n难度：易\n知识点：听证\n法律依据：《行政处罚法》第六十四条\n解析：因为。")
    assert (one.item.difficulty, one.item.topic, one.item.basis[0].article, one.item.explanation) == (
        2, "hearing", "64", "因为。",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("1-5 ABCDA", [(1, "A"), (2, "B"), (3, "C"), (4, "D"), (5, "A")]),
        ("1—3：AB C D", [(1, "AB"), (2, "C"), (3, "D")]),
        ("1~2 AB ACD", [(1, "AB"), (2, "ACD")]),
        ("1-3：√×√ 4-5 对错", [(1, "√"), (2, "×"), (3, "√"), (4, "对"), (5, "错")]),
        ("1.A 2.B、3.C", [(1, "A"), (2, "B"), (3, "C")]),
        ("1、AB；2、正确", [(1, "AB"), (2, "正确")]),
        ("1.行政机关", None),
        ("1-5 ABC", None),
        ("没有答案", None),
    ],
)
def test_keys_of_a_line(words, keys):
    assert keys_in(words) == keys


def test_marks_of_lines():
    assert number_at("12．题目") == (12, "题目")
    assert number_at("第3题：题目") == (3, "题目")
    assert number_at("3.5%的税率") is None
    assert options_in("A.甲 B.乙 Q.丙", 0) == [("A", "甲"), ("B", "乙 Q.丙")]
    assert options_in("A市的甲", 0) == []
    assert options_inside("甲（ ）。A.一 B.二 C.三") == ("甲（ ）。", [("A", "一"), ("B", "二"), ("C", "三")])
    assert options_inside("见A. 和B. 两项") == ("见A. 和B. 两项", [])
    assert tidied("★ ║ 甲\u3000乙\u200b ┆") == ("║ 甲 乙", True)
    assert kind_of_heading("一、单项选择题（每题1分）") == "single_choice"
    assert kind_of_heading("一、行政处罚的种类") is None


@pytest.mark.parametrize("words", ["", "\n\n", "随便写写", "\0", "会议纪要\n\n今天开会。\n"])
def test_what_is_no_paper_is_unreadable(words):
    with pytest.raises(Unreadable):
        pasted_text.read(words.encode(), "x.txt")


TYPICAL = (
    "一、单选题|二、填空题|参考答案|答案：B|答案|1. 甲（ ）|2、乙（ A ）|3．____丙|A.一 B.二|A、一|B、二|C.|解析：因为"
)
MORE = "1-3 ABC|1. A|难度：难|║ 4. 丁|5 戊|答：1. 己|继续|（√）|【多选题】庚|"
LINES = st.sampled_from(f"{TYPICAL}|{MORE}".split("|"))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(LINES, st.text(max_size=8)), max_size=14))
def test_every_line_is_in_a_question_or_a_note(lines):
    words = "\n".join(lines).replace("\r", "\n")
    with contextlib.suppress(Unreadable):
        report = pasted_text.read(words.encode("utf-8", "replace"), "x.txt")
        filled = sum(bool(tidied(line)[0]) for line in words.split("\n"))
        held = sum(sum(bool(line) for line in one.raw["text"].split("\n")) for one in report.found)
        assert held + sum(note.params.get("lines", 0) for note in report.notes) == filled
        for one in complete(report.found, DEFAULTS):
            assert (one.item is None) == bool(one.problems)
