"""What is given away of an exam's papers: the draw once it is over, and the print edition."""

from __future__ import annotations

import orjson
from flask import Blueprint
from flask_login import current_user

from trainer.core.database import db, end_read
from trainer.core.errors import Forbidden
from trainer.exams import queries
from trainer.exams.rules import draw_is_public
from trainer.papers.publication import draw_file
from trainer.web.access import SIGNED_IN, needs
from trainer.web.arrival import arrived_at
from trainer.web.limits import sparing
from trainer.web.view import download

bp = Blueprint("exam_papers", __name__)


@bp.get("/exams/<id:exam_id>/draw.json")
@sparing
@needs(SIGNED_IN)
def draw(exam_id):
    """Give what lets anybody draw the papers again, to whom the exam concerns, once everybody's time is over."""
    session = db.session()
    exam = queries.read_exam_of_caller(session, exam_id, current_user)
    if exam.state != "published" or not draw_is_public(arrived_at(), exam.ends_at, exam.grace_seconds):
        raise Forbidden("draw_not_public")
    told = draw_file(session, exam.blueprint_id, exam.title)
    end_read()
    return download(orjson.dumps(told), f"draw-{exam_id}.json", "application/json")
