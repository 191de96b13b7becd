"""Files of questions as people bring them, made by hand for the tests."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from datetime import datetime

import xlsxwriter

from tests.bank.pictures import PNG

HEAD = ("题型", "题干", "选项A", "选项B", "选项C", "选项D", "答案", "解析")
ROW = ("单选题", "行政处罚的种类不包括（　　）。", "警告", "罚款", "记过", "行政拘留", "C", "记过是处分。")
OTHER = ("判断题", "警告是行政处罚的一种。", "", "", "", "", "对", "")


def book(*rows, head=HEAD) -> bytes:
    """Return an .xlsx in a foreign layout."""
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as made:
        # Equal books are equal files.
        made.set_properties({"created": datetime(2026, 1, 1)})
        sheet = made.add_worksheet("题库")
        for number, row in enumerate((head, *rows)):
            sheet.write_row(number, 0, row)
    return held.getvalue()


def bomb() -> bytes:
    """Return an .xlsx of a few hundred kilobytes whose sheet unpacks to many times what is taken."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book(ROW))) as sound, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name in sound.namelist():
            content = sound.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = content.replace(b"</sheetData>", b"<row/>" * 40_000_000 + b"</sheetData>")
            made.writestr(name, content)
    return held.getvalue()


def moodle(name="图片题", *, picture=PNG) -> bytes:
    """Return a Moodle XML file with one question that shows a picture."""
    text = f"""<?xml version="1.0" encoding="UTF-8"?><quiz><question type="multichoice"><name><text>{name}</text></name>
    <questiontext format="html"><text><![CDATA[<p>图中是哪种<b>标志</b>？
    <img src="@@PLUGINFILE@@/a.png" alt="一块牌子"></p>]]></text>
    <file name="a.png" path="/" encoding="base64">{base64.b64encode(picture).decode()}</file></questiontext>
    <single>true</single>
    <answer fraction="100"><text>禁令标志</text></answer><answer fraction="0"><text>指路标志</text></answer>
    </question></quiz>"""
    return re.sub(r"\n\s+", "", text).encode()
