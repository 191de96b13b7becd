"""Items as rows of our own table, and the empty template of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from question_bank import item as items_of_bank
from question_bank.fields import MARKDOWN, OPEN, PLAIN
from question_bank.formats.excel_columns import (
    COLUMNS,
    EXAMPLES,
    FEWEST_OPTION_COLUMNS,
    FLAGS,
    FORMATS,
    HELP,
    KINDS,
    LENGTH,
    LEVELS,
    LISTS,
    NO,
    NOTHING,
    POOLS,
    SHEET,
    YES,
    basis_written,
    fields,
    heads,
    lists,
    named,
    topics,
    wings,
    written,
)
from question_bank.formats.report import Loss
from question_bank.item import Item, LegalBasis

# What one cell of a spreadsheet holds, in UTF-16 units.
LONGEST_CELL = 32_767
OFFERED_ROWS = 3_000
NOT_XML = re.compile("[\ufffe\uffff]")
# A program that saves the sheet as text would let these begin a formula.
GUARDED = ("=", "+", "-", "@", "\t")
EXAMPLE_ITEMS = Path(__file__).parent / "examples.json"
STEPS = (
    "每道题一行；案例分析题先写案例一行，再写各小题，每小题一行，“案例组”填同一个数字。",
    "第一行是列名，请勿改动；列的先后可以调整，用不到的列可以删去。",
    "选项多于六个的，在“选项F”之后增加“选项G”等列，最多到“选项Z”。",
    "一格里有几项内容的，每项一行（Alt+Enter 换行）；同一项的几个部分用竖线 | 分开。",
    "这样的格里，内容本身的竖线写作 \\|，换行写作 \\n，反斜杠写作 \\\\。",
    "“示例”工作表里每种题型有一例，不会被导入。",
)


def rows_of(item: Item, group: int) -> list[dict[str, str]]:
    """Return the rows of an item by column name: one, or for a case study one and one for each part."""
    data = item.to_dict()
    row = _common(data) | _own(data, item.basis)
    if item.kind != "case_study":
        return [row]
    row |= {"group": str(group), "material": written([one["title"], one["text"]] for one in data.get("documents", ()))}
    if "documents" in data and not data["documents"]:
        row["settings"] = _joined(row["settings"], f"文书：{NO}")
    made = [row]
    for part in data["parts"]:
        basis = [LegalBasis(**entry) for entry in part["basis"]]
        own = _own(part, basis) | {"group": str(group)}
        own |= {name: str(part[name]) for name in ("weight", "difficulty") if name in part}
        made.append(own | ({"level": LEVELS[part["level"]]} if "level" in part else {}))
    return made


def _common(data: Mapping[str, Any]) -> dict[str, str]:
    row = {
        "id": data["id"],
        "wing": named(data["wing"], wings()),
        "topic": named(data["topic"], topics()),
        "fields": "、".join(named(one, fields()) for one in data["fields"]),
        "difficulty": str(data["difficulty"]),
        "level": LEVELS[data["level"]],
        "variant_group": data.get("variant_group", ""),
        "enemies": "\n".join(data.get("enemies", ())),
        "tags": written([tag] for tag in data.get("tags", ())),
        "source": data.get("source", ""),
    }
    if data.get("pool", OPEN) != OPEN:
        row["pool"] = POOLS[data["pool"]]
    if data.get("format", PLAIN) == MARKDOWN:
        row["format"] = FORMATS[MARKDOWN]
    if data.get("media"):
        names = ("name", "type", "bytes", "sha256", "alt")
        row["media"] = written([str(one[name]) for name in names] for one in data["media"])
    return row


def _own(data: Mapping[str, Any], basis: Iterable[LegalBasis]) -> dict[str, str]:
    """Return the cells of what a question or a part of a case says for itself."""
    kind = data["kind"]
    row = {
        "kind": KINDS["indefinite" if data.get("indefinite") else kind],
        "stem": data["stem"],
        "explanation": data["explanation"],
        "basis": basis_written(basis),
        "answer": _answer(kind, data),
        "settings": _settings(data),
        "notes": written([one["key"], one["note"]] for one in data.get("options", ()) if one.get("note")),
    }
    row |= {one["key"]: one["text"] for one in data.get("options", ())}
    if kind == "matching":
        row["material"] = written(_with_note(one["text"], one.get("note")) for one in data["prompts"])
    elif kind == "error_finding":
        row["material"] = written(
            [one.get("key") or "", *_with_note(one["text"], one.get("note"))] for one in data["document"]
        )
    elif kind == "short_answer":
        row["rubric"] = written(
            [str(one["weight"]), *_with_note(one["point"], one.get("note"))] for one in data["rubric"]
        )
    if "tolerance" in data:
        row["tolerance"] = "|".join(one or NOTHING for one in data["tolerance"])
    return row


def _with_note(words: str, note: str | None) -> list[str]:
    return [words, note] if note else [words]


def _answer(kind: str, data: Mapping[str, Any]) -> str:
    key = data.get("key")
    if kind == "true_false":
        return "正确" if key else "错误"
    if kind in ("multiple_choice", "ordering"):
        return "".join(key or ())
    if kind == "error_finding":
        return " ".join(key or ())
    if kind == "fill_blank":
        return written(key or ())
    if kind == "matching":
        return " ".join(prompt + option for prompt, option in (key or {}).items())
    if kind == "short_answer":
        return str(data["sample"])
    return str(key or "")


def _settings(data: Mapping[str, Any]) -> str:
    made = [
        f"{word}：{YES if data[name] else NO}"
        for name, word in FLAGS.items()
        if name in data and not (name == "indefinite" and data[name])
    ]
    return _joined(*made, f"{LENGTH}：{data['max_length']}" if "max_length" in data else "")


def _joined(*words: str) -> str:
    return "；".join(word for word in words if word)


def why_not(item: Item) -> str | None:
    """Return why an item does not fit our table, None where it does."""
    for row in rows_of(item, 1):
        for words in row.values():
            if len(words.encode("utf-16-le")) // 2 > LONGEST_CELL:
                return "cell_too_long"
            if NOT_XML.search(words):
                return "sign_not_in_format"
    return None


def losses_of(items: Iterable[Item]) -> list[Loss]:
    """Return what ``book_of`` leaves out: items with a text beyond the limit of a cell, and the bytes of media."""
    found = []
    for item in items:
        why = why_not(item)
        if why is not None:
            found.append(Loss(item.id, why, True))
        else:
            found += [Loss(item.id, "medium_without_content", params={"name": one.name}) for one in item.media]
    return found


def book_of(items: Iterable[Item]) -> bytes:
    """Return a workbook of the items that fit, in order, with the lists and the help of the template."""
    rows: list[dict[str, str]] = []
    for group, item in enumerate((item for item in items if why_not(item) is None), start=1):
        rows += rows_of(item, group)
    return _book(rows, with_examples=False)


def template() -> bytes:
    """Return the empty template: lists to choose from, a help sheet, and an example of each kind on its own sheet."""
    return _book([], with_examples=True)


def examples() -> list[Item]:
    """Return the examples of the template, at least one of each kind."""
    rows = json.loads(EXAMPLE_ITEMS.read_text(encoding="utf-8"))
    return [items_of_bank.Item.from_dict(row) for row in rows]


def _book(rows: Sequence[Mapping[str, str]], *, with_examples: bool) -> bytes:
    held = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "constant_memory": False,
    }
    with xlsxwriter.Workbook(held, options) as book:
        styles = {
            "head": book.add_format({"bold": True, "bg_color": "#E8EEF6", "border": 1, "text_wrap": True}),
            "text": book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"}),
            "guarded": book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "quote_prefix": True}),
        }
        page = book.add_worksheet(SHEET)
        page_examples = book.add_worksheet(EXAMPLES) if with_examples else None
        _help(book.add_worksheet(HELP), styles)
        places = _lists(book.add_worksheet(LISTS), styles["text"])
        _fill(page, rows, styles, places)
        if page_examples is not None:
            shown: list[dict[str, str]] = []
            for group, item in enumerate(examples(), start=1):
                shown += rows_of(item, group)
            _fill(page_examples, [row | {"id": ""} for row in shown], styles, places)
    return held.getvalue()


def _lists(page: Any, style: Any) -> dict[str, str]:
    page.hide()
    places = {}
    for number, (name, choices) in enumerate(lists().items()):
        page.write_column(0, number, choices, style)
        letter = xl_col_to_name(number)
        places[name] = f"='{LISTS}'!${letter}$1:${letter}${len(choices)}"
    return places


def _help(page: Any, styles: Mapping[str, Any]) -> None:
    page.set_column(0, 0, 14, styles["text"])
    page.set_column(1, 1, 90, styles["text"])
    page.write_string(0, 0, "填写说明", styles["head"])
    page.write_string(0, 1, "", styles["head"])
    at = 1
    for number, words in enumerate(STEPS, start=1):
        page.write_string(at, 0, str(number), styles["text"])
        page.write_string(at, 1, words, styles["text"])
        at += 1
    page.write_string(at, 0, "列", styles["head"])
    page.write_string(at, 1, "填什么", styles["head"])
    for column in COLUMNS:
        at += 1
        page.write_string(at, 0, column.head, styles["text"])
        page.write_string(at, 1, column.told, styles["text"])


def _fill(page: Any, rows: Sequence[Mapping[str, str]], styles: Mapping[str, Any], places: Mapping[str, str]) -> None:
    used = max((len([name for name in row if len(name) == 1]) for row in rows), default=0)
    columns = heads(max(FEWEST_OPTION_COLUMNS, used))
    known = {column.name: column for column in COLUMNS}
    page.freeze_panes(1, 0)
    for number, (name, head) in enumerate(columns):
        column = known.get(name)
        page.set_column(number, number, column.width if column else 20, styles["text"])
        page.write_string(0, number, head, styles["head"])
        if column and column.told:
            page.write_comment(0, number, column.told, {"x_scale": 2.5, "visible": False})
        if column and column.offers:
            page.data_validation(
                1, number, OFFERED_ROWS, number,
                {"validate": "list", "source": places[column.offers], "show_error": column.name != "fields"},
            )  # fmt: skip
    for at, row in enumerate(rows, start=1):
        for number, (name, _) in enumerate(columns):
            words = row.get(name, "")
            if words:
                page.write_string(at, number, words, styles["guarded" if words.startswith(GUARDED) else "text"])
