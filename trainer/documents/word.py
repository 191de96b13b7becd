"""Documents as Word (.docx), by python-docx. Fonts are named for both scripts, as Word else takes what it finds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt
from PIL import Image as Pictures

from trainer.documents.blocks import PICTURE_WIDTH, Block, Grid, Image, Line, NewPage, Ruled

TEXT_FONT, HEAD_FONT, LATIN_FONT = "宋体", "黑体", "Times New Roman"
SIZES = {"title": Pt(18), "head": Pt(12), "text": Pt(10.5), "small": Pt(9)}
INDENT = Cm(0.74)
# What XML 1.0 cannot hold.
OUTSIDE_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_word(blocks: Sequence[Block], *, title: str, page_words: str, made_at: datetime) -> bytes:
    """Return the document; see ``pdf.to_pdf``."""
    document = docx.Document()
    _style(document, page_words)
    document.core_properties.title = _clean(title)
    document.core_properties.author = ""
    document.core_properties.created = document.core_properties.modified = made_at.replace(tzinfo=None)
    for block in blocks:
        _put(document, block)
    held = BytesIO()
    document.save(held)
    return held.getvalue()


def _clean(text: str) -> str:
    return OUTSIDE_XML.sub("\ufffd", text)


def _put(document: Document, block: Block) -> None:
    match block:
        case Line():
            _line(document, block)
        case Grid():
            _grid(document, block)
        case Ruled():
            for _ in range(block.count):
                _line(document, Line("＿" * 42))
        case Image():
            _image(document, block)
        case NewPage():
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)


def _line(where: Any, line: Line) -> None:
    paragraph = where.add_paragraph()
    shape = paragraph.paragraph_format
    shape.left_indent = INDENT * line.indent
    shape.keep_with_next = line.keeps_next
    if line.centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if line.size == "head":
        shape.space_before = Pt(8)
    _run(paragraph, line.text, line.size)


def _run(paragraph: Any, text: str, size: str) -> None:
    run = paragraph.add_run(_clean(text))
    run.font.size = SIZES[size]
    run.font.name = LATIN_FONT
    font = HEAD_FONT if size in ("title", "head") else TEXT_FONT
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _grid(document: Document, grid: Grid) -> None:
    parts = grid.widths or (1,) * max(len(row) for row in grid.rows)
    table = document.add_table(len(grid.rows), len(parts))
    table.style = "Table Grid"
    for row, texts in zip(table.rows, grid.rows, strict=True):
        for cell, text, part in zip(row.cells, texts, parts, strict=False):
            cell.width = Mm(int(170 * part / sum(parts)))
            _run(cell.paragraphs[0], text, "text")
    if grid.head:
        table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    document.add_paragraph().paragraph_format.space_after = Pt(0)


def _image(document: Document, image: Image) -> None:
    try:
        with Pictures.open(BytesIO(image.content)) as picture:
            width = min(PICTURE_WIDTH, picture.size[0] * 25.4 / 96)
            held = BytesIO()
            picture.convert("RGB").save(held, "PNG")
    except OSError:
        _line(document, Line(f"[{image.alt}]", indent=1))
        return
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.left_indent = INDENT
    held.seek(0)
    shape = paragraph.add_run().add_picture(held, width=Mm(int(width)))
    shape._inline.docPr.set("descr", _clean(image.alt))


def _style(document: Document, page_words: str) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(20)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = LATIN_FONT, SIZES["text"]
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), TEXT_FONT)
    normal.paragraph_format.space_after = Pt(2)
    normal.paragraph_format.line_spacing = 1.25
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for piece in re.split(r"(\{n\}|\{all\})", page_words):
        if piece in ("{n}", "{all}"):
            _field(footer, "PAGE" if piece == "{n}" else "NUMPAGES")
        elif piece:
            _run(footer, piece, "small")


def _field(paragraph: Any, name: str) -> None:
    run = paragraph.add_run()
    for tag, kind in (("w:fldChar", "begin"), ("w:instrText", ""), ("w:fldChar", "end")):
        node = OxmlElement(tag)
        if kind:
            node.set(qn("w:fldCharType"), kind)
        else:
            node.text = name
        run._element.append(node)
