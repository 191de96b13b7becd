"""Small things that many pages need: pages of a list, safe redirects, downloads."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, request, url_for
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter

from trainer.core.errors import Missing

PER_PAGE = (20, 50, 100, 200)
LARGEST_ID = 2**63 - 1
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class RowIdConverter(IntegerConverter):
    """An id in an address. What no row has is no id, and gives 404 like any unknown one.

    The pattern says so, and not the conversion: an address that another method knows would give 405.
    """

    regex = "[1-9][0-9]{0,17}"


@dataclass(frozen=True)
class Page:
    """One page of a list. ``page`` counts from 1; ``total`` is of all pages."""

    items: list[Any]
    page: int
    per_page: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))

    def url_for(self, page: int) -> str:
        """Return this address with another page number, all else kept."""
        return url_with(page=page)


def url_with(**changes: Any) -> str:
    """Return the address of this request with some of its arguments changed; None removes one."""
    # Names that begin with an underscore mean something to url_for itself.
    given = {name: value for name, value in request.args.to_dict(flat=False).items() if not name.startswith("_")}
    arguments = {**(request.view_args or {}), **given, **changes}
    kept = {name: value for name, value in arguments.items() if value not in (None, "", [])}
    return url_for(request.endpoint or "", **kept)


def asked_page(default: int = 50) -> tuple[int, int]:
    """Return (page, per_page) as asked for in the address, within what we offer."""
    page = request.args.get("page", 1, type=int) or 1
    per_page = request.args.get("per_page", default, type=int)
    return min(max(page, 1), 100_000), per_page if per_page in PER_PAGE else default


def asked_text(name: str, most: int = 60) -> str:
    """Return a text of the address, trimmed and cut; empty without one.

    A control character becomes U+FFFD, which matches nothing: PostgreSQL refuses a NUL in any text.
    """
    text = request.args.get(name, "").strip()[:most]
    return "".join("\N{REPLACEMENT CHARACTER}" if ord(letter) < 32 or ord(letter) == 127 else letter for letter in text)


def asked_id(name: str) -> int | None:
    """Return an id of the address, None without one. Raises ``Missing`` for what no table can hold."""
    asked = request.args.get(name, type=int)
    if asked is not None and asked > LARGEST_ID:
        raise Missing
    return asked if asked is not None and asked > 0 else None


def asked_choice(name: str, known: Container[str]) -> str:
    """Return a word of the address out of ``known``, empty without one. Raises ``Missing`` for any other.

    A list that quietly left an unknown filter out would be read as if it had been narrowed.
    """
    asked = request.args.get(name, "")
    if asked and asked not in known:
        raise Missing
    return asked


def asked_year(first: int, this_year: int) -> int:
    """Return the year of the address, ``this_year`` without one. Raises ``Missing`` beyond ``first`` to next year."""
    asked = request.args.get("year", "")
    if not asked:
        return this_year
    if not (asked.isascii() and asked.isdigit() and len(asked) == 4 and first <= int(asked) <= this_year + 1):
        raise Missing
    return int(asked)


def paged(session: Session, rows: Select[Any], page: int, per_page: int, *, scalars: bool = False) -> Page:
    """Run ``rows`` for one page and count them all: two statements, whatever the length."""
    total = session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0
    cut = rows.limit(per_page).offset((page - 1) * per_page)
    found = list(session.scalars(cut) if scalars else session.execute(cut))
    return Page(found, page, per_page, total)


def safe_next(target: str | None, default: str) -> str:
    """Return ``target`` if it is the path of a page of ours, else ``default``."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target or len(target) > 500:
        return default
    if any(ord(letter) < 33 or ord(letter) == 127 for letter in target):
        return default
    try:
        current_app.create_url_adapter(request).match(target.split("?")[0], method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return default
    return target


def download(content: bytes, name: str, mimetype: str = XLSX) -> Response:
    """Return a file to save under ``name``, which may hold Chinese."""
    answer = Response(content, mimetype=mimetype)
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    answer.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    return answer


def init_app(app: Flask) -> None:
    """Wire the id converter, and what templates call."""
    app.url_map.converters["id"] = RowIdConverter
    app.jinja_env.globals.update(url_with=url_with)
