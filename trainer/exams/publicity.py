"""What anybody may have of an exam, signed in or not: how its papers were drawn, once nobody writes any more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trainer.core.database import db, end_read
from trainer.core.errors import Forbidden, Missing
from trainer.exams import queries
from trainer.exams.rules import draw_is_public
from trainer.papers.publication import draw_file


def draw_for_anybody(exam_id: int, caller: Any, *, now: datetime) -> dict[str, Any]:
    """Return the file of the draw, which holds no text, no key and nobody's name. Ends the read.

    Until it is public, a stranger or somebody not signed in meets ``Missing``, as for an exam that does not exist, and
    whom the exam concerns meets ``Forbidden``.
    """
    session = db.session()
    exam = queries.read_exam_of_anybody(session, exam_id)
    if exam.state != "published" or not draw_is_public(now, exam.ends_at):
        if not caller.is_authenticated:
            raise Missing
        queries.read_exam_of_caller(session, exam_id, caller)
        raise Forbidden("draw_not_public")
    told = draw_file(session, exam.blueprint_id, exam.title)
    end_read()
    return told
