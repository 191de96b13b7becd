"""Spreadsheet files made for tests: .xlsx with formats, and the smallest old .xls that Excel would open."""

import io
import struct
import zipfile

import xlsxwriter


def make_xlsx(rows, *, formats=None, merged=(), sheets=(), name="题库"):
    """The bytes of a workbook; ``formats`` gives places (row, column from 0) a format code, ``sheets`` more sheets."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False})
    page = book.add_worksheet(name)
    _fill(book, page, rows, formats or {})
    for top, left, bottom, right, words in merged:
        page.merge_range(top, left, bottom, right, words)
    for title, more, hidden in sheets:
        other = book.add_worksheet(title)
        _fill(book, other, more, {})
        if hidden:
            other.hide()
    book.close()
    return held.getvalue()


def _fill(book, page, rows, formats):
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            code = formats.get((number, column))
            style = book.add_format({"num_format": code}) if code else None
            if isinstance(value, tuple):
                page.write_formula(number, column, value[0], style, value[1])
            elif isinstance(value, str):
                page.write_string(number, column, value, style)
            elif value is not None:
                page.write(number, column, value, style)


def make_xls(rows, *, codes=()):
    """The bytes of an old workbook of one sheet; a number with its format code is a pair of both."""
    styles = ["General", *codes]
    globals_ = _record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0x0DBB, 0x07CC, 0, 0))
    globals_ += b"".join(_record(0x041E, struct.pack("<H", 164 + at) + _words(code)) for at, code in enumerate(codes))
    globals_ += b"".join(
        _record(0x00E0, struct.pack("<HH", 0, 0 if at == 0 else 163 + at) + bytes(16)) for at in range(len(styles))
    )
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0x0DBB, 0x07CC, 0, 0))
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            value, code = value if isinstance(value, tuple) else (value, "General")
            place = struct.pack("<HHH", number, column, styles.index(code))
            if isinstance(value, str):
                sheet += _record(0x0204, place + _words(value))
            else:
                sheet += _record(0x0203, place + struct.pack("<d", value))
    sheet += _record(0x000A, b"")
    title = "题库"
    start = len(globals_) + 4 + 8 + 2 * len(title) + 4
    globals_ += _record(0x0085, struct.pack("<IBBBB", start, 0, 0, len(title), 1) + title.encode("utf-16-le"))
    globals_ += _record(0x000A, b"")
    return ole({"Workbook": (globals_ + sheet).ljust(4096, b"\0")})


def _record(kind, body):
    return struct.pack("<HH", kind, len(body)) + body


def _words(words):
    return struct.pack("<HB", len(words), 1) + words.encode("utf-16-le")


def ole(streams):
    """The bytes of an OLE2 file with these streams, each of at least 4,096 bytes."""
    body, starts, chain = b"", {}, []
    for name, content in streams.items():
        starts[name] = len(chain)
        sectors = -(-len(content) // 512)
        body += content.ljust(512 * sectors, b"\0")
        chain += [len(chain) + step + 1 for step in range(sectors - 1)] + [-2]
    folder = len(chain)
    body += _entry("Root Entry", 5, 1, -2, 0)
    body += b"".join(_entry(name, 2, -1, starts[name], len(content)) for name, content in streams.items())
    body = body.ljust(512 * (folder + 1), b"\0")
    chain.append(-2)
    tables = -(-(len(chain) + 1) // 127)
    first = len(chain)
    chain += [-3] * tables
    table = b"".join(struct.pack("<i", one) for one in chain)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIiIIiIiI", 0, tables, folder, 0, 4096, -2, 0, -2, 0)
    head += b"".join(struct.pack("<i", first + at if at < tables else -1) for at in range(109))
    return head + body + table.ljust(512 * tables, b"\xff")


def _entry(name, kind, child, start, size):
    words = (name + "\0").encode("utf-16-le")
    return (
        words.ljust(64, b"\0")
        + struct.pack("<HBBiii", len(words), kind, 1, -1, -1, child)
        + bytes(36)
        + struct.pack("<iQ", start, size)
    )


def replaced(content, part, new):
    """The bytes of a zip with one part replaced, or added."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for info in old.infolist():
            if info.filename != part:
                made.writestr(info.filename, old.read(info))
        made.writestr(part, new)
    return held.getvalue()
