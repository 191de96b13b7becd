"""Transcripts as PDF: for the candidate from the own result, for whoever runs the exam for one of its candidates."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, current_app, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainer.attempts.queries import own_attempt
from trainer.audit.service import record
from trainer.config import documents_key
from trainer.core.database import db, end_read
from trainer.core.errors import Missing
from trainer.exams.models import Exam
from trainer.exams.queries import read_exam
from trainer.marking.queries import NotReleased
from trainer.marking.transcripts import Transcript, best_attempt, transcript_blocks, transcript_of
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.limits import sparing
from trainer.web.view import download

bp = Blueprint("transcripts", __name__)

PDF = "application/pdf"


@bp.get("/attempts/<id:attempt_id>/transcript.pdf")
@sparing
@needs("attempt.own")
def own(attempt_id):
    return own_transcript(attempt_id)


@bp.post("/exams/<id:exam_id>/candidates/<id:user_id>/transcript")
@sparing
@needs("exam.manage")
def of_candidate(exam_id, user_id):
    """Give the transcript of a candidate's best attempt. Sent by POST because it is entered in the audit."""
    session = db.session()
    exam = read_exam(session, exam_id, current_user, permission="exam.manage")
    attempt_id = best_attempt(session, exam_id, user_id)
    if attempt_id is None or exam.is_mock:
        raise Missing
    made = _file(attempt_id)
    detail = {"attempt": attempt_id, "user": user_id}
    record("exam.transcript_made", by=current_user.id, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail=detail)
    return made


def own_transcript(attempt_id: int) -> Response:
    """Return the caller's own transcript as a file. Raises ``Missing`` for others' and mock exams, ``NotReleased``."""
    session = db.session()
    attempt = own_attempt(session, attempt_id, current_user)
    if session.get_one(Exam, attempt.exam_id).is_mock:
        raise Missing
    return _file(attempt_id)


def transcript(attempt_id: int, now: datetime) -> Transcript | None:
    """Return the transcript of any attempt as its code stands for it, None where there is none."""
    key = documents_key(current_app.config["SETTINGS"])
    return transcript_of(db.session(), attempt_id, key, now)


def _file(attempt_id: int) -> Response:
    now = arrived_at()
    found = transcript(attempt_id, now)
    end_read()
    if found is None:
        raise NotReleased
    title = f"{found.exam} {_('成绩单')}"
    blocks = transcript_blocks(found, url_for("pass_certificates.check", _external=True), now)
    page_words = _("第 %(n)s 页，共 %(all)s 页", n="{n}", all="{all}")
    # A tenth of the start of a site and a quarter of the memory of a process: only where a document is asked for.
    from trainer.documents.pdf import to_pdf

    content = to_pdf(blocks, title=title, page_words=page_words, made_at=now)
    return download(content, _("%(exam)s成绩单（%(name)s）.pdf", exam=found.exam, name=found.name), PDF)
