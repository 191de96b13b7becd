"""The paragraphs of a Word file (.docx), read so that a stranger's file can cost little.

A .docx is a zip archive of XML. The archive's own directory is weighed before anything is unpacked, as for
spreadsheets; a document with a type declaration is refused, because entities are what XML bombs are made of and Word
writes none. Only the text is taken: no pictures, no field is computed, nothing outside the file is opened.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from docx import Document
from docx.oxml.ns import qn

MEGABYTE = 1024 * 1024
MOST_BYTES = 10 * MEGABYTE
MOST_UNPACKED = 40 * MEGABYTE
MOST_PARTS = 500
# Text shrinks ten- to twentyfold in its archive; a bomb a thousandfold.
WORST_RATIO = 120
OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
DECLARATION = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([^\"']+)", re.IGNORECASE)


class WordRefused(Exception):
    """The file as a whole cannot be read. ``code`` says why, ``params`` fill its sentence."""

    def __init__(self, code: str, **params: int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def check_archive(content: bytes) -> None:
    """Raise ``WordRefused`` unless ``content`` looks like a .docx of an honest size; unpacks only its XML, bounded."""
    if len(content) > MOST_BYTES:
        raise WordRefused("file_too_large", most=MOST_BYTES // MEGABYTE)
    if content.startswith(OLE2):
        raise WordRefused("word_is_old")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _weigh(parts)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _refuse_declaration(archive, part)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError, EOFError):
        raise WordRefused("word_unreadable") from None


def _weigh(parts: list[zipfile.ZipInfo]) -> None:
    names = [part.filename for part in parts]
    if "[Content_Types].xml" not in names or "word/document.xml" not in names:
        raise WordRefused("word_unreadable")
    swollen = any(
        part.file_size > MEGABYTE and part.file_size > WORST_RATIO * max(1, part.compress_size) for part in parts
    )
    whole = sum(part.file_size for part in parts)
    # Two parts of one name: whoever checks and whoever reads might look at different ones.
    if swollen or whole > MOST_UNPACKED or len(parts) > MOST_PARTS or len(set(names)) != len(names):
        raise WordRefused("word_unpacks_too_large")


def _refuse_declaration(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    # The directory may lie about a size; never read more than it admitted to.
    with archive.open(part) as file:
        text = file.read(part.file_size + 1)
    if len(text) > part.file_size:
        raise WordRefused("word_unpacks_too_large")
    encoding = ENCODING.search(text[:200])
    # In UTF-16 a declaration would hide from the search for it.
    if text.startswith((b"\xff\xfe", b"\xfe\xff")) or (encoding and encoding[1].upper() not in (b"UTF-8", b"US-ASCII")):
        raise WordRefused("word_unreadable")
    if DECLARATION.search(text):
        raise WordRefused("word_declares_types")


def paragraphs(content: bytes) -> list[str]:
    """Return the text of the paragraphs of a .docx in their order, those of tables too; empty ones are left out.

    A line break inside a paragraph parts it in two. Deleted text of tracked changes is left out, inserted text counts.
    Raises ``WordRefused``.
    """
    check_archive(content)
    try:
        body = Document(io.BytesIO(content)).element.body
        found = [line.strip() for one in body.iter(qn("w:p")) for line in "".join(_pieces(one)).split("\n")]
    # What python-docx raises for a damaged package is not one class: KeyError, ValueError, its own, lxml's.
    except Exception as error:
        raise WordRefused("word_unreadable") from error
    return [line for line in found if line]


def _pieces(paragraph: Any) -> Iterator[str]:
    """Yield the texts of a paragraph's XML. A text box inside holds paragraphs of its own, which come by themselves."""
    for node in paragraph.iter():
        if node.tag == qn("w:t") and _own(node, paragraph):
            yield node.text or ""
        elif node.tag == qn("w:tab") and node.getparent().tag == qn("w:r"):
            yield " "
        elif node.tag in (qn("w:br"), qn("w:cr")):
            yield "\n"


def _own(node: Any, paragraph: Any) -> bool:
    return next(node.iterancestors(qn("w:p"))) is paragraph
