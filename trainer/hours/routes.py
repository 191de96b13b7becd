"""An officer's hours: the year at a glance, the ledger behind it, and the training card on paper."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, render_template, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from trainer.accounts.models import User
from trainer.accounts.queries import user_in
from trainer.accounts.rules import Person
from trainer.certificates.queries import certificate_of
from trainer.core.clock import local_day
from trainer.core.database import db
from trainer.hours.queries import PersonYear, person_year, years_of
from trainer.orgs.models import Unit
from trainer.orgs.rules import Reach, Scope
from trainer.training.queries import evidence_of
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.home import Card, offer_card
from trainer.web.locale import zone
from trainer.web.menu import offer
from trainer.web.view import asked_year, url_with

bp = Blueprint("hours", __name__, url_prefix="/hours")


def _year() -> int:
    return asked_year(2000, local_day(arrived_at(), zone()).year)


def _values(user_id: int) -> dict[str, Any]:
    session, day, year = db.session(), local_day(arrived_at(), zone()), _year()
    found = person_year(session, user_id, year, day)
    classes = evidence_of(session, (int(one.origin_id) for one in found.entries if one.origin == "class"))
    kinds = {str(class_id): kind for class_id, (kind, _evidence) in classes.items()}
    by_kind: dict[str, Any] = {}
    for entry in found.entries:
        kind = kinds.get(entry.origin_id, "other") if entry.origin == "class" else "other"
        by_kind[kind] = by_kind.get(kind, 0) + entry.hours
    return {
        "found": found,
        "standard": found.standard,
        "year": year,
        "years": sorted({*years_of(session, user_id, day.year), year}, reverse=True),
        "kinds": kinds,
        "by_kind": by_kind,
        "certificate": certificate_of(session, user_id, day),
        "day": day,
    }


@bp.get("")
@needs("hours.own")
def show():
    links = {"card": url_for("hours.card", year=_year()), "year": lambda year: url_with(year=year)}
    return render_template("hours/show.html", person=None, links_here=links, **_values(current_user.id))


@bp.get("/card")
@needs("hours.own")
def card():
    own = Scope((Reach(current_user.unit_path),))
    holder = _holder(*user_in(db.session(), own, current_user.id))
    return render_template("hours/card.html", person=None, holder=holder, **_values(current_user.id))


@bp.get("/people/<id:user_id>")
@needs("hours.view")
def person(user_id):
    user, unit = user_in(db.session(), current_user.scope("hours.view"), user_id)
    links = {
        "card": url_for("hours.person_card", user_id=user_id, year=_year()),
        "year": lambda year: url_with(year=year),
    }
    return render_template("hours/show.html", person=_holder(user, unit), links_here=links, **_values(user_id))


@bp.get("/people/<id:user_id>/card")
@needs("hours.view")
def person_card(user_id):
    user, unit = user_in(db.session(), current_user.scope("hours.view"), user_id)
    holder = _holder(user, unit)
    return render_template("hours/card.html", person=holder, holder=holder, user_id=user_id, **_values(user_id))


def _holder(user: User, unit: Unit) -> dict[str, str]:
    return {"name": user.name, "unit": unit.name, "unit_code": unit.code, "post": user.post}


def _home_card(person: Person, now: datetime) -> Card:
    day = local_day(now, zone())
    found: PersonYear = person_year(db.session(), person.id, day.year, day)
    return Card("hours/_home.html", {"found": found, "standard": found.standard}, side=True)


def register(app: Flask) -> None:
    """Offer the own hours in the menu and on the home page."""
    offer(_l("我的学时"), "hours.show", icon="clipboard-check", permission="hours.own", order=40)
    offer_card("hours", _home_card, order=20, permission="hours.own")
