"""The API's own description, for programs and for people."""

from __future__ import annotations

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
    return render_template("api/docs.html", api=document(), prefix=PREFIX)
