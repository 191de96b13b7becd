"""OpenAPI 3.1 out of the registered operations. 3.1 takes JSON Schema as pydantic writes it."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from trainer.api.resource import OPERATIONS, PREFIX, Operation, Problem
from trainer.web.access import PUBLIC

REFERENCE = "#/components/schemas/{model}"
CONVERTERS = re.compile(r"<(?:(\w+):)?(\w+)>")


def document() -> dict[str, Any]:
    """Return the OpenAPI document of all registered operations, paths and operations in order."""
    operations = sorted(OPERATIONS.values(), key=lambda one: (one.path, one.method))
    models: list[tuple[type[BaseModel], Any]] = [(Problem, "serialization")]
    for one in operations:
        if one.body:
            models.append((one.body, "validation"))
        models.extend((model, "serialization") for model in one.answers.values() if model)
    references, schemas = models_json_schema(list(dict.fromkeys(models)), ref_template=REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        address = CONVERTERS.sub(lambda found: "{" + found.group(2) + "}", one.path)
        paths.setdefault(address, {})[one.method.lower()] = _operation(one, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Enforcement training: quizzes, exams, competitions, credit hours",
            "version": "1",
            "description": "Times are ISO 8601 UTC with Z. Points and hours are decimal strings. Ids are opaque "
            "strings. Errors are problem documents (RFC 9457) whose `code` is stable.",
        },
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "session"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
            },
        },
    }


def _operation(one: Operation, references: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.tag],
        "description": f"Permission: `{one.permission}`.",
        "security": [] if one.permission == PUBLIC else _security(one.method),
        "responses": {},
    }
    parameters = _path_parameters(one.path) + _query_parameters(one.query)
    if parameters:
        made["parameters"] = parameters
    if one.body:
        schema = references[(one.body, "validation")]
        made["requestBody"] = {
            "required": not one.body_is_optional,
            "content": {"multipart/form-data" if one.multipart else "application/json": {"schema": schema}},
        }
    for status, model in one.answers.items():
        response: dict[str, Any] = {"description": _said(status)}
        if model:
            response["content"] = {"application/json": {"schema": references[(model, "serialization")]}}
        elif one.files:
            response["content"] = {name: {"schema": {"type": "string", "format": "binary"}} for name in one.files}
        made["responses"][str(status)] = response
    problem = {"application/problem+json": {"schema": references[(Problem, "serialization")]}}
    for status, codes in one.problems.items():
        made["responses"][str(status)] = {"description": ", ".join(f"`{code}`" for code in codes), "content": problem}
    return made


def _security(method: str) -> list[dict[str, list[str]]]:
    by_cookie: dict[str, list[str]] = {"session": []} if method == "GET" else {"session": [], "csrf": []}
    return [{"bearer": []}, by_cookie]


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "maxLength": 64}}
        for _, name in CONVERTERS.findall(path)
    ]


def _query_parameters(query: type[BaseModel] | None) -> list[dict[str, Any]]:
    if query is None:
        return []
    schema = query.model_json_schema(mode="validation", ref_template=REFERENCE)
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": part}
        for name, part in schema.get("properties", {}).items()
    ]


def _said(status: int) -> str:
    return {200: "done", 201: "created", 204: "done, nothing to say", 304: "not changed since"}.get(status, "done")
