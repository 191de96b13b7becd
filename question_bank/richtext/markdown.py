"""From blocks back to Markdown: what an importer makes of a foreign text that has markup.

The text is written so that ``parse`` reads the same blocks again. Where no spelling does that (two styles that touch,
a list in a place that Markdown cannot say), styles and then blocks are given up, never words; ``exact`` tells it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from question_bank.fields import MARKDOWN
from question_bank.richtext.blocks import Blank, Block, Break, Inline, Listing, Paragraph, Picture, Quote, Table, Text
from question_bank.richtext.reading import BLANK, SCHEME, escape, parse

ALT_SIGNS = str.maketrans({"[": "(", "]": ")", "\\": None, "|": "/", "`": None})


@dataclass(frozen=True, slots=True)
class Markdown:
    """A Markdown text; ``exact`` is false where styles or blocks of the source had to be given up."""

    words: str
    exact: bool = True


def to_markdown(blocks: Iterable[Block]) -> Markdown:
    """Return Markdown that shows the blocks; no blocks give an empty text."""
    wanted = tuple(tidied(blocks))
    for exact, tried in ((True, wanted), (False, tuple(_unstyled(wanted))), (False, tuple(_flat(wanted)))):
        words = "\n\n".join(_lines(tried))
        if parse(words, MARKDOWN) == tried:
            return Markdown(words, exact)
    return Markdown("\n\n".join(_lines(_flat(wanted))), exact=False)


def tidied(blocks: Iterable[Block]) -> Iterator[Block]:
    """Return blocks as Markdown can hold them: lines without outer space, an empty line ends a paragraph."""
    numbers = iter(range(1, 1_000_000))
    yield from _tidied(blocks, numbers)


def _tidied(blocks: Iterable[Block], numbers: Iterator[int]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, Paragraph):
            for lines in _paragraphs(block.inlines):
                yield Paragraph(tuple(_numbered(_joined(lines), numbers)))
        elif isinstance(block, Listing):
            entries = [tuple(_tidied(entry, numbers)) for entry in block.items]
            kept = tuple(entry for entry in entries if entry)
            if kept:
                yield Listing(kept, block.start)
        elif isinstance(block, Quote):
            inner = tuple(_tidied(block.blocks, numbers))
            if inner:
                yield Quote(inner)
        else:
            yield from _tidied_table(block, numbers)


def _tidied_table(table: Table, numbers: Iterator[int]) -> Iterator[Block]:
    width = max((len(row) for row in table.rows), default=0)
    if not width:
        return
    rows = []
    for row in table.rows:
        cells = [tuple(_numbered(_one_line(cell), numbers)) for cell in row]
        rows.append(tuple(cells + [()] * (width - len(cells))))
    sides = (*table.alignments, *[""] * width)[:width]
    yield Table(tuple(rows), sides)


def _one_line(cell: Sequence[Inline]) -> list[Inline]:
    joined: list[Inline] = [Text(" ") if isinstance(one, Break) else one for one in cell]
    lines = _paragraphs(joined)
    return _joined(lines[0]) if lines else []


def _paragraphs(inlines: Sequence[Inline]) -> list[list[list[Inline]]]:
    """Return the lines of each paragraph, without outer space; an empty line parts two paragraphs."""
    lines: list[list[Inline]] = [[]]
    for one in inlines:
        if isinstance(one, Break):
            lines.append([])
        elif isinstance(one, Text) and "\n" in one.words:
            first, *rest = one.words.split("\n")
            lines[-1].append(replace(one, words=first))
            lines += [[replace(one, words=piece)] for piece in rest]
        else:
            lines[-1].append(one)
    made: list[list[list[Inline]]] = [[]]
    for line in lines:
        bare = _stripped(line)
        if bare:
            made[-1].append(bare)
        elif made[-1]:
            made.append([])
    return [paragraph for paragraph in made if paragraph]


def _stripped(line: Sequence[Inline]) -> list[Inline]:
    bare = [one for one in line if not isinstance(one, Text) or one.words]
    while bare and isinstance(bare[0], Text):
        first = bare[0].words.lstrip()
        if first:
            bare[0] = replace(bare[0], words=first)
            break
        del bare[0]
    while bare and isinstance(bare[-1], Text):
        last = bare[-1].words.rstrip()
        if last:
            bare[-1] = replace(bare[-1], words=last)
            break
        del bare[-1]
    return bare


def _joined(lines: Sequence[Sequence[Inline]]) -> list[Inline]:
    """Return lines as one run with breaks; neighbours of one style are one, a style starts and ends at a sign."""
    run: list[Inline] = []
    for number, line in enumerate(lines):
        if number:
            run.append(Break())
        for one in line:
            for piece in _style_without_outer_space(one):
                last = run[-1] if run else None
                if isinstance(piece, Blank) and isinstance(last, Blank):
                    run.append(Text(" "))  # eight low lines in a row are no blank
                if isinstance(piece, Picture):
                    run.append(replace(piece, alt=_alt(piece.alt)))
                elif isinstance(piece, Text) and isinstance(last, Text) and _style(piece) == _style(last):
                    run[-1] = replace(last, words=last.words + piece.words)
                else:
                    run.append(piece)
    return run


def _style_without_outer_space(one: Inline) -> Iterator[Inline]:
    if not isinstance(one, Text) or _style(one) == (False, False):
        yield one
        return
    body = one.words.strip()
    if not body:
        yield Text(one.words)
        return
    before, _, after = one.words.partition(body)
    if before:
        yield Text(before)
    yield replace(one, words=body)
    if after:
        yield Text(after)


def _style(text: Text) -> tuple[bool, bool]:
    return (text.strong, text.emphasis)


def _numbered(inlines: Iterable[Inline], numbers: Iterator[int]) -> Iterator[Inline]:
    for one in inlines:
        yield Blank(next(numbers)) if isinstance(one, Blank) else one


def _unstyled(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, Paragraph):
            yield Paragraph(tuple(_plain(block.inlines)))
        elif isinstance(block, Listing):
            yield Listing(tuple(tuple(_unstyled(entry)) for entry in block.items), block.start)
        elif isinstance(block, Quote):
            yield Quote(tuple(_unstyled(block.blocks)))
        else:
            yield Table(tuple(tuple(tuple(_plain(cell)) for cell in row) for row in block.rows), block.alignments)


def _plain(inlines: Iterable[Inline]) -> list[Inline]:
    return _joined([[replace(one, strong=False, emphasis=False) if isinstance(one, Text) else one for one in inlines]])


def _flat(blocks: Iterable[Block]) -> Iterator[Block]:
    """Return paragraphs alone, with the words of everything else."""
    for block in blocks:
        if isinstance(block, Paragraph):
            yield Paragraph(tuple(_plain(block.inlines)))
        elif isinstance(block, Listing):
            for entry in block.items:
                yield from _flat(entry)
        elif isinstance(block, Quote):
            yield from _flat(block.blocks)
        else:
            for row in block.rows:
                cells = [cell for cell in row if cell]
                spaced = [one for cell in cells for one in (*cell, Text(" "))]
                if spaced:
                    yield Paragraph(tuple(_plain(_stripped(spaced))))


def _lines(blocks: Iterable[Block]) -> Iterator[str]:
    """Return the Markdown of each block; lists in a row take turns in their marks, or they would be one."""
    other = False
    for block in blocks:
        if isinstance(block, Listing):
            yield "\n".join(_entry(block, number, other) for number in range(len(block.items)))
            other = not other
            continue
        other = False
        if isinstance(block, Paragraph):
            yield _inlines(block.inlines)
        elif isinstance(block, Quote):
            yield "\n".join(f"> {line}".rstrip() for line in "\n\n".join(_lines(block.blocks)).split("\n"))
        else:
            yield _table(block)


def _entry(listing: Listing, number: int, other: bool) -> str:
    mark = "+ " if other else "- "
    if listing.start is not None:
        mark = f"{listing.start + number}{')' if other else '.'} "
    body = "\n\n".join(_lines(listing.items[number]))
    return mark + body.replace("\n", "\n" + " " * len(mark)).replace("\n" + " " * len(mark) + "\n", "\n\n")


def _table(table: Table) -> str:
    rows = ["| " + " | ".join(_inlines(cell, line_start=False) for cell in row) + " |" for row in table.rows]
    rule = {"": "---", "center": ":---:", "end": "---:"}
    rows.insert(1, "| " + " | ".join(rule[side] for side in table.alignments) + " |")
    return "\n".join(rows)


def _inlines(inlines: Sequence[Inline], *, line_start: bool = True) -> str:
    made = []
    for one in inlines:
        if isinstance(one, Break):
            made.append("\n")
        elif isinstance(one, Blank):
            made.append(BLANK)
        elif isinstance(one, Picture):
            made.append(f"![{one.alt}]({SCHEME}{one.name})")
        else:
            words = _low_lines(
                escape(one.words) if line_start and (not made or made[-1] == "\n") else _signs(one.words)
            )
            mark = "*" * ((2 if one.strong else 0) + (1 if one.emphasis else 0))
            made.append(f"{mark}{words}{mark}")
    return "".join(made)


def _signs(words: str) -> str:
    """Escape what has a meaning inside a line; a letter before it keeps the line marks out of it."""
    return escape(f"x{words}")[1:]


def _low_lines(words: str) -> str:
    """Keep low lines of a text from being, or growing into, a blank."""
    if "_" not in words:
        return words
    runs = words.split(BLANK)
    words = f"\\{BLANK}".join(runs) if len(runs) > 1 else words
    words = f"\\{words}" if words.startswith("_") else words
    return f"{words[:-1]}\\_" if words.endswith("_") and not words.endswith("\\_") else words


def _alt(alt: str) -> str:
    """Return the words of a picture without the signs that would end them early."""
    return " ".join(alt.translate(ALT_SIGNS).split())
