"""The way of an import: files are kept, read in the background, looked at, and taken in by one transaction.

What was read is good for the bank as it was then. When texts have come into it meanwhile the files are read once more
before anything is stored; if that gives another picture, the person looks at it again.

Reading and taking in run in a thread of whoever was asked, tell how far they are, and are taken up again by the
scheduler when that process ends (``jobs.py``).
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import shutil
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from trainer.audit.service import record
from trainer.bank.import_choices import CHOICES, THEN, Choices, chosen_entries
from trainer.bank.import_run import Findings, ReadingFailed, Source, bank_mark, run_reader, write_task
from trainer.bank.importing import hold_bank, put_in
from trainer.bank.models import ImportBatch, ItemMedia, ItemRecord
from trainer.core import files
from trainer.core.clock import iso_z, utcnow
from trainer.core.database import db, end_read, transaction
from trainer.core.errors import Conflict, Invalid, Missing, Refused

TELL_EVERY = 0.7
# So long a request waits for a reading before its page shows how far it is.
WAIT_SECONDS = 2.5
# A batch that nobody has touched for so long was left over by a process that ended.
LEFT_OVER = timedelta(seconds=60)
KEPT = timedelta(days=14)
TRIES = 3

log = logging.getLogger("trainer.bank")


class BatchMoved(Conflict):
    """The import is no longer at the step that was asked for."""

    code = "import_moved"


class BankMoved(Conflict):
    """The bank changed while the import was looked at, and the questions are no longer what they were to it."""

    code = "import_bank_changed"


def folder_of(batch_id: int) -> Path:
    """Return the folder of a batch, made where there is none."""
    return files.imports_folder(current_app.config["SETTINGS"].instance, batch_id)


def create_batch(
    uploads: Iterable[tuple[str, bytes]], *, format: str, defaults: Mapping[str, Any], language: str, by: int
) -> int:
    """Keep the files (name, content) of an import, to be read, and return its id. Each call makes one."""
    kept = [(name[-180:] or "?", content, hashlib.sha256(content).hexdigest()) for name, content in uploads]
    digests = [digest for _name, _content, digest in kept]
    digest = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    now = utcnow()
    with transaction() as session:
        made = ImportBatch(
            file_name="、".join(name for name, _content, _digest in kept)[:200],
            digest=digest,
            format=format,
            options={
                "files": [{"name": name, "digest": digest} for name, _content, digest in kept],
                "defaults": dict(defaults),
                "language": language,
                "rows": {},
            },
            state="reading",
            report={"phase": "open", "touched_at": iso_z(now)},
            created_by=by,
            created_at=now,
        )
        session.add(made)
        session.flush()
        # Written before the row can be seen, and the folder bears its id.
        for _name, content, _digest in kept:
            files.keep(folder_of(made.id), content)
        return made.id


def set_choices(batch_id: int, *, rows: Mapping[str, str] | None = None, **chosen: str) -> None:
    """Put down what is to be done with the questions: ``again``, ``same_stem``, ``then``, and ``rows`` by number.

    Raises ``Invalid`` for a choice that does not exist, ``BatchMoved`` unless the batch is looked at.
    """
    for name, value in chosen.items():
        if value not in (THEN if name == "then" else CHOICES):
            raise Invalid.at(name, "unknown_value", value=value)
    with transaction() as session:
        batch = _locked(session, batch_id, "preview")
        kept = dict(batch.options["rows"])
        for number, value in (rows or {}).items():
            if value:
                kept[number] = value
            else:
                kept.pop(number, None)
        batch.options = {**batch.options, **chosen, "rows": kept}


def read_again(batch_id: int, *, format: str, defaults: Mapping[str, Any]) -> None:
    """Have the same files read under other presumptions. Raises ``BatchMoved`` when it is too late."""
    with transaction() as session:
        batch = _locked(session, batch_id, "preview", "refused")
        batch.format = format
        batch.options = {**batch.options, "defaults": dict(defaults), "rows": {}}
        _enter(batch, "reading", "open")


def cancel_batch(batch_id: int, *, by: int) -> None:
    """Give an import up and forget its files. A second call changes nothing. Raises ``BatchMoved`` when it is in."""
    with transaction() as session:
        batch = _locked(session, batch_id, "preview", "refused", "reading", "cancelled")
        batch.state = "cancelled"
    shutil.rmtree(folder_of(batch_id), ignore_errors=True)


def ask_to_take_in(batch_id: int) -> None:
    """Let a batch that has been looked at be taken in. Raises ``BatchMoved`` for any other, so that two cannot."""
    with transaction() as session:
        _enter(_locked(session, batch_id, "preview"), "applying", "take")


def begin(batch_id: int, *, wait: float | None = None) -> None:
    """Go on with a batch in a thread of its own; return when it is done, or after ``wait`` seconds."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the thread outlives the request
    end_read()
    thread = threading.Thread(target=_in_background, args=(app, batch_id), name=f"import-{batch_id}", daemon=True)
    thread.start()
    thread.join(WAIT_SECONDS if wait is None else wait)


def _in_background(app: Flask, batch_id: int) -> None:
    with app.app_context():
        try:
            go_on(batch_id)
        except Exception:
            log.exception("an import stumbled", extra={"fields": {"batch": batch_id}})
            _give_back(batch_id, ["reading_failed", {}])
        finally:
            db.session.remove()


def go_on(batch_id: int) -> None:
    """Read a batch, or take it in, whichever it waits for; refusals are put down in it. Nothing else is touched."""
    state = db.session.scalar(select(ImportBatch.state).where(ImportBatch.id == batch_id))
    end_read()
    try:
        if state == "reading":
            read_batch(batch_id)
        elif state == "applying":
            take_in_batch(batch_id, now=utcnow())
    except Refused as refusal:
        _give_back(batch_id, [refusal.code, refusal.params])


def read_batch(batch_id: int) -> None:
    """Read the files of a batch, whose state then is ``preview``, or ``refused`` where no file could be read."""
    try:
        name, summary, mark = _read(batch_id)
    except ReadingFailed as failure:
        _finish_reading(batch_id, "refused", {"failure": [failure.code, failure.params]})
        return
    readable = any(file["problem"] is None for file in summary["files"])
    found = summary | {"reading": name, "mark": mark}
    _finish_reading(batch_id, "preview" if readable else "refused", found)


def _read(batch_id: int) -> tuple[str, dict[str, Any], int]:
    session = db.session()
    batch = session.get_one(ImportBatch, batch_id)
    folder = folder_of(batch_id)
    sent = batch.options["files"]
    sources = [Source(files.path_of(folder, one["digest"]), one["name"], batch.format) for one in sent]
    defaults, language = batch.options["defaults"], batch.options["language"]
    name = f"read-{secrets.token_hex(4)}"
    (folder / name).mkdir(mode=0o700)
    mark = write_task(session, folder / name, sources, defaults=defaults, language=language)
    end_read()
    run_reader(folder / name, _Told(batch_id))
    return name, Findings(folder / name).summary(), mark


class _Told:
    """Puts into the batch how far its reading is, not more often than a page asks."""

    def __init__(self, batch_id: int) -> None:
        self.batch_id, self.last, self.phase = batch_id, time.monotonic(), ""

    def __call__(self, phase: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self.last < TELL_EVERY:
            return
        self.last = now
        with transaction() as session:
            batch = session.get(ImportBatch, self.batch_id)
            if batch is None or batch.state not in ("reading", "applying"):
                raise BatchMoved
            batch.progress, batch.total = done, total
            batch.report = {**batch.report, "phase": phase, "touched_at": iso_z(utcnow())}


def _finish_reading(batch_id: int, state: str, found: dict[str, Any]) -> None:
    with transaction() as session:
        batch = _locked(session, batch_id, "reading")
        batch.state = state
        batch.progress = batch.total = sum(found.get("counts", {}).values())
        batch.report = found | ({"changed": True} if batch.report.get("changed") else {})
        kept = found.get("reading")
    for path in folder_of(batch_id).glob("read-*"):
        if path.name != kept:
            shutil.rmtree(path, ignore_errors=True)


def take_in_batch(batch_id: int, *, now: datetime) -> None:
    """Take in what was chosen of a batch: all of it in one transaction, or nothing. Then it is ``applied``.

    Raises ``BankMoved`` when the questions are no longer what they were to the bank; ``BatchMoved``.
    """
    for _try in range(TRIES):
        session = db.session()
        batch = session.get_one(ImportBatch, batch_id)
        report, options = batch.report, batch.options
        findings = Findings(folder_of(batch_id) / report["reading"])
        if bank_mark(session) != report["mark"]:
            _look_again(batch_id, findings)
            continue
        choices = Choices.of(options)
        codes = session.scalars(select(ItemRecord.code)).all()
        note, by = batch.file_name, batch.created_by
        end_read()
        chosen = chosen_entries(findings.all_rows(), choices, codes, note=note)
        keep_media(findings, chosen.media)
        with transaction() as writing:
            hold_bank(writing)
            locked = _locked(writing, batch_id, "applying")
            if bank_mark(writing) != report["mark"]:
                continue
            done = put_in(writing, list(chosen.entries.values()), by=by, now=now, terms=THEN[choices.then])
            register_media(writing, findings, chosen.media, by=by, now=now)
            locked.state, locked.applied_at = "applied", now
            locked.progress, locked.total = len(chosen.entries), len(chosen.entries)
            locked.report = locked.report | {
                "result": {
                    name: len(getattr(done, name)) for name in ("added", "changed", "proposed", "unchanged", "busy")
                },
                "busy": list(done.busy[:200]),
            }
            record(
                "import.applied",
                by=by,
                target=f"import:{batch_id}",
                detail={"name": locked.file_name, "file": locked.digest, "then": choices.then},
            )
        return
    raise BankMoved


def _look_again(batch_id: int, before: Findings) -> None:
    """Read once more for a bank that has other texts now. Raises ``BankMoved`` when that gives another picture."""
    name, summary, mark = _read(batch_id)
    now = Findings(folder_of(batch_id) / name)
    same = [(one.outcome, one.other) for one in before.marks()] == [(one.outcome, one.other) for one in now.marks()]
    same = same and all(
        one.get("base") == other.get("base") for one, other in zip(before.all_rows(), now.all_rows(), strict=True)
    )
    with transaction() as session:
        batch = _locked(session, batch_id, "applying")
        batch.report = summary | {"reading": name, "mark": mark, "touched_at": iso_z(utcnow()), "phase": "take"}
    shutil.rmtree(before.folder, ignore_errors=True)
    if not same:
        raise BankMoved


def keep_media(findings: Findings, wanted: Iterable[str]) -> None:
    """Store the media of a reading for good; until they are registered nobody is sent them."""
    folder = files.media_folder(current_app.config["SETTINGS"].instance)
    for sha256 in wanted:
        path = findings.medium(sha256)
        if path is not None:
            files.keep(folder, path.read_bytes())


def register_media(
    session: Session, findings: Findings, wanted: Iterable[str], *, by: int | None, now: datetime
) -> None:
    """Put down the media of a reading as files of the bank. Joins the caller's transaction."""
    types = findings.summary()["media"]
    asked = sorted(set(wanted) & set(types))
    if not asked:
        return
    known = set(session.scalars(select(ItemMedia.sha256).where(ItemMedia.sha256.in_(asked))))
    rows = []
    for one in asked:
        path = findings.medium(one)
        if one not in known and path is not None:
            rows.append({"sha256": one, "media_type": types[one], "bytes": path.stat().st_size})
    if rows:
        session.execute(insert(ItemMedia), [row | {"created_by": by, "created_at": now} for row in rows])


def _give_back(batch_id: int, failure: list[Any]) -> None:
    """Put a batch that could not go on back to where a person can decide."""
    with transaction() as session:
        batch = session.get(ImportBatch, batch_id)
        if batch is None or batch.state not in ("reading", "applying"):
            return
        state = "refused" if batch.state == "reading" else "preview"
        batch.state, batch.report = state, {**batch.report, "failure": failure}


def left_over(session: Session, now: datetime) -> list[int]:
    """Claim the batches that a process which ended has left over, and return their ids."""
    claimed = []
    for batch in session.scalars(select(ImportBatch).where(ImportBatch.state.in_(("reading", "applying")))):
        touched = datetime.fromisoformat(batch.report.get("touched_at", iso_z(batch.created_at)))
        if now - touched > LEFT_OVER:
            batch.report = {**batch.report, "touched_at": iso_z(now)}
            claimed.append(batch.id)
    return claimed


def forget_old(now: datetime) -> int:
    """Forget the files of imports older than ``KEPT``, and close those not taken in; return how many were closed."""
    instance = current_app.config["SETTINGS"].instance
    with transaction() as session:
        old = select(ImportBatch.id).where(ImportBatch.created_at < now - KEPT)
        gone = [one for one in session.scalars(old) if (instance / "imports" / str(one)).is_dir()]
        waiting = ("reading", "preview", "refused")
        closed = session.execute(
            update(ImportBatch)
            .where(ImportBatch.created_at < now - KEPT, ImportBatch.state.in_(waiting))
            .values(state="cancelled")
        ).rowcount
    for batch_id in gone:
        shutil.rmtree(instance / "imports" / str(batch_id), ignore_errors=True)
    return int(closed)


def _locked(session: Session, batch_id: int, *states: str) -> ImportBatch:
    found = session.get(ImportBatch, batch_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise Missing
    if found.state not in states:
        raise BatchMoved
    return found


def _enter(batch: ImportBatch, state: str, phase: str) -> None:
    batch.state, batch.progress, batch.total = state, 0, None
    report = {name: value for name, value in batch.report.items() if name != "failure"}
    batch.report = {**report, "phase": phase, "touched_at": iso_z(utcnow())}
