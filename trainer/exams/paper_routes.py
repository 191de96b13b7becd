"""What is given away of an exam's papers: the draw once it is over, and the print edition."""

from __future__ import annotations

from collections.abc import Callable

import orjson
from flask import Blueprint, current_app, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from trainer.core.database import db, end_read
from trainer.core.errors import Forbidden, Invalid, Missing
from trainer.core.files import media_folder, path_of
from trainer.exams import printing, queries
from trainer.exams.publicity import draw_for_anybody
from trainer.exams.rules import draw_is_public
from trainer.web.access import PUBLIC, needs
from trainer.web.arrival import arrived_at
from trainer.web.limits import sparing
from trainer.web.view import download

bp = Blueprint("exam_papers", __name__)

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MEDIA_TYPES = {"docx": WORD, "pdf": "application/pdf"}


def _writer(suffix: str) -> Callable[..., bytes]:
    """Return what writes such a file. Its libraries take a fifth of the start of a site that prints once a year."""
    if suffix == "pdf":
        from trainer.documents.pdf import to_pdf

        return to_pdf
    from trainer.documents.word import to_word

    return to_word


@bp.get("/exams/<id:exam_id>/draw.json")
@sparing
@needs(PUBLIC)
def draw(exam_id):
    """Give anybody what lets him draw the papers again, once everybody's time is over."""
    told = draw_for_anybody(exam_id, current_user, now=arrived_at())
    return download(orjson.dumps(told), f"draw-{exam_id}.json", "application/json")


@bp.post("/exams/<id:exam_id>/print")
@sparing
@needs("exam.manage")
def print_edition(exam_id):
    """Give a paper, the sheet for its answers, or its key as a file; the key only when no answer can arrive any more.

    Sent by POST because it is entered in the audit: a printed paper is a paper that may get lost.
    """
    session, now = db.session(), arrived_at()
    exam = queries.read_exam(session, exam_id, current_user, permission="exam.manage")
    part, suffix = request.form.get("part", ""), request.form.get("as", "")
    if part not in printing.PARTS or suffix not in MEDIA_TYPES:
        raise Invalid.at("part" if part not in printing.PARTS else "as", "unknown_value", value=(part or suffix)[:40])
    if exam.state != "published":
        raise Forbidden("exam_not_published")
    if part == "key" and not draw_is_public(now, exam.ends_at):
        raise Forbidden("key_not_printable")
    form = request.form.get("form", 0, type=int)
    if not 0 < form < 10**9:
        raise Missing
    printed = printing.paper_to_print(session, exam, form)
    names = {"paper": _("试卷"), "sheet": _("答题卡"), "key": _("参考答案")}
    if part == "paper":
        blocks = printing.paper_blocks(exam, printed, _medium)
    elif part == "sheet":
        blocks = printing.sheet_blocks(exam, printed)
    else:
        blocks = printing.key_blocks(session, exam, printed, _corrected(session, exam.id, printed.paper_id))
    end_read()
    printing.record_print(exam, form, part, by=current_user.id)
    page_words = _("第 %(n)s 页，共 %(all)s 页", n="{n}", all="{all}")
    content = _writer(suffix)(blocks, title=f"{exam.title} {names[part]}", page_words=page_words, made_at=now)
    name = _("%(title)s%(part)s（第 %(n)s 套）", title=exam.title, part=names[part], n=form)
    return download(content, f"{name}.{suffix}", MEDIA_TYPES[suffix])


def _corrected(session: Session, exam_id: int, paper_id: int) -> dict[int, printing.Corrected]:
    # Repairs belong to a feature above this one; only the roof may look there.
    from trainer.exams.models import Exam
    from trainer.marking.grading import keys_of

    repairs_no = session.scalar(select(Exam.repairs_no).where(Exam.id == exam_id)) or 0
    return {
        one.number: printing.Corrected(one.ruling.items if one.ruling else (), one.outcome, one.points)
        for one in (keys_of(session, paper_id, exam_id, repairs_no) if repairs_no else ())
        if one.ruling or one.points != one.announced
    }


def _medium(digest: str) -> bytes | None:
    try:
        return path_of(media_folder(current_app.config["SETTINGS"].instance), digest).read_bytes()
    except (Missing, FileNotFoundError):
        return None
