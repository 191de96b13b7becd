"""What is given away of an exam: its draw once it is over, the script that checks a draw, and the print edition."""

from __future__ import annotations

from pathlib import Path

import orjson
from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask_babel import ngettext
from flask_login import current_user

from trainer.core.database import db, end_read
from trainer.core.files import media_folder
from trainer.exams import queries
from trainer.exams.edition import Reads, print_forms, print_part
from trainer.exams.publicity import draw_for_anybody
from trainer.marking.corrected import corrected_of
from trainer.papers.queries import papers_of
from trainer.web.access import PUBLIC, needs
from trainer.web.arrival import arrived_at
from trainer.web.limits import sparing
from trainer.web.view import download

SCRIPT = Path(__file__).resolve().parent.parent.parent / "docs" / "redraw.py"

bp = Blueprint("exam_papers", __name__)

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MEDIA_TYPES = {"docx": WORD, "pdf": "application/pdf", "zip": "application/zip"}


@bp.get("/exams/<id:exam_id>/draw.json")
@sparing
@needs(PUBLIC)
def draw(exam_id):
    """Give anybody what lets him draw the papers again, once everybody's time is over."""
    told = draw_for_anybody(exam_id, current_user, now=arrived_at())
    return download(orjson.dumps(told), f"draw-{exam_id}.json", "application/json")


@bp.get("/redraw.py")
@needs(PUBLIC)
def redraw_script():
    """Give anybody the script that draws the papers again from such a file; it stands among the documents."""
    return download(SCRIPT.read_bytes(), SCRIPT.name, "text/x-python")


@bp.post("/exams/<id:exam_id>/print")
@sparing
@needs("exam.manage")
def print_edition(exam_id):
    """Give a paper, the sheet for its answers, or its key as a file; or, as a ZIP, all parts of many forms.

    Sent by POST because it is entered in the audit: a printed paper is a paper that may get lost.
    """
    part, suffix = request.form.get("part", ""), request.form.get("as", "")
    exam = queries.read_exam(db.session(), exam_id, current_user, permission="exam.manage")
    forms = [one.form for one in papers_of(db.session(), exam.blueprint_id)]
    end_read()
    form = request.form.get("form", 0, type=int)
    if forms and form not in forms:
        flash(
            ngettext(
                "没有印制：这场考试只有 %(num)s 套试卷，请填写 %(first)s 至 %(last)s。",
                "没有印制：这场考试只有 %(num)s 套试卷，请填写 %(first)s 至 %(last)s。",
                len(forms),
                first=forms[0],
                last=forms[-1],
            ),
            "danger",
        )
        return redirect(url_for("exams.show", exam_id=exam_id), 303)
    reads = Reads(media_folder(current_app.config["SETTINGS"].instance), corrected_of)
    told = {"by": current_user, "now": arrived_at(), "reads": reads}
    made = print_forms(exam_id, form, **told) if suffix == "zip" else print_part(exam_id, form, part, suffix, **told)
    return download(made.content, made.name, MEDIA_TYPES[suffix])
