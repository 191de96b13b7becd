"""Office files are zips made by strangers: they are weighed in full before any library opens one.

Lengths that a zip claims are not trusted. Every part is unpacked once, piece by piece and without keeping it, and the
first one over the limit ends that; so a bomb costs at most the limit in time and nothing in memory.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from question_bank.formats.report import Unreadable

ZIP_MAGIC = b"PK\x03\x04"
MOST_PARTS = 2_000
MOST_UNPACKED = 150 * 1024 * 1024
# XML of a sheet packs to a fiftieth; what packs to less than a two-hundredth is made for harm, unless it is small.
MOST_RATIO = 200
SMALL = 1024 * 1024
PIECE = 256 * 1024
LOCAL_HEAD = struct.Struct("<4s22xHH")


def opened(content: bytes, *, most_unpacked: int = MOST_UNPACKED) -> zipfile.ZipFile:
    """Return the archive after weighing it. Raises ``Unreadable`` for one that is damaged, encrypted or too heavy."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error) as error:
        raise Unreadable("zip_damaged", reason=str(error)[:200]) from error
    if len(infos) > MOST_PARTS:
        raise Unreadable("zip_too_many_files", count=len(infos), most=MOST_PARTS)
    if sum(info.file_size for info in infos) > most_unpacked:
        raise Unreadable("zip_unpacks_too_large", most=most_unpacked)
    left = most_unpacked
    for info in infos:
        if info.flag_bits & 0x1:
            raise Unreadable("zip_encrypted", name=info.filename[:200])
        most = left if info.file_size <= SMALL else min(left, MOST_RATIO * max(info.compress_size, 1))
        left -= _weight(content, info, most)
    return archive


def part(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return one part of a weighed archive. Raises ``Unreadable`` where it is missing, damaged or too long."""
    try:
        info = archive.getinfo(name)
        if info.file_size > most:
            raise Unreadable("zip_unpacks_too_large", name=name[:200], most=most)
        return archive.read(info)
    except (KeyError, zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Unreadable("zip_damaged", reason=f"{name}: {error}"[:200]) from error


def _weight(content: bytes, info: zipfile.ZipInfo, most: int) -> int:
    """Return how many bytes a part unpacks to, which have to be as many as it claims."""
    try:
        magic, name_length, extra_length = LOCAL_HEAD.unpack_from(content, info.header_offset)
    except struct.error as error:
        raise Unreadable("zip_damaged", reason="local header") from error
    start = info.header_offset + LOCAL_HEAD.size + name_length + extra_length
    packed = memoryview(content)[start : start + info.compress_size]
    if magic != ZIP_MAGIC or len(packed) != info.compress_size:
        raise Unreadable("zip_damaged", reason=info.filename[:200])
    if info.compress_type == zipfile.ZIP_STORED:
        found, check = len(packed), zlib.crc32(packed)
    elif info.compress_type == zipfile.ZIP_DEFLATED:
        found, check = _inflated(packed, info, most)
    else:
        raise Unreadable("zip_damaged", reason=f"method {info.compress_type}")
    if found > most:
        raise Unreadable("zip_unpacks_too_large", name=info.filename[:200], most=most)
    if found != info.file_size or check != info.CRC:
        raise Unreadable("zip_damaged", reason=info.filename[:200])
    return found


def _inflated(packed: memoryview, info: zipfile.ZipInfo, most: int) -> tuple[int, int]:
    """Return how many bytes come out and their CRC-32, no more than one piece beyond ``most``."""
    engine, found, check = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0
    rest: bytes | memoryview = packed
    try:
        while found <= most and not engine.eof:
            piece = engine.decompress(rest, PIECE)
            rest = engine.unconsumed_tail
            found += len(piece)
            check = zlib.crc32(piece, check)
            if not piece and not rest:
                break
    except zlib.error as error:
        raise Unreadable("zip_damaged", reason=info.filename[:200]) from error
    return found, check
