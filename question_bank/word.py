"""The paragraphs of a Word file (.docx), read so that a stranger's file can cost little.

A .docx is a zip archive of XML. It is weighed in full before any library opens it (``formats.archives``); a document
with a type declaration is refused, because entities are what XML bombs are made of and Word writes none. Only the text
is taken: no pictures, no field is computed, nothing outside the file is opened.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from docx import Document
from docx.oxml.ns import qn

from question_bank.formats.archives import opened, part
from question_bank.formats.report import Unreadable

MEGABYTE = 1024 * 1024
MOST_BYTES = 10 * MEGABYTE
MOST_UNPACKED = 40 * MEGABYTE
TOO_HEAVY = ("zip_too_many_files", "zip_unpacks_too_large")
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
    """Raise ``WordRefused`` unless ``content`` looks like a .docx of an honest size."""
    if len(content) > MOST_BYTES:
        raise WordRefused("file_too_large", most=MOST_BYTES // MEGABYTE)
    if content.startswith(OLE2):
        raise WordRefused("word_is_old")
    try:
        with opened(content, most_unpacked=MOST_UNPACKED) as archive:
            names = archive.namelist()
            if "[Content_Types].xml" not in names or "word/document.xml" not in names:
                raise WordRefused("word_unreadable")
            # Two parts of one name: whoever checks and whoever reads might look at different ones.
            if len(set(names)) != len(names):
                raise WordRefused("word_unpacks_too_large")
            for name in names:
                if name.endswith((".xml", ".rels")):
                    _refuse_declaration(part(archive, name, MOST_UNPACKED))
    except Unreadable as error:
        raise WordRefused("word_unpacks_too_large" if error.code in TOO_HEAVY else "word_unreadable") from None


def _refuse_declaration(text: bytes) -> None:
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
