"""What a feature's ``api.py`` is made of: a blueprint, operations with their shapes, and the answers.

Shapes are pydantic models. ``operation`` registers a view under /api/v1 together with what OpenAPI must say of it, so
the document cannot tell another story than the code. A view gets ``body=`` and ``query=`` as checked models, and
returns a model, a dict or bytes of JSON, alone or with a status.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, wraps
from typing import Annotated, Any, get_origin

import orjson
from flask import Blueprint, Response, request
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, ValidationError
from pydantic_core import PydanticCustomError

from trainer.core.clock import iso_z
from trainer.core.errors import FieldProblem, Invalid, Refused
from trainer.web.access import PUBLIC, declares, needs
from trainer.web.arrival import whole_body
from trainer.web.errors import PROBLEMS_MOST
from trainer.web.view import LARGEST_ID

PREFIX = "/api/v1"
LIST_MOST = 200


def _plain_text(value: str) -> str:
    if any(ord(letter) < 32 and letter not in "\n\t" for letter in value):
        raise PydanticCustomError("control_characters", "control characters are not allowed")
    return value


def _one_line(value: str) -> str:
    if "\n" in value or "\t" in value:
        raise PydanticCustomError("control_characters", "a line break or tab is not allowed")
    return _plain_text(value)


def _in_calendar(value: datetime) -> datetime:
    if not 1900 <= value.year <= 2999:
        raise PydanticCustomError("date_out_of_range", "outside the years 1900 to 2999")
    return value


def _two_places(value: Decimal) -> str:
    return f"{value:.2f}"


Text = Annotated[str, AfterValidator(_plain_text)]
Line = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_one_line)]
Amount = Annotated[
    Decimal,
    PlainSerializer(_two_places, return_type=str),
    Field(description="decimal string with two places", examples=["2.50"]),
]
Moment = Annotated[datetime, PlainSerializer(iso_z, return_type=str | None), Field(description="ISO 8601, UTC with Z")]
MomentIn = Annotated[
    AwareDatetime, AfterValidator(_in_calendar), Field(description="ISO 8601 with a zone, in the years 1900 to 2999")
]
IdIn = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,17}$", description="id as the API gave it", examples=["17"])]
Id = Annotated[str, Field(description="opaque id", examples=["17"])]


class Shape(BaseModel):
    """A JSON object of ours; unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, from_attributes=True)


class Listing(Shape):
    """Query of every list."""

    limit: int = Field(50, ge=1, le=LIST_MOST)
    after: str | None = Field(None, max_length=64, description="continue behind this mark, as given in `next`")


def id_after(text: str | None) -> int | None:
    """Return the id that a list goes on behind, None from its start. Raises ``Invalid`` at ``after`` for no such id."""
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > LARGEST_ID:
        raise Invalid.at("after", "bad_format")
    return int(text)


class ProblemField(BaseModel):
    """One field of a problem."""

    field: str
    code: str
    message: str


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str | None = None
    errors: list[ProblemField] | None = None
    params: dict[str, Any] | None = None


@dataclass(frozen=True)
class Operation:
    """One operation as OpenAPI describes it."""

    method: str
    path: str
    name: str
    summary: str
    permission: str
    tag: str
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answers: dict[int, type[BaseModel] | None] = field(default_factory=dict)
    problems: dict[int, tuple[str, ...]] = field(default_factory=dict)
    body_is_optional: bool = False
    multipart: bool = False
    files: tuple[str, ...] = ()


OPERATIONS: dict[tuple[str, str], Operation] = {}


def api_blueprint(name: str) -> Blueprint:
    """Return the blueprint of a feature's resources, such as ``exams_api``."""
    return Blueprint(name, f"trainer.api.{name}", url_prefix=PREFIX)


class NotJson(Refused):
    """The body is no JSON document."""

    code = "not_json"
    status = 400


class WrongMediaType(Refused):
    """The body is of another content type than the operation takes."""

    code = "unsupported_media_type"
    status = 415


CODES = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "too_long": "too_long",
    "too_short": "too_short",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "literal_error": "unknown_value",
    "enum": "unknown_value",
    "control_characters": "control_characters",
    "date_out_of_range": "date_out_of_range",
}


def _problems(error: ValidationError) -> list[FieldProblem]:
    found = []
    for one in error.errors(include_url=False, include_input=True)[:PROBLEMS_MOST]:
        code = CODES.get(one["type"], "bad_format")
        context = one.get("ctx", {})
        params: dict[str, Any] = {}
        if code == "too_long":
            params["most"] = context.get("max_length", LIST_MOST)
        elif code == "too_short":
            params["least"] = context.get("min_length", 1)
        elif code == "out_of_range":
            least, most = context.get("ge"), context.get("le")
            params |= {"least": least, "most": most}
            if least is None or most is None:
                code, params = ("too_small", {"least": least}) if most is None else ("too_large_number", {"most": most})
        elif code == "unknown_value":
            params["value"] = str(one["input"])[:40]
        found.append(FieldProblem(".".join(str(part) for part in one["loc"]) or "body", code, params))
    return found


def json_body() -> Any:
    """Return the parsed JSON body. Raises ``WrongMediaType`` or ``NotJson``."""
    if request.mimetype != "application/json":
        raise WrongMediaType
    try:
        return orjson.loads(whole_body())
    except orjson.JSONDecodeError:
        raise NotJson from None


def form_body(shape: type[BaseModel]) -> dict[str, Any]:
    """Return the fields of a form with files by name; those that are lists as lists. Raises ``WrongMediaType``."""
    if request.mimetype != "multipart/form-data":
        raise WrongMediaType
    given: dict[str, Any] = {}
    for name in (*request.form, *request.files):
        info = shape.model_fields.get(name)
        values: list[Any] = [*request.form.getlist(name), *request.files.getlist(name)]
        given[name] = values if info is not None and get_origin(info.annotation) is list else values[-1]
    return given


def checked(shape: type[BaseModel], value: Any) -> Any:
    """Return ``value`` as ``shape``. Raises ``Invalid`` with a problem at each field that is wrong."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        raise Invalid(_problems(error)) from None


@lru_cache(maxsize=512)
def _query(shape: type[BaseModel], _text: bytes) -> Any:
    """Return the query of this request as ``shape``; kept by its text, for most people ask for the same page."""
    given: dict[str, Any] = {}
    for name, info in shape.model_fields.items():
        key = info.alias or name
        if key in request.args:
            many = get_origin(info.annotation) is list
            given[key] = request.args.getlist(key) if many else request.args.get(key)
    known = {info.alias or name for name, info in shape.model_fields.items()}
    unknown = [FieldProblem(key, "unknown_field") for key in request.args if key not in known]
    if unknown:
        raise Invalid(unknown)
    return checked(shape, given)


def answer(value: Any, status: int = 200) -> Response:
    """Return ``value`` (model, dict, bytes of JSON, None for no content) as an answer."""
    if isinstance(value, Response):
        return value
    if value is None:
        return Response(status=204)
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", by_alias=True)
    content = value if isinstance(value, bytes) else orjson.dumps(value)
    return Response(content, status, mimetype="application/json")


def operation(
    bp: Blueprint,
    method: str,
    path: str,
    *,
    needs_permission: str,
    summary: str,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    answers: dict[int, type[BaseModel] | None],
    problems: dict[int, tuple[str, ...]] | None = None,
    checks_itself: bool = False,
    parses_itself: bool = False,
    body_is_optional: bool = False,
    multipart: bool = False,
    files: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a view as an operation of the API.

    ``checks_itself`` is for the hot path, whose own statement decides who may: nothing is looked up before.
    ``parses_itself`` leaves the body to the view, described as ``body`` all the same. ``multipart`` takes the body as a
    form with files, whose fields are those of ``body``. ``files`` are the media types of an answer that is a file.
    """

    def register(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def called(**kwargs: Any) -> Response:
            if query is not None:
                kwargs["query"] = _query(query, request.query_string)
            if body is not None and not parses_itself:
                empty = body_is_optional and not multipart and not request.get_data(cache=True)
                sent = form_body(body) if multipart else None if empty else json_body()
                kwargs["body"] = body() if empty else checked(body, sent)
            made = view(**kwargs)
            return answer(*made) if isinstance(made, tuple) else answer(made, next(iter(answers)))

        guarded = declares(needs_permission)(called) if checks_itself else needs(needs_permission)(called)
        bp.add_url_rule(path, view.__name__, guarded, methods=[method], strict_slashes=False)
        tag = bp.name.removesuffix("_api")
        OPERATIONS[(method, path)] = Operation(
            method=method,
            path=path,
            name=f"{tag}_{view.__name__}",
            summary=summary,
            permission=needs_permission,
            tag=tag,
            body=body,
            query=query,
            answers=answers,
            problems=_all_problems(method, needs_permission, body, query, path, problems or {}),
            body_is_optional=body_is_optional,
            multipart=multipart,
            files=files,
        )
        return view

    return register


def _all_problems(
    method: str,
    permission: str,
    body: type[BaseModel] | None,
    query: type[BaseModel] | None,
    path: str,
    own: dict[int, tuple[str, ...]],
) -> dict[int, tuple[str, ...]]:
    """Return an operation's own problems with those that every operation of its sort can answer."""
    shared: dict[int, list[str]] = {503: ["busy", "unavailable"], 400: ["bad_request"]}
    if permission != PUBLIC:
        shared[401] = ["not_signed_in"]
        shared[403] = ["forbidden", "password_change_due"]
    if method != "GET":
        shared.setdefault(403, []).extend(["csrf_failed", "cross_site_request", "token_reads_only"])
    if body is not None:
        shared[400].append("not_json")
        shared.update({413: ["too_large"], 415: ["unsupported_media_type"]})
    if body is not None or query is not None:
        shared[422] = ["invalid"]
    if "<" in path:
        shared[404] = ["not_found"]
    for status, codes in own.items():
        shared.setdefault(status, []).extend(code for code in codes if code not in shared.get(status, []))
    return {status: tuple(codes) for status, codes in sorted(shared.items())}
