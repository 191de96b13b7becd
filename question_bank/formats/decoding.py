"""From the bytes of a text file to its words: UTF-8 first, then what Windows writes in China."""

from __future__ import annotations

import codecs

from question_bank.formats.report import CERTAIN, LIKELY, Repair, Unreadable


def decoded(content: bytes) -> tuple[str, tuple[Repair, ...]]:
    """Return the words of a text file, line ends as line feeds, and notes on how they were read.

    Raises ``Unreadable`` where the bytes are no text in UTF-8, UTF-16 with its mark, or GB 18030 (which holds GBK).
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return _lines(content.decode("utf-16")), (Repair("", "read_as_utf_16", CERTAIN),)
        except UnicodeDecodeError as error:
            raise Unreadable("not_text") from error
    if b"\0" in content:
        raise Unreadable("not_text")
    try:
        return _lines(content.decode("utf-8-sig")), ()
    except UnicodeDecodeError:
        pass
    try:
        return _lines(content.decode("gb18030")), (Repair("", "read_as_gbk", LIKELY),)
    except UnicodeDecodeError as error:
        raise Unreadable("not_text") from error


def _lines(words: str) -> str:
    return words.replace("\r\n", "\n").replace("\r", "\n")
