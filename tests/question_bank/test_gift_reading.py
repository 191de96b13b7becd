"""GIFT as Moodle reads it, and the traps of files written in China."""

from contextlib import suppress

import pytest

from question_bank import formats
from question_bank.formats.report import complete

ASKED = {"wing": "procedures", "topic": "hearing", "fields": ["general"], "difficulty": 3, "level": "recall"}


def read(words):
    return formats.read(words if isinstance(words, bytes) else words.encode(), "x.gift", "gift")


def read_one(words):
    (done,) = complete(read(words).found, ASKED)
    return done


def codes(done):
    return [(one.code, one.confidence) for one in done.found.repairs]


@pytest.mark.parametrize(
    ("source", "kind", "key"),
    [
        ("::名::期限是？{=七日 ~五日 ~三日}", "single_choice", "A"),
        ("期限是？{~%50%七日 ~%50%十日 ~%-100%三日}", "multiple_choice", ("A", "B")),
        ("执法人员不得少于两人。{T}", "true_false", True),
        ("可以一人执法。{FALSE#不行#对}", "true_false", False),
        ("期限是{=七日 =7日}。", "fill_blank", (("七日", "7日"),)),
        ("圆周率{#3.14:0.01}", "fill_blank", (("3.14",),)),
        ("圆周率{#3.1..3.2}", "fill_blank", (("3.15",),)),
        ("配对{=罚款 -> 十五日 =听证 -> 五日}", "matching", {"1": "A", "2": "B"}),
    ],
)
def test_the_type_follows_from_the_answers(source, kind, key):
    done = read_one(source)
    assert done.problems == ()
    assert done.item.kind == kind
    assert (dict(done.item.key) if kind == "matching" else done.item.key) == key


def test_a_lower_case_true_is_a_short_answer():
    assert read_one("对吗？{true}").item.kind == "fill_blank"


def test_two_right_ones_of_a_single_choice_are_told():
    done = read_one("选{=甲 =乙 ~丙}")
    assert (done.item.kind, done.item.key) == ("multiple_choice", ("A", "B"))
    assert codes(done) == [("several_right_of_one", "doubtful")]


def test_text_after_the_brace_makes_a_blank_there():
    assert read_one("应当在{=七日}内作出。").item.stem == "应当在____内作出。"


def test_escapes_and_feedback():
    done = read_one(r"a\=b \{c\} \: \\ \# \~\n第二行{=甲\=#因为 ~乙 ####总\:解析}")
    assert done.item.stem == "a=b {c} : \\ # ~\n第二行"
    assert done.item.options[0].text == "甲="
    assert done.item.options[0].note == "因为"
    assert done.item.explanation == "总:解析"


def test_html_is_read_where_the_prefix_says_so():
    assert read_one("[html]<p>应当<b>听证</b></p>{=甲 ~乙}").item.stem == "应当**听证**"
    assert read_one("[plain]a < b{=甲 ~乙}").item.stem == "a < b"


def test_blocks_comments_categories_and_labels():
    words = "// 注释\n\n$CATEGORY: 执法程序/送达\n\n// [id:x] [tag:决赛] [tag:a\\]b]\n一{T}\n二\n\n三{F}\n"
    done = complete(read(words).found, ASKED)
    assert [one.found.place.line for one in done] == [5, 9]
    assert done[0].item.tags == ("决赛", "a]b", "id:x")
    assert [one.item.topic for one in done] == ["service_delivery", "service_delivery"]


def test_a_line_of_zero_ends_a_question_and_is_told():
    report = read("数是\n0\n吗？{T}")
    assert [note.code for note in report.notes] == ["line_of_zero"]
    assert len(report.found) == 2


@pytest.mark.parametrize(
    ("source", "key"),
    [("期限是？｛＝七日 ～五日｝", "A"), ("期限是？{＝七日 ～五日}", "A"), ("：：名：：期限是？{~七日 ＝五日}", "B")],
)
def test_full_width_signs_are_read_as_a_doubtful_repair(source, key):
    done = read_one(source)
    assert done.item.key == key
    assert ("wide_signs", "doubtful") in codes(done)


def test_full_width_signs_inside_a_text_stay():
    done = read_one("甲：乙＝丙（～）{=是 ~否}")
    assert done.item.stem == "甲：乙＝丙（～）"
    assert codes(done) == []


def test_gbk_is_read_and_told():
    report = read("期限是？{=七日 ~五日}".encode("gbk"))
    assert [note.code for note in report.notes] == ["read_as_gbk"]
    assert report.found[0].data["stem"] == "期限是？"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("没有答案的一段话", "not_a_question"),
        ("左{=甲", "brace_alone"),
        ("一{=甲}二{=乙}", "more_braces"),
        ("简述{}", "no_sample"),
        ("配对{=甲 -> 乙 =丙}", "pair_without_arrow"),
        ("数{#abc..d}", "not_a_number"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_source(source, code):
    done = read_one(source)
    assert code in [one.code for one in done.problems]
    assert done.found.raw["source"] == source


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", "﻿::a::b{T}".encode(), b"\xff\xfe\x00"])
def test_odd_bytes_never_crash(content):
    with suppress(formats.Unreadable):
        formats.read(content, "x.gift", "gift")


def test_aiken_is_strict_and_tells_lines():
    words = (
        "期限是？\nA) 三日\nB. 五日\nANSWER: B\n\n第一行\n第二行\nA) 甲\nB) 乙\nANSWER: AB\n\n没有答案\nA) 甲\nB) 乙\n"
    )
    report = formats.read(words.encode(), "x.txt")
    assert report.format == "aiken"
    first, second, third = complete(report.found, ASKED)
    assert (first.item.key, first.item.options[1].text) == ("B", "五日")
    assert [(one.code, one.params.get("line")) for one in second.problems] == [("second_stem_line", 7)]
    assert codes(second) == [("first_letter_taken", "doubtful")]
    assert [one.code for one in third.problems] == ["no_answer_line"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("题\n行\nA) 甲\nANSWER: A", "option_count"),
        ("题干\nA) 甲\nB) 乙\nANSWER: C", "unknown_key"),
        ("题干\nA) 甲\nC) 乙\nANSWER: A", "letter_out_of_order"),
        ("A) 甲\nB) 乙\nC) 丙\nANSWER: B", "no_stem_line"),
    ],
)
def test_aiken_faults(words, code):
    report = formats.read(words.encode(), "x.txt", "aiken")
    assert code in [problem.code for one in report.found for problem in one.problems]


def test_chinese_habits_are_not_aiken():
    content = "1、期限是？\nA、三日\nB、五日\n答案：B\n".encode()
    assert formats.find("aiken").sniffer(content, "x.txt") == 0
