"""The record of who changed what, for auditors, within their scope."""

from __future__ import annotations

from datetime import date
from functools import partial
from itertools import groupby

from flask import Blueprint, Flask, render_template, request
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import or_, select

from trainer.accounts.models import User
from trainer.audit.models import Entry
from trainer.audit.queries import AuditFilter, actions, entries
from trainer.core.database import db
from trainer.hours.queries import names_of
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.orgs.rules import Scope, depth
from trainer.web.access import needs
from trainer.web.locale import local_time, zone
from trainer.web.menu import offer
from trainer.web.view import asked_page, asked_text, paged

bp = Blueprint("audit", __name__, url_prefix="/audit")

# The words of the families of actions; the action itself is shown as it is recorded.
FAMILIES = {
    "account": _l("账号"),
    "attempt": _l("答卷"),
    "class": _l("培训班"),
    "competition": _l("竞赛"),
    "exam": _l("考试"),
    "feedback": _l("意见反馈"),
    "grant": _l("授权"),
    "hours": _l("学时"),
    "item": _l("试题"),
    "password": _l("密码"),
    "person": _l("人员"),
    "session": _l("登录"),
    "token": _l("接口令牌"),
    "unit": _l("单位"),
}


def visible(scope: Scope):
    """Return the condition on ``Entry`` that it lies in ``scope``.

    What belongs to no unit (a sign-in, a job of the site) is for those whose scope holds a whole root.
    """
    within = Entry.unit_id.in_(select(Unit.id).where(units_within(scope)))
    if any(reach.field is None and depth(reach.path) == 0 for reach in scope.reaches):
        return or_(within, Entry.unit_id.is_(None))
    return within


def _day() -> date | None:
    try:
        return date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return None


def _family(action: str) -> str:
    return action.split(".", 1)[0]


@bp.get("")
@needs("audit.view")
def index():
    session = db.session()
    actor = asked_text("actor", 64)
    ids = None
    if actor:
        found = select(User.id).where(or_(User.username == actor.lower(), User.name == actor)).limit(200)
        ids = tuple(session.scalars(found))
    wanted = AuditFilter(ids, asked_text("action"), asked_text("target", 80), _day())
    page = paged(
        session, entries(visible(current_user.scope("audit.view")), wanted, zone()), *asked_page(), scalars=True
    )
    units = {one.unit_id for one in page.items if one.unit_id is not None}
    unit_names = dict(session.execute(select(Unit.id, Unit.short_name).where(Unit.id.in_(units))).all())
    return render_template(
        "audit/list.html",
        page=page,
        wanted=wanted,
        actor=actor,
        names=names_of(session, (one.actor_id for one in page.items)),
        units=unit_names,
        families=FAMILIES,
        actions=[(family, list(names)) for family, names in groupby(actions(session), _family)],
        local_seconds=partial(local_time, seconds=True),
    )


def register(app: Flask) -> None:
    """Offer the record in the menu."""
    offer(_l("操作记录"), "audit.index", icon="history", permission="audit.view", order=90)
