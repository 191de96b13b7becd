"""Refusals: what the product says no to, as classes with a code and parameters.

Rules and verbs raise them; ``web.errors`` chooses the status and the sentence, so that one refusal serves the
page, the API and the log of a job. A defect is never one of these: it is left to crash and be logged.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


class Refused(Exception):
    """The request is understood and not allowed now. ``params`` fill the sentence of ``code``."""

    code = "refused"
    status = 409

    def __init__(self, code: str | None = None, /, **params: Any) -> None:
        self.code = code or type(self).code
        self.params = params
        super().__init__(self.code)


class Forbidden(Refused):
    """The caller is known and may not do this."""

    code = "forbidden"
    status = 403


class Missing(Refused):
    """There is no such thing, or none that the caller may know of: both look alike."""

    code = "not_found"
    status = 404


class Unauthenticated(Refused):
    """Nobody is signed in, or the session has ended."""

    code = "not_signed_in"
    status = 401


class Conflict(Refused):
    """Something of that name or number exists already, or the state has moved on meanwhile."""

    code = "conflict"


class Busy(Refused):
    """The machine cannot take this now; nothing was stored. Trying again later is right."""

    code = "busy"
    status = 503


@dataclass(frozen=True)
class FieldProblem:
    """One thing wrong with one field of the input; ``field`` is a path such as ``sections.0.count``."""

    field: str
    code: str
    params: dict[str, Any] = dataclasses.field(default_factory=dict)


class Invalid(Refused):
    """The input has a wrong shape or value; ``problems`` say where."""

    code = "invalid"
    status = 422

    def __init__(self, problems: list[FieldProblem] | None = None, code: str | None = None, /, **params: Any) -> None:
        super().__init__(code or type(self).code, **params)
        self.problems = problems or []

    @classmethod
    def at(cls, field_name: str, code: str, /, **params: Any) -> Invalid:
        """Return the refusal with a single problem at ``field_name``."""
        return cls([FieldProblem(field_name, code, params)])


def demanded_text(field_name: str, text: str, most: int) -> str:
    """Return a text without outer space; raises ``Invalid`` at ``field_name`` where it is empty or too long."""
    text = text.strip()
    if not text:
        raise Invalid.at(field_name, "required")
    if len(text) > most:
        raise Invalid.at(field_name, "too_long", most=most)
    return text
