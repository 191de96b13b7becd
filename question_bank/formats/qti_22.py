"""QTI 2.1 or 2.2, read; a package of 2.2 is written. Reading is in ``qti_read``, writing in ``qti_bundle``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from question_bank.formats.qti_bundle import package_losses, write_package
from question_bank.formats.qti_read import read_qti
from question_bank.formats.qti_versions import SECOND, version_of
from question_bank.formats.report import ImportReport, Loss
from question_bank.item import Item

NAME, TITLE = "qti_22", "QTI 2.1、2.2"
SUFFIXES = (".zip", ".xml")
MEDIA_TYPE = "application/zip"


def sniff(content: bytes, file_name: str) -> float:
    """Return how sure it is that this is a package or a file of this version."""
    version, sure = version_of(content)
    return sure if version == SECOND else 0.0


def read(content: bytes, file_name: str) -> ImportReport:
    """Return every question. Raises ``Unreadable`` for the file as a whole."""
    return read_qti(content, file_name, NAME)


def write(items: Iterable[Item], *, media: Mapping[str, bytes] | None = None) -> bytes:
    """Return a package of the items, in order; what it cannot hold is told by ``losses``."""
    return write_package(items, media or {}, new=False)


def losses(items: Iterable[Item], *, media: Mapping[str, bytes] | None = None) -> list[Loss]:
    """Return what ``write`` leaves out of these items."""
    return package_losses(items, media or {})
