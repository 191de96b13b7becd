"""The transcript of one's own attempt over the API."""

from __future__ import annotations

from typing import Any

from trainer.api.resource import api_blueprint, operation
from trainer.marking.transcript_routes import PDF, own_transcript
from trainer.web.limits import DEAR, limiter

bp = api_blueprint("transcripts_api")


@operation(
    bp,
    "GET",
    "/attempts/<id:attempt_id>/transcript",
    needs_permission="attempt.own",
    summary="The transcript of the own attempt as PDF, once its result is released; never of a mock exam",
    answers={200: None},
    problems={403: ("not_released",), 429: ("too_many_requests",)},
    files=(PDF,),
)
@limiter.limit(DEAR)
def transcript(attempt_id: int) -> Any:
    return own_transcript(attempt_id)
