"""The neutral form of a rich text: a tree of blocks, from which page, print and Word are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A run of characters in one style."""

    words: str
    strong: bool = False
    emphasis: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """The end of a line inside a paragraph."""


@dataclass(frozen=True, slots=True)
class Blank:
    """A blank to fill in; ``number`` counts those of one text from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The place of a medium; ``alt`` is empty where the text gives no words of its own."""

    name: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    inlines: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; ``start`` is its first number, None for bullets."""

    items: tuple[tuple[Block, ...], ...]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first row is the head. ``alignments`` has ``""``, ``"center"`` or ``"end"`` for each column."""

    rows: tuple[tuple[tuple[Inline, ...], ...], ...]
    alignments: tuple[str, ...]


Inline = Text | Break | Blank | Picture
Block = Paragraph | Listing | Quote | Table


def inlines_of(blocks: Iterable[Block]) -> Iterator[Inline]:
    """Return every inline piece of the blocks, in reading order."""
    for block in blocks:
        if isinstance(block, Paragraph):
            yield from block.inlines
        elif isinstance(block, Listing):
            for item in block.items:
                yield from inlines_of(item)
        elif isinstance(block, Quote):
            yield from inlines_of(block.blocks)
        else:
            for row in block.rows:
                for cell in row:
                    yield from cell


def depth(block: Block) -> int:
    """Return how many blocks lie in each other, 1 for a paragraph; a list counts one, not each of its items."""
    inner: Iterable[Block] = ()
    if isinstance(block, Listing):
        inner = [one for item in block.items for one in item]
    elif isinstance(block, Quote):
        inner = block.blocks
    return 1 + max((depth(one) for one in inner), default=0)
