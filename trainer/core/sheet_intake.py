"""Spreadsheets from outside: the rows of an .xlsx file, read in a limited child process.

A spreadsheet is a zip archive of XML: 137 KB can unpack to 38 MB and cost half a gigabyte of memory. So the archive's
own directory is weighed here first, which refuses a bomb at once, and the rest happens in ``sheet_reader.py``, a
process with caps on memory, processor time, rows and columns.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from trainer.core.errors import Refused

MEGABYTE = 1024 * 1024
READER = Path(__file__).with_name("sheet_reader.py")
# An Excel or WPS sheet shrinks ten- to twentyfold in its archive; a bomb a thousandfold.
WORST_RATIO = 120
OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_MARK = "EncryptedPackage".encode("utf-16-le")


class SheetRefused(Refused):
    """The file as a whole cannot be read; nothing has been taken from it."""

    code = "sheet_unreadable"
    status = 422


@dataclass(frozen=True)
class SheetLimits:
    """How much a spreadsheet may hold. Bytes; ``seconds`` of processor time and twice that by the clock."""

    file_bytes: int = 10 * MEGABYTE
    unpacked_bytes: int = 40 * MEGABYTE
    parts: int = 300
    rows: int = 20_000
    columns: int = 40
    seconds: int = 15


LIMITS = SheetLimits()


@dataclass(frozen=True)
class Row:
    """A row that is not empty. ``number`` is the one that the spreadsheet program shows, from 1.

    Cells are text, except numbers that the program has rounded (see ``sheet_reader``).
    """

    number: int
    cells: tuple[str | int | float, ...]


def check_archive(path: Path, limits: SheetLimits = LIMITS) -> None:
    """Raise ``SheetRefused`` unless the file looks like an .xlsx of an honest size. Unpacks nothing."""
    if path.stat().st_size > limits.file_bytes:
        raise SheetRefused("sheet_too_large", most=limits.file_bytes // MEGABYTE)
    with path.open("rb") as file:
        start = file.read(8)
        if start == OLE2:
            encrypted = ENCRYPTED_MARK in file.read()
            raise SheetRefused("sheet_encrypted" if encrypted else "sheet_is_xls")
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise SheetRefused("sheet_not_xlsx") from None
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise SheetRefused("sheet_not_xlsx")
    whole = sum(part.file_size for part in parts)
    swollen = any(
        part.file_size > MEGABYTE and part.file_size > WORST_RATIO * max(1, part.compress_size) for part in parts
    )
    if whole > limits.unpacked_bytes or len(parts) > limits.parts or swollen:
        raise SheetRefused("sheet_unpacks_too_large")


def read_rows(path: Path, limits: SheetLimits = LIMITS) -> list[Row]:
    """Return the rows of the first sheet that are not empty, in order, the head among them.

    Raises ``SheetRefused`` with the reason. Takes at most ``2 * limits.seconds`` by the clock.
    """
    check_archive(path, limits)
    # -I keeps the folder of the reader and the user's own settings out of the child's import path.
    command = [sys.executable, "-I", str(READER), str(path), str(limits.rows), str(limits.columns), str(limits.seconds)]
    try:
        # The command is ours; only the path of an upload, which is a hash, varies.
        done = subprocess.run(
            command, capture_output=True, timeout=2 * limits.seconds, stdin=subprocess.DEVNULL, env={}, cwd="/"
        )
    except subprocess.TimeoutExpired:
        raise SheetRefused("sheet_too_slow") from None
    if done.returncode < 0:
        # Killed by the kernel: out of processor time, or out of memory below Python.
        raise SheetRefused("sheet_too_slow")
    if done.returncode:
        raise SheetRefused("sheet_unpacks_too_large" if b"MemoryError" in done.stderr else "sheet_unreadable")
    answer = json.loads(done.stdout)
    if "refused" in answer:
        raise SheetRefused(answer["refused"], **answer["params"])
    return [Row(number, tuple(cells)) for number, cells in answer["rows"]]
