"""The site page of system administrators: is everything in order, and what did the jobs do."""

from __future__ import annotations

import math
import tomllib
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from flask import Blueprint, Flask, current_app, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainer import ROOT
from trainer.accounts.rules import Person
from trainer.admin.health_routes import wrongs
from trainer.admin.queries import database_figures, site_counts
from trainer.core.database import CHECKPOINT_BYTES, db
from trainer.core.steady import steady
from trainer.jobs.status import current_lease, failures_since, last_runs, recent_stretches
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.home import Card, Task, offer_card, offer_tasks
from trainer.web.locale import number
from trainer.web.menu import offer

bp = Blueprint("site", __name__)

LATELY = timedelta(hours=24)

JOB_NAMES: dict[str, Any] = {
    "seal_chains": _l("封存校验链"),
    "close_overdue": _l("到时收卷"),
    "settle_left_over": _l("补评答卷"),
    "regrade_left_over": _l("补算更正后的成绩"),
    "take_results": _l("更新竞赛名次"),
    "tell_prizes": _l("通知奖项变动"),
    "credit_left_over": _l("补记学时"),
    "go_on_with_imports": _l("继续中断的试题导入"),
    "forget_imports": _l("清理导入的文件"),
    "warn_of_old_law": _l("提醒试卷依据变动"),
    "count_answers": _l("统计答题情况"),
    "drop_ended_sessions": _l("清理过期登录"),
    "drop_heard": _l("清理交卷后的在线记录"),
    "drop_uploads": _l("清理上传的名单"),
    "drop_old_runs": _l("清理任务记录"),
}

UNITS_OF_SIZE = ("B", "KB", "MB", "GB", "TB")


@cache
def version() -> str:
    """Return the version of the product as its project file has it."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return found


def step_seconds() -> int:
    """Return by how many seconds the machine's clock is ahead of the time that counts, away from 0 where it is not."""
    step = steady.step
    return math.ceil(step) if step > 0 else math.floor(step)


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
        clock_step=step_seconds(),
        figures=database_figures(session, db.engine),
        checkpoint_bytes=CHECKPOINT_BYTES,
        lease=lease,
        lease_held=lease is not None and lease.until > now,
        jobs=last_runs(session),
        runs=recent_stretches(session),
        job_names=JOB_NAMES,
        failures=failures_since(session, now - LATELY),
        now=now,
    )


_WRONGS = {
    "database_unreachable": _l("数据库连接不上。"),
    "migrations_not_at_head": _l("数据库结构不是最新，请运行 flask db upgrade。"),
}


def _tasks(person: Person, now: datetime) -> list[Task]:
    """Return what is out of order, as tasks that lead to the page of the site."""
    session, url = db.session(), url_for("site.show")
    made = [Task(str(_WRONGS.get(code, code)), url, "alert-circle", action=_("查看"), urgency=0) for code in wrongs()]
    lease = current_lease(session)
    if lease is None or lease.until <= now:
        note = _("收尾、提醒和记录封存都在推迟。")
        made.append(Task(_("调度程序没有在运行"), url, "server", note=note, action=_("查看"), urgency=0))
    if steady.step:
        note = _("答卷仍按拨动前的时间计时。")
        made.append(Task(_("服务器的时钟被拨动了"), url, "alert-circle", note=note, action=_("查看"), urgency=0))
    for job, count in failures_since(session, now - LATELY).items():
        title = _("“%(job)s”近 24 小时失败 %(n)s 次", job=str(JOB_NAMES.get(job, job)), n=number(count))
        made.append(Task(title, url, "alert-triangle", action=_("查看"), urgency=1))
    return made


def _home_card(person: Person, now: datetime) -> Card:
    """Return the site in one line of figures."""
    session = db.session()
    lease = current_lease(session)
    return Card(
        "admin/_home.html",
        {
            "figures": database_figures(session, db.engine),
            "counts": site_counts(session, now),
            "lease_held": lease is not None and lease.until > now,
            "failed": sum(failures_since(session, now - LATELY).values()),
            "version": version(),
        },
        wide=True,
    )


def register(app: Flask) -> None:
    """Offer the page in the menu, and the state of the site on the home page."""
    app.jinja_env.filters["size_text"] = size_text
    offer(_l("系统状况"), "site.show", icon="server", permission="site.manage", order=90)
    offer_tasks("site", _tasks, permission="site.manage")
    offer_card("site", _home_card, order=5, permission="site.manage")
