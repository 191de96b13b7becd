"""Habits of tables found in the wild: heads of their own, letters for texts, code in stems and options."""

import pytest

from question_bank.formats.paper_lines import options_in
from question_bank.formats.report import complete
from question_bank.formats.table_heads import read_head
from tests.question_bank.test_foreign_tables import CHOICES, DEFAULTS, one, report_of, told


def test_a_column_that_goes_on_with_the_options_is_one_whatever_it_is_called():
    head = read_head(["题号", "题干", "A项", "B项", "C项", "D项目", "答案", "E库"])
    assert sorted(head.options) == list("ABCD")
    assert [head.words[number] for number in head.unknown] == ["E库"]


@pytest.mark.parametrize(
    ("kind", "stem", "options", "answer", "key"),
    [
        ("填空题", "（）日内作出。", ["五"], "A", [["五"]]),
        ("填空题", "（）日内由（）作出。", ["五", "行政机关"], "AB", [["五"], ["行政机关"]]),
        ("填空题", "由（）在（）日内作出。", ["五", "行政机关"], "BA", [["行政机关"], ["五"]]),
    ],
)
def test_a_fill_in_whose_key_is_a_letter_means_the_text_under_it(kind, stem, options, answer, key):
    done = one([kind, stem, *options, *[""] * (4 - len(options)), answer])
    assert done.item.to_dict()["key"] == key
    assert "answer_from_options" in told(done)


def test_a_short_answer_may_stand_under_its_only_option():
    item = one(["简答题", "谁作出？", "由行政机关作出。", "", "", "", "A"]).item
    assert item.settings["sample"] == "由行政机关作出。"
    for row in (["填空题", "（）日内作出。", "五", "七", "", "", "A"], ["简答题", "谁？", "甲", "", "", "", "B"]):
        assert [problem.code for problem in one(row).problems] == ["key_does_not_fit_kind"]


def test_right_and_wrong_under_later_letters_keep_their_letters():
    assert one(["判断题", "对吗。", " ", " ", "正确", "错误", "C"]).item.key is True
    assert one(["判断题", "对吗。", " ", " ", "正确", "错误", "D"]).item.key is False


@pytest.mark.parametrize(
    "options",
    [
        ["D:\\site", "/site", "C:\\site", "\\site"],
        ["d.getDate()", "d.getDay()", "d.getYear()", "d.getMonth()"],
    ],
)
def test_a_text_that_begins_like_its_letter_is_not_cut(options):
    item = one(["单选题", "哪个？", *options, "B"]).item
    assert [option.text for option in item.options] == options


@pytest.mark.parametrize(
    "stem",
    [
        "代码 document.write(a); 输出什么？",
        "代码 Array.Copy(a,b,1); foreach(int i in b) Console.Write(b); 输出什么？",
        "保证年龄(age)在16岁以上的语句是哪个？",
        "学号(id)为2的语句是哪个？",
        "where no like '010[^0]%[A,B,C]%' 查出什么？",
    ],
)
def test_letters_in_the_brackets_of_code_are_no_key(stem):
    done = one(["单选题", stem, *CHOICES, "D"])
    assert (done.item.stem, done.item.key) == (stem, "D")


def test_options_of_code_that_differ_in_one_capital_are_not_the_same():
    done = one(["单选题", "哪个对？", "bgcolor=blue", "BgColor=blue", "bgColor=blue", "BGCOLOR=blue", "C"])
    assert (done.item.key, told(done, doubtful=True)) == ("C", [])


def test_options_as_python_writes_a_list():
    done = one(["单选题", "期限？", "['三日', \"五'日\", '七日']", "B"], ("题型", "题干", "选项", "答案"))
    assert [option.text for option in done.item.options] == ["三日", "五'日", "七日"]
    assert one(["单选题", "期限？", "[__import__('os')]", "B"], ("题型", "题干", "选项", "答案")).item is None


@pytest.mark.parametrize("stem", ["题干", "描述"])
def test_answers_under_numbers_are_those_of_the_blanks(stem):
    head = ["是否启用", *[str(number) for number in range(1, 7)], stem, "序号", "图片名称1"]
    rows = [head, ["TRUE", "五", "行政机关", "", "", "", "", "应在(%___%)日内由(%___%)作出。", "1", ""]]
    rows.append(["TRUE", "听证", "", "", "", "", "", "当事人可以要求____。", "2", ""])
    done = complete(report_of(rows).found, DEFAULTS)
    assert [one.item.to_dict()["key"] for one in done] == [[["五"], ["行政机关"]], [["听证"]]]
    assert done[0].item.stem == "应在____日内由____作出。"
    assert done[0].found.unsupported == ("是否启用",)


def test_a_round_amount_is_no_day():
    done = one(["单选题", "罚款上限？", 10000, 30000, 41760, 50000, "B"])
    assert [repair.place for repair in done.found.repairs if repair.code == "number_may_be_day"] == ["options[2].text"]


def test_an_inferred_kind_is_told_as_what_it_became():
    for answer, kind in (("B", "single_choice"), ("BD", "multiple_choice")):
        done = one(["", "哪些？", *CHOICES, answer])
        assert [repair.after for repair in done.found.repairs if repair.code == "kind_inferred"] == [kind]


def test_a_paper_in_the_cells_of_a_sheet_is_read_with_the_keys_beside_its_questions():
    rows = [["高级", "答案"], ["一、单选题", ""], ["1、决定应当在()日内作出。", "B"]]
    rows += [["(A)三  (B)五  (C)七  (D)十", ""], ["2、罚款由()收缴。", "A"], ["(A)银行  (B)个人  (C)门店  (D)邮局", ""]]
    rows += [["二、判断题", ""], ["1、当事人可以申辩。", "对"], ["2、申辩可以加重处罚。", "错"]]
    report = report_of(rows)
    done = complete(report.found, DEFAULTS)
    assert [one.item.to_dict()["key"] for one in done] == ["B", "A", True, False]
    assert [one.found.place.row for one in done] == [3, 5, 8, 9]
    assert "sheet_read_as_paper" in [note.code for note in report.notes]


def test_options_in_brackets_may_stand_on_a_line_without_spaces():
    assert options_in("(A)三日(B)五日（C） 七日(D)十日", 0) == [
        ("A", "三日"),
        ("B", "五日"),
        ("C", "七日"),
        ("D", "十日"),
    ]
    assert options_in("A.甲(B)类 B.乙类", 0) == [("A", "甲(B)类"), ("B", "乙类")]
    assert options_in("(A)三日(B)五日(B)七日(C)十日", 0)[1:3] == [("B", "五日"), ("B", "七日")]
