"""Reporting an error of an item in practice: while it asks, and from the page of its graded answer."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainer.bank.reports import report_item
from trainer.core.database import db
from trainer.core.errors import Invalid, Refused
from trainer.practice.answer_queries import version_answered
from trainer.practice.queries import item_by_id
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.sentences import sentence

bp = Blueprint("practice_reports", __name__)


@bp.post("/practice/items/<id:item_id>/report")
@needs("practice.own")
def report_unanswered(item_id):
    asked = item_by_id(db.session(), current_user.id, item_id, now=arrived_at())
    _report(asked.version_id)
    return redirect(url_for("practice.item", item=asked.code), 303)


@bp.post("/practice/answers/<id:answer_id>/report")
@needs("practice.own")
def report(answer_id):
    _report(version_answered(db.session(), current_user.id, answer_id))
    return redirect(url_for("practice.answered", answer_id=answer_id), 303)


def _report(version_id: int) -> None:
    text = request.form.get("text", "")
    try:
        report_item(version_id, by=current_user.id, origin="practice", text=text, now=arrived_at())
    except Refused as refusal:
        problems = refusal.problems if isinstance(refusal, Invalid) else []
        told = [sentence(one.code, one.params) for one in problems] or [sentence(refusal.code, refusal.params)]
        flash(" ".join(told), "danger")
    else:
        flash(_("已收到您的报错，处理后会通知您。"), "success")
