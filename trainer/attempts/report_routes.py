"""Reporting an error of an item from the released result of an exam."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainer.attempts import queries
from trainer.bank.reports import report_item
from trainer.core.database import db
from trainer.core.errors import Invalid, Missing, Refused
from trainer.marking import queries as marks
from trainer.papers.queries import version_under
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.sentences import sentence

bp = Blueprint("attempt_reports", __name__)


@bp.post("/attempts/<id:attempt_id>/items/<id:number>/report")
@needs("attempt.own")
def report(attempt_id, number):
    now, session = arrived_at(), db.session()
    attempt = queries.own_attempt(session, attempt_id, current_user)
    marks.result_or_refuse(session, attempt_id, now)
    version_id = version_under(session, attempt.paper_id, number)
    if version_id is None:
        raise Missing
    try:
        report_item(version_id, by=current_user.id, origin="exam", text=request.form.get("text", ""), now=now)
    except Refused as refusal:
        problems = refusal.problems if isinstance(refusal, Invalid) else []
        told = [sentence(one.code, one.params) for one in problems] or [sentence(refusal.code, refusal.params)]
        flash(" ".join(told), "danger")
    else:
        flash(_("已收到您的报错，处理后会通知您。"), "success")
    return redirect(url_for("attempts.result", attempt_id=attempt_id) + f"#item-{number}", 303)
