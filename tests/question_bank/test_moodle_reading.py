"""Moodle XML as other people write it: weights, words, embedded files, old habits, and what has no counterpart."""

import base64

import pytest

from question_bank import formats
from question_bank.formats.report import complete
from tests.question_bank.inventing import HASH, PICTURE
from tests.question_bank.samples import make_item

ASKED = {"wing": "procedures", "topic": "hearing", "fields": ["general"], "difficulty": 3, "level": "recall"}


def read(*questions):
    content = f'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>{"".join(questions)}</quiz>'.encode()
    assert formats.sniff(content, "x.xml").name == "moodle_xml"
    return complete(formats.read(content, "x.xml").found, ASKED)


def read_one(question):
    (done,) = read(question)
    return done


def codes(done):
    return [(one.code, one.confidence) for one in done.found.repairs]


def multichoice(*weights, single="true", texts="ABCD"):
    answers = "".join(
        f'<answer fraction="{weight}" format="html"><text>{text}</text>'
        f"<feedback><text>因为{text}</text></feedback></answer>"
        for text, weight in zip(texts, weights, strict=False)
    )
    return (
        '<question type="multichoice"><name><text>q</text></name>'
        '<questiontext format="html"><text><![CDATA[<p>题干</p>]]>'
        f"</text></questiontext><generalfeedback><text>解析</text></generalfeedback><single>{single}</single>"
        f"{answers}</question>"
    )


@pytest.mark.parametrize(
    ("weights", "single", "kind", "key", "told"),
    [
        ((0, 100, 0, 0), "true", "single_choice", "B", []),
        ((50, 50, 0, 0), "false", "multiple_choice", ("A", "B"), []),
        ((33.33333, 33.33333, 33.33333, -100), "false", "multiple_choice", ("A", "B", "C"), []),
        ((70, 30, 0, 0), "0", "multiple_choice", ("A", "B"), [("weights_not_kept", "doubtful")]),
        ((50, 50, -50, -100), "false", "multiple_choice", ("A", "B"), [("weights_not_kept", "doubtful")]),
        ((33, 33, 0, 0), "false", "multiple_choice", ("A", "B"), [("weights_not_kept", "likely")]),
        ((0, 50, 0, 0), "true", "single_choice", "B", [("best_option_taken", "doubtful")]),
        ((100, 100, 0, 0), "true", "multiple_choice", ("A", "B"), [("several_right_of_one", "doubtful")]),
        ((100, 0, 0, 0), "false", "multiple_choice", ("A",), [("one_right_of_several", "likely")]),
        ((100, 0), "false", "single_choice", "A", [("single_instead_of_several", "likely")]),
        ((0, 100, -100, 0), "true", "single_choice", "B", [("weights_not_kept", "certain")]),
    ],
)
def test_weights_become_the_nearest_key(weights, single, kind, key, told):
    done = read_one(multichoice(*weights, single=single))
    assert (done.item.kind, done.item.key) == (kind, key)
    assert codes(done) == told
    assert done.item.options[0].note == "因为A"
    assert done.item.explanation == "解析"


def test_a_choice_without_a_right_option_is_told_and_kept_out():
    done = read_one(multichoice(0, 0, 0))
    assert [one.code for one in done.problems] == ["no_right_option"]
    assert done.found.data["options"][2]["text"] == "C"


@pytest.mark.parametrize(
    ("first", "second", "truth", "told"),
    [
        ("true", "false", True, []),
        ("False", "True", False, []),
        ("正确", "错误", True, [("truth_in_words", "certain")]),
        ("Falsch", "Wahr", False, [("truth_in_words", "certain")]),
        ("oikein", "väärin", True, [("truth_by_order", "doubtful")]),
    ],
)
def test_true_and_false_are_known_in_other_words(first, second, truth, told):
    done = read_one(
        '<question type="truefalse"><questiontext><text>题</text></questiontext>'
        f'<answer fraction="100"><text>{first}</text></answer>'
        f'<answer fraction="0"><text>{second}</text></answer></question>'
    )
    assert done.item.key is truth
    assert codes(done) == told


def short(*answers, stem="应当在____日内作出。", kind="shortanswer", more=""):
    rows = "".join(
        f'<answer fraction="{weight}"><text>{words}</text>{inner}</answer>' for words, weight, inner in answers
    )
    return f'<question type="{kind}"><questiontext><text>{stem}</text></questiontext>{rows}{more}</question>'


def test_short_answers_keep_what_earns_everything():
    done = read_one(
        short(("七", 100, ""), ("7", 100, ""), ("七八", 50, ""), ("*", 0, "<feedback><text>不对</text></feedback>"))
    )
    assert done.item.key == (("七", "7"),)
    assert codes(done) == [("partial_answer_left_out", "doubtful")]
    assert done.found.unsupported == ("feedback_on_wrong_answers",)


def test_wildcards_and_low_lines_are_told():
    done = read_one(short(("*行政机关*", 100, ""), stem="变量 a_b 是______。"))
    assert done.item.stem == "变量 a＿b 是____。"
    assert done.item.key == (("行政机关",),)
    assert codes(done) == [("wildcard_removed", "doubtful"), ("low_line_widened", "certain")]


def test_a_stem_without_a_blank_gets_one():
    done = read_one(short(("七日", 100, ""), stem="听证的期限是多久？"))
    assert done.item.stem == "听证的期限是多久？\n____"


def test_numbers_keep_their_tolerance_and_the_best_of_partial_ones():
    done = read_one(short(("3.14", 100, "<tolerance>0.005</tolerance>"), kind="numerical"))
    assert (done.item.key, done.item.settings["tolerance"]) == ((("3.14",),), ("0.005",))
    done = read_one(short(("3", 80, "<tolerance>0</tolerance>"), ("4", 20, ""), kind="numerical"))
    assert done.item.key == (("3",),)
    assert ("best_answer_taken", "doubtful") in codes(done)


def test_matching_takes_a_pair_without_left_side_as_a_further_option():
    pairs = [("罚款", "十五日"), ("登记保存", "七日"), ("", "三十日")]
    rows = "".join(
        f'<subquestion format="html"><text>{left}</text><answer><text>{right}</text></answer></subquestion>'
        for left, right in pairs
    )
    done = read_one(f'<question type="matching"><questiontext><text>配对</text></questiontext>{rows}</question>')
    assert [option.text for option in done.item.options] == ["十五日", "七日", "三十日"]
    assert dict(done.item.key) == {"1": "A", "2": "B"}


def cloze(text):
    return (
        f'<question type="cloze"><questiontext format="html"><text><![CDATA[{text}]]></text></questiontext></question>'
    )


def test_cloze_of_typed_answers_is_a_fill_in():
    done = read_one(cloze("<p>在{1:SHORTANSWER:=七日~=7天#好~%50%八日}内，罚{:NM:=100:5~=200:5}元。</p>"))
    assert done.item.stem == "在____内，罚____元。"
    assert done.item.key == (("七日", "7天"), ("100", "200"))
    assert done.item.settings["tolerance"] == (None, "5")


def test_cloze_knows_escapes_and_entities():
    done = read_one(cloze(r"<p>{1:SA:=a\}b~=c\~d~=e&#61;f~=g\#h}</p>"))
    assert done.item.key == (("a}b", "c~d", "e=f", "g#h"),)


def test_cloze_of_one_choice_is_a_choice_and_of_several_things_a_case():
    done = read_one(cloze("首都是{1:MULTICHOICE:上海#不对~%100%北京#对~广州}。"))
    assert (done.item.kind, done.item.key, done.item.stem) == ("single_choice", "B", "首都是____。")
    assert done.item.options[1].note == "对"
    done = read_one(cloze("甲{1:MC:=是~否}，乙{2:SA:=七日}。"))
    assert done.item.kind == "case_study"
    assert done.item.stem == "甲（1）____，乙（2）____。"
    assert [part["kind"] for part in done.item.settings["parts"]] == ["single_choice", "fill_blank"]
    assert [part.get("weight", 1) for part in done.item.settings["parts"]] == [1, 2]
    assert codes(done) == [("cloze_as_case", "likely")]


def test_words_to_choose_become_a_matching_of_gaps():
    boxes = "".join(
        f"<selectoption><text>{word}</text><group>1</group></selectoption>" for word in ("立案", "调查", "决定")
    )
    done = read_one(
        f'<question type="gapselect"><questiontext><text>先[[1]]，再[[2]]。</text></questiontext>{boxes}</question>'
    )
    assert done.item.stem == "先（1）____，再（2）____。"
    assert dict(done.item.key) == {"1": "A", "2": "B"}


def test_ordering_is_shown_in_an_order_that_is_not_the_right_one():
    answers = "".join(
        f'<answer fraction="{place}.0000000"><text>{step}</text></answer>'
        for place, step in ((2, "调查"), (1, "立案"), (3, "决定"))
    )
    question = f'<question type="ordering"><questiontext><text>排序</text></questiontext>{answers}</question>'
    done = read_one(question)
    assert [done.item.option(key).text for key in done.item.key] == ["立案", "调查", "决定"]
    assert done.item.key != done.item.option_keys
    assert read_one(question).item == done.item


def test_an_essay_takes_what_graders_are_told():
    done = read_one(
        '<question type="essay"><questiontext><text>简述</text></questiontext>'
        "<graderinfo><text>说明理由。</text></graderinfo></question>"
    )
    assert (done.item.kind, done.item.settings["sample"]) == ("short_answer", "说明理由。")
    assert codes(done) == [("rubric_made", "doubtful")]
    done = read_one('<question type="essay"><questiontext><text>简述</text></questiontext></question>')
    assert [one.code for one in done.problems] == ["no_sample"]


def test_embedded_files_become_media():
    file = f'<file name="现场 图.png" path="/" encoding="base64">{base64.b64encode(PICTURE).decode()}</file>'
    text = (
        '<p>见图</p><img src="@@PLUGINFILE@@/%E7%8E%B0%E5%9C%BA%20%E5%9B%BE.png" alt="现场">'
        '<img src="@@PLUGINFILE@@/no.png">'
    )
    content = multichoice(100, 0).replace("<p>题干</p>]]></text>", f"{text}]]></text>{file}")
    report = formats.read(f"<quiz>{content}</quiz>".encode(), "x.xml")
    (done,) = complete(report.found, ASKED)
    assert [medium.content for medium in report.media] == [PICTURE]
    assert done.item.media[0].sha256 == HASH
    assert done.item.media[0].alt == "现场"
    assert done.item.stem == f"见图\n\n![](media:{done.item.media[0].name})[no.png]"
    assert ("picture_missing", "doubtful") in codes(done)


def test_markup_of_one_text_makes_the_whole_item_markdown():
    done = read_one(multichoice(100, 0, texts=["*甲*", "乙"]).replace("<p>题干</p>", "<p>应当<b>听证</b>的</p>"))
    assert done.item.format == "markdown"
    assert done.item.stem == "应当**听证**的"
    assert done.item.options[0].text == r"\*甲\*"


def test_html_that_stands_in_a_text_as_elements_keeps_its_lines_and_hides_its_style():
    listing = "名单：<style>pre.wide{ color: red; }<br/></style><pre>1. 甲 &lt; 乙<br/>2. 乙</pre>谁在____位？"
    done = read_one(short(("首", 100, ""), stem=listing))
    assert done.item.stem == "名单：\n1. 甲 < 乙\n2. 乙\n谁在____位？"


def test_raised_signs_keep_their_meaning_and_lost_marks_are_named():
    done = read_one(
        multichoice(100, 0).replace("<p>题干</p>", "10<sup>2</sup> x<sub>ab</sub> <u>划线</u> <a href='x'>链接</a>")
    )
    assert done.item.stem == "10² x_(ab) 划线 链接"
    assert set(done.found.unsupported) == {"underline", "link"}


def test_categories_hint_at_topics_and_hidden_questions_at_doubt():
    category = '<question type="category"><category><text>$course$/top/执法程序/送达</text></category></question>'
    hidden = multichoice(100, 0).replace("<single>", "<hidden>1</hidden><single>")
    plain, doubtful = read(multichoice(100, 0), category + hidden)
    assert (plain.item.topic, doubtful.item.topic, doubtful.item.wing) == ("hearing", "service_delivery", "procedures")
    assert codes(doubtful) == [("topic_from_category", "likely"), ("was_hidden", "doubtful")]


@pytest.mark.parametrize("kind", ["calculated", "ddmarker", "stack", "randomsamatch", ""])
def test_other_types_are_told_and_never_dropped(kind):
    done = read_one(f'<question type="{kind}"><questiontext><text>题</text></questiontext></question>')
    assert [one.code for one in done.problems] == ["kind_not_supported"]
    assert done.found.data["stem"] == "题"


def test_a_description_is_no_question():
    done = read_one('<question type="description"><questiontext><text>说明</text></questiontext></question>')
    assert [one.code for one in done.problems] == ["not_a_question"]


def test_a_foreign_number_is_no_id_of_ours():
    done = read_one(multichoice(100, 0).replace("<single>", "<idnumber>hearing-0001</idnumber><single>"))
    assert done.item.id.startswith("imp-")
    assert done.found.raw["idnumber"] == "hearing-0001"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'<!DOCTYPE q [<!ENTITY a "x">]><quiz><question type="essay">&a;</question></quiz>', "xml_with_entities"),
        (b"<quiz><question>", "not_xml"),
        (b"<html/>", "not_moodle_xml"),
        (b"<quiz>" + b"<a>" * 5000, "nested_too_deep"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(content, code):
    with pytest.raises(formats.Unreadable) as caught:
        formats.read(content, "x.xml", "moodle_xml")
    assert caught.value.code == code


def test_xml_in_gbk_is_read():
    content = f'<?xml version="1.0" encoding="gb2312"?><quiz>{multichoice(100, 0)}</quiz>'.encode("gbk")
    assert complete(formats.read(content, "x.xml").found, ASKED)[0].item.stem == "题干"


def test_signs_that_only_html_has_names_for_are_read_and_told():
    question = (
        '<question type="truefalse"><questiontext format="html"><text>先受理 &rarr; 后立案&hellip;'
        "<![CDATA[，见 &larr;]]></text></questiontext>"
        '<answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text></answer></question>'
    )
    report = formats.read(f"<quiz>{question}</quiz>".encode(), "x.xml")
    (done,) = complete(report.found, ASKED)
    assert done.item.stem == "先受理 → 后立案…，见 ←"
    assert [(note.code, note.before) for note in report.notes] == [("html_names_in_xml", "&rarr; &hellip;")]
    with pytest.raises(formats.Unreadable):
        formats.read(b"<quiz>&nobody;</quiz>", "x.xml")
    with pytest.raises(formats.Unreadable):
        formats.read(b'<!DOCTYPE quiz [<!ENTITY a "b">]><quiz>&a;&rarr;</quiz>', "x.xml")


def test_an_error_finding_item_whose_sentences_were_taken_apart_in_moodle_is_a_multiple_choice():
    chosen = formats.find("moodle_xml")
    content = chosen.writer([make_item("error_finding")]).replace(b'class="sentence"', b"", 1)
    (done,) = complete(chosen.reader(content, "x").found, {})
    assert done.item.kind == "multiple_choice"
