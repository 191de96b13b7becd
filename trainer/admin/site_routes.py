"""The site page of system administrators: is everything in order, and what did the jobs do."""

from __future__ import annotations

import tomllib
from functools import cache

from flask import Blueprint, Flask, current_app, render_template
from flask_babel import lazy_gettext as _l

from trainer import ROOT
from trainer.admin.health_routes import wrongs
from trainer.admin.queries import database_figures
from trainer.core.database import CHECKPOINT_BYTES, db
from trainer.jobs.status import current_lease, last_runs, recent_runs
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.menu import offer

bp = Blueprint("site", __name__)

UNITS_OF_SIZE = ("B", "KB", "MB", "GB", "TB")


@cache
def version() -> str:
    """Return the version of the product as its project file has it."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return found


def size_text(number: int | None) -> str:
    """Return a number of bytes in the unit that keeps it short, such as 12.3 MB; None gives an en dash."""
    if number is None:
        return "–"
    value = float(number)
    for unit in UNITS_OF_SIZE:
        if value < 1024 or unit == UNITS_OF_SIZE[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError("unreachable")


@bp.get("/site")
@needs("site.manage")
def show():
    session, now = db.session(), arrived_at()
    lease = current_lease(session)
    return render_template(
        "admin/site.html",
        version=version(),
        settings=current_app.config["SETTINGS"],
        wrong=[_WRONGS.get(code, code) for code in wrongs()],
        figures=database_figures(session, db.engine),
        checkpoint_bytes=CHECKPOINT_BYTES,
        lease=lease,
        lease_held=lease is not None and lease.until > now,
        jobs=last_runs(session),
        runs=recent_runs(session),
        now=now,
    )


_WRONGS = {
    "database_unreachable": _l("数据库连接不上。"),
    "migrations_not_at_head": _l("数据库结构不是最新，请运行 flask db upgrade。"),
}


def register(app: Flask) -> None:
    """Offer the page in the menu."""
    app.jinja_env.filters["size_text"] = size_text
    offer(_l("系统状况"), "site.show", icon="server", permission="site.manage", order=90)
