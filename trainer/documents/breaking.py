"""Breaking Chinese and mixed text into lines. Pure.

A line may break between any two Chinese characters, at a space, and nowhere in a Latin word that fits a line by itself.
Closing punctuation never begins a line and opening punctuation never ends one (GB/T 15834): the character before, or
the mark itself, goes along to the next line.
"""

from __future__ import annotations

import re
from collections.abc import Callable

NEVER_FIRST = frozenset("，。、；：？！）》〉」』”’】〕…—·％%,.;:?!)]}>℃")
NEVER_LAST = frozenset("（《〈「『“‘【〔([{<￥$#№")
# A word of signs that stay together, or one sign of any other sort.
PIECE = re.compile(r"[A-Za-z0-9_.@/+\-]+|\s+|.", re.DOTALL)


def broken(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Return the lines of ``text``, at least one; ``measure`` gives the width of words in the unit of ``width``."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _lines(paragraph, width, measure)
    return lines


def _lines(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    lines: list[str] = []
    line: list[str] = []
    room = width
    for piece in _pieces(text, width, measure):
        size = measure(piece)
        if size > room and line and not piece.isspace():
            carried = _carried(line, piece)
            lines.append("".join(line[: len(line) - len(carried)]).rstrip(" "))
            line = carried
            room = width - measure("".join(line))
        if piece.isspace() and not line and lines:
            continue
        line.append(piece)
        room -= size
    return [*lines, "".join(line)]


def _pieces(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    found: list[str] = []
    for match in PIECE.finditer(text):
        piece = match[0]
        # A word longer than a line has to break somewhere.
        found += [piece] if measure(piece) <= width else list(piece)
    return found


def _carried(line: list[str], piece: str) -> list[str]:
    """Return the end of the line that goes to the next one together with ``piece``; never the whole line."""
    at, first = len(line), piece
    while at > 1 and (first[0] in NEVER_FIRST or line[at - 1][-1] in NEVER_LAST):
        at -= 1
        first = line[at]
    return line[at:]
