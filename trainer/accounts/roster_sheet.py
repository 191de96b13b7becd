"""The layout of the officer list (人员名单): its columns, how a head is recognised, what a cell means, the template.

The list comes from other systems and from people's own tables, so a column is known by many names, a title may stand
above the head, numbers arrive as text and text as numbers, and a name may be stretched with spaces. What cannot be
read for certain is a problem at its cell, never a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from question_bank.topics import taxonomy
from trainer.accounts.service import CATEGORIES
from trainer.accounts.wording import CATEGORY_NAMES
from trainer.core.errors import FieldProblem
from trainer.core.sheet_forms import FormColumn, FormSheet, write_form
from trainer.core.sheet_intake import Row, SheetRefused
from trainer.orgs.wording import field_choices

COLUMNS = (
    "username",
    "name",
    "unit",
    "post",
    "category",
    "fields",
    "certificate_number",
    "valid_from",
    "valid_until",
)
REQUIRED = ("username", "name", "unit")
TITLES: dict[str, Any] = {
    "username": _l("用户名"),
    "name": _l("姓名"),
    "unit": _l("单位"),
    "post": _l("职务"),
    "category": _l("人员类别"),
    "fields": _l("执法领域"),
    "certificate_number": _l("执法证号"),
    "valid_from": _l("有效期起"),
    "valid_until": _l("有效期止"),
}
SYNONYMS: dict[str, tuple[str, ...]] = {
    "username": ("用户名", "账号", "帐号", "登录名", "登录账号", "登陆名", "用户账号", "工号", "username", "user"),
    "name": ("姓名", "人员姓名", "执法人员姓名", "执法人员", "name"),
    "unit": (
        "单位",
        "所在单位",
        "单位代码",
        "单位名称",
        "单位代码或名称",
        "所属单位",
        "工作单位",
        "执法单位",
        "执法机关",
        "部门",
        "unit",
        "unitcode",
        "unitcodeorname",
    ),
    "post": ("职务", "岗位", "职位", "执法岗位", "职务岗位", "post"),
    "category": ("人员类别", "类别", "人员类型", "人员性质", "category"),
    "fields": ("执法领域", "领域", "执法类别", "执法范围", "执法门类", "fields", "field", "enforcementfields"),
    "certificate_number": (
        "执法证号",
        "证件号",
        "证件号码",
        "执法证件号",
        "执法证号码",
        "证件编号",
        "执法证编号",
        "执法证件编号",
        "行政执法证号",
        "行政执法证编号",
        "certificatenumber",
        "certificate",
    ),
    "valid_from": ("有效期起", "证件有效期起", "有效期自", "有效期开始", "发证日期", "起始日期", "validfrom"),
    "valid_until": (
        "有效期止",
        "证件有效期止",
        "有效期至",
        "有效期截止",
        "有效期截止日期",
        "到期日期",
        "截止日期",
        "validuntil",
    ),
}
_COLUMN_OF = {synonym: column for column, names in SYNONYMS.items() for synonym in names}
HEAD_WITHIN = 10
ERROR_VALUES = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!")
EXCEL_EPOCH = date(1899, 12, 30)
CERTIFICATE_MOST = 40


@dataclass(frozen=True)
class Line:
    """One person as the list gives them. None means that the cell is empty or the column missing: nothing is said.

    ``unit`` is a code or a name as typed. ``problems`` are at the columns of ``COLUMNS``; ``cells`` is the text as it
    stood, by column, to be handed back with the reasons.
    """

    number: int
    username: str = ""
    name: str = ""
    unit: str = ""
    post: str | None = None
    category: str | None = None
    fields: tuple[str, ...] | None = None
    certificate_number: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    cells: dict[str, str] = field(default_factory=dict)
    problems: tuple[FieldProblem, ...] = ()


def head_key(text: str) -> str:
    """Return the title of a column without what people decorate it with: spaces, stars, colons, remarks in brackets."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[\s*:_/\-、]", "", re.sub(r"[(\[【].*?[)\]】]", "", plain))


def read_list(rows: Sequence[Row]) -> list[Line]:
    """Return the people of a sheet in its order. Raises ``SheetRefused`` without a head, or without a row below it."""
    place, start = _find_head(rows)
    lines = [_read_line(row, place) for row in rows[start:]]
    if not lines:
        raise SheetRefused("sheet_empty")
    return lines


def _find_head(rows: Sequence[Row]) -> tuple[dict[str, int], int]:
    for number, row in enumerate(rows[:HEAD_WITHIN]):
        known = [_COLUMN_OF.get(head_key(str(cell)), "") for cell in row.cells]
        if not set(REQUIRED) <= set(known):
            continue
        for column in COLUMNS:
            if known.count(column) > 1:
                raise SheetRefused("column_twice", value=str(TITLES[column]))
        return {column: known.index(column) for column in COLUMNS if column in known}, number + 1
    raise SheetRefused("no_header", columns=_("、").join(str(TITLES[column]) for column in REQUIRED))


def _read_line(row: Row, place: dict[str, int]) -> Line:
    cells: dict[str, str] = {}
    problems: list[FieldProblem] = []
    for column, at in place.items():
        value = row.cells[at] if at < len(row.cells) else ""
        if not isinstance(value, str):
            problems.append(FieldProblem(column, "digits_lost"))
            value = str(value)
        elif value.upper() in ERROR_VALUES:
            problems.append(FieldProblem(column, "cell_error", {"value": value}))
        elif any(unicodedata.category(letter) == "Cc" and letter not in "\n\t\r" for letter in value):
            problems.append(FieldProblem(column, "control_characters"))
        cells[column] = value
    bad = {problem.field for problem in problems}

    def text(column: str) -> str:
        return "" if column in bad else clean(cells.get(column, ""))

    values: dict[str, Any] = {
        "username": unicodedata.normalize("NFKC", text("username")).lower(),
        "name": close_up(text("name")),
        "unit": text("unit"),
        "post": text("post") or None,
        "certificate_number": read_number(text("certificate_number")) or None,
    }
    for column, read in READERS:
        try:
            values[column] = read(text(column)) if text(column) else None
        except Unreadable as error:
            problems.append(FieldProblem(column, error.code, {"value": error.value}))
    problems += [FieldProblem(c, "required") for c in REQUIRED if not values[c] and c not in bad]
    number = values["certificate_number"]
    if number is not None and len(number) > CERTIFICATE_MOST:
        problems.append(FieldProblem("certificate_number", "too_long", {"most": CERTIFICATE_MOST}))
    return Line(row.number, cells=cells, problems=tuple(problems), **values)


class Unreadable(ValueError):
    """A cell whose meaning is not certain."""

    def __init__(self, code: str, value: str) -> None:
        super().__init__(code)
        self.code, self.value = code, value


def clean(text: str) -> str:
    """Return a cell's text on one line, without invisible letters and doubled spaces."""
    seen = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    return " ".join(seen.split())


def close_up(name: str) -> str:
    """Return a name without the spaces that stretch two characters to the width of three; others keep theirs."""
    parts = name.split()
    chinese = all("\u3400" <= letter <= "\u9fff" or letter == "·" for part in parts for letter in part)
    return "".join(parts) if chinese else " ".join(parts)


def read_category(text: str) -> str:
    """Return the category that a word names, in either language or as its code; raises ``Unreadable``."""
    if text in CATEGORIES:
        return text
    for slug, names in CATEGORY_WORDS.items():
        if text.lower() in names:
            return slug
    raise Unreadable("unknown_value", text)


CATEGORY_WORDS: dict[str, tuple[str, ...]] = {
    "officer": ("行政执法人员", "执法人员", "在编执法人员", "enforcement officer"),
    "auxiliary": ("执法辅助人员", "行政执法辅助人员", "辅助人员", "辅助执法人员", "auxiliary staff"),
    "staff": ("工作人员", "管理人员", "监督人员", "staff"),
    "lay": ("社会人士", "社会监督员", "member of the public"),
}


def read_fields(text: str) -> tuple[str, ...]:
    """Return the slugs of the fields named in a cell, sorted; raises ``Unreadable`` with the first unknown name."""
    known = {name: one.slug for one in taxonomy().fields for name in (one.slug, one.zh, one.en.lower())}
    found = set()
    for part in re.split(r"[、,，;；/\n]", text):
        name = part.strip().lower()
        if not name:
            continue
        if name not in known or known[name] == "general":
            raise Unreadable("unknown_enforcement_field", part.strip())
        found.add(known[name])
    return tuple(sorted(found))


def read_day(text: str) -> date:
    """Return the local day in a cell: 2026-01-31, 2026/1/31, 2026.1.31, 2026年1月31日, 20260131, or Excel's number.

    Two-digit years and day-first orders are not guessed at; raises ``Unreadable``.
    """
    plain = unicodedata.normalize("NFKC", text).removesuffix(" 00:00:00")
    whole = re.fullmatch(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", plain)
    tight = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", plain)
    found = whole or tight
    try:
        if found:
            day = date(int(found[1]), int(found[2]), int(found[3]))
        elif re.fullmatch(r"[2-6]\d{4}", plain):
            day = EXCEL_EPOCH + timedelta(days=int(plain))
        else:
            raise Unreadable("bad_date", text)
    except ValueError:
        raise Unreadable("bad_date", text) from None
    if not 1950 <= day.year <= 2100:
        raise Unreadable("bad_date", text)
    return day


def read_number(text: str) -> str:
    """Return the number of a certificate in half-width capitals without spaces."""
    return unicodedata.normalize("NFKC", text).upper().replace(" ", "")


READERS: tuple[tuple[str, Callable[[str], Any]], ...] = (
    ("category", read_category),
    ("fields", read_fields),
    ("valid_from", read_day),
    ("valid_until", read_day),
)
EXAMPLE = (
    "chenjiahao",
    "陈嘉豪",
    "JM-PJ-SFJ",
    "执法队员",
    "行政执法人员",
    "城市管理、镇街综合",
    "19070012345",
    "2024-05-01",
    "2029-04-30",
)


def layout(units: Sequence[tuple[str, str]]) -> list[FormColumn]:
    """Return the columns of the template; ``units`` are (code, name) of those that may be named."""
    notes = {
        "username": _("必填。登录用，小写字母、数字或 . _ - ，录入后不变。按它认人。"),
        "name": _("必填。"),
        "unit": _("必填。单位代码或全称；代码最可靠。"),
        "category": _("不填：新人员按行政执法人员录入，已有人员保持不变。"),
        "fields": _("可填多个，用顿号隔开。"),
        "certificate_number": _("填了证件号就要填两个日期。"),
    }
    widths = {"unit": 34, "fields": 26, "certificate_number": 20, "name": 12}
    choices = {
        "unit": tuple(f"{code}" for code, _name in units),
        "category": tuple(str(name) for name in CATEGORY_NAMES.values()),
        "fields": tuple(name for _slug, name in field_choices()),
    }
    return [
        FormColumn(
            str(TITLES[column]) + (" *" if column in REQUIRED else ""),
            width=widths.get(column, 16),
            kind="date" if column.startswith("valid_") else "text",
            choices=choices.get(column, ()),
            loose=column in ("fields", "unit"),
            note=notes.get(column, ""),
        )
        for column in COLUMNS
    ]


def template(units: Sequence[tuple[str, str]]) -> bytes:
    """Return the empty list as .xlsx: the list with drop-downs, how to fill it in, and the units with their codes."""
    help_rows = [
        [_("一行一人，表头不要改；列的顺序可以变，不用的列可以删。")],
        [_("带 * 的三列必填。其余空着的格子表示“不改”：已有人员保持原样。")],
        [_("按用户名认人：系统里没有就新增，有就更新；名单里没有的人不受影响。")],
        [_("单位填代码或全称，见“单位”工作表。")],
        [_("人员类别：%(names)s。", names=_("、").join(str(name) for name in CATEGORY_NAMES.values()))],
        [_("执法领域可填多个，用顿号隔开：%(names)s。", names=_("、").join(name for _slug, name in field_choices()))],
        [_("日期写成 2026-01-31；证件号和用户名请保持文本格式，以免末位变成 0。")],
        [_("上传后先看预览，确认后才写入；只要有一行未通过，就一行也不写入。")],
        [_("示例：%(row)s", row=" ｜ ".join(EXAMPLE))],
    ]
    return write_form(
        [
            FormSheet(_("人员名单"), layout(units)),
            FormSheet(_("填写说明"), [FormColumn(_("填写说明"), width=110)], help_rows),
            FormSheet(_("单位"), [FormColumn(_("单位代码"), 24), FormColumn(_("单位名称"), 48)], units),
        ]
    )
