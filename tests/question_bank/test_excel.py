"""Our own template: what goes out comes back to the letter, and a row filled in by hand is read or told."""

import zipfile
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from question_bank import Item, formats
from question_bank.check import check
from question_bank.findings import errors
from question_bank.formats import excel, excel_write
from question_bank.formats.excel_columns import COLUMNS, basis_told, heads, told, written
from question_bank.formats.report import Unreadable, complete
from question_bank.formats.tables import read_tables
from question_bank.kinds import KINDS
from question_bank.laws import register
from question_bank.store import Bank
from question_bank.topics import taxonomy
from tests.question_bank.books import make_xlsx
from tests.question_bank.inventing import MEDIA, items
from tests.question_bank.samples import DATA, make_item, make_rich_item

some = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
HEAD = [head for _, head in heads(4)]
DEFAULTS = {"wing": "procedures", "topic": "hearing", "fields": ["general"], "difficulty": 3, "level": "recall"}


def filled(*rows):
    """The bytes of a sheet filled in by hand; rows are cells by head."""
    return make_xlsx([HEAD, *[[row.get(head, "") for head in HEAD] for row in rows]], name="题目")


def read(*rows):
    return complete(excel.read(filled(*rows), "题库.xlsx").found, DEFAULTS)


@some
@given(st.lists(items(), min_size=1, max_size=4))
def test_every_kind_comes_back_to_the_letter(rows):
    content = excel.write(rows, media=MEDIA)
    assert formats.sniff(content, "bank.xlsx").name == "excel"
    report = excel.read(content, "bank.xlsx")
    assert [one.item for one in complete(report.found, {})] == rows
    assert [one.repairs for one in report.found] == [()] * len(rows)


@pytest.mark.parametrize("kind", DATA)
def test_samples_and_rich_samples_come_back(kind):
    rows = [make_item(kind), make_rich_item(kind, id="other-1")]
    assert [one.item for one in complete(excel.read(excel.write(rows), "x").found, {})] == rows


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), min_size=1
)


@some
@given(st.lists(st.lists(st.one_of(texts, st.sampled_from(["|", "\\", "a\nb", "\\n", "=1"])), min_size=1), min_size=1))
def test_entries_of_a_cell_come_back(entries):
    if entries != [[""]]:
        assert told(written(entries)) == entries


@some
@given(texts.map(str.strip).filter(bool))
def test_any_sign_in_a_stem_comes_back(words):
    item = make_item("true_false", stem=words[:500].strip())
    (done,) = complete(excel.read(excel.write([item]), "x").found, {})
    assert done.item == item


def test_a_text_too_long_for_a_cell_is_told_and_left_out():
    documents = [{"text": "甲" * 2000} for _ in range(17)]
    data = make_item("error_finding").to_dict()
    item = Item.from_dict(data | {"document": [*documents, *data["document"]]})
    assert [(loss.code, loss.whole) for loss in excel.losses([item])] == [("cell_too_long", True)]
    assert excel.read(excel.write([item, make_item()]), "x").found[0].data["id"] == make_item().id


def test_what_looks_like_a_formula_is_written_as_guarded_text():
    item = make_item("true_false", stem="=HYPERLINK(1)", explanation="+1")
    content = excel.write([item])
    with zipfile.ZipFile(BytesIO(content)) as archive:
        sheet, styles = archive.read("xl/worksheets/sheet1.xml").decode(), archive.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    assert 'quotePrefix="1"' in styles


def test_the_template_has_lists_help_and_a_sound_example_of_each_kind():
    shown = excel_write.examples()
    assert {item.kind for item in shown} == set(KINDS)
    bank = Bank.of((item, f"{item.wing}/{item.topic}/x.json") for item in shown)
    assert {one.code for one in errors(check(bank, register(), taxonomy()))} <= {"id_of_other_form"}
    with zipfile.ZipFile(BytesIO(excel.write_template())) as archive:
        page = archive.read("xl/worksheets/sheet1.xml").decode()
    assert page.count("<dataValidation ") == len([column for column in COLUMNS if column.offers])
    names = [sheet.name for sheet in read_tables(excel.write_template()).sheets]
    assert names == ["题目", "示例", "填写说明"]
    report = excel.read(excel.write_template(), "模板.xlsx")
    assert report.found == ()
    assert {note.before for note in report.notes} == {"示例", "填写说明"}


def test_columns_may_be_moved_and_left_out():
    rows = [["答案", "题干", "题型", "案例组", "备注"], ["错", "申辩的可以加重处罚。", "判断题", "", "第三章"]]
    (done,) = complete(excel.read(make_xlsx(rows), "x.xlsx").found, DEFAULTS)
    assert done.item.key is False
    assert done.found.unsupported == ("备注",)


CHOICE = {"题型": "单选题", "题干": "期限？", "选项A": "三日", "选项B": "五日", "答案": "B"}


def test_a_row_filled_in_by_hand_takes_the_defaults():
    (done,) = read(CHOICE)
    assert (done.item.kind, done.item.key, done.item.topic) == ("single_choice", "B", "hearing")


@pytest.mark.parametrize(
    ("changes", "place", "code"),
    [
        ({"题型": ""}, "kind", "missing"),
        ({"题型": "选择"}, "kind", "unknown_kind"),
        ({"题干": ""}, "stem", "empty"),
        ({"答案": ""}, "key", "missing"),
        ({"答案": "AB"}, "key", "several_right_of_one"),
        ({"答案": "甲"}, "key", "letters_unreadable"),
        ({"答案": "E"}, "key", "unknown_key"),
        ({"选项A": ""}, "options", "option_empty_between"),
        ({"难度": "难"}, "difficulty", "not_a_whole_number"),
        ({"主题": "钓鱼"}, "topic", "unknown_topic"),
        ({"法律依据": "行政处罚法"}, "basis[0]", "basis_unreadable"),
        ({"其他设置": "乱"}, "", "setting_unreadable"),
        ({"选项说明": "D|没有这一项"}, "options", "note_without_option"),
        ({"题型": "判断题", "答案": "A"}, "key", "neither_true_nor_false"),
        ({"题型": "连线题", "答案": "1-C,2"}, "key", "pairs_unreadable"),
        ({"案例组": "7"}, "kind", "part_without_case"),
    ],
)
def test_a_cell_that_means_nothing_is_told_at_its_place(changes, place, code):
    (done,) = read(CHOICE | changes)
    assert (place, code) in [(one.place, one.code) for one in done.problems]
    assert done.item is None
    assert done.found.raw["题干"] == (CHOICE | changes)["题干"]


def test_a_case_is_put_together_from_its_rows_and_faults_keep_their_part():
    done = read(
        {"案例组": "1", "题型": "案例分析题", "题干": "李某占道经营。", "材料": "笔录|出示了证件。"},
        {"案例组": "1", "题型": "判断题", "题干": "可以当场处罚。", "答案": "对"},
        {"案例组": "1", "题型": "判断题", "题干": "可以当场收缴。", "答案": "不好说", "权重": "2"},
        CHOICE,
    )
    assert [(one.place, one.code) for one in done[0].problems] == [("parts[1].key", "neither_true_nor_false")]
    assert len(done[0].found.raw[""]["rows"]) == 3
    assert done[1].item.key == "B"


def test_a_place_in_a_law_is_read_in_numerals_and_digits():
    wanted = {"law": "行政处罚法", "version": "2021-01-22", "article": "64-1", "paragraph": 1, "item": None}
    assert basis_told("《行政处罚法》（2021-01-22）第六十四条之一第一款") == wanted
    assert basis_told("《行政处罚法》（2021-01-22）第64条之1第1款。") == wanted
    assert basis_told("《行政处罚法》第64条") is None


def test_another_table_is_not_our_template():
    content = make_xlsx([["题干", "答案"], ["一", "A"]])
    assert excel.sniff(content, "x.xlsx") == 0
    with pytest.raises(Unreadable):
        excel.read(content, "x.xlsx")


def test_an_item_in_a_topic_of_another_taxonomy_keeps_its_slug():
    item = replace(make_item(), fields=("fishing_rights",))
    assert complete(excel.read(excel.write([item]), "x").found, {})[0].item == item
