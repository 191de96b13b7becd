"""Files of questions read and taken in by one call, for commands and programs: all of it or nothing."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import select

from question_bank.incoming import OUTCOMES, UNCHANGED
from trainer.bank.import_batches import BankMoved, keep_media, register_media
from trainer.bank.import_choices import Choices, chosen_entries
from trainer.bank.import_run import Findings, Progress, Source, bank_mark, run_reader, write_task
from trainer.bank.importing import ImportReport, Terms, hold_bank, put_in
from trainer.bank.models import ItemRecord
from trainer.core.database import db, end_read, transaction


@dataclass(frozen=True)
class Reading:
    """What was read. ``findings`` lie in a folder that is gone after the block; ``mark`` is the bank's at that time."""

    findings: Findings
    summary: Mapping[str, Any]
    mark: int

    @property
    def counts(self) -> dict[str, int]:
        """How many questions there are of each outcome."""
        return {name: self.summary["counts"].get(name, 0) for name in OUTCOMES}

    @property
    def is_whole(self) -> bool:
        """Whether every file could be read and no question is refused."""
        return not self.counts["refused"] and all(one["problem"] is None for one in self.summary["files"])


def _ignored(_phase: str, _done: int, _total: int) -> None:
    pass


@contextmanager
def read_files(
    files: list[tuple[str, bytes]],
    *,
    format: str,
    defaults: Mapping[str, Any],
    language: str = "zh",
    progress: Progress = _ignored,
) -> Iterator[Reading]:
    """Read files (name, content) for the length of the block. Raises ``ReadingFailed``."""
    instance: Path = current_app.config["SETTINGS"].instance
    with tempfile.TemporaryDirectory(prefix="reading-", dir=instance) as held:
        folder = Path(held)
        sources = []
        for name, content in files:
            path = folder / f"source-{hashlib.sha256(content).hexdigest()}"
            path.write_bytes(content)
            sources.append(Source(path, name, format))
        mark = write_task(db.session(), folder, sources, defaults=defaults, language=language)
        end_read()
        run_reader(folder, progress)
        findings = Findings(folder)
        yield Reading(findings, findings.summary(), mark)


def take_in(
    reading: Reading,
    choices: Choices,
    terms: Terms,
    *,
    by: int | None,
    now: datetime,
    note: str,
    dry_run: bool = False,
) -> ImportReport:
    """Take in what is chosen of a reading and return what happened, or would with ``dry_run``.

    Raises ``BankMoved`` when another text has come into the bank since the files were read.
    """
    codes = db.session().scalars(select(ItemRecord.code)).all()
    end_read()
    chosen = chosen_entries(reading.findings.all_rows(), choices, codes, note=note)
    if not dry_run:
        keep_media(reading.findings, chosen.media)
    with transaction() as session:
        hold_bank(session)
        if bank_mark(session) != reading.mark:
            raise BankMoved
        entries = list(chosen.entries.values())
        report = put_in(session, entries, by=by, now=now, terms=terms, dry_run=dry_run)
        if not dry_run:
            register_media(session, reading.findings, chosen.media, by=by, now=now)
        known = [str(one.other) for one in reading.findings.marks() if one.outcome == UNCHANGED]
        return replace(report, unchanged=(*known, *report.unchanged))
