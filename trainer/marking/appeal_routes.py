"""Appealing about an item from the released result of an exam."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainer.core.errors import Refused
from trainer.marking.appealing import lodge
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.sentences import refusal_told

bp = Blueprint("appeals", __name__)


@bp.post("/attempts/<id:attempt_id>/items/<id:number>/appeal")
@needs("attempt.own")
def create(attempt_id, number):
    reason = request.form.get("reason", "").replace("\x00", "")
    try:
        lodge(attempt_id, number, reason, by=current_user, now=arrived_at())
    except Refused as refusal:
        flash(" ".join(refusal_told(refusal)), "danger")
    else:
        flash(_("申诉已提交，处理后会通知您。"), "success")
    return redirect(url_for("attempts.result", attempt_id=attempt_id) + f"#item-{number}", 303)
