"""Foreign texts as blocks: from HTML or XML of other systems, and from plain words.

What an item's Markdown has no word for is given up by name, so that a report can tell it: ``losses`` holds such names.
Raised and lowered signs keep their meaning, because 10² read as 102 would be another key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from question_bank.fields import PLAIN, UNPRINTABLE
from question_bank.formats.markup import Node, parse_html
from question_bank.formats.report import tidy
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
    inlines_of,
    parse,
    to_markdown,
)
from question_bank.richtext.reading import BLANK

PARAGRAPHS = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "aside",
        "figure",
        "figcaption",
        "center",
        "address",
        "dl",
        "dt",
        "dd",
        "form",
        "fieldset",
        "legend",
        "itemBody",
        "prompt",
        "rubricBlock",
        "stimulusBody",
        "contentBody",
        "modalFeedback",
        "feedbackBlock",
    ]
)
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "caption", "summary"))
STRONG, EMPHASIS = frozenset(("b", "strong")), frozenset(("i", "em", "cite", "dfn", "var"))
MEDIA = frozenset(("img", "object", "embed", "audio", "video", "source", "iframe", "image"))
LOST = {
    "a": "link",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "math": "formula",
    "svg": "drawing",
    "script": "script",
    "input": "form_field",
    "select": "form_field",
    "textarea": "form_field",
    "button": "form_field",
}
RAISED = str.maketrans("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
SPACES = re.compile("[ \t\n\r\f]+")
GAP = re.compile("(?<!_)____(?!_)")
# How another system marks a place inside a text that an answer is typed into; readers put it there.
SLOT = "\ue000"

ShowPicture = Callable[[str, str], Picture | None]
"""From the source and words of a picture to its place in a text, None where it cannot be shown."""


@dataclass(frozen=True, slots=True)
class Rich:
    """A text of a foreign question. It is turned into a string once it is known whether the item is in Markdown."""

    blocks: tuple[Block, ...]
    losses: frozenset[str] = frozenset()

    @property
    def plain(self) -> bool:
        """Whether a plain text says the same."""
        return all(isinstance(block, Paragraph) for block in self.blocks) and all(
            isinstance(one, Break | Blank) or (isinstance(one, Text) and not one.strong and not one.emphasis)
            for one in inlines_of(self.blocks)
        )

    def __bool__(self) -> bool:
        return any(
            one.words.strip() if isinstance(one, Text) else not isinstance(one, Break)
            for one in inlines_of(self.blocks)
        )

    def text(self) -> str:
        """Return the words alone, a line feed between paragraphs."""
        return tidy("\n".join(_block_text(block) for block in self.blocks))

    def pictures(self) -> list[str]:
        """Return the names of the media shown, in order."""
        return [one.name for one in inlines_of(self.blocks) if isinstance(one, Picture)]

    def gaps(self) -> int:
        """Return how many blanks the text has."""
        return sum(isinstance(one, Blank) for one in inlines_of(self.blocks))

    def markdown(self) -> tuple[str, bool]:
        """Return the text in Markdown, and whether it keeps everything."""
        made = to_markdown(self.blocks)
        return made.words, made.exact

    def mapped(self, change: Callable[[Text], Iterable[Inline]]) -> Rich:
        """Return the text with each run of words replaced."""

        def run(inlines: Iterable[Inline]) -> tuple[Inline, ...]:
            return tuple(new for one in inlines for new in (change(one) if isinstance(one, Text) else (one,)))

        return replace(self, blocks=tuple(_rewritten(block, run) for block in self.blocks))

    def renamed(self, names: Mapping[str, str]) -> Rich:
        """Return the text with other names for its pictures, as far as ``names`` has them."""

        def run(inlines: Iterable[Inline]) -> tuple[Inline, ...]:
            return tuple(
                replace(one, name=names.get(one.name, one.name)) if isinstance(one, Picture) else one for one in inlines
            )

        return replace(self, blocks=tuple(_rewritten(block, run) for block in self.blocks))

    def joined(self, *others: Rich) -> Rich:
        """Return this text with others after it, in paragraphs of their own."""
        blocks = [block for one in (self, *others) if one for block in one.blocks]
        return Rich(tuple(blocks), self.losses.union(*(one.losses for one in others)))


def from_plain(words: str) -> Rich:
    """Return plain words as they stand, tidied."""
    return Rich(parse(tidy(UNPRINTABLE.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))), PLAIN))


def from_markdown(words: str) -> Rich:
    """Return a text that is in Markdown already, as far as it uses our subset."""
    return Rich(parse(words, "markdown"))


def from_html(words: str, show: ShowPicture | None = None) -> Rich:
    """Return a piece of HTML; ``show`` finds the pictures."""
    return from_node(parse_html(words), show)


def from_node(node: Node, show: ShowPicture | None = None, passed_over: frozenset[str] = frozenset()) -> Rich:
    """Return what stands in an element; elements of the tags ``passed_over`` are left out with all in them."""
    reader = _Reader(show, passed_over)
    blocks = tuple(reader.blocks_of(node))
    return Rich(blocks, frozenset(reader.losses))


def with_gaps(rich: Rich) -> tuple[Rich, bool]:
    """Return a stem in which every run of low lines is a blank, and whether single ones had to be widened.

    A fill-in stem may have no other low lines; a single one is no blank but a part of a name.
    """
    widened = False

    def change(one: Text) -> Iterator[Inline]:
        nonlocal widened
        for index, piece in enumerate(re.split("_{2,}", one.words)):
            if index:
                yield Blank(1)
            if "_" in piece:
                widened = True
            if piece:
                yield replace(one, words=piece.replace("_", "＿"))

    return rich.mapped(change), widened


def slots_as_gaps(rich: Rich) -> Rich:
    """Return a text with a blank at each slot; in such a text, low lines of its own are no blanks."""
    if not any(isinstance(one, Text) and SLOT in one.words for one in inlines_of(rich.blocks)):
        return rich

    def run(inlines: Iterable[Inline]) -> tuple[Inline, ...]:
        return tuple(new for one in inlines for new in _opened(one))

    return replace(rich, blocks=tuple(_rewritten(block, run) for block in rich.blocks))


def _opened(one: Inline) -> Iterator[Inline]:
    if isinstance(one, Blank):
        yield Text("＿＿")
        return
    if not isinstance(one, Text):
        yield one
        return
    for index, piece in enumerate(re.sub("_{2,}", "＿＿", one.words).split(SLOT)):
        if index:
            yield Blank(1)
        if piece:
            yield replace(one, words=piece)


Run = Callable[[Iterable[Inline]], tuple[Inline, ...]]


def _rewritten(block: Block, run: Run) -> Block:
    if isinstance(block, Paragraph):
        return Paragraph(run(block.inlines))
    if isinstance(block, Listing):
        return Listing(tuple(tuple(_rewritten(one, run) for one in entry) for entry in block.items), block.start)
    if isinstance(block, Quote):
        return Quote(tuple(_rewritten(one, run) for one in block.blocks))
    return Table(tuple(tuple(run(cell) for cell in row) for row in block.rows), block.alignments)


def _block_text(block: Block) -> str:
    if isinstance(block, Paragraph):
        return "".join(_inline_text(one) for one in block.inlines)
    if isinstance(block, Listing):
        return "\n".join(_block_text(one) for entry in block.items for one in entry)
    if isinstance(block, Quote):
        return "\n".join(_block_text(one) for one in block.blocks)
    return "\n".join(" ".join("".join(_inline_text(one) for one in cell) for cell in row) for row in block.rows)


def _inline_text(one: Inline) -> str:
    if isinstance(one, Text):
        return one.words
    if isinstance(one, Picture):
        return f"[{one.alt or one.name}]"
    return "\n" if isinstance(one, Break) else BLANK


@dataclass(slots=True)
class _Style:
    strong: bool = False
    emphasis: bool = False
    keep_lines: bool = False


@dataclass(slots=True)
class _Reader:
    """Walks a tree once and collects blocks; what stands between block tags gathers in ``line``."""

    show: ShowPicture | None
    passed_over: frozenset[str]
    losses: set[str] = field(default_factory=set)

    def blocks_of(self, node: Node, style: _Style | None = None) -> list[Block]:
        blocks: list[Block] = []
        line: list[Inline] = []

        def end_paragraph() -> None:
            if line:
                inlines = tuple(_collapsed(line))
                if any(not isinstance(one, Break) for one in inlines):
                    blocks.append(Paragraph(inlines))
                line.clear()

        def walk(children: list[Node | str], style: _Style) -> None:
            for child in children:
                if isinstance(child, str):
                    line.extend(_text(child, style))
                elif child.tag in self.passed_over:
                    continue
                elif child.tag == "br":
                    line.append(Break())
                elif child.tag in MEDIA:
                    line.extend(self._medium(child, style))
                    if child.tag in ("object", "audio", "video"):
                        continue
                elif child.tag == "hr":
                    end_paragraph()
                elif child.tag in ("ul", "ol"):
                    end_paragraph()
                    blocks.extend(self._listing(child, style))
                elif child.tag == "blockquote":
                    end_paragraph()
                    blocks.append(Quote(tuple(self.blocks_of(child, style))))
                elif child.tag == "table":
                    end_paragraph()
                    blocks.extend(self._table(child, style))
                elif child.tag in PARAGRAPHS or child.tag in HEADINGS or child.tag == "pre":
                    end_paragraph()
                    walk(child.children, self._style(child, style))
                    end_paragraph()
                elif child.tag in ("sub", "sup"):
                    line.extend(self._shifted(child, style))
                elif child.tag in ("mfrac", "msup", "msub", "msqrt"):
                    line.append(Text(_formula(child), style.strong, style.emphasis))
                else:
                    lost = LOST.get(child.tag)
                    if lost and (lost != "link" or child.attributes.get("href", "")):
                        self.losses.add(lost)
                    walk(child.children, self._style(child, style))

        walk(node.children, style or _Style())
        end_paragraph()
        return blocks

    def _style(self, node: Node, outer: _Style) -> _Style:
        css = node.attributes.get("style", "").replace(" ", "").lower()
        if "text-decoration:underline" in css:
            self.losses.add("underline")
        if "line-through" in css:
            self.losses.add("strikethrough")
        return _Style(
            strong=outer.strong
            or node.tag in STRONG
            or node.tag in HEADINGS
            or re.search("font-weight:(bold|[6-9]00)", css) is not None,
            emphasis=outer.emphasis or node.tag in EMPHASIS or "font-style:italic" in css,
            keep_lines=outer.keep_lines or node.tag == "pre" or "white-space:pre" in css,
        )

    def _listing(self, node: Node, style: _Style) -> list[Block]:
        entries = [tuple(self.blocks_of(one, style)) for one in node.elements() if one.tag not in self.passed_over]
        if not entries:
            return []
        if node.tag == "ul":
            return [Listing(tuple(entries))]
        # QTI has no attribute for the first number; our export puts it into the class.
        told = re.search(r"\bstart-([0-9]{1,6})\b", node.attributes.get("class", ""))
        start = told[1] if told else node.attributes.get("start", "1").strip()
        return [Listing(tuple(entries), int(start) if re.fullmatch("[0-9]{1,6}", start) else 1)]

    def _table(self, node: Node, style: _Style) -> list[Block]:
        rows: list[tuple[tuple[Inline, ...], ...]] = []
        sides: list[str] = []
        before = [block for one in node.all("caption") for block in self.blocks_of(one, _Style(strong=True))]
        for row in _rows(node):
            cells = []
            for cell in row.elements():
                if cell.tag not in ("td", "th") or cell.tag in self.passed_over:
                    continue
                if cell.attributes.get("rowspan", "1") != "1" or cell.attributes.get("colspan", "1") != "1":
                    self.losses.add("merged_cells")
                blocks = self.blocks_of(cell, style)
                if any(not isinstance(block, Paragraph) for block in blocks):
                    self.losses.add("blocks_in_cells")
                cells.append(tuple(_in_one_line(blocks)))
                if not rows:
                    sides.append(_side(cell))
            if cells:
                rows.append(tuple(cells))
        if not rows:
            return before
        if len(rows) == 1 and len(rows[0]) == 1:  # a frame round the whole, as Word and Moodle themes make them
            return [*before, Paragraph(rows[0][0])]
        return [*before, Table(tuple(rows), tuple(sides))]

    def _shifted(self, node: Node, style: _Style) -> list[Inline]:
        words = SPACES.sub(" ", node.text()).strip()
        if not words:
            return []
        moved = words.translate(RAISED if node.tag == "sup" else LOWERED)
        if all(before != after for before, after in zip(words, moved, strict=True)):
            return [Text(moved, style.strong, style.emphasis)]
        mark = "^" if node.tag == "sup" else "_"
        return [Text(f"{mark}({words})", style.strong, style.emphasis)]

    def _medium(self, node: Node, style: _Style) -> list[Inline]:
        source = next((node.attributes[name] for name in ("src", "data", "href") if node.attributes.get(name)), "")
        for inner in node.elements():
            source = source or inner.attributes.get("src", "")
        alt = (
            node.attributes.get("alt") or node.attributes.get("aria-label") or node.attributes.get("title") or ""
        ).strip()
        picture = self.show(source, alt) if self.show and source else None
        if picture is not None:
            return [picture]
        if not source and not alt:
            return []
        told = alt or source.rpartition("/")[2][:60]
        return [Text(f"[{told}]", style.strong, style.emphasis)]


def _formula(node: Node) -> str:
    """Return a part of a formula in a line, such as 1/6, x^(2) and √(x+1), so that it does not read as another one."""
    parts = []
    for child in node.children:
        if isinstance(child, str):
            parts += [child.strip()] if child.strip() else []
        elif child.tag in ("mfrac", "msup", "msub", "msqrt"):
            parts.append(_formula(child))
        else:
            inner = [_formula(one) if isinstance(one, Node) else one.strip() for one in child.children]
            parts.append("".join(inner) if child.children else "")
    if node.tag == "mfrac" and len(parts) == 2:
        return "/".join(one if one.isalnum() else f"({one})" for one in parts)
    if node.tag in ("msup", "msub") and len(parts) == 2:
        return f"{parts[0]}{'^' if node.tag == 'msup' else '_'}({parts[1]})"
    words = "".join(parts)
    return f"√({words})" if node.tag == "msqrt" else words


def _text(words: str, style: _Style) -> Iterator[Inline]:
    words = UNPRINTABLE.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))
    if style.keep_lines:
        for number, line in enumerate(words.replace("\t", "    ").replace(" ", "\u00a0").split("\n")):
            if number:
                yield Break()
            if line:
                yield Text(line, style.strong, style.emphasis)
    elif words:
        yield Text(words, style.strong, style.emphasis)


def _collapsed(line: Iterable[Inline]) -> Iterator[Inline]:
    """Return a run of inline pieces with white space as a browser shows it, and its blanks found."""
    after_space = True
    for one in line:
        if not isinstance(one, Text):
            after_space = isinstance(one, Break)
            yield one
            continue
        words = SPACES.sub(" ", one.words)
        if after_space:
            words = words.removeprefix(" ")
        if not words:
            continue
        after_space = words.endswith(" ")
        words = re.sub(r"[\u00a0\u2002-\u200a\ufeff]", " ", words)
        for index, piece in enumerate(GAP.split(words)):
            if index:
                yield Blank(1)
            if piece:
                yield replace(one, words=piece)


def _rows(table: Node) -> Iterator[Node]:
    for child in table.elements():
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from child.all("tr")


def _side(cell: Node) -> str:
    told = f"{cell.attributes.get('class', '')} {cell.attributes.get('style', '')} {cell.attributes.get('align', '')}"
    if "center" in told:
        return "center"
    return "end" if "text-end" in told or "right" in told else ""


def _in_one_line(blocks: Iterable[Block]) -> Iterator[Inline]:
    for number, block in enumerate(blocks):
        if number:
            yield Break()
        yield from inlines_of([block])
