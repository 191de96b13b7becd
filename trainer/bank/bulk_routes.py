"""Changing many items at once: what would change, doing it, and the list of what was done with its undoing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import select

from question_bank.topics import taxonomy
from trainer.accounts.models import User
from trainer.bank import bulk, forms
from trainer.bank.caller import list_reserved
from trainer.bank.models import BankOperation
from trainer.bank.wording import OPERATION_NAMES, POOL_NAMES
from trainer.core.database import db
from trainer.core.errors import Invalid, Refused
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.sentences import sentence
from trainer.web.view import LARGEST_ID, asked_page, paged

bp = Blueprint("bank_bulk", __name__, url_prefix="/items/operations")


@bp.get("")
@needs("item.manage")
def index():
    rows = (
        select(BankOperation, User.name)
        .outerjoin(User, User.id == BankOperation.done_by)
        .order_by(BankOperation.id.desc())
    )
    page = paged(db.session(), rows, *asked_page(20))
    return render_template("bank/operations.html", page=page, names=OPERATION_NAMES, said=_said)


@bp.post("/preview")
@needs("item.manage")
def preview():
    kind, values, ids = _asked()
    try:
        changes = bulk.plan_changes(db.session(), kind, values, ids)
    except Invalid as refusal:
        return _back(refusal)
    list_reserved(current_user, [one.item_id for one in changes])
    return render_template(
        "bank/bulk.html",
        changes=changes,
        chosen=len(ids),
        kind=kind,
        values=values,
        name=OPERATION_NAMES[kind],
        said=_said,
    )


@bp.post("")
@needs("item.manage")
def apply():
    kind, values, ids = _asked()
    try:
        made = bulk.apply_changes(kind, values, ids, by=current_user.id, now=arrived_at())
    except Invalid as refusal:
        return _back(refusal)
    if made is None:
        flash(_("没有要改的试题。"), "info")
        return redirect(url_for("bank.index"), 303)
    flash(_("%(name)s：已改动勾选的试题，可以在下面撤销。", name=OPERATION_NAMES[kind]), "success")
    return redirect(url_for("bank_bulk.index"), 303)


@bp.post("/<id:operation_id>/undo")
@needs("item.manage")
def undo(operation_id):
    try:
        done = bulk.undo_operation(operation_id, by=current_user.id, now=arrived_at())
    except Refused as refusal:
        if refusal.status == 404:
            raise
        flash(sentence(refusal.code, refusal.params), "danger")
    else:
        flash(ngettext("已恢复 %(num)s 道试题。", "已恢复 %(num)s 道试题。", done), "success")
    return redirect(url_for("bank_bulk.index"), 303)


def _asked() -> tuple[str, list[str], list[int]]:
    kind = request.form.get("kind", "")
    kind = kind if kind in bulk.KINDS else "retire"
    ids = [
        int(one)
        for one in request.form.getlist("item")
        if one.isdecimal() and len(one) < 20 and 0 < int(one) <= LARGEST_ID
    ]
    return kind, [one for one in request.form.getlist(f"to_{kind}") if one], ids


def _back(refusal: Invalid) -> Any:
    flash(" ".join(sentence(one.code, one.params) for one in refusal.problems), "danger")
    return redirect(url_for("bank.index"), 303)


def _said(values: dict[str, Any]) -> str:
    """Return the values of columns in words."""
    known = taxonomy()
    if "state" in values:
        return str(forms.STATE_NAMES[values["state"]])
    if "topic" in values:
        return forms.filed_name(known.find_topic(values["topic"]))
    if "fields" in values:
        return "、".join(forms.filed_name(known.find_field(one)) for one in values["fields"])
    if "variant_group" in values:
        return values["variant_group"] or _("不在变式组中")
    return str(POOL_NAMES[values["pool"]]) if "pool" in values else str(values.get("difficulty"))
