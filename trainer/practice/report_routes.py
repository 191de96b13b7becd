"""Reporting an error of an item from the page of its graded answer."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainer.bank.reports import report_item
from trainer.core.database import db
from trainer.core.errors import Invalid, Refused
from trainer.practice.answer_queries import version_answered
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.sentences import sentence

bp = Blueprint("practice_reports", __name__)


@bp.post("/practice/answers/<id:answer_id>/report")
@needs("practice.own")
def report(answer_id):
    version_id = version_answered(db.session(), current_user.id, answer_id)
    text = request.form.get("text", "")
    try:
        report_item(version_id, by=current_user.id, origin="practice", text=text, now=arrived_at())
    except Refused as refusal:
        problems = refusal.problems if isinstance(refusal, Invalid) else []
        told = [sentence(one.code, one.params) for one in problems] or [sentence(refusal.code, refusal.params)]
        flash(" ".join(told), "danger")
    else:
        flash(_("已收到您的报错，处理后会通知您。"), "success")
    return redirect(url_for("practice.answered", answer_id=answer_id), 303)
