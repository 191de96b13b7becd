"""Which version of QTI the bytes of a file are, looking at a package's manifest or at the root of a single file."""

from __future__ import annotations

import re

from question_bank.formats.qti_package import ZIP_MAGIC, opened
from question_bank.formats.report import Unreadable

CLASSIC, SECOND, THIRD = "1.2", "2", "3"
ROOT = re.compile(
    rb"<(?:[A-Za-z0-9_-]+:)?(qti-assessment-(?:item|test|stimulus)|assessment(?:Item|Test|Stimulus)|questestinterop)\b"
)
# What a manifest says of the version, the newest first.
MARKS = (
    (rb"v3p0", THIRD),
    (rb"imsqti_[a-z]+_xmlv2|imsqti_v2|qtiv2p", SECOND),
    (rb"imsqti_xmlv1p[12]|qtiasiv1p2", CLASSIC),
)


def version_of(content: bytes) -> tuple[str | None, float]:
    """Return the version and how sure it is, 0 to 1; None and 0 for what is no QTI. Never raises."""
    if not content.startswith(ZIP_MAGIC):
        match = ROOT.search(content[:5000])
        return (_of_root(match[1]), 0.95) if match else (None, 0.0)
    try:
        package = opened(content, "")
    except Unreadable:
        return None, 0.0
    path = package.manifest()
    manifest = (package.read(path) or b"") if path else b""
    for mark, version in MARKS:
        if re.search(mark, manifest):
            return version, 0.9
    for name in package.names:
        if name.lower().endswith((".xml", ".qti")):
            match = ROOT.search((package.read(name) or b"")[:5000])
            if match:
                return _of_root(match[1]), 0.7
    return None, 0.0


def _of_root(tag: bytes) -> str:
    if tag.startswith(b"qti-"):
        return THIRD
    return CLASSIC if tag == b"questestinterop" else SECOND
