"""QTI 1.2, as Canvas, Blackboard and common cartridges export it; it is read and not written."""

from __future__ import annotations

from question_bank.formats.qti_read import read_qti
from question_bank.formats.qti_versions import CLASSIC, version_of
from question_bank.formats.report import ImportReport

NAME, TITLE = "qti_12", "QTI 1.2（Canvas、Blackboard 等）"
SUFFIXES = (".zip", ".imscc", ".xml", ".qti")
MEDIA_TYPE = "application/zip"


def sniff(content: bytes, file_name: str) -> float:
    """Return how sure it is that this is a package or a file of QTI 1.2."""
    version, sure = version_of(content)
    return sure if version == CLASSIC else 0.0


def read(content: bytes, file_name: str) -> ImportReport:
    """Return every question. Raises ``Unreadable`` for the file as a whole."""
    return read_qti(content, file_name, NAME)
