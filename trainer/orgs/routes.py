"""The tree of units: look, enter, change, move, close."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from trainer.accounts.queries import officers_by_unit, people_in_unit
from trainer.core.clock import local_day
from trainer.core.database import db
from trainer.core.errors import Refused
from trainer.orgs import queries, service
from trainer.orgs.forms import SPARE_LINES, FieldsForm, MoveForm, UnitForm
from trainer.orgs.rules import HeldField, Scope, outline, sum_up, with_ancestors
from trainer.orgs.wording import KIND_NAMES, field_name
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.locale import zone
from trainer.web.menu import offer
from trainer.web.sentences import sentence

bp = Blueprint("orgs", __name__, url_prefix="/units")


def _managed(unit) -> bool:
    return current_user.scope("units.manage").holds_whole(unit.path)


def parent_choices(scope: Scope, without: str = "") -> list[tuple[int, str]]:
    """Return (id, indented name) of the active units of ``scope``, those below the path ``without`` left out."""
    units = [unit for unit in queries.tree(db.session(), scope) if unit.state == "active"]
    levels = {branch.id: branch.level for branch in outline([(unit.id, unit.path) for unit in units])}
    return [
        (unit.id, "　" * levels[unit.id] + unit.name)
        for unit in units
        if not (without and unit.path.startswith(without))
    ]


@bp.get("")
@needs("units.view")
def index():
    session, scope = db.session(), current_user.scope("units.view")
    text = request.args.get("q", "").strip()
    closed = request.args.get("closed") == "1"
    units = [unit for unit in queries.tree(session, scope) if closed or unit.state == "active"]
    found = {unit.path for unit in units if text and (text in unit.name or text.upper() in unit.code)}
    if text:
        kept = with_ancestors(found)
        units = [unit for unit in units if unit.path in kept]
    counts = officers_by_unit(session, scope)
    return render_template(
        "orgs/index.html",
        units={unit.id: unit for unit in units},
        branches=outline([(unit.id, unit.path) for unit in units]),
        own=counts,
        sums=sum_up(counts, [unit.path for unit in units]),
        found=found,
        text=text,
        closed=closed,
        fields=queries.fields_of(session, [unit.id for unit in units], local_day(arrived_at(), zone())),
        kinds=KIND_NAMES,
        may_enter=current_user.may("units.manage"),
    )


@bp.get("/<id:unit_id>")
@needs("units.view")
def show(unit_id):
    session, scope = db.session(), current_user.scope("units.view")
    unit = queries.unit_in(session, scope, unit_id)
    counts = officers_by_unit(session, scope)
    children = [one for one in queries.children_of(session, unit.id) if scope.holds_whole(one.path)]
    return render_template(
        "orgs/show.html",
        unit=unit,
        above=[(one, scope.holds_whole(one.path)) for one in queries.units_above(session, unit.path)],
        children=children,
        sums=sum_up(counts, [unit.path, *(one.path for one in children)]),
        held=queries.dated_fields_of(session, unit.id),
        today=local_day(arrived_at(), zone()),
        kinds=KIND_NAMES,
        can={"manage": _managed(unit), "people": current_user.may("people.view")},
    )


def _entry(form: UnitForm) -> service.UnitEntry:
    return service.UnitEntry(
        form.code.data, form.name.data, form.kind.data, short_name=form.short_name.data, sort=form.sort.data or 0
    )


@bp.route("/new", methods=["GET", "POST"])
@needs("units.manage")
def new():
    scope = current_user.scope("units.manage")
    form = UnitForm(parents=parent_choices(scope), data={"parent_id": request.args.get("parent", type=int)})
    if form.sent():
        try:
            unit_id = service.add_unit(
                _entry(form), form.parent_id.data, by=current_user.id, scope=scope, now=arrived_at()
            )
        except Refused as refusal:
            form.blame(refusal)
        else:
            flash(_("已新建单位“%(name)s”。", name=form.name.data), "success")
            return redirect(url_for("orgs.show", unit_id=unit_id))
    return render_template("orgs/edit.html", form=form, unit=None), 200 if request.method == "GET" else 422


def _to_manage(unit_id: int):
    return queries.unit_in(db.session(), current_user.scope("units.manage"), unit_id)


@bp.route("/<id:unit_id>/edit", methods=["GET", "POST"])
@needs("units.manage")
def edit(unit_id):
    unit = _to_manage(unit_id)
    form = UnitForm(obj=unit)
    if form.sent():
        try:
            scope = current_user.scope("units.manage")
            service.change_unit(unit_id, _entry(form), by=current_user.id, scope=scope)
        except Refused as refusal:
            form.blame(refusal)
        else:
            flash(_("已保存“%(name)s”的资料。", name=form.name.data), "success")
            return redirect(url_for("orgs.show", unit_id=unit_id))
    return render_template(
        "orgs/edit.html", form=form, unit=_to_manage(unit_id)
    ), 200 if request.method == "GET" else 422


@bp.route("/<id:unit_id>/move", methods=["GET", "POST"])
@needs("units.manage")
def move(unit_id):
    scope, unit = current_user.scope("units.manage"), _to_manage(unit_id)
    form = MoveForm(parents=parent_choices(scope, without=unit.path), data={"parent_id": unit.parent_id})
    if form.sent():
        try:
            service.move_unit(unit_id, form.parent_id.data, by=current_user.id, scope=scope)
        except Refused as refusal:
            form.blame(refusal)
        else:
            flash(_("已移动“%(name)s”，下级单位和人员随之移动。", name=unit.name), "success")
            return redirect(url_for("orgs.show", unit_id=unit_id))
    officers = officers_by_unit(db.session(), scope)
    unit = _to_manage(unit_id)
    taken = sum_up(officers, [unit.path])[unit.path]
    below = len(
        [path for path in [one.path for one in queries.tree(db.session(), scope)] if path.startswith(unit.path)]
    )
    page = render_template("orgs/move.html", form=form, unit=unit, officers=taken, below=below - 1)
    return page, 200 if request.method == "GET" else 422


@bp.route("/<id:unit_id>/fields", methods=["GET", "POST"])
@needs("units.manage")
def fields(unit_id):
    unit = _to_manage(unit_id)
    held = [
        {"field": one.field, "since": one.since, "until": one.until}
        for one in queries.dated_fields_of(db.session(), unit_id)
    ]
    form = FieldsForm(data={"entries": [*held, *({} for _spare in range(SPARE_LINES))]})
    if form.sent():
        try:
            service.set_fields(
                unit_id,
                [HeldField(line["field"], line["since"], line["until"]) for line in form.filled()],
                by=current_user.id,
                scope=current_user.scope("units.manage"),
            )
        except Refused as refusal:
            form.blame(refusal)
        else:
            flash(_("已保存“%(name)s”的执法领域。", name=unit.name), "success")
            return redirect(url_for("orgs.show", unit_id=unit_id))
    return render_template("orgs/fields.html", form=form, unit=unit), 200 if request.method == "GET" else 422


@bp.post("/<id:unit_id>/close")
@needs("units.manage")
def close(unit_id):
    scope = current_user.scope("units.manage")
    try:
        service.close_unit(unit_id, people_in=people_in_unit, by=current_user.id, scope=scope)
    except Refused as refusal:
        return _said(refusal, unit_id)
    flash(_("单位已停用，历史数据保留。"), "success")
    return redirect(url_for("orgs.show", unit_id=unit_id))


@bp.post("/<id:unit_id>/reopen")
@needs("units.manage")
def reopen(unit_id):
    try:
        service.reopen_unit(unit_id, by=current_user.id, scope=current_user.scope("units.manage"))
    except Refused as refusal:
        return _said(refusal, unit_id)
    flash(_("单位已恢复使用。"), "success")
    return redirect(url_for("orgs.show", unit_id=unit_id))


def _said(refusal: Refused, unit_id: int):
    """Say a refusal on the unit's page; what is missing stays missing."""
    if refusal.status != 409:
        raise refusal
    flash(sentence(refusal.code, refusal.params), "danger")
    return redirect(url_for("orgs.show", unit_id=unit_id))


def register(app: Flask) -> None:
    """Offer the tree in the menu, and the names of fields to all templates."""
    app.jinja_env.filters["field_name"] = field_name
    offer(_l("各单位"), "orgs.index", icon="sitemap", permission="units.view", order=75)
