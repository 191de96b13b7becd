"""Tables of other systems: every layout we have met is read, every doubt told, and no row is lost."""

import contextlib
import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from question_bank import formats
from question_bank.formats import foreign_tables
from question_bank.formats.report import DOUBTFUL, Unreadable, complete
from question_bank.formats.table_heads import plain_head, read_head
from question_bank.formats.tables import read_tables
from tests.question_bank.books import make_xls, make_xlsx

DEFAULTS = {"wing": "procedures", "topic": "hearing", "fields": ["general"], "difficulty": 3, "level": "recall"}


def report_of(rows, **options):
    return foreign_tables.read(make_xlsx(rows, **options), "题库.xlsx")


def items_of(rows, **options):
    """The items of a table; the first problem instead where one is kept out."""
    done = complete(report_of(rows, **options).found, DEFAULTS)
    return [one.item or (one.problems[0].place, one.problems[0].code) for one in done]


def one(row, head=("题型", "题干", "选项A", "选项B", "选项C", "选项D", "答案")):
    """The single question of a table as it was completed."""
    (done,) = complete(report_of([list(head), row]).found, DEFAULTS)
    return done


def told(done, *, doubtful=None):
    """The codes of what was repaired."""
    return [
        repair.code for repair in done.found.repairs if doubtful is None or (repair.confidence == DOUBTFUL) is doubtful
    ]


CHOICES = ["三日", "五日", "七日", "十五日"]


FOUR = "三日/五日/七日/十五日"
# Head and row as one finds them, cells parted by spaces and by strokes.
LAYOUTS = {
    "generic": ("题型 题干 选项A 选项B 选项C 选项D 选项E 答案", f"单选题/期限？/{FOUR}//B", "B"),
    "true_false": ("题型 题干 选项A 选项B 选项C 选项D 选项E 答案", "判断题/对吗。/正确/错误////A", True),
    "competition": (
        "题型 题干 选项A 选项B 选项C 选项D 选项E 选项F 正确答案 分值 来源题库 题目难度",
        f"多选/哪些？/{FOUR}///ABD/2/总行/易",
        ["A", "B", "D"],
    ),
    "answer_first": (
        "试题类型 试题内容 所属题库 题目难度 答案 选项A 选项B 选项C",
        "单选题/期限？/总库/难/C/三日/五日/七日",
        "C",
    ),
    "two_explanations": (
        "题目 类型 答案 解析 选项A 选项B 分值 难度 所属知识点 知识类 出处 知识点 知识关键点 试题解析",
        "期限？/单选题/A/甲/三日/五日/1/1/听证/////乙",
        "A",
    ),
    "flag_beside_option": (
        "试题类型 题干 解析 题干图片 选项一内容 选项一是否正确 选项一图片 选项二内容 选项二是否正确 "
        "选项三内容 选项三是否正确",
        "2/哪些？///三日/1//五日/0/七日/1",
        ["A", "C"],
    ),
    "note_in_head": (
        "题干 A选项 B选项 C选项 D选项 正确答案(只能输入ABCD否则报错) 类型",
        f"期限？/{FOUR}/b/单选",
        "B",
    ),
    "points": ("问题描述 选项A 选项B 选项C 选项D 正确答案 分数", f"期限？/{FOUR}/D/1", "D"),
    "kind_after_stem": (
        "序号 题目内容 题型 级别 选项A 选项B 选项C 选项D 答案",
        f"1/哪些？/多选题/一级/{FOUR}/A、C",
        ["A", "C"],
    ),
    "codes_in_head": (
        "问题 题型（0单选，1判断，2多选） 选项A 选项B 选项C 答案（多选用英文逗号分隔，如：A,B）",
        "哪些？/2/三日/五日/七日/A,B",
        ["A", "B"],
    ),
    "english": (
        "content type option1 option2 option3 isCorrect1 isCorrect2 isCorrect3 explanation",
        "期限？/single/三日/五日/七日/false/true/false/",
        "B",
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_of_other_systems(name):
    head, row, key = LAYOUTS[name]
    done = one(row.split("/"), head.split(" "))
    assert done.problems == ()
    assert done.item.kind == {str: "single_choice", bool: "true_false", list: "multiple_choice"}[type(key)]
    assert done.item.to_dict()["key"] == key


@pytest.mark.parametrize(
    "answer",
    [
        "ABD",
        "A,B,D",
        "A、B、D",
        "A|B|D",
        "abd",
        "Ａ，Ｂ，Ｄ",
        "A B D",
        "1,2,4",
        "A；B；D",
        "答案：ABD",
        "三日；五日；十五日",
    ],
)
def test_keys_in_every_writing(answer):
    assert one(["多选题", "哪些？", *CHOICES, answer]).item.key == ("A", "B", "D")


TRUE_FALSE = [
    ("对", True), ("错", False), ("正确", True), ("错误", False), ("√", True), ("×", False), ("是", True),
    ("否", False),
    ("T", True), ("F", False), ("A", True), ("B", False), ("1", True), ("0", False), ("TRUE", True), ("x", False),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "key"), TRUE_FALSE)
def test_right_and_wrong_in_every_writing(answer, key):
    done = one(["判断题", "申辩的可以加重处罚。", "", "", "", "", answer])
    assert done.item.key is key
    assert ("sign_as_truth" in told(done)) == (answer in "AB10")


@pytest.mark.parametrize(
    ("row", "place", "code"),
    [
        (["单选题", "期限？", *CHOICES, "E"], "key", "unknown_key"),
        (["单选题", "期限？", "三日", "五日", "", "", "D"], "key", "unknown_key"),
        (["单选题", "期限？", *CHOICES, "AB"], "key", "several_right_of_one"),
        (["单选题", "期限？", *CHOICES, ""], "key", "missing"),
        (["单选题", "期限？", *CHOICES, "都行"], "key", "letters_unreadable"),
        (["单选题", "期限？", "0", "0", "0", "0", "A"], "options", "options_all_equal"),
        (["单选题", "期限？", "", "", "", "", "A"], "options", "options_missing"),
        (["单选题", "", *CHOICES, "A"], "stem", "empty"),
        (["单选题", "期限？", "2", "1", "3", "4", "1"], "key", "answer_ambiguous"),
        (["单选题", "应当（ C ）。", *CHOICES, "A"], "key", "keys_contradict"),
        (["简答题", "期限？", *CHOICES, "A"], "kind", "key_does_not_fit_kind"),
        (["判断题", "对吗。", "正确", "错误", "", "", "C"], "key", "neither_true_nor_false"),
        (["判断题", "对吗。", *CHOICES, "A"], "options", "options_of_true_false"),
        (["连线题", "请连线。", "", "", "", "", "1-A"], "kind", "kind_not_supported"),
        (["填空题", "在____日内由____作出。", "", "", "", "", "五"], "key", "blank_count"),
        (["填空题", "在____日内作出。", "", "", "", "", ""], "key", "missing"),
        (["", "期限？", "", "", "", "", "五日"], "kind", "kind_unknown"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_and_never_guessed(row, place, code):
    done = one(row)
    assert done.item is None
    assert (place, code) in [(problem.place, problem.code) for problem in done.problems]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["多选题", "哪些？", *CHOICES, "B"], "one_right_of_several"),
        (["多选题", "哪些？", *CHOICES, "AAB"], "letter_twice"),
        (["单选题", "期限？", "三日", "三日", "五日", "", "C"], "options_equal"),
        (["单选题", "期限？", "三日", "", "五日", "七日", "D"], "empty_option_left_out"),
        (["简答题", "谁作出？", "", "", "", "", "ttt"], "odd_sample"),
        (["案例分析题", "谁作出？", "", "", "", "", "行政机关作出。"], "case_as_short_answer"),
        (["1", "期限？", *CHOICES, "B"], "kind_from_code"),
        (["", "谁作出？", "", "", "", "", "由行政机关作出。"], "kind_inferred"),
    ],
)
def test_what_is_doubtful_is_told_so(row, code):
    done = one(row)
    assert done.item is not None
    assert code in told(done, doubtful=True)


def test_an_empty_option_between_moves_the_key_with_its_option():
    item = one(["单选题", "期限？", "三日", "", "五日", "七日", "D"]).item
    assert item.option(item.key).text == "七日"


def test_letters_before_options_and_a_key_in_the_stem_are_taken_off():
    done = one(["单选题", "应当（ B ）。", "A.三日", "B、五日", "C．七日", "(D)十五日", ""])
    assert [option.text for option in done.item.options] == CHOICES
    assert (done.item.key, done.item.stem) == ("B", "应当（  ）。")
    assert "key_taken_out_of_stem" in told(done)


@pytest.mark.parametrize(
    ("stem", "answer", "key"),
    [
        ("应在____日内由______作出。", "五|行政机关", [["五"], ["行政机关"]]),
        ("应在（ ）日内由（　　）作出。", "五；行政机关", [["五"], ["行政机关"]]),
        ("应在____日内。", "五|5|伍", [["五", "5", "伍"]]),
        ("应在____日内由____作出。", "五/5；行政机关/执法机关", [["五", "5"], ["行政机关", "执法机关"]]),
        ("应在____日内由____作出。", "（1）五（2）行政机关", [["五"], ["行政机关"]]),
        ("应在____日内由____作出。", "五、行政机关", [["五"], ["行政机关"]]),
        ("应在[BlankArea1]日内。", "五", [["五"]]),
        ("比例是____。", "1/2", [["1/2"]]),
        ("由哪个机关作出？", "行政机关", [["行政机关"]]),
    ],
)
def test_blanks_and_their_answers(stem, answer, key):
    assert one(["填空题", stem, "", "", "", "", answer]).item.to_dict()["key"] == key


def test_a_kind_comes_from_the_sheet_or_a_heading_row_and_says_so():
    rows = [["题干", "选项A", "选项B", "选项C", "答案"], ["期限？", "一", "二", "三", "AB"]]
    (done,) = complete(report_of(rows, name="多选题").found, DEFAULTS)
    assert (done.item.kind, told(done)) == ("multiple_choice", ["kind_from_heading"])
    head = ["题干", "选项A", "选项B", "选项C", "答案"]
    rows = [["2025年题库"], head, ["一、单选题（每题1分）"], ["甲？", "一", "二", "三", "A"], []]
    rows += [["二、判断题"], ["乙。", "", "", "", "对"], head, ["丙。", "", "", "", "错"]]
    report = report_of(rows)
    assert [item.kind for item in items_of(rows)] == ["single_choice", "true_false", "true_false"]
    codes = ["empty_rows", "head_row", "heading_row", "heading_row", "head_repeated", "rows_above_head"]
    assert [(note.code, note.params.get("rows")) for note in report.notes] == [(code, 1) for code in codes]


def test_one_row_an_option_with_the_stem_on_the_first_alone():
    head = ["题目序号", "题目类型", "题目内容", "整体解析", "题目图片", "所属题库", "是否正确项", "选项内容"]
    head.append("选项解析")
    rows = [
        ["试题导入模板"],
        head,
        ["1", "1", "期限？", "见条文。", "", "听证", "0", "三日", "短了"],
        ["", "", "", "", "", "", "1", "五日", ""],
        ["2", "2", "哪些？", "", "", "", "是", "甲", ""],
        ["2", "2", "哪些？", "", "", "", "是", "乙", ""],
        ["2", "2", "哪些？", "", "", "", "否", "丙", ""],
        ["3", "1", "谁？", "", "", "", "也许", "丁", ""],
    ]
    report = report_of(rows)
    done = complete(report.found, DEFAULTS)
    assert [(one.item.kind, one.item.key) for one in done[:2]] == [
        ("single_choice", "B"),
        ("multiple_choice", ("A", "B")),
    ]
    assert (done[0].item.topic, done[0].item.options[0].note) == ("hearing", "短了")
    assert done[2].problems[0].code == "flag_unreadable"
    assert [one.found.place.row for one in done] == [3, 5, 8]
    assert "kind_from_code" in told(done[0], doubtful=True)


def test_merged_stems_hold_their_options_together():
    head = ["题目内容", "选项内容", "是否正确项"]
    rows = [head, ["期限？", "三日", "0"], [None, "五日", "1"], ["谁？", "机关", "1"], [None, "个人", "0"]]
    content = make_xlsx(rows, merged=[(1, 0, 2, 0, "期限？"), (3, 0, 4, 0, "谁？")])
    done = complete(foreign_tables.read(content, "x").found, DEFAULTS)
    assert [(one.item.stem, one.item.key) for one in done] == [("期限？", "B"), ("谁？", "A")]


@pytest.mark.parametrize(
    "cell",
    [
        "A.三日\nB.五日\nC.七日",
        "A、三日 B、五日 C、七日",
        "三日|五日|七日",
        "三日\n五日\n七日",
        '["三日","五日","七日"]',
        '{"A":"三日","B":"五日","C":"七日"}',
        '[{"content":"三日"},{"content":"五日"},{"content":"七日"}]',
        "三日$;$五日$;$七日",
    ],
)
def test_options_in_one_cell(cell):
    done = one(["单选题", "期限？", cell, "B"], ("题型", "题干", "选项", "答案"))
    assert [option.text for option in done.item.options] == ["三日", "五日", "七日"]
    assert done.item.key == "B"


def test_a_table_without_a_head_is_read_by_its_shape():
    rows = [[f"第{number}题的期限是多少？", "三日", "五日", "七日", "AC"[number % 2]] for number in range(6)]
    report = report_of(rows)
    assert ("columns_by_shape", DOUBTFUL) in [(note.code, note.confidence) for note in report.notes]
    assert [item.key for item in items_of(rows)] == ["A", "C"] * 3


def test_a_list_of_keys_without_options_is_refused_row_by_row():
    assert items_of([["题干", "答案"], ["期限？", "D"], ["哪些？", "ABD"]]) == [("options", "options_missing")] * 2


def test_filing_is_mapped_where_it_is_exact_and_kept_where_it_is_not():
    head = [
        "题型",
        "题干",
        "答案",
        "难度",
        "认知层次",
        "知识点",
        "执法领域",
        "法律依据",
        "出处",
        "标签",
        "分值",
        "作者",
    ]
    row = [
        "判断题",
        "对吗。",
        "对",
        "难",
        "理解",
        "听证",
        "市场监管",
        "《行政处罚法》第六十四条第一款\n某内部文件第3条",
        "教材",
        "重点，决赛",
        "2",
        "张",
    ]
    done = one(row, head)
    item = done.item
    assert (item.difficulty, item.level, item.topic, item.wing) == (4, "understand", "hearing", "procedures")
    assert (item.fields, item.source, set(item.tags)) == (("market",), "教材", {"重点", "决赛"})
    assert [(basis.law, basis.article, basis.paragraph) for basis in item.basis] == [("行政处罚法", "64", 1)]
    assert item.explanation == "依据：某内部文件第3条"
    assert set(done.found.unsupported) == {"分值", "作者"}
    assert {"basis_from_words", "basis_kept_as_words", "difficulty_from_word", "topic_from_category"} <= set(told(done))


@pytest.mark.parametrize(
    "words", ["《行政处罚法》第九百条", "《行政处罚法》第六十四条第九款", "《不存在法》第一条", "行政处罚法"]
)
def test_a_basis_that_is_not_in_the_register_stays_words(words):
    done = one(["判断题", "对吗。", "对", words], ("题型", "题干", "答案", "依据"))
    assert done.item.basis == ()
    assert words in done.item.explanation


def test_numbers_that_a_spreadsheet_made_are_shown_or_doubted():
    head = ["题型", "题干", "选项A", "选项B", "选项C", "选项D", "答案"]
    row = ["单选题", "期限？", 0.01, 41760, datetime.datetime(2014, 5, 1), 0.02, "A"]
    content = make_xlsx([head, row], formats={(1, 4): "yyyy/m/d", (1, 5): "0%"})
    (done,) = complete(foreign_tables.read(content, "x").found, DEFAULTS)
    assert [option.text for option in done.item.options] == ["0.01", "41760", "2014/5/1", "2%"]
    assert [(repair.place, repair.code) for repair in done.found.repairs] == [
        ("options[2].text", "date_as_shown"),
        ("options[3].text", "percent_as_shown"),
        ("options[0].text", "number_may_be_percent"),
        ("options[1].text", "number_may_be_day"),
    ]
    assert done.found.repairs[3].params["day"] == "2014-05-01"


def test_the_same_table_reads_alike_from_every_file_kind():
    rows = [["题型", "题干", "选项A", "选项B", "答案"], ["单选题", "期限？", "三日", "五日", "B"]]
    wanted = items_of(rows)
    text = "\n".join(",".join(row) for row in rows)
    files = [make_xls(rows), text.encode("gbk"), ("\ufeff" + text).encode(), text.replace(",", "\t").encode("gb18030")]
    for content in files:
        assert formats.sniff(content, "x.csv").name == "tables"
        assert [one.item for one in complete(formats.read(content, "x.csv").found, DEFAULTS)] == wanted


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        ("正确答案(只能输入ABCD否则报错)", "正确答案"),
        (" *题干（必填）", "题干"),
        ("Option_A", "optiona"),
        ("【题型】", "题型"),
        ("选 项 Ａ", "选项a"),
    ],
)
def test_heads_are_compared_without_width_space_and_notes(words, plain):
    assert plain_head(words) == plain


@pytest.mark.parametrize(
    "row", [["题干是什么？", "三日", "A"], ["题干", ""], ["用户名", "真实姓名", "密码"], ["单选题", "期限？", "B"]]
)
def test_rows_of_data_and_other_tables_are_no_heads(row):
    assert read_head(row) is None


TYPICAL = (
    "期限？ 单选题 判断题 填空题 一、多选题 题干 答案 选项A A AB 对 三日 ____日 是否正确项 选项内容 题型 1 0 [1,2] { 难"
)
ODD = ["", "（ B ）", "\n", "x" * 600, "A.一 B.二", "《行政处罚法》第一条"]
WORDS = st.sampled_from([*TYPICAL.split(" "), *ODD])
HEADS = ["", "题型 题干 选项A 选项B 选项C 答案", "题干 选项内容 是否正确项", "类型 题目 选项 答案 难度 依据"]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(st.one_of(WORDS, st.text(max_size=6)), max_size=7), max_size=9), st.sampled_from(HEADS))
def test_every_row_is_a_question_or_stands_in_a_note(rows, head):
    rows = [["".join(sign for sign in cell if sign.isprintable() or sign == "\n") for cell in row] for row in rows]
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [head.split(" "), *rows]]
    content = "\n".join(lines).encode()
    with contextlib.suppress(Unreadable):
        tables = read_tables(content, "x.csv")
        report = foreign_tables.read(content, "x.csv")
        asked = sum(len(one.raw[""]["rows"]) for one in report.found)
        noted = sum(note.params.get("rows", 0) for note in report.notes)
        assert asked + noted == sum(len(sheet.rows) + sheet.empty_rows for sheet in tables.sheets)
        for done in complete(report.found, DEFAULTS):
            assert (done.item is None) == bool(done.problems)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_sniffed_and_refused_calmly(content):
    assert 0 <= foreign_tables.sniff(content, "x.csv") <= 1
    with contextlib.suppress(Unreadable):
        foreign_tables.read(content, "x.csv")
