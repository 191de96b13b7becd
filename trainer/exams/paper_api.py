"""The papers of an exam over the API: the draw once it is public, and the print edition."""

from __future__ import annotations

from typing import Any

from flask_login import current_user

from trainer.api.resource import Shape, api_blueprint, operation
from trainer.exams.publicity import draw_for_anybody
from trainer.web.access import PUBLIC
from trainer.web.arrival import arrived_at
from trainer.web.limits import DEAR, limiter

bp = api_blueprint("papers_api")


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
