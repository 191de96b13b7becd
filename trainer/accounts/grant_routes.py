"""Who may do what where: give roles and take them back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainer.accounts import queries, service
from trainer.accounts.forms import GrantForm
from trainer.accounts.people_routes import indented_units
from trainer.accounts.rules import ROLES
from trainer.accounts.wording import ROLE_DUTIES, ROLE_NAMES, role_name
from trainer.core.database import db
from trainer.core.errors import Conflict, Refused
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.sentences import sentence
from trainer.web.view import asked_id, asked_page, asked_text, paged, safe_next

bp = Blueprint("grants", __name__)

# The role of an officer follows from the category and is never handed out by itself.
GIVEN_ROLES = tuple(role for role in ROLES if role != "officer")


@bp.get("/grants")
@needs("grant.manage")
def index():
    session, scope = db.session(), current_user.scope("grant.manage")
    units = indented_units(scope)
    role = request.args.get("role", "")
    text = asked_text("q", 80)
    unit_id = asked_id("unit")
    path = next((unit.path for unit, _name in units if unit.id == unit_id), "")
    rows = queries.find_grants(scope, role=role if role in ROLES else "", text=text, unit_path=path)
    page = paged(session, rows, *asked_page())
    return render_template(
        "grants/index.html",
        page=page,
        rows=[queries.GrantRow(*row) for row in page.items],
        roles=[(one, ROLE_NAMES[one]) for one in GIVEN_ROLES],
        units=[(unit.id, name) for unit, name in units],
        role=role,
        text=text,
        unit_id=unit_id,
        duties=ROLE_DUTIES,
    )


@bp.route("/people/<id:user_id>/grants/new", methods=["GET", "POST"])
@needs("grant.manage")
def new(user_id):
    user, unit = queries.user_in(db.session(), current_user.scope("people.view"), user_id)
    units = [(one.id, name) for one, name in indented_units(current_user.scope("grant.manage"))]
    form = GrantForm(units=units, roles=GIVEN_ROLES, data={"unit_id": unit.id})
    if form.sent():
        try:
            service.give_grant(
                user_id,
                form.role.data,
                form.unit_id.data,
                form.field.data or None,
                by=current_user,
                now=arrived_at(),
            )
        except Refused as refusal:
            form.blame(refusal)
        else:
            flash(_("已授予“%(name)s”%(role)s角色。", name=user.name, role=role_name(form.role.data)), "success")
            return redirect(url_for("people.show", user_id=user_id))
    user, _unit = queries.user_in(db.session(), current_user.scope("people.view"), user_id)
    page = render_template("grants/new.html", form=form, user=user, duties=[(r, ROLE_DUTIES[r]) for r in GIVEN_ROLES])
    return page, 200 if request.method == "GET" else 422


@bp.post("/grants/<id:grant_id>/take")
@needs("grant.manage")
def take(grant_id):
    back = safe_next(request.form.get("next"), url_for("grants.index"))
    try:
        service.take_grant(grant_id, by=current_user)
    except Conflict as refusal:
        flash(sentence(refusal.code, refusal.params), "danger")
    except Refused as refusal:
        if refusal.status != 403:
            raise
        flash(sentence(refusal.code, refusal.params), "danger")
    else:
        flash(_("授权已收回，即刻生效。"), "success")
    return redirect(back)
