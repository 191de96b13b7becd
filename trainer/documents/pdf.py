"""Documents as PDF, by fpdf2 with Noto Sans SC embedded: only the signs used, so that every machine shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

import pylopdf_fonts_zh_cn as fonts
from fpdf import FPDF
from PIL import Image as Pictures

from trainer.documents.blocks import PICTURE_WIDTH, Block, Grid, Image, Line, NewPage, Ruled
from trainer.documents.breaking import broken

FONT = "text"
# In points, and the height of a line in millimetres.
SIZES = {"title": (17, 9.5), "head": (12.5, 7.5), "text": (11, 6.6), "small": (9, 5.4)}
MARGIN = 20
INDENT = 8
CELL_PADDING = 1.5
# What a printer sets for a sign that the font lacks.
MISSING = "〓"


class _Sheets(FPDF):
    """A4 pages with their number at the foot."""

    def __init__(self, page_words: str) -> None:
        super().__init__(format="A4")
        self.page_words = page_words
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=MARGIN)
        self.alias_nb_pages("{all}")
        self.add_font(FONT, fname=fonts.sans_path())

    def footer(self) -> None:
        size, height = SIZES["small"]
        self.set_font(FONT, size=size)
        self.set_y(-14)
        self.cell(0, height, self.page_words.format(n=self.page_no(), all="{all}"), align="C")


def to_pdf(blocks: Sequence[Block], *, title: str, page_words: str, made_at: datetime) -> bytes:
    """Return the document. ``page_words`` holds ``{n}`` and ``{all}``; ``made_at`` (aware) is its date."""
    sheets = _Sheets(page_words)
    sheets.set_title(title)
    sheets.set_creation_date(made_at)
    sheets.add_page()
    for block in blocks:
        _put(sheets, block)
    return bytes(sheets.output())


def _put(sheets: _Sheets, block: Block) -> None:
    match block:
        case Line():
            _line(sheets, block)
        case Grid():
            _grid(sheets, block)
        case Ruled():
            _ruled(sheets, block.count)
        case Image():
            _image(sheets, block)
        case NewPage():
            sheets.add_page()


def _known(sheets: _Sheets, text: str) -> str:
    signs = sheets.fonts[FONT].cmap
    return "".join(sign if sign == "\n" or ord(sign) in signs else MISSING for sign in text)


def _line(sheets: _Sheets, line: Line) -> None:
    size, height = SIZES[line.size]
    sheets.set_font(FONT, size=size)
    left = sheets.l_margin + line.indent * INDENT
    width = sheets.w - sheets.r_margin - left
    if line.size == "head":
        sheets.ln(2)
    if line.keeps_next and sheets.get_y() + 3 * height > sheets.page_break_trigger:
        sheets.add_page()
    for words in broken(_known(sheets, line.text), width, sheets.get_string_width):
        sheets.set_x(left)
        sheets.cell(width, height, words, align="C" if line.centred else "L", new_x="LMARGIN", new_y="NEXT")
    if line.size == "title":
        sheets.ln(2)


def _grid(sheets: _Sheets, grid: Grid) -> None:
    size, height = SIZES["text"]
    sheets.set_font(FONT, size=size)
    parts = grid.widths or (1,) * max(len(row) for row in grid.rows)
    whole = sheets.w - sheets.l_margin - sheets.r_margin
    widths = [whole * part / sum(parts) for part in parts]
    for number, row in enumerate(grid.rows):
        told = _row(sheets, row, widths)
        tall = height * max(len(lines) for lines in told) + 2 * CELL_PADDING
        if sheets.get_y() + tall > sheets.page_break_trigger:
            sheets.add_page()
            if grid.head and number:
                _cells(sheets, _row(sheets, grid.rows[0], widths), widths, height)
        _cells(sheets, told, widths, height)
    sheets.ln(2)


def _row(sheets: _Sheets, row: Sequence[str], widths: Sequence[float]) -> list[list[str]]:
    return [
        broken(_known(sheets, text), width - 2 * CELL_PADDING - 2, sheets.get_string_width)
        for text, width in zip(row, widths, strict=False)
    ]


def _cells(sheets: _Sheets, told: list[list[str]], widths: Sequence[float], height: float) -> None:
    top, left = sheets.get_y(), sheets.l_margin
    tall = height * max(len(lines) for lines in told) + 2 * CELL_PADDING
    for lines, width in zip(told, widths, strict=False):
        sheets.rect(left, top, width, tall)
        for number, words in enumerate(lines):
            sheets.set_xy(left + CELL_PADDING, top + CELL_PADDING + number * height)
            sheets.cell(width - 2 * CELL_PADDING, height, words)
        left += width
    sheets.set_xy(sheets.l_margin, top + tall)


def _ruled(sheets: _Sheets, count: int) -> None:
    for _ in range(count):
        if sheets.get_y() + 9 > sheets.page_break_trigger:
            sheets.add_page()
        sheets.ln(9)
        sheets.line(sheets.l_margin, sheets.get_y(), sheets.w - sheets.r_margin, sheets.get_y())
    sheets.ln(2)


def _image(sheets: _Sheets, image: Image) -> None:
    try:
        with Pictures.open(BytesIO(image.content)) as picture:
            wide, tall = picture.size
            held = picture.convert("RGB")
    except OSError:
        _line(sheets, Line(f"[{image.alt}]", indent=1))
        return
    # At 96 dots an inch as on the page, unless it is wider than the sheet takes.
    width = min(PICTURE_WIDTH, wide * 25.4 / 96)
    height = width * tall / wide
    most = sheets.page_break_trigger - sheets.t_margin
    if height > most:
        width, height = width * most / height, most
    if sheets.get_y() + height > sheets.page_break_trigger:
        sheets.add_page()
    sheets.image(held, x=sheets.l_margin + INDENT, w=width, h=height, alt_text=image.alt)
    sheets.ln(2)
