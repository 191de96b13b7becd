"""A look at the cells of an old .xls workbook before it is opened: the records of its one stream, counted."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import olefile

from question_bank.formats.number_shown import BUILT_IN
from question_bank.formats.report import Unreadable
from question_bank.formats.table_cells import Counted

BOF, EOF, BOUNDSHEET, FILEPASS, DATEMODE, FORMAT, XF = 0x0809, 0x000A, 0x0085, 0x002F, 0x0022, 0x041E, 0x00E0
NUMBER, RK, MULRK, FORMULA = 0x0203, 0x027E, 0x00BD, 0x0006
LABELS = (0x00FD, 0x0204, 0x00D6, 0x0205)
BIFF8 = 0x0600
MOST_RECORDS = 800_000
HEAD, CELL = struct.Struct("<HH"), struct.Struct("<HHH")


def counted(content: bytes) -> dict[str, Counted]:
    """Return what is in each worksheet by its name. Raises ``Unreadable``."""
    try:
        return _Scan(_stream(content)).sheets()
    except (struct.error, IndexError) as error:
        raise Unreadable("workbook_damaged", reason=str(error)[:200]) from error


def _stream(content: bytes) -> bytes:
    try:
        with olefile.OleFileIO(io.BytesIO(content)) as file:
            for name in ("Workbook", "Book"):
                if file.exists(name):
                    found: bytes = file.openstream(name).read()
                    return found
            if file.exists("EncryptedPackage"):
                raise Unreadable("workbook_encrypted")
    except Unreadable:
        raise
    except Exception as error:  # the library has no class of its own for all the ways in which a file is broken
        raise Unreadable("workbook_damaged", reason=str(error)[:200]) from error
    raise Unreadable("not_a_workbook")


class _Scan:
    """Goes through the records once. A sheet is known by where its part of the stream begins."""

    def __init__(self, stream: bytes) -> None:
        self._stream = stream
        self._names: dict[int, str] = {}
        self._formats: dict[int, str] = dict(BUILT_IN)
        self._styles: list[int] = []
        self._from_1904 = False
        self._wide = True

    def sheets(self) -> dict[str, Counted]:
        found: dict[str, Counted] = {}
        now: Counted | None = None
        depth = 0
        for start, kind, body in self._records():
            if kind == BOF:
                depth += 1
                if depth == 1:
                    self._wide = len(body) < 2 or struct.unpack_from("<H", body)[0] >= BIFF8
                    name = self._names.get(start)
                    now = None if name is None else found.setdefault(name, Counted(from_1904=self._from_1904))
            elif kind == EOF:
                depth = max(0, depth - 1)
            elif now is None:
                self._globals(kind, body)
            else:
                self._cell(now, kind, body)
        for name in self._names.values():
            found.setdefault(name, Counted())
        return found

    def _records(self) -> Iterator[tuple[int, int, bytes]]:
        at, count = 0, 0
        while at + 4 <= len(self._stream):
            kind, length = HEAD.unpack_from(self._stream, at)
            yield at, kind, self._stream[at + 4 : at + 4 + length]
            at += 4 + length
            count += 1
            if count > MOST_RECORDS:
                raise Unreadable("sheet_too_many_cells", most=MOST_RECORDS)

    def _globals(self, kind: int, body: bytes) -> None:
        if kind == FILEPASS:
            raise Unreadable("workbook_encrypted")
        if kind == DATEMODE:
            self._from_1904 = body[:1] == b"\x01"
        elif kind == XF:
            self._styles.append(struct.unpack_from("<H", body, 2)[0])
        elif kind == FORMAT:
            self._formats[struct.unpack_from("<H", body)[0]] = self._words(body[2:], long=self._wide)
        elif kind == BOUNDSHEET:
            self._names[struct.unpack_from("<I", body)[0]] = self._words(body[6:], long=False).replace("\0", "")

    def _words(self, body: bytes, *, long: bool) -> str:
        count, rest = (struct.unpack_from("<H", body)[0], body[2:]) if long else (body[0], body[1:])
        if not self._wide:
            return rest[:count].decode("gb18030", "replace")
        if rest[0] & 1:
            return rest[1 : 1 + 2 * count].decode("utf-16-le", "replace")
        return rest[1 : 1 + count].decode("latin-1")

    def _cell(self, found: Counted, kind: int, body: bytes) -> None:
        if kind == MULRK:
            row, first = HEAD.unpack_from(body)
            for index in range((len(body) - 6) // 6):
                style, value = struct.unpack_from("<HI", body, 4 + 6 * index)
                self._number(found, row, first + index, style, _rk(value))
            return
        if kind not in (NUMBER, RK, FORMULA, *LABELS):
            return
        row, column, style = CELL.unpack_from(body)
        found.fill(row + 1, column)
        if kind == NUMBER:
            self._number(found, row, column, style, struct.unpack_from("<d", body, 6)[0])
        elif kind == RK:
            self._number(found, row, column, style, _rk(struct.unpack_from("<I", body, 6)[0]))
        elif kind == FORMULA:
            found.formulas.add((row + 1, column))
            if body[12:14] != b"\xff\xff":  # otherwise the result is no number
                self._number(found, row, column, style, struct.unpack_from("<d", body, 6)[0])

    def _number(self, found: Counted, row: int, column: int, style: int, value: float) -> None:
        found.fill(row + 1, column)
        code = self._formats.get(self._styles[style], "") if style < len(self._styles) else ""
        if code and code.lower() not in ("general", "@"):
            found.numbers[(row + 1, column)] = (repr(value), code)


def _rk(value: int) -> float:
    """Return the number packed into four bytes."""
    number = float((value if value < 1 << 31 else value - (1 << 32)) >> 2)
    if not value & 2:
        number = struct.unpack("<d", struct.pack("<Q", (value & 0xFFFFFFFC) << 32))[0]
    return number / 100 if value & 1 else number
