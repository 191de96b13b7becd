"""The numbers that Word counts itself: they stand in no text, and without them a paper has neither 1. nor A."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from docx.document import Document
from docx.opc.part import XmlPart
from docx.oxml.ns import qn

from question_bank import text

BULLETS = ("bullet", "none")
DEEPEST = 9
ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
MOST = 9_999


@dataclass(frozen=True, slots=True)
class Level:
    """How one level of a list is counted and written."""

    format: str
    pattern: str
    start: int


class Numbers:
    """Counts the lists of a document on the way through its paragraphs."""

    def __init__(self, document: Document) -> None:
        self._levels: dict[str, dict[int, Level]] = {}
        self._abstract: dict[str, str] = {}
        self._counts: dict[tuple[str, int], int] = {}
        self._styles: dict[str, tuple[str, int]] = {}
        part = next(
            (
                one.target_part
                for one in document.part.rels.values()
                if one.reltype.endswith("/numbering") and not one.is_external
            ),
            None,
        )
        if isinstance(part, XmlPart):  # another type of content is left as bytes
            self._read(part.element)
        self._read_styles(document.styles.element)

    def label(self, paragraph: Any) -> str:
        """Return what Word writes before a paragraph, with a space behind it; empty for bullets and plain ones."""
        place = self._place(paragraph)
        if place is None:
            return ""
        number, depth = place
        levels = self._levels.get(number)
        level = levels.get(depth) if levels else None
        if levels is None or level is None:
            return ""
        group = self._abstract[number]
        count = self._counts.get((group, depth), level.start - 1) + 1
        self._counts[group, depth] = count
        for deeper in range(depth + 1, DEEPEST):
            self._counts.pop((group, deeper), None)
        if level.format in BULLETS:
            return ""

        def told(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            of = levels.get(at)
            if of is None:
                return ""
            return written(self._counts.get((group, at), of.start), of.format)

        label = re.sub("%([1-9])", told, level.pattern).strip()
        return f"{label} " if label else ""

    def _place(self, paragraph: Any) -> tuple[str, int] | None:
        properties = paragraph.find(qn("w:pPr"))
        if properties is None:
            return None
        own = _number_of(properties)
        style = properties.find(qn("w:pStyle"))
        inherited = self._styles.get(style.get(qn("w:val"), "")) if style is not None else None
        if own is None:
            return inherited
        number, depth = own
        if number == "0":
            return None
        return (number or (inherited[0] if inherited else ""), depth)

    def _read(self, element: Any) -> None:
        lists: dict[str, dict[int, Level]] = {}
        for one in element.findall(qn("w:abstractNum")):
            levels = {}
            for level in one.findall(qn("w:lvl")):
                depth = level.get(qn("w:ilvl"), "0")
                if depth.isdecimal() and int(depth) < DEEPEST:
                    levels[int(depth)] = Level(
                        _value(level, "w:numFmt", "decimal"),
                        _value(level, "w:lvlText", "%1."),
                        _whole(_value(level, "w:start", "1")),
                    )
            lists[one.get(qn("w:abstractNumId"), "")] = levels
        for one in element.findall(qn("w:num")):
            number, group = one.get(qn("w:numId"), ""), _value(one, "w:abstractNumId", "")
            levels = dict(lists.get(group, {}))
            restarted = False
            for change in one.findall(qn("w:lvlOverride")):
                depth = _whole(change.get(qn("w:ilvl"), "0"))
                start = change.find(qn("w:startOverride"))
                if start is not None and depth in levels:
                    restarted = True
                    old = levels[depth]
                    levels[depth] = Level(old.format, old.pattern, _whole(start.get(qn("w:val"), "1")))
            self._levels[number] = levels
            # Lists of one pattern count on together, unless one says where it begins.
            self._abstract[number] = f"{group}/{number}" if restarted else group

    def _read_styles(self, element: Any) -> None:
        for style in element.findall(qn("w:style")):
            properties = style.find(qn("w:pPr"))
            found = _number_of(properties) if properties is not None else None
            if found is not None and found[0] not in ("", "0"):
                self._styles[style.get(qn("w:styleId"), "")] = found


def written(count: int, format: str) -> str:
    """Return a number as a list writes it: 1, 01, A, a, 一, i; an unknown form is written in digits."""
    if not 0 < count <= MOST:
        return str(count)
    if format in ("upperLetter", "lowerLetter"):
        letter = chr(ord("A") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letter if format == "upperLetter" else letter.lower()
    if format in ("chineseCounting", "chineseCountingThousand", "japaneseCounting", "ideographTraditional"):
        return text.numeral(count)
    if format in ("upperRoman", "lowerRoman") and count < 40:
        made, left = "", count
        for value, letters in ROMAN:
            while left >= value:
                made, left = made + letters, left - value
        return made.upper() if format == "upperRoman" else made
    if format == "decimalEnclosedCircle" and count <= 20:
        return chr(ord("①") + count - 1)
    return f"{count:02d}" if format == "decimalZero" else str(count)


def _number_of(properties: Any) -> tuple[str, int] | None:
    told = properties.find(qn("w:numPr"))
    if told is None:
        return None
    return _value(told, "w:numId", ""), min(_whole(_value(told, "w:ilvl", "0")), DEEPEST - 1)


def _value(element: Any, tag: str, default: str) -> str:
    found = element.find(qn(tag))
    return str(found.get(qn("w:val"), default)) if found is not None else default


def _whole(words: str) -> int:
    return int(words) if words.isascii() and words.isdecimal() and len(words) < 6 else 1
