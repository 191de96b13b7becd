"""A look at the cells of an .xlsx workbook before it is opened: how far they reach, which numbers have a format."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Mapping
from xml.etree.ElementTree import Element, ParseError
from xml.parsers import expat

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from question_bank.formats.archives import opened, part
from question_bank.formats.number_shown import BUILT_IN
from question_bank.formats.report import Unreadable
from question_bank.formats.table_cells import Counted

WORKBOOK = "xl/workbook.xml"
LARGEST_PART = 16 * 1024 * 1024
MOST_CELLS = 1_500_000
PIECE = 256 * 1024
REFERENCE = re.compile("([A-Z]{1,3})([0-9]{1,7})")


def counted(content: bytes) -> dict[str, Counted]:
    """Return what is in each worksheet by its name. Raises ``Unreadable``."""
    archive = opened(content)
    book = _tree(archive, WORKBOOK)
    targets = {
        _attribute(one, "Id"): _attribute(one, "Target")
        for one in _tree(archive, "xl/_rels/workbook.xml.rels")
        if _local(one.tag) == "Relationship"
    }
    codes = _codes(archive)
    from_1904 = any(
        _local(one.tag) == "workbookPr" and _attribute(one, "date1904") in ("1", "true") for one in book.iter()
    )
    found: dict[str, Counted] = {}
    cells = 0
    for sheet in book.iter():
        if _local(sheet.tag) != "sheet":
            continue
        target = targets.get(_attribute(sheet, "id"), "")
        path = posixpath.normpath(posixpath.join("xl", target) if not target.startswith("/") else target[1:])
        if path not in archive.namelist():
            raise Unreadable("workbook_damaged", reason=path[:200])
        one = Counted(cells=cells, from_1904=from_1904)
        _Scan(one, codes).run(archive, path)
        cells = one.cells
        found[_attribute(sheet, "name")] = one
    return found


def _tree(archive: zipfile.ZipFile, path: str) -> Element:
    content = part(archive, path, LARGEST_PART)
    try:
        made: Element = ElementTree.fromstring(content, forbid_dtd=True)
        return made
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Unreadable("workbook_damaged", reason=path) from error


def _codes(archive: zipfile.ZipFile) -> list[str]:
    """Return the format code of each cell style, empty for the general one."""
    if "xl/styles.xml" not in archive.namelist():
        return []
    styles = _tree(archive, "xl/styles.xml")
    own: dict[str, str] = {}
    found: list[str] = []
    for group in styles:
        if _local(group.tag) == "numFmts":
            own = {_attribute(one, "numFmtId"): _attribute(one, "formatCode") for one in group}
        elif _local(group.tag) == "cellXfs":
            for style in group:
                told = _attribute(style, "numFmtId")
                found.append(own.get(told) or (BUILT_IN.get(int(told), "") if told.isdecimal() else ""))
    return found


class _Scan:
    """Goes through the XML of one sheet once, keeping positions only."""

    def __init__(self, found: Counted, codes: list[str]) -> None:
        self._found, self._codes = found, codes
        self._row = self._column = 0
        self._code = ""
        self._value: list[str] | None = None
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._words
        self._parser = parser

    def run(self, archive: zipfile.ZipFile, path: str) -> None:
        try:
            with archive.open(path) as stream:
                while piece := stream.read(PIECE):
                    self._parser.Parse(piece, False)
                self._parser.Parse(b"", True)
        except (expat.ExpatError, zipfile.BadZipFile, ValueError, OSError) as error:
            if isinstance(error, Unreadable):
                raise
            raise Unreadable("workbook_damaged", reason=f"{path}: {error}"[:200]) from error

    def _doctype(self, *_: object) -> None:
        raise Unreadable("xml_with_entities")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "c":
            self._found.cells += 1
            if self._found.cells > MOST_CELLS:
                raise Unreadable("sheet_too_many_cells", most=MOST_CELLS)
            self._column += 1
            match = REFERENCE.fullmatch(attributes.get("r", ""))
            if match:
                self._column, self._row = _column_number(match[1]), int(match[2])
            style = attributes.get("s", "0")
            place = int(style) if style.isdecimal() else 0
            number = attributes.get("t", "n") == "n" and place < len(self._codes)
            self._code = self._codes[place] if number else ""
        elif local == "v" or local == "is":
            self._found.fill(self._row, self._column - 1)
            if self._code:
                self._value = []
        elif local == "f":
            self._found.fill(self._row, self._column - 1)
            self._found.formulas.add((self._row, self._column - 1))
        elif local == "row":
            told = attributes.get("r", "")
            self._row = int(told) if told.isdecimal() and len(told) < 8 else self._row + 1
            self._column = 0

    def _end(self, name: str) -> None:
        if self._value is not None and name.rpartition(":")[2] == "v":
            self._found.numbers[(self._row, self._column - 1)] = ("".join(self._value).strip()[:40], self._code)
            self._value = None

    def _words(self, words: str) -> None:
        if self._value is not None:
            self._value.append(words)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _attribute(element: Element, name: str) -> str:
    """Return an attribute by its local name, empty where it is missing."""
    if name in element.attrib:
        return element.attrib[name]
    return next((value for key, value in element.attrib.items() if _local(key) == name), "")
