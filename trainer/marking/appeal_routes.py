"""Appealing about an item from the released result of an exam."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainer.attempts.routes import NotAppealed, result_page
from trainer.core.errors import Refused
from trainer.marking.appealing import lodge
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.sentences import refusal_told

bp = Blueprint("appeals", __name__)


@bp.route("/attempts/<id:attempt_id>/items/<id:number>/appeal", methods=["GET", "POST"])
@needs("attempt.own")
def create(attempt_id, number):
    now = arrived_at()
    if request.method == "POST":
        reason = request.form.get("reason", "").replace("\x00", "")
        try:
            lodge(attempt_id, number, reason, by=current_user, now=now)
        except Refused as refusal:
            why = " ".join(refusal_told(refusal))
            return result_page(attempt_id, now, NotAppealed(number, reason, why))
        flash(_("申诉已提交，处理后会通知您。"), "success")
    # Whoever reloads the page of a refused appeal, or changes its language, comes back to the item.
    return redirect(url_for("attempts.result", attempt_id=attempt_id) + f"#item-{number}", 303)
