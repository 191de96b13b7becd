"""The API's own description, for programs and for people."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, Response, render_template

from trainer.api.openapi import document
from trainer.api.resource import PREFIX
from trainer.web.access import PUBLIC, needs

bp = Blueprint("api", __name__, url_prefix=PREFIX)


@bp.get("/openapi.json")
@needs(PUBLIC)
def openapi():
    return Response(orjson.dumps(document()), mimetype="application/json")


@bp.get("/docs")
@needs(PUBLIC)
def docs():
    api = document()
    return render_template("api/docs.html", api=api, prefix=PREFIX, shape_of=lambda part: _shape(api, part))


def _shape(api: dict[str, Any], part: dict[str, Any], depth: int = 0) -> Any:
    """Return a JSON Schema as an example in which every value is the name of its type."""
    if "$ref" in part:
        if depth > 6:
            return "…"
        return _shape(api, api["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]], depth + 1)
    if "anyOf" in part:
        kinds = [_shape(api, one, depth + 1) for one in part["anyOf"]]
        if any(isinstance(kind, (dict, list)) for kind in kinds):
            return next(kind for kind in kinds if isinstance(kind, (dict, list)))
        return " | ".join(str(kind) for kind in kinds)
    if part.get("type") == "object" and "properties" in part:
        return {name: _shape(api, one, depth + 1) for name, one in part["properties"].items()}
    if part.get("type") == "array":
        return [_shape(api, part.get("items", {}), depth + 1)]
    if "enum" in part:
        return " | ".join(str(one) for one in part["enum"])
    return part.get("const", part.get("type", "any"))
