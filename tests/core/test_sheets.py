"""Workbooks that hold texts as texts."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from trainer.core.sheets import FONT, Column, Sheet, guarded, write_book


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1"])
def test_what_looks_like_a_formula_gets_a_leading_quote(text):
    assert guarded(text) == "'" + text


@pytest.mark.parametrize("text", ["", "张三", "1-1", "a=b", "'=1"])
def test_other_texts_stay_as_they_are(text):
    assert guarded(text) == text


def _read(sheet):
    return openpyxl.load_workbook(io.BytesIO(write_book([sheet])))


def test_values_keep_their_kinds_and_texts_are_never_formulas():
    moment = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
    row = ['=HYPERLINK("http://x")', "007", 3, Decimal("2.5"), date(2026, 1, 2), moment, None]
    page = _read(Sheet("人员", "标题", [Column(str(number)) for number in range(7)], [row], [["合计", None, 3]]))[
        "人员"
    ]
    cells = [cell.value for cell in page[3]]
    assert cells == ['\'=HYPERLINK("http://x")', "007", 3, 2.5, datetime(2026, 1, 2), datetime(2027, 1, 1, 0, 30), None]
    assert page[3][0].data_type == "s"
    assert [cell.value for cell in page[4]][:3] == ["合计", None, 3]
    assert page["A4"].font.bold
    assert page["A3"].font.name == FONT
    assert page.freeze_panes == "B3"


def test_a_name_that_excel_forbids_is_mended():
    assert _read(Sheet("a/b:c" + "长" * 40, "t", [Column("x"), Column("y")], [])).sheetnames[0].startswith("a_b_c长")
