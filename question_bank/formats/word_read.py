"""Word files as lines and tables: the only reader that knows the XML of .docx beside python-docx.

Lines are those of ``papers``, with the numbers that Word counts itself put before them. A picture or table stands in a
line as one sign of the private area, and is put back when the texts are made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import docx
from docx.document import Document
from docx.oxml.ns import qn

from question_bank.formats.archives import opened, part
from question_bank.formats.draft import Draft
from question_bank.formats.files import media_type
from question_bank.formats.report import DOUBTFUL, LIKELY, Repair, Unreadable
from question_bank.formats.rich import LOWERED, RAISED, Rich, from_plain
from question_bank.formats.word_numbers import Numbers
from question_bank.richtext import Inline, Picture, Table, Text

BODY = "word/document.xml"
LARGEST_PART = 16 * 1024 * 1024
MOST_TAGS = 1_200_000
FIRST_SIGN, LAST_SIGN = 0xE100, 0xF8FF
SIGNS = re.compile("[\ue100-\uf8ff]")
BLANK = "____"
# Ticks and crosses of the symbol fonts, by their codes there.
SYMBOLS = {0x2D: "-", 0xB4: "×", 0xD6: "√", 0xFB: "×", 0xFC: "√", 0xFD: "×", 0xFE: "√", 0x4F: "×", 0x50: "√"}
SKIPPED = frozenset(qn(tag) for tag in ("w:del", "w:instrText", "w:delText", "w:pPr", "w:rPr", "w:moveFrom"))
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
IMAGE_DATA = "{urn:schemas-microsoft-com:vml}imagedata"


@dataclass(slots=True)
class Shown:
    """A picture of the document: its bytes and its words."""

    content: bytes
    name: str
    alt: str


@dataclass(slots=True)
class Grid:
    """A table as rows of cells, in each the lines of its paragraphs."""

    rows: list[list[str]]


@dataclass(slots=True)
class WordFile:
    """The lines and tables of a document, in order, and what the signs in its lines stand for."""

    blocks: list[str | Grid] = field(default_factory=list)
    things: list[Shown | Grid] = field(default_factory=list)
    notes: list[Repair] = field(default_factory=list)

    def sign(self, thing: Shown | Grid) -> str:
        """Return the sign for a thing; without one left over, words that say so."""
        if FIRST_SIGN + len(self.things) > LAST_SIGN:
            return "[图片]" if isinstance(thing, Shown) else ""
        self.things.append(thing)
        return chr(FIRST_SIGN + len(self.things) - 1)

    def plain(self, words: str) -> str:
        """Return words for people, pictures and tables by name."""
        return SIGNS.sub(lambda match: "[图片]" if isinstance(self._thing(match[0]), Shown) else "[表格]", words)

    def rich(self, draft: Draft) -> Callable[[str], Rich]:
        """Return what makes texts of words, with pictures and tables in their places."""

        def pictured(one: Text) -> Iterator[Inline]:
            at = 0
            for match in SIGNS.finditer(one.words):
                if match.start() > at:
                    yield Text(one.words[at : match.start()])
                thing = self._thing(match[0])
                if isinstance(thing, Shown):
                    yield from _picture(draft, thing)
                at = match.end()
            if at < len(one.words):
                yield Text(one.words[at:])

        def made(words: str) -> Rich:
            if not SIGNS.search(words):
                return from_plain(words)
            parts: list[Rich] = []
            rest = ""
            for piece in re.split("([\ue100-\uf8ff])", words):
                thing = self._thing(piece) if SIGNS.fullmatch(piece) else None
                if isinstance(thing, Grid):
                    parts += [from_plain(rest).mapped(pictured), Rich((_table(thing, pictured),))]
                    rest = ""
                else:
                    rest += piece
            parts.append(from_plain(rest).mapped(pictured))
            return Rich(()).joined(*parts)

        return made

    def _thing(self, sign: str) -> Shown | Grid | None:
        at = ord(sign) - FIRST_SIGN
        return self.things[at] if at < len(self.things) else None


def _picture(draft: Draft, shown: Shown) -> Iterator[Inline]:
    name = draft.pictures.name_of(shown.content, shown.name, shown.alt)
    if name is None:
        draft.repair("", "picture_of_unknown_type", DOUBTFUL, before=shown.name, after=shown.alt)
        yield Text(f"[{shown.alt or shown.name}]")
        return
    if not shown.alt:
        draft.repair("media", "picture_without_words", LIKELY, before=shown.name, after=name)
    yield Picture(name)


def _table(grid: Grid, pictured: Callable[[Text], Iterator[Inline]]) -> Table:
    width = max(len(row) for row in grid.rows)
    rows = []
    for row in grid.rows:
        cells = [tuple(pictured(Text(" ".join(cell.split("\n"))))) if cell else () for cell in row]
        rows.append(tuple(cells + [()] * (width - len(cells))))
    return Table(tuple(rows), ("",) * width)


def read_word(content: bytes) -> WordFile:
    """Return what stands in a .docx file. Raises ``Unreadable``."""
    document = _document(content)
    found = WordFile()
    walker = _Walker(document, found)
    for block in _blocks(document.element.body):
        if block.tag == qn("w:p"):
            label = walker.numbers.label(block)
            words = walker.words(block)
            found.blocks += (label + words).split("\n")
        else:
            found.blocks.append(Grid(walker.rows(block)))
    if walker.symbols:
        found.notes.append(Repair("", "symbols_left_out", DOUBTFUL, params={"count": walker.symbols}))
    if walker.changes:
        found.notes.append(Repair("", "tracked_changes_taken", LIKELY, params={"count": walker.changes}))
    if walker.formulas:
        found.notes.append(Repair("", "formulas_as_text", DOUBTFUL, params={"count": walker.formulas}))
    return found


def _document(content: bytes) -> Document:
    archive = opened(content)
    if BODY not in archive.namelist():
        raise Unreadable("not_a_word_file")
    for info in archive.infolist():
        if not info.filename.endswith((".xml", ".rels")):
            continue
        xml = part(archive, info.filename, LARGEST_PART)
        if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
            raise Unreadable("xml_with_entities")
        if xml.count(b"<") > MOST_TAGS:
            raise Unreadable("too_many_elements", most=MOST_TAGS)
    try:
        return docx.Document(BytesIO(content))
    except Exception as error:  # the library raises whatever its parts raise for a package that is broken
        raise Unreadable("word_file_damaged", reason=str(error)[:200]) from error


def _blocks(body: Any) -> Iterator[Any]:
    """Return paragraphs and tables in order, those inside content controls and marks of revision too."""
    for child in body:
        if child.tag in (qn("w:p"), qn("w:tbl")):
            yield child
        elif isinstance(child.tag, str) and child.tag not in SKIPPED and child.tag != FALLBACK:
            yield from _blocks(child)


class _Walker:
    """Collects the words of paragraphs in reading order."""

    def __init__(self, document: Document, found: WordFile) -> None:
        self._document, self._found = document, found
        self.numbers = Numbers(document)
        self.symbols = self.changes = self.formulas = 0

    def rows(self, table: Any) -> list[list[str]]:
        """Return the cells of a table; a cell that is wide is followed by empty ones."""
        rows: list[list[str]] = []
        for row in table.iter(qn("w:tr")):
            if next(row.iterancestors(qn("w:tbl")), None) is not table:
                continue
            cells: list[str] = []
            for cell in row.iter(qn("w:tc")):
                if next(cell.iterancestors(qn("w:tr")), None) is not row:
                    continue
                lines = [self.numbers.label(one) + self.words(one) for one in cell.iter(qn("w:p"))]
                cells.append("\n".join(lines).strip())
                span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
                wide = span.get(qn("w:val"), "1") if span is not None else "1"
                cells += [""] * (min(int(wide), 60) - 1 if wide.isdecimal() else 0)
            rows.append(cells)
        return rows

    def words(self, paragraph: Any) -> str:
        """Return the words of a paragraph, signs for its pictures among them."""
        return "".join(self._pieces(paragraph))

    def _pieces(self, element: Any) -> Iterator[str]:
        for child in element:
            tag = child.tag
            if not isinstance(tag, str) or tag in SKIPPED or tag == FALLBACK:
                continue
            if tag == qn("w:t"):
                yield self._text(child.text or "", child)
            elif tag == MATH_TEXT:
                self.formulas += 1
                yield self._text(child.text or "", child)
            elif tag in (qn("w:tab"), qn("w:ptab")):
                yield "\t"
            elif tag in (qn("w:br"), qn("w:cr")):
                yield "\n"
            elif tag == qn("w:noBreakHyphen"):
                yield "-"
            elif tag == qn("w:sym"):
                yield self._symbol(child)
            elif tag == qn("a:blip"):
                yield self._picture(child.get(qn("r:embed")), child)
            elif tag == IMAGE_DATA:
                yield self._picture(child.get(qn("r:id")), child)
            else:
                if tag == qn("w:ins"):
                    self.changes += 1
                yield from self._pieces(child)

    def _text(self, words: str, element: Any) -> str:
        kept = SIGNS.sub(self._private, words)
        style = element.getparent().find(qn("w:rPr")) if element.getparent() is not None else None
        if style is None:
            return kept
        # A line to write on is often nothing but underlined spaces.
        line = style.find(qn("w:u"))
        if line is not None and line.get(qn("w:val"), "single") != "none" and len(kept) > 1 and not kept.strip():
            return BLANK
        shift = style.find(qn("w:vertAlign"))
        kind = shift.get(qn("w:val")) if shift is not None else None
        if kind in ("superscript", "subscript") and kept.strip():
            moved = kept.translate(RAISED if kind == "superscript" else LOWERED)
            if all(before != after for before, after in zip(kept, moved, strict=True)):
                return moved
            return f"{'^' if kind == 'superscript' else '_'}({kept})"
        return kept

    def _private(self, match: re.Match[str]) -> str:
        sign = SYMBOLS.get(ord(match[0]) & 0xFF) if ord(match[0]) >= 0xF000 else None
        if sign is None:
            self.symbols += 1
        return sign or ""

    def _symbol(self, element: Any) -> str:
        code = element.get(qn("w:char"), "")
        try:
            sign = SYMBOLS.get(int(code, 16) & 0xFF)
        except ValueError:
            sign = None
        if sign is None:
            self.symbols += 1
        return sign or ""

    def _picture(self, relation: str | None, element: Any) -> str:
        target = self._document.part.related_parts.get(relation) if relation else None
        if target is None:
            return "[图片]"
        alt = ""
        for parent in element.iterancestors():
            if parent.tag == qn("w:drawing"):
                told = next(parent.iter(qn("wp:docPr")), None)
                alt = (told.get("descr") or "") if told is not None else ""
                break
        content = bytes(target.blob)
        kind = "picture" if media_type(content) else str(target.partname).rpartition(".")[2]
        return self._found.sign(Shown(content, f"{kind}.bin", " ".join(alt.split())))


def is_word(content: bytes) -> bool:
    """Whether the bytes are a .docx file."""
    return content.startswith(b"PK\x03\x04") and BODY.encode() in content
