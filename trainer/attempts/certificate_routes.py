"""The certificate of passing, as a page to print, and the public page that checks it, a transcript or a slip."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, current_app, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select

from trainer.accounts.models import User
from trainer.attempts import queries
from trainer.attempts.models import Attempt
from trainer.attempts.rules.verification import code_of, is_code
from trainer.attempts.slip import slip_of
from trainer.config import documents_key
from trainer.core.database import db, end_read
from trainer.core.errors import Missing
from trainer.exams.models import Exam
from trainer.marking import queries as marks
from trainer.marking.transcript_routes import transcript
from trainer.orgs.models import Unit
from trainer.web.access import PUBLIC, needs
from trainer.web.arrival import arrived_at
from trainer.web.view import LARGEST_ID

bp = Blueprint("pass_certificates", __name__)


@dataclass(frozen=True)
class Certificate:
    """What a certificate of passing says; ``passed_at`` is when the attempt was handed in (aware UTC)."""

    attempt_id: int
    name: str
    username: str
    exam: str
    unit: str
    passed_at: datetime
    score: marks.Score
    code: str


@bp.get("/attempts/<id:attempt_id>/certificate")
@needs("attempt.own")
def show(attempt_id):
    queries.own_attempt(db.session(), attempt_id, current_user)
    found = certificate(attempt_id, arrived_at())
    end_read()
    if found is None:
        raise Missing
    address = url_for("pass_certificates.check", _external=True)
    return render_template("attempts/certificate.html", one=found, address=address)


@bp.get("/certificate-check")
@needs(PUBLIC)
def check():
    """Say whether a certificate, transcript or slip is genuine and still stands; only the family name is told."""
    number, code = request.args.get("number", "")[:20].strip(), request.args.get("code", "")[:40].strip()
    found = told = slip = None
    if number.isascii() and number.isdigit() and int(number) <= LARGEST_ID:
        found = _if_code(certificate(int(number), arrived_at()), code)
        told = _if_code(transcript(int(number), arrived_at()), code) if found is None else None
        key = documents_key(current_app.config["SETTINGS"])
        slip = _if_code(slip_of(db.session(), int(number), key), code) if found is told is None else None
        end_read()
    page = render_template(
        "attempts/certificate_check.html",
        one=found,
        transcript=told,
        slip=slip,
        number=number,
        code=code,
        asked="number" in request.args or "code" in request.args,
    )
    return page, 200, {"Cache-Control": "no-store"}


def _if_code(found: Any, code: str) -> Any:
    """Return a document if this is its code, else None."""
    return found if found is not None and is_code(code, found.code) else None


def certificate(attempt_id: int, now: datetime) -> Certificate | None:
    """Return the certificate of an attempt; None unless it is known to its candidate as passed in a real exam."""
    session: Any = db.session()
    score = marks.released_scores(session, [attempt_id], now).get(attempt_id)
    if score is None or not score.passed:
        return None
    row = session.execute(
        select(Attempt.submitted_at, User.id, User.name, User.username, Exam.id, Exam.title, Unit.name, Exam.is_mock)
        .join(User, User.id == Attempt.user_id)
        .join(Exam, Exam.id == Attempt.exam_id)
        .join(Unit, Unit.id == Exam.unit_id)
        .where(Attempt.id == attempt_id)
    ).one()
    passed_at, user_id, name, username, exam_id, title, unit, is_mock = row
    if is_mock:
        return None
    key = documents_key(current_app.config["SETTINGS"])
    facts = (attempt_id, user_id, name, exam_id, title, unit, passed_at.isoformat(), score.score, score.max_points)
    return Certificate(attempt_id, name, username, title, unit, passed_at, score, code_of(key, *facts))
