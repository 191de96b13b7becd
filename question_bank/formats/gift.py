"""GIFT, the text format that Moodle and many question tools share.

Reading is in ``gift_read``, writing in ``gift_write``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from question_bank.formats.decoding import decoded
from question_bank.formats.gift_read import FORMAT, read_gift
from question_bank.formats.gift_write import gift_losses, write_gift
from question_bank.formats.report import ImportReport, Loss, Unreadable
from question_bank.item import Item

NAME, TITLE = FORMAT, "GIFT 文本"
SUFFIXES = (".gift", ".txt")
MEDIA_TYPE = "text/plain"
ANSWERS = re.compile(r"(?<!\\)[{｛]\s*(?:[=~#＝～＃%]|T\b|F\b|TRUE|FALSE|[}｝])")


def sniff(content: bytes, file_name: str) -> float:
    """Return how sure it is that this is GIFT: a name in colons, a category, or braces with answers in them."""
    try:
        words, _ = decoded(content)
    except Unreadable:
        return 0.0
    if words.lstrip().startswith(("<", "[{", '{"')):
        return 0.0
    found = 0.0
    if re.search(r"^\$CATEGORY:", words, re.MULTILINE) or re.search(r"^::.+?::", words, re.MULTILINE):
        found = 0.6
    if ANSWERS.search(words):
        found += 0.3
    return min(1.0, found + (0.1 if found and file_name.lower().endswith(".gift") else 0.0))


def read(content: bytes, file_name: str) -> ImportReport:
    """Return every question. Raises ``Unreadable`` for the file as a whole."""
    return read_gift(content, file_name)


def write(items: Iterable[Item], *, media: Mapping[str, bytes] | None = None) -> bytes:
    """Return a GIFT file of the items, in order; pictures have no place in it, and ``losses`` tells what else."""
    return write_gift(items)


def losses(items: Iterable[Item], *, media: Mapping[str, bytes] | None = None) -> list[Loss]:
    """Return what ``write`` leaves out of these items."""
    return gift_losses(items)
