"""What a printed document is made of. Pure; the writers beside it decide about fonts and pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Size = Literal["title", "head", "text", "small"]


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph; ``indent`` counts steps of two characters. With ``keeps_next`` it never ends a page."""

    text: str
    size: Size = "text"
    indent: int = 0
    centred: bool = False
    keeps_next: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of ruled cells. ``widths`` are relative, all alike where none are given; a ``head`` row repeats."""

    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] = ()
    head: bool = False


@dataclass(frozen=True, slots=True)
class Ruled:
    """Empty lines to write on."""

    count: int


@dataclass(frozen=True, slots=True)
class Image:
    """A picture (PNG, JPEG, GIF or WebP); its words stand where it cannot be shown."""

    content: bytes
    alt: str = ""


@dataclass(frozen=True, slots=True)
class NewPage:
    """What follows begins on a page of its own."""


# In millimetres: a picture is never wider.
PICTURE_WIDTH = 110

Block = Line | Grid | Ruled | Image | NewPage
