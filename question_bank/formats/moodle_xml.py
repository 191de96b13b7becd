"""Moodle XML, the fullest of the formats that other learning platforms read and write.

Reading is in ``moodle_read``, writing in ``moodle_write``. A question keeps its pictures inside the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from question_bank.formats.moodle_read import FORMAT, read_quiz
from question_bank.formats.moodle_write import quiz_losses, write_quiz
from question_bank.formats.report import ImportReport, Loss
from question_bank.item import Item

NAME, TITLE = FORMAT, "Moodle XML"
SUFFIXES = (".xml",)
MEDIA_TYPE = "application/xml"


def sniff(content: bytes, file_name: str) -> float:
    """Return how sure it is that this is Moodle XML: the root is a quiz."""
    head = content[:2000]
    if b"<quiz" in head:
        return 0.95 if b"<question" in content[:200_000] else 0.7
    return 0.0


def read(content: bytes, file_name: str) -> ImportReport:
    """Return every question. Raises ``Unreadable`` for the file as a whole."""
    return read_quiz(content, file_name)


def write(items: Iterable[Item], *, media: Mapping[str, bytes] | None = None) -> bytes:
    """Return a Moodle XML file of the items, in order; what it cannot hold is told by ``losses``."""
    return write_quiz(items, media or {})


def losses(items: Iterable[Item], *, media: Mapping[str, bytes] | None = None) -> list[Loss]:
    """Return what ``write`` leaves out of these items."""
    return quiz_losses(items, media or {})
