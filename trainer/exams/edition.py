"""The print edition as files: one part of one form, or all parts of up to ``FORMS_AT_ONCE_MOST`` forms in one ZIP.

The key waits until no answer can arrive any more; the rest can be had from publication on, because it has to be printed
before. Each call is entered in the audit before the files are made.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.core.database import db, end_read
from trainer.core.errors import Forbidden, Invalid, Missing
from trainer.core.files import path_of
from trainer.documents.blocks import Block
from trainer.exams import printing, queries
from trainer.exams.printing import PARTS, Corrected, Printed
from trainer.exams.queries import ExamLine
from trainer.exams.rules import draw_is_public
from trainer.papers.models import Paper
from trainer.web.locale import zone

SUFFIXES = ("docx", "pdf")
# Six files of a form take two seconds of a worker. Ours, of 2026-11-27.
FORMS_AT_ONCE_MOST = 10

# (session, exam id, paper id) → how the repaired items of a paper count now, by number.
ReadCorrected = Callable[[Session, int, int], Mapping[int, Corrected]]


@dataclass(frozen=True)
class Reads:
    """What lies elsewhere: the folder of media, and what repairs have changed."""

    folder: Path
    corrected: ReadCorrected

    def medium(self, digest: str) -> bytes | None:
        """Return the bytes of a medium by its SHA-256, None where there are none."""
        try:
            return path_of(self.folder, digest).read_bytes()
        except (Missing, FileNotFoundError):
            return None


@dataclass(frozen=True)
class File:
    """What is printed, with the name to save it under."""

    content: bytes
    name: str


def print_part(exam_id: int, form: int, part: str, suffix: str, *, by: Person, now: datetime, reads: Reads) -> File:
    """Return a paper, the sheet for its answers, or its key as Word or PDF. A second call is recorded again.

    Raises ``Missing`` for an exam or a form that there is not, ``Invalid`` for an unknown part or suffix,
    ``Forbidden`` for an exam that is not published and for a key before everybody's time is over.
    """
    session = db.session()
    exam = queries.read_exam(session, exam_id, by, permission="exam.manage")
    if part not in PARTS or suffix not in SUFFIXES:
        raise Invalid.at("part" if part not in PARTS else "as", "unknown_value", value=(part or suffix)[:40])
    allowed = _parts_allowed(exam, now)
    if part not in allowed:
        raise Forbidden("key_not_printable")
    printed = printing.paper_to_print(session, exam, form)
    blocks = _blocks(session, exam, printed, part, reads)
    end_read()
    printing.record_print(exam, form, part, by=by.id)
    content = _written(exam, blocks, part, suffix, now)
    name = _("%(title)s%(part)s（第 %(n)s 套）", title=exam.title, part=_part_name(part), n=form)
    return File(content, f"{name}.{suffix}")


def print_forms(exam_id: int, first: int, *, by: Person, now: datetime, reads: Reads) -> File:
    """Return a ZIP with a folder for each form from ``first`` on, at most ``FORMS_AT_ONCE_MOST``: all parts, twice.

    The keys are in it once everybody's time is over. Raises as ``print_part`` does. A second call is recorded again.
    """
    session = db.session()
    exam = queries.read_exam(session, exam_id, by, permission="exam.manage")
    parts = _parts_allowed(exam, now)
    forms = forms_from(session, exam, first)
    if not forms:
        raise Missing
    all_blocks = []
    for form in forms:
        printed = printing.paper_to_print(session, exam, form)
        all_blocks += [(form, part, _blocks(session, exam, printed, part, reads)) for part in parts]
    end_read()
    printing.record_forms(exam, forms, parts, by=by.id)
    made = io.BytesIO()
    date_time = now.astimezone(zone()).timetuple()[:6]
    with zipfile.ZipFile(made, "w") as archive:
        for form, part, blocks in all_blocks:
            for suffix in SUFFIXES:
                folder, name = _("第 %(n)s 套", n=form), _part_name(part)
                entry = zipfile.ZipInfo(f"{folder}/{name}.{suffix}", date_time)
                archive.writestr(entry, _written(exam, blocks, part, suffix, now))
    about = {"title": exam.title, "first": forms[0], "last": forms[-1]}
    name = _("%(title)s试卷（第 %(first)s 至 %(last)s 套）", **about)
    return File(made.getvalue(), f"{name}.zip")


def forms_from(session: Session, exam: ExamLine, first: int) -> list[int]:
    """Return the forms of an exam from ``first`` on that go into one ZIP, the lowest first; empty for none."""
    rows = select(Paper.form).where(Paper.blueprint_id == exam.blueprint_id, Paper.form >= first)
    return list(session.scalars(rows.order_by(Paper.form).limit(FORMS_AT_ONCE_MOST)))


def _parts_allowed(exam: ExamLine, now: datetime) -> tuple[str, ...]:
    if exam.state != "published":
        raise Forbidden("exam_not_published")
    return PARTS if draw_is_public(now, exam.ends_at) else tuple(part for part in PARTS if part != "key")


def _blocks(session: Session, exam: ExamLine, printed: Printed, part: str, reads: Reads) -> list[Block]:
    if part == "paper":
        return printing.paper_blocks(exam, printed, reads.medium)
    if part == "sheet":
        return printing.sheet_blocks(exam, printed)
    return printing.key_blocks(session, exam, printed, reads.corrected(session, exam.id, printed.paper_id))


def _part_name(part: str) -> str:
    return {"paper": _("试卷"), "sheet": _("答题卡"), "key": _("参考答案")}[part]


def _written(exam: ExamLine, blocks: Sequence[Block], part: str, suffix: str, now: datetime) -> bytes:
    page_words = _("第 %(n)s 页，共 %(all)s 页", n="{n}", all="{all}")
    return _writer(suffix)(blocks, title=f"{exam.title} {_part_name(part)}", page_words=page_words, made_at=now)


def _writer(suffix: str) -> Callable[..., bytes]:
    """Return what writes such a file. Its libraries take a fifth of the start of a site that prints once a year."""
    if suffix == "pdf":
        from trainer.documents.pdf import to_pdf

        return to_pdf
    from trainer.documents.word import to_word

    return to_word
