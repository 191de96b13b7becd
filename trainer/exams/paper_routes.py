"""What is given away of an exam's papers: the draw once it is over, and the print edition."""

from __future__ import annotations

import orjson
from flask import Blueprint, current_app, request
from flask_login import current_user

from trainer.core.errors import Missing
from trainer.core.files import media_folder
from trainer.exams.edition import Reads, print_forms, print_part
from trainer.exams.publicity import draw_for_anybody
from trainer.marking.corrected import corrected_of
from trainer.web.access import PUBLIC, needs
from trainer.web.arrival import arrived_at
from trainer.web.limits import sparing
from trainer.web.view import download

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


@bp.post("/exams/<id:exam_id>/print")
@sparing
@needs("exam.manage")
def print_edition(exam_id):
    """Give a paper, the sheet for its answers, or its key as a file; or, as a ZIP, all parts of many forms.

    Sent by POST because it is entered in the audit: a printed paper is a paper that may get lost.
    """
    part, suffix = request.form.get("part", ""), request.form.get("as", "")
    form = request.form.get("form", 0, type=int)
    if not 0 < form < 10**9:
        raise Missing
    reads = Reads(media_folder(current_app.config["SETTINGS"].instance), corrected_of)
    told = {"by": current_user, "now": arrived_at(), "reads": reads}
    made = print_forms(exam_id, form, **told) if suffix == "zip" else print_part(exam_id, form, part, suffix, **told)
    return download(made.content, made.name, MEDIA_TYPES[suffix])
