"""The papers of an exam over the API: the draw once it is public, and the print edition."""

from __future__ import annotations

from typing import Any, Literal

from flask import current_app
from flask_login import current_user
from pydantic import Field

from trainer.api.resource import Shape, api_blueprint, operation
from trainer.core.files import media_folder
from trainer.exams.edition import FORMS_AT_ONCE_MOST, Reads, print_forms, print_part
from trainer.exams.publicity import draw_for_anybody
from trainer.marking.corrected import corrected_of
from trainer.web.access import PUBLIC
from trainer.web.arrival import arrived_at
from trainer.web.limits import DEAR, limiter
from trainer.web.view import download

bp = api_blueprint("papers_api")

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MEDIA_TYPES = {"docx": WORD, "pdf": "application/pdf"}
ZIP = "application/zip"
MANAGE = "exam.manage"


class DrawnOut(Shape):
    """A draw: what was published before the exam, and the plan of which it is made with the seed."""

    commitment: str
    plan: dict[str, Any]


class DrawOut(Shape):
    """What docs/redraw.py reads; without text, key or name."""

    title: str
    seed: str
    forms: int
    draws: list[DrawnOut]
    options: dict[str, list[tuple[str, list[str]]]]


@operation(
    bp,
    "GET",
    "/exams/<id:exam_id>/draw",
    needs_permission=PUBLIC,
    summary="Seed and plans of the papers, for anybody, once everybody's time is over; before that 404 for strangers",
    answers={200: DrawOut},
    problems={403: ("draw_not_public",), 429: ("too_many_requests",)},
)
@limiter.limit(DEAR)
def draw(exam_id: int) -> Any:
    return draw_for_anybody(exam_id, current_user, now=arrived_at())


class PrintIn(Shape):
    """Which part of which form is printed, and as what; the key only once everybody's time is over."""

    form: int = Field(ge=1, le=999_999_999)
    part: Literal["paper", "sheet", "key"]
    format: Literal["docx", "pdf"] = Field(alias="as")


class PrintFormsIn(Shape):
    """From which form on; ask again behind the last form of a file for more."""

    first: int = Field(
        1, ge=1, le=999_999_999, description=f"a file holds at most {FORMS_AT_ONCE_MOST} forms, from this one on"
    )


def _reads() -> Reads:
    return Reads(media_folder(current_app.config["SETTINGS"].instance), corrected_of)


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/print",
    needs_permission=MANAGE,
    summary="A paper, its answer sheet or its key as Word or PDF; entered in the audit",
    body=PrintIn,
    answers={200: None},
    problems={403: ("exam_not_published", "key_not_printable"), 429: ("too_many_requests",)},
    files=tuple(MEDIA_TYPES.values()),
)
@limiter.limit(DEAR)
def print_one(exam_id: int, body: PrintIn) -> Any:
    suffix = body.format
    made = print_part(exam_id, body.form, body.part, suffix, by=current_user, now=arrived_at(), reads=_reads())
    return download(made.content, made.name, MEDIA_TYPES[suffix])


@operation(
    bp,
    "POST",
    "/exams/<id:exam_id>/print-forms",
    needs_permission=MANAGE,
    summary="Paper, sheet and, once everybody's time is over, key of many forms as Word and PDF in a ZIP",
    body=PrintFormsIn,
    answers={200: None},
    problems={403: ("exam_not_published",), 429: ("too_many_requests",)},
    files=(ZIP,),
)
@limiter.limit(DEAR)
def print_many(exam_id: int, body: PrintFormsIn) -> Any:
    made = print_forms(exam_id, body.first, by=current_user, now=arrived_at(), reads=_reads())
    return download(made.content, made.name, ZIP)
