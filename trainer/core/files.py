"""Uploads and media kept by the hash of their content, so that two steps of a task read the very same bytes.

A file gets its name only when it is complete and synced: temporary name, fsync, rename. Keeping the same content
twice leaves one file. Names are hashes of ours, never of the sender's making, so no path can be smuggled in.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from pathlib import Path

from trainer.core.errors import Missing

DIGEST = re.compile(r"[0-9a-f]{64}")


def uploads_folder(instance: Path) -> Path:
    """Return the folder of uploads of an instance; make it (mode 0700) where there is none."""
    folder = instance / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def media_folder(instance: Path) -> Path:
    """Return the folder of pictures, sound and film of items, which stay; make it (mode 0700) where there is none."""
    folder = instance / "media"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def imports_folder(instance: Path, batch_id: int) -> Path:
    """Return the folder of one import of questions; make it (mode 0700) where there is none."""
    folder = instance / "imports" / str(batch_id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def keep(folder: Path, content: bytes) -> str:
    """Store ``content`` durably and return its SHA-256 in hex, by which it is found again."""
    digest = hashlib.sha256(content).hexdigest()
    target = folder / digest
    if target.exists():
        os.utime(target)
        return digest
    descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(folder)
    return digest


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def path_of(folder: Path, digest: str) -> Path:
    """Return where the content of ``digest`` lies. Raises ``Missing`` ("upload_gone") when there is none."""
    path = folder / digest
    if not DIGEST.fullmatch(digest) or not path.is_file():
        raise Missing("upload_gone")
    return path


def drop_older(folder: Path, seconds: float) -> int:
    """Delete uploads not touched for ``seconds`` and return how many."""
    limit = time.time() - seconds
    gone = 0
    for path in folder.iterdir():
        if path.is_file() and path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
            gone += 1
    return gone
