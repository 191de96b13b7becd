"""The record of who changed what, for auditors, within their scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from itertools import groupby
from typing import Any

from flask import Blueprint, Flask, current_app, render_template, request
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import or_, select

from trainer.accounts.models import User
from trainer.accounts.rules import Person
from trainer.accounts.wording import ROLE_NAMES
from trainer.audit.models import Entry
from trainer.audit.queries import AuditFilter, actions, entries
from trainer.audit.wording import FAMILIES, action_name, details, is_action, target_name
from trainer.core.database import db
from trainer.hours.queries import names_of
from trainer.hours.sealing import CHAINS, glance
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.orgs.rules import Scope, depth
from trainer.web.access import needs
from trainer.web.home import Card, offer_card
from trainer.web.locale import local_time, zone
from trainer.web.menu import offer
from trainer.web.view import asked_page, asked_text, paged

bp = Blueprint("audit", __name__, url_prefix="/audit")

CHAIN_NAMES: dict[str, Any] = {"hours": _l("学时台账"), "audit": _l("操作记录")}
NEWEST = 6


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
    known = actions(session)
    return render_template(
        "audit/list.html",
        page=page,
        wanted=wanted,
        actor=actor,
        **shown(page.items),
        families=FAMILIES,
        actions=[(family, list(names)) for family, names in groupby(known, _family)],
        no_such_action=bool(wanted.action) and not is_action(wanted.action, known),
    )


def shown(found: Sequence[Entry]) -> dict[str, Any]:
    """Return what the rows of entries need beside the entries: names of people and units, and the words. Two reads."""
    session = db.session()
    targets = [one.target.split(":", 1) for one in found if one.target.startswith(("user:", "unit:"))]
    ids = {kind: {int(one[1]) for one in targets if one[0] == kind and one[1].isdecimal()} for kind in ("user", "unit")}
    units = ids["unit"] | {one.unit_id for one in found if one.unit_id is not None}
    unit_names = dict(session.execute(select(Unit.id, Unit.short_name).where(Unit.id.in_(units))).all())
    names = names_of(session, [*ids["user"], *(one.actor_id for one in found)])
    known = {f"user:{one}": name for one, name in names.items()} | {f"unit:{one}": n for one, n in unit_names.items()}
    return {
        "names": names,
        "units": unit_names,
        "action_name": action_name,
        "target_name": partial(target_name, names=known),
        "details": partial(details, words={"role": ROLE_NAMES}),
        "local_seconds": partial(local_time, seconds=True),
    }


def _home_card(person: Person, now: datetime) -> Card:
    """Return the state of the two chains and the newest entries."""
    session = db.session()
    scope = person.scope("audit.view")
    newest = session.scalars(entries(visible(scope), AuditFilter(), zone()).limit(NEWEST)).all()
    keys = current_app.config["SETTINGS"].instance / "keys"
    return Card(
        "audit/_home.html",
        {
            "chains": [(CHAIN_NAMES[name], glance(name, keys)) for name in CHAINS],
            "entries": newest,
            **shown(newest),
        },
        wide=True,
    )


def register(app: Flask) -> None:
    """Offer the record in the menu, and on the home page its end and the state of the chains."""
    offer_card("audit", _home_card, order=10, permission="audit.view")
    offer(_l("操作记录"), "audit.index", icon="history", permission="audit.view", order=90)
