"""The print edition of a paper: the paper itself, the sheet for its answers, the key for those who mark.

Paper and sheet are made of the compiled document that candidates are sent, which holds no key; only ``key_blocks``
reads items. Who may print what and when is the roof's matter; that something was printed is recorded here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from question_bank import Item, richtext
from question_bank.fields import PLAIN
from question_bank.kinds import case_study, right_answer
from question_bank.text import numeral
from trainer.audit.service import record
from trainer.bank.queries import bodies_of_versions
from trainer.core.database import transaction
from trainer.core.errors import Missing
from trainer.documents.blocks import Block, Grid, Image, Line, NewPage, Ruled
from trainer.exams.queries import ExamLine
from trainer.papers.models import Paper
from trainer.papers.queries import items_of_paper
from trainer.web.locale import decimal_text, is_english

PARTS = ("paper", "sheet", "key")
BLANK = "________"
# Lines to write on for an answer of so many characters, and never more than a page takes.
SIGNS_A_LINE, LINES_MOST = 30, 24
SHORT_LINES = 6

# Options bear letters in the order of the page, however a paper shuffles them: a row C, A, D, B misleads on paper.
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

ReadMedium = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Corrected:
    """How an item is judged after the repairs of its exam: by any of ``items``, unless ``outcome`` says how for all.

    ``items`` is empty where only ``points`` changed, what the item is worth now. ``outcome`` is empty, ``drop`` or
    ``full_marks``.
    """

    items: tuple[Item, ...]
    outcome: str
    points: Decimal


@dataclass(frozen=True)
class Printed:
    """A paper as it is printed: its document and where it stands among the forms."""

    paper_id: int
    form: int
    document: Mapping[str, Any]


def paper_to_print(session: Session, exam: ExamLine, form: int) -> Printed:
    """Return a compiled paper of an exam; raises ``Missing`` for a form that there is not."""
    row = session.execute(
        select(Paper.id, Paper.document).where(Paper.blueprint_id == exam.blueprint_id, Paper.form == form)
    ).first()
    if row is None:
        raise Missing
    return Printed(row.id, form, orjson.loads(row.document))


def record_print(exam: ExamLine, form: int, part: str, *, by: int) -> None:
    """Enter in the audit that somebody carries a paper, or its key, away. A second call enters it again."""
    with transaction():
        detail = {"form": form}
        record(f"exam.{part}_printed", by=by, target=f"exam:{exam.id}", unit_id=exam.unit_id, detail=detail)


def record_forms(exam: ExamLine, forms: Sequence[int], parts: Sequence[str], *, by: int) -> None:
    """Enter in the audit that somebody carries several forms away at once. A second call enters it again."""
    with transaction():
        detail = {"forms": list(forms), "parts": list(parts)}
        record("exam.edition_printed", by=by, target=f"exam:{exam.id}", unit_id=exam.unit_id, detail=detail)


def paper_blocks(exam: ExamLine, printed: Printed, read: ReadMedium) -> list[Block]:
    """Return the paper. ``read`` gives the bytes of a medium by its SHA-256, None where there are none."""
    blocks = _head(exam, printed, _("试卷"))
    for place, section in enumerate(printed.document["sections"], start=1):
        blocks.append(Line(_section_title(place, section), "head", keeps_next=True))
        cases = {one["case"]: one for one in section.get("cases", ())}
        shown = ""
        for item in section["items"]:
            case = item.get("case", "")
            if case and case != shown:
                blocks += _case(cases[case], read)
            shown = case
            blocks += _question(item, read, alone=section["points_each"] != item["points"])
    return blocks


def sheet_blocks(exam: ExamLine, printed: Printed) -> list[Block]:
    """Return the sheet on which the paper is answered: a field for each number."""
    blocks = _head(exam, printed, _("答题卡"))
    for place, section in enumerate(printed.document["sections"], start=1):
        blocks.append(Line(_section_title(place, section), "head", keeps_next=True))
        row: list[str] = []
        for item in section["items"]:
            field = _choices(item)
            if field and len(row) == 3:
                blocks.append(_fields(row))
                row = []
            if field:
                row.append(field)
                continue
            if row:
                blocks.append(_fields(row))
                row = []
            blocks += _written(item)
        if row:
            blocks.append(_fields(row))
    return blocks


def key_blocks(
    session: Session, exam: ExamLine, printed: Printed, corrected: Mapping[int, Corrected] | None = None
) -> list[Block]:
    """Return the key: right answers with points, what earns them in written ones, explanations. As secret as keys.

    ``corrected`` tells by number what the repairs of the exam changed; None for nothing.
    """
    blocks = [
        *_title(exam, printed, _("参考答案与评分要点")),
        Line(_("内部资料，阅卷使用，阅卷结束前不得外传。"), "small", centred=True),
    ]
    lines = items_of_paper(session, printed.paper_id)
    bodies = bodies_of_versions(session, {line.item_version_id for line in lines})
    letters = {
        item["number"]: {one["key"]: letter for letter, one in zip(LETTERS, item.get("options", ()), strict=False)}
        for section in printed.document["sections"]
        for item in section["items"]
    }
    rows: list[tuple[str, ...]] = [(_("题号"), _("答案"), _("分值"))]
    notes: list[Block] = []
    for line in lines:
        item = case_study.expand(Item.from_dict(bodies[line.item_version_id][0]))[(line.part or 1) - 1]
        now = (corrected or {}).get(line.number)
        points = decimal_text(now.points if now else line.points)
        if now and now.outcome:
            told = _("本题作废，不计分") if now.outcome == "drop" else _("本题更正为全体满分")
            rows.append((str(line.number), told, points))
        elif now and now.items and item.kind != "short_answer":
            answers = [_answer(one, letters.get(line.number, {})) for one in now.items]
            rows.append((str(line.number), _("%(answers)s（已更正）", answers=_("，或 ").join(answers)), points))
        elif item.kind == "short_answer":
            rows.append((str(line.number), _("见后"), points))
            notes.append(Line(_("第 %(n)s 题参考答案", n=line.number), "head", keeps_next=True))
            notes.append(Line(_plain(str(right_answer(item)), item.format), indent=1))
            for one in item.settings["rubric"]:
                point = _plain(one["point"], item.format)
                notes.append(Line(_("评分要点（权重 %(n)s）：%(point)s", n=one["weight"], point=point), indent=1))
        else:
            rows.append((str(line.number), _answer(item, letters.get(line.number, {})), points))
        if item.explanation:
            told = _("第 %(n)s 题解析：%(text)s", n=line.number, text=_plain(item.explanation, item.format))
            notes.append(Line(told, "small"))
    return [*blocks, Grid(tuple(rows), (2, 9, 2), head=True), *([NewPage(), *notes] if notes else [])]


def _title(exam: ExamLine, printed: Printed, part: str) -> list[Block]:
    form = _("第 %(n)s 套", n=printed.form)
    return [Line(exam.title, "title", centred=True), Line(f"{part}　{form}", "text", centred=True)]


def _head(exam: ExamLine, printed: Printed, part: str) -> list[Block]:
    facts = _(
        "答题时长 %(minutes)s 分钟，满分 %(points)s 分", minutes=exam.minutes, points=decimal_text(exam.max_points)
    )
    return [
        *_title(exam, printed, part),
        Line(facts, centred=True),
        Line(_("单位：________________　姓名：____________　准考证号：________________"), centred=True),
    ]


def _section_title(place: int, section: Mapping[str, Any]) -> str:
    count = len(section.get("cases", ())) or len(section["items"])
    numbered = f"{place}. " if is_english() else f"{numeral(place)}、"
    told = _("（共 %(n)s 题，每题 %(points)s 分）", n=count, points=decimal_text(section["points_each"]))
    return f"{numbered}{section['title']}{told}"


def _case(case: Mapping[str, Any], read: ReadMedium) -> list[Block]:
    blocks = _text(case["stem"], case, read, lead=_("【案例】"))
    for one in case.get("documents", ()):
        blocks.append(Grid(((f"{one['title']}\n{_plain(one['text'], case.get('format', PLAIN))}",),)))
        blocks += _pictures(one["text"], case, read)
    return blocks


def _question(item: Mapping[str, Any], read: ReadMedium, *, alone: bool) -> list[Block]:
    lead = f"{item['number']}. "
    if alone:
        lead += _("（%(n)s 分）", n=decimal_text(item["points"]))
    ending = _("（　　）") if item["kind"] == "true_false" else ""
    blocks = _text(item["stem"], item, read, lead=lead, ending=ending, keeps_next=bool(item.get("options")))
    rows = [*((one["key"], one["text"]) for one in item.get("prompts", ()))]
    for key, words in rows:
        blocks.append(Line(f"{key}. {_plain(words, item.get('format', PLAIN))}", indent=1))
        blocks += _pictures(words, item, read)
    for letter, one in zip(LETTERS, item.get("options", ()), strict=False):
        blocks.append(Line(f"{letter}. {_plain(one['text'], item.get('format', PLAIN))}", indent=1))
        blocks += _pictures(one["text"], item, read)
    if item["kind"] == "error_finding":
        told = "".join(f"〔{one['key']}〕{one['text']}" if "key" in one else one["text"] for one in item["document"])
        blocks.append(Grid(((told,),)))
    return blocks


def _choices(item: Mapping[str, Any]) -> str:
    """Return the field of an item that is answered by marking letters, empty for others."""
    if item["kind"] == "true_false":
        return f"{item['number']}　[√]　[×]"
    if item["kind"] in ("single_choice", "multiple_choice"):
        return f"{item['number']}　" + " ".join(f"[{letter}]" for letter in LETTERS[: len(item["options"])])
    return ""


def _fields(row: Sequence[str]) -> Grid:
    return Grid(((*row, *("",) * (3 - len(row))),))


def _written(item: Mapping[str, Any]) -> list[Block]:
    number = item["number"]
    if item["kind"] == "fill_blank":
        blanks = "　".join(f"（{blank}）{BLANK * 2}" for blank in range(1, item["blanks"] + 1))
        return [Line(f"{number}. {blanks}")]
    if item["kind"] == "ordering":
        return [Line(f"{number}. " + " → ".join(["____"] * len(item["options"])))]
    if item["kind"] == "matching":
        return [Line(f"{number}. " + "　".join(f"{one['key']}–____" for one in item["prompts"]))]
    if item["kind"] == "error_finding":
        return [Line(f"{number}. " + _("有错误的序号：") + BLANK * 3)]
    lines = min(LINES_MOST, max(SHORT_LINES, -(-item.get("max_length", 0) // SIGNS_A_LINE)))
    return [Line(f"{number}.", keeps_next=True), Ruled(lines)]


def _answer(item: Item, letters: Mapping[str, str]) -> str:
    """Return the right answer of an item on one line; ``letters`` are those of its options on this paper, by key."""
    answer = right_answer(item)
    if item.kind == "true_false":
        return _("正确") if answer else _("错误")
    if item.kind == "matching":
        return "　".join(f"{prompt}–{letters[option]}" for prompt, option in answer.items())
    if item.kind == "fill_blank":
        return "；".join(" / ".join(one) if isinstance(one, list | tuple) else str(one) for one in answer)
    if item.kind == "ordering":
        return " → ".join(letters[key] for key in answer)
    if item.kind == "error_finding":
        return "、".join(answer)
    return "、".join(sorted(letters[key] for key in ([answer] if isinstance(answer, str) else answer)))


def _text(
    words: str,
    about: Mapping[str, Any],
    read: ReadMedium,
    *,
    lead: str = "",
    ending: str = "",
    keeps_next: bool = False,
) -> list[Block]:
    """Return a text of an item as blocks: paragraphs, tables and pictures in their order."""
    blocks: list[Block] = []
    parsed = richtext.parse(words, about.get("format", PLAIN))
    for place, block in enumerate(parsed):
        if isinstance(block, richtext.Table):
            blocks.append(Grid(tuple(tuple(_joined(cell) for cell in row) for row in block.rows), head=True))
        else:
            told = "\n".join(_lines([block]))
            told = (lead if not place else "") + told + (ending if place == len(parsed) - 1 else "")
            blocks.append(Line(told, keeps_next=keeps_next))
        blocks += _shown(_names([block]), about, read)
    return blocks or [Line(lead + ending)]


def _plain(words: str, format: str) -> str:
    return "\n".join(_lines(richtext.parse(words, format)))


def _lines(blocks: Iterable[Any]) -> list[str]:
    found: list[str] = []
    for block in blocks:
        if isinstance(block, richtext.Paragraph):
            found.append(_joined(block.inlines))
        elif isinstance(block, richtext.Listing):
            for place, inner in enumerate(block.items):
                mark = "· " if block.start is None else f"{block.start + place}. "
                found.append(mark + "\n".join(_lines(inner)))
        elif isinstance(block, richtext.Quote):
            found += _lines(block.blocks)
        else:
            found += ["　".join(_joined(cell) for cell in row) for row in block.rows]
    return found


def _joined(inlines: Iterable[Any]) -> str:
    pieces = []
    for one in inlines:
        if isinstance(one, richtext.Text):
            pieces.append(one.words)
        elif isinstance(one, richtext.Break):
            pieces.append("\n")
        elif isinstance(one, richtext.Blank):
            pieces.append(BLANK)
    return "".join(pieces)


def _names(blocks: Iterable[Any]) -> list[tuple[str, str]]:
    return [(one.name, one.alt) for one in richtext.inlines_of(blocks) if isinstance(one, richtext.Picture)]


def _pictures(words: str, about: Mapping[str, Any], read: ReadMedium) -> list[Block]:
    return _shown(_names(richtext.parse(words, about.get("format", PLAIN))), about, read)


def _shown(names: Iterable[tuple[str, str]], about: Mapping[str, Any], read: ReadMedium) -> list[Block]:
    """Return the pictures; what is no picture, or is not at hand, is named in words."""
    media = {one["name"]: one for one in about.get("media", ())}
    blocks: list[Block] = []
    for name, alt in names:
        medium = media.get(name, {})
        words = alt or medium.get("alt", "")
        content = read(medium["sha256"]) if medium.get("type", "").startswith("image/") else None
        blocks.append(Line(f"[{words}]", indent=1) if content is None else Image(content, words))
    return blocks
