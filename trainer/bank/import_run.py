"""Files of questions read in a limited child process (``import_reader.py``), and what it found.

A reading is a folder of its own. What the bank has is written into it first, because the child sees no database.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import String, cast, func, or_, select
from sqlalchemy.orm import Session

from trainer.bank.filed_queries import FILED, fields_of, kept_apart
from trainer.bank.models import ItemMedia, ItemRecord, ItemVersion
from trainer.core.errors import Refused

READER = Path(__file__).with_name("import_reader.py")
SECONDS = 90
Progress = Callable[[str, int, int], None]


class ReadingFailed(Refused):
    """Nothing could be read, or reading cost too much; ``code`` is one of ``question_bank.formats.words``."""

    code = "reading_failed"
    status = 422


@dataclass(frozen=True)
class Source:
    """A file to read: where it lies, what its sender called it, and its format, empty to find out."""

    path: Path
    name: str
    format: str = ""


def bank_mark(session: Session) -> int:
    """Return a number that changes whenever a text comes into the bank."""
    return session.scalar(select(func.max(ItemVersion.id))) or 0


def write_task(
    session: Session, folder: Path, sources: list[Source], *, defaults: Mapping[str, Any], language: str
) -> int:
    """Write what the reader needs into an empty folder and return the mark of the bank at that time."""
    mark = bank_mark(session)
    task = {
        "files": [{"path": str(one.path.resolve()), "name": one.name, "format": one.format} for one in sources],
        "defaults": dict(defaults),
        "language": language,
        "media": list(session.scalars(select(ItemMedia.sha256))),
        "apart": kept_apart(session),
    }
    (folder / "task.json").write_bytes(orjson.dumps(task))
    fields = fields_of(session)
    rows = session.execute(
        # As text: the bodies only pass through, and ten thousand of them are dear to parse and write again.
        select(
            ItemRecord.id,
            ItemRecord.code,
            ItemVersion.content_hash,
            cast(ItemVersion.body, String),
            *(getattr(ItemRecord, name) for name in FILED),
        )
        .join(
            ItemVersion,
            or_(ItemVersion.id == ItemRecord.version_id, ItemVersion.id == ItemRecord.proposed_version_id),
        )
        .order_by(ItemRecord.id, ItemVersion.id != ItemRecord.version_id)
        .execution_options(yield_per=500)
    )
    with os.fdopen(os.open(folder / "held.jsonl", os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as lines:
        for item_id, code, content_hash, body, *filed in rows:
            one_line = body if "\n" not in body else json.dumps(json.loads(body), ensure_ascii=False)
            told = orjson.dumps(dict(zip(FILED, filed, strict=True)) | {"fields": fields.get(item_id, [])}).decode()
            lines.write(f'["{code}","{content_hash.hex()}",{one_line},{told}]\n')
    return mark


def run_reader(folder: Path, progress: Progress) -> None:
    """Run the child on a folder with its task, telling ``progress(phase, done, total)`` what it tells.

    Raises ``ReadingFailed``. Takes at most twice ``SECONDS`` by the clock.
    """
    try:
        _run(folder, progress)
    finally:
        (folder / "held.jsonl").unlink(missing_ok=True)


def _run(folder: Path, progress: Progress) -> None:
    # -I keeps the folder of the reader and the user's own settings out of the child's import path.
    command = [sys.executable, "-I", str(READER), str(folder.resolve()), str(SECONDS)]
    failure: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env={}, cwd="/"
    ) as child:
        until = time.monotonic() + 2 * SECONDS
        try:
            for line in _lines(child, until):
                word, *figures = line.split()
                if word == "failed":
                    failure = figures
                elif len(figures) == 2:
                    progress(word, int(figures[0]), int(figures[1]))
        finally:
            # Over time, or somebody stopped listening: nobody waits for it any more.
            if child.poll() is None and (time.monotonic() >= until or sys.exc_info()[0] is not None):
                child.kill()
    if time.monotonic() >= until:
        raise ReadingFailed("reads_too_slowly")
    if failure:
        params = {"count": failure[1], "most": failure[2]} if len(failure) == 3 else {}
        raise ReadingFailed(failure[0], **params)
    if child.returncode < 0:
        # Killed by the kernel: out of processor time, or out of memory below Python.
        raise ReadingFailed("reads_too_slowly")
    if child.returncode or not (folder / "summary.json").exists():
        raise ReadingFailed


def _lines(child: subprocess.Popen[bytes], until: float) -> Iterator[str]:
    """Yield what the child writes, line by line, until it ends or its time is over."""
    assert child.stdout is not None
    held = b""
    with selectors.DefaultSelector() as ready:
        ready.register(child.stdout, selectors.EVENT_READ)
        while time.monotonic() < until:
            if not ready.select(timeout=1):
                continue
            piece = os.read(child.stdout.fileno(), 65536)
            if not piece:
                return
            *lines, held = (held + piece).split(b"\n")
            yield from (line.decode("ascii", "replace") for line in lines if line.strip())


@dataclass(frozen=True)
class Mark:
    """One question of a reading, as far as a list needs it. ``sure`` is ``doubtful``, ``repaired`` or empty.

    ``other`` is the id of the question that the bank has, or the number of the earlier one in the file, or 0.
    """

    at: int
    length: int
    outcome: str
    sure: str
    other: str | int
    near: bool


class Findings:
    """What a reading found, read from its folder when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def summary(self) -> dict[str, Any]:
        """Return what can be said of files and counts."""
        return orjson.loads((self.folder / "summary.json").read_bytes())  # type: ignore[no-any-return]

    def marks(self) -> list[Mark]:
        """Return a mark for each question, in order; the first is question 1."""
        return [Mark(*row) for row in orjson.loads((self.folder / "index.json").read_bytes())]

    def rows(self, marks: list[Mark]) -> list[dict[str, Any]]:
        """Return the questions of these marks whole, in order."""
        with (self.folder / "rows.jsonl").open("rb") as file:
            found = []
            for mark in marks:
                file.seek(mark.at)
                found.append(orjson.loads(file.read(mark.length)))
            return found

    def all_rows(self) -> Iterator[dict[str, Any]]:
        """Yield every question, one at a time."""
        with (self.folder / "rows.jsonl").open("rb") as file:
            for line in file:
                yield orjson.loads(line)

    def medium(self, sha256: str) -> Path | None:
        """Return where a picture or sound that came along lies, None for one that did not."""
        path = self.folder / "media" / sha256
        return path if len(sha256) == 64 and sha256.isalnum() and path.is_file() else None
