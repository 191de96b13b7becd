"""The floor: a bare Flask application on the same server, database and durability.

It verifies a signed cookie and writes one row, or only verifies the cookie. What the product costs is told as a ratio
to it, measured in turn in one run. On SQLite it writes through the plain driver with WAL and synchronous=FULL, one
commit a request, no grouping; on PostgreSQL through psycopg with synchronous commit.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Any

import psycopg
from flask import Flask, Response, request, session

SCHEMA = "CREATE TABLE IF NOT EXISTS floor (person INTEGER, number INTEGER, answer TEXT, PRIMARY KEY (person, number))"
UPSERT = (
    "INSERT INTO floor (person, number, answer) VALUES ({0}, {0}, {0}) "
    "ON CONFLICT (person, number) DO UPDATE SET answer = excluded.answer"
)

app = Flask(__name__)
app.secret_key = "for measurements only, not a secret"
_local = threading.local()
_address = os.environ.get("FLOOR_DATABASE", "")


def _connection() -> Any:
    kept = getattr(_local, "connection", None)
    if kept is None:
        if _address.startswith("postgresql"):
            kept = psycopg.connect(_address.replace("+psycopg", ""), autocommit=True, prepare_threshold=1)
        else:
            kept = sqlite3.connect(_address, isolation_level=None, timeout=30)
            kept.execute("PRAGMA journal_mode=WAL")
            kept.execute("PRAGMA synchronous=FULL")
        _local.connection = kept
    return kept


def prepare() -> None:
    """Make the table."""
    _connection().execute(SCHEMA)


def cookie(person: int) -> str:
    """Return the signed cookie of a person, as a header value."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # the default has it
    return f"session={serializer.dumps({'person': person})}"


@app.get("/healthz")
def healthz() -> str:
    return "up"


@app.get("/cookie")
def only_cookie() -> Any:
    return {"person": session["person"]} if "person" in session else Response(status=401)


@app.put("/save")
def save() -> Any:
    if "person" not in session:
        return Response(status=401)
    row = request.get_json()
    mark = "%s" if _address.startswith("postgresql") else "?"
    _connection().execute(UPSERT.format(mark), (session["person"], row["number"], row["answer"]))
    return {"saved": row["number"]}
