"""A printed paper as .docx: heading, sections by kind, numbered questions, options side by side where they are short.

Fonts are named for both scripts, because Word otherwise sets Chinese in whatever the machine has. Nothing secret is
written unless answers are asked for, also no picture that an explanation alone shows.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Pt
from docx.text.paragraph import Paragraph as WordParagraph

from question_bank import text
from question_bank.formats.excel_columns import KINDS
from question_bank.formats.labels import basis_line
from question_bank.formats.web import OUTSIDE_XML
from question_bank.item import Item, Medium
from question_bank.kinds.case_study import expand
from question_bank.richtext import (
    Blank,
    Block,
    Break,
    Inline,
    Listing,
    Paragraph,
    Picture,
    Quote,
    Table,
    Text,
    parse,
)

BESIDE, END, NONE = "beside", "end", "none"
TEXT_FONT, HEAD_FONT, LATIN_FONT = "宋体", "黑体", "Times New Roman"
TEXT_SIZE, HEAD_SIZE, TITLE_SIZE = Pt(10.5), Pt(12), Pt(16)
BLANK = "________"
BRACKETS = "（    ）"
LINE_WIDTH = Cm(16)
WIDEST_PICTURE = Cm(13)
INDENT = Cm(0.74)
# Widths in half characters of the longest option that lets four, or two, stand on a line.
FOUR_ON_A_LINE, TWO_ON_A_LINE = 14, 34
ALIGNED = {"center": WD_ALIGN_PARAGRAPH.CENTER, "end": WD_ALIGN_PARAGRAPH.RIGHT}
LINES_TO_WRITE = 4


def printed(items: Iterable[Item], media: Mapping[str, bytes], *, title: str, answers: str) -> bytes:
    """Return the paper; ``answers`` is one of ``BESIDE``, ``END`` and ``NONE``. Raises ``ValueError`` for another."""
    if answers not in (BESIDE, END, NONE):
        raise ValueError(f"answers: {answers}")
    paper = _Paper(media)
    paper.title(title)
    if answers != BESIDE:
        paper.line("单位：____________　　姓名：____________　　得分：____________", centred=True)
    sections = list(_sections(items))
    number = 0
    for at, (name, rows) in enumerate(sections, start=1):
        paper.heading(f"{text.numeral(at)}、{name}（共{len(rows)}题）")
        for item in rows:
            number += 1
            paper.question(item, f"{number}. ", to_write=answers != BESIDE)
            if answers == BESIDE:
                paper.answer(item)
    if answers == END and number:
        paper.new_page()
        paper.title("参考答案")
        number = 0
        for at, (name, rows) in enumerate(sections, start=1):
            paper.heading(f"{text.numeral(at)}、{name}")
            for item in rows:
                number += 1
                paper.answer(item, f"{number}. ")
    return paper.content()


def _sections(items: Iterable[Item]) -> Iterator[tuple[str, list[Item]]]:
    rows = list(items)
    for kind, name in KINDS.items():
        own = [item for item in rows if _kind(item) == kind]
        if own:
            yield name, own


def _kind(item: Item) -> str:
    return "indefinite" if item.settings.get("indefinite") else item.kind


class _Paper:
    """The document as it grows, one method for each piece of a paper."""

    def __init__(self, media: Mapping[str, bytes]) -> None:
        self._media = media
        self._document: Document = docx.Document()
        self._style()

    def content(self) -> bytes:
        held = BytesIO()
        self._document.save(held)
        return held.getvalue()

    def title(self, words: str) -> None:
        self._run(self._paragraph(centred=True, after=Pt(8)), words, font=HEAD_FONT, size=TITLE_SIZE)

    def heading(self, words: str) -> None:
        paragraph = self._paragraph(before=Pt(10), after=Pt(4))
        paragraph.paragraph_format.keep_with_next = True
        self._run(paragraph, words, font=HEAD_FONT, size=HEAD_SIZE)

    def line(self, words: str, *, centred: bool = False) -> None:
        self._run(self._paragraph(centred=centred), words)

    def new_page(self) -> None:
        self._document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)

    def question(self, item: Item, number: str, *, to_write: bool) -> None:
        """Write what a candidate sees of an item."""
        ending = BRACKETS if item.kind == "true_false" else ""
        self._text(item, item.stem, lead=number, ending=ending, together=bool(item.options))
        if item.kind == "matching":
            self._columns(item)
        elif item.options:
            self._options(item)
        if item.kind == "error_finding":
            self._facsimile(item)
        elif item.kind == "case_study":
            for one in item.settings.get("documents", ()):
                self._boxed(item, one["title"], one["text"])
            for at, part in enumerate(expand(item), start=1):
                self.question(part, f"（{at}）", to_write=to_write)
        elif item.kind == "short_answer" and to_write:
            for _ in range(LINES_TO_WRITE):
                self._paragraph()

    def answer(self, item: Item, number: str = "") -> None:
        """Write key, explanation and legal basis of an item, for a case those of its parts."""
        if item.kind == "case_study":
            if number:
                self.line(number + "见各小题。")
            for at, part in enumerate(expand(item), start=1):
                self.line(f"（{at}）")
                self.answer(part)
        elif item.kind == "short_answer":
            self._text(item, str(item.settings["sample"]), lead=number or "答案：")
            for at, row in enumerate(item.settings["rubric"], start=1):
                self._text(item, row["point"], lead=f"评分要点{at}（权重{row['weight']}）：")
        else:
            self.line((number or "答案：") + _key(item))
        if item.explanation:
            self._text(item, item.explanation, lead="解析：")
        if item.basis:
            self.line(basis_line(item.basis))

    def _style(self) -> None:
        section = self._document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.5)
        section.top_margin = section.bottom_margin = Cm(2.2)
        normal = self._document.styles["Normal"]
        normal.font.name, normal.font.size = LATIN_FONT, TEXT_SIZE
        normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), TEXT_FONT)
        normal.paragraph_format.space_after = Pt(2)
        normal.paragraph_format.line_spacing = 1.25
        footer = section.footer.paragraphs[0]
        footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
        for piece in ("第 ", "PAGE", " 页　共 ", "NUMPAGES", " 页"):
            if piece.isupper():
                _field(footer, piece)
            else:
                self._run(footer, piece)

    def _paragraph(
        self, *, centred: bool = False, indent: Any = None, before: Any = None, after: Any = None, of: Any = None
    ) -> WordParagraph:
        made: WordParagraph = (of or self._document).add_paragraph()
        if centred:
            made.alignment = WD_ALIGN_PARAGRAPH.CENTER
        if indent is not None:
            made.paragraph_format.left_indent = indent
        if before is not None:
            made.paragraph_format.space_before = before
        if after is not None:
            made.paragraph_format.space_after = after
        return made

    def _run(
        self, paragraph: WordParagraph, words: str, *, font: str = "", size: Any = None, style: Text | None = None
    ) -> None:
        run = paragraph.add_run(OUTSIDE_XML.sub("\ufffd", words))
        if font:
            run.font.name = LATIN_FONT
            run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
        if size is not None:
            run.font.size = size
        if style is not None and style.strong:
            run.bold = True
        if style is not None and style.emphasis:
            run.italic = True

    def _text(
        self, item: Item, words: str, *, lead: str = "", ending: str = "", together: bool = False, of: Any = None
    ) -> None:
        """Write a text of an item as blocks, ``lead`` before its first words and ``ending`` after its last ones."""
        blocks = parse(words, item.format)
        first = self._paragraph(of=of)
        self._run(first, lead)
        rest: Sequence[Block] = blocks
        if blocks and isinstance(blocks[0], Paragraph):
            self._inlines(first, item, blocks[0].inlines)
            rest = blocks[1:]
        self._blocks(item, rest, of=of)
        if ending:
            self._run(first if not rest else self._paragraph(of=of), ending)
        if together:
            first.paragraph_format.keep_with_next = True

    def _blocks(self, item: Item, blocks: Iterable[Block], *, of: Any = None, depth: int = 0) -> None:
        for block in blocks:
            if isinstance(block, Paragraph):
                self._inlines(self._paragraph(indent=INDENT * depth if depth else None, of=of), item, block.inlines)
            elif isinstance(block, Quote):
                self._blocks(item, block.blocks, of=of, depth=depth + 1)
            elif isinstance(block, Table):
                self._table(item, block, of=of)
            else:
                self._listing(item, block, of=of, depth=depth + 1)

    def _listing(self, item: Item, listing: Listing, *, of: Any, depth: int) -> None:
        for at, entry in enumerate(listing.items):
            mark = "· " if listing.start is None else f"（{listing.start + at}）"
            paragraph = self._paragraph(indent=INDENT * depth, of=of)
            self._run(paragraph, mark)
            rest: Sequence[Block] = entry
            if entry and isinstance(entry[0], Paragraph):
                self._inlines(paragraph, item, entry[0].inlines)
                rest = entry[1:]
            self._blocks(item, rest, of=of, depth=depth)

    def _table(self, item: Item, table: Table, *, of: Any = None) -> None:
        grid = _grid(of or self._document, len(table.rows), len(table.alignments))
        for row, cells in zip(grid.rows, table.rows, strict=True):
            for cell, words, side in zip(row.cells, cells, table.alignments, strict=True):
                paragraph = cell.paragraphs[0]
                if side in ALIGNED:
                    paragraph.alignment = ALIGNED[side]
                self._inlines(paragraph, item, words)
        self._paragraph(of=of, after=Pt(0))

    def _inlines(self, paragraph: WordParagraph, item: Item, inlines: Iterable[Inline]) -> None:
        for one in inlines:
            if isinstance(one, Text):
                self._run(paragraph, one.words, style=one)
            elif isinstance(one, Break):
                paragraph.add_run().add_break()
            elif isinstance(one, Blank):
                self._run(paragraph, BLANK)
            else:
                self._picture(paragraph, item, one)

    def _picture(self, paragraph: WordParagraph, item: Item, picture: Picture) -> None:
        medium = next((one for one in item.media if one.name == picture.name), None)
        words = picture.alt or (medium.alt if medium else picture.name)
        shape = self._shape(paragraph, medium) if medium else None
        if shape is None:
            self._run(paragraph, f"[{words}]")
        else:
            shape._inline.docPr.set("descr", OUTSIDE_XML.sub("", words))

    def _shape(self, paragraph: WordParagraph, medium: Medium) -> Any:
        content = self._media.get(medium.sha256)
        if content is None or not medium.type.startswith("image/"):
            return None
        run = paragraph.add_run()
        try:
            shape = run.add_picture(BytesIO(content))
        except Exception:  # a kind of picture that the library does not know, or one that is broken
            return None
        if shape.width > WIDEST_PICTURE:
            shape.height = Emu(int(shape.height * WIDEST_PICTURE / shape.width))
            shape.width = WIDEST_PICTURE
        return shape

    def _options(self, item: Item) -> None:
        widths = [_width(item, option.text) for option in item.options]
        widest = max((one for one in widths if one is not None), default=0)
        side_by_side = 4 if widest <= FOUR_ON_A_LINE else 2 if widest <= TWO_ON_A_LINE else 1
        if None in widths or side_by_side == 1:
            for option in item.options:
                self._text(item, option.text, lead=f"{option.key}. ")
            return
        step = int(LINE_WIDTH / side_by_side)
        for start in range(0, len(item.options), side_by_side):
            paragraph = self._paragraph()
            for at in range(1, side_by_side):
                paragraph.paragraph_format.tab_stops.add_tab_stop(step * at)
            for at, option in enumerate(item.options[start : start + side_by_side]):
                self._run(paragraph, ("\t" if at else "") + f"{option.key}. ")
                (block,) = parse(option.text, item.format)
                assert isinstance(block, Paragraph)
                self._inlines(paragraph, item, block.inlines)

    def _columns(self, item: Item) -> None:
        """Write prompts and options of a matching beside each other."""
        prompts = item.settings["prompts"]
        grid = _grid(self._document, max(len(prompts), len(item.options)), 2)
        for column, rows in enumerate(
            ([(one["key"], one["text"]) for one in prompts], [(one.key, one.text) for one in item.options])
        ):
            for row, (key, words) in zip(grid.rows, rows, strict=False):
                cell = row.cells[column]
                self._text(item, words, lead=f"{key}. ", of=cell)
                cell._element.remove(cell.paragraphs[0]._element)  # the empty one that a cell is made with
        self._paragraph(after=Pt(0))

    def _facsimile(self, item: Item) -> None:
        words = "".join(
            (f"〔{one['key']}〕" if "key" in one else "") + one["text"] for one in item.settings["document"]
        )
        cell = _grid(self._document, 1, 1).rows[0].cells[0]
        for at, line in enumerate(words.split("\n")):
            self._run(cell.paragraphs[0] if not at else cell.add_paragraph(), line)
        self._paragraph(after=Pt(0))

    def _boxed(self, item: Item, title: str, words: str) -> None:
        cell = _grid(self._document, 1, 1).rows[0].cells[0]
        cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        self._run(cell.paragraphs[0], title, font=HEAD_FONT)
        self._text(item, words, of=cell)
        self._paragraph(after=Pt(0))


def _key(item: Item) -> str:
    """Return the right answer on one line, in a form that our reader of papers takes back."""
    if item.kind == "true_false":
        return "正确" if item.key else "错误"
    if item.kind in ("multiple_choice", "ordering"):
        return "".join(item.key)
    if item.kind == "matching":
        return "　".join(f"{prompt}-{option}" for prompt, option in item.key.items())
    if item.kind == "error_finding":
        notes = {one["key"]: one.get("note", "") for one in item.settings["document"] if "key" in one}
        return "　".join(f"〔{key}〕{' '.join(notes[key].split())}" for key in item.key)
    if item.kind == "fill_blank":
        return "；".join(" / ".join(accepted) for accepted in item.key)
    return str(item.key)


def _width(item: Item, words: str) -> int | None:
    """Return the width of a text in half characters, None where it takes more than one line by itself."""
    blocks = parse(words, item.format)
    if len(blocks) != 1 or not isinstance(blocks[0], Paragraph):
        return None
    inlines = blocks[0].inlines
    if any(not isinstance(one, Text) for one in inlines):
        return None
    plain = "".join(one.words for one in inlines if isinstance(one, Text))
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in plain)


def _grid(where: Any, rows: int, columns: int) -> Any:
    made = where.add_table(rows, columns)
    made.style = "Table Grid"
    return made


def _field(paragraph: WordParagraph, name: str) -> None:
    run = paragraph.add_run()
    pieces: Sequence[tuple[str, Callable[[Any], None]]] = (
        ("w:fldChar", lambda one: one.set(qn("w:fldCharType"), "begin")),
        ("w:instrText", lambda one: setattr(one, "text", name)),
        ("w:fldChar", lambda one: one.set(qn("w:fldCharType"), "end")),
    )
    for tag, fill in pieces:
        element = OxmlElement(tag)
        fill(element)
        run._element.append(element)
