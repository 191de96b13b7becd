"""The queue of reported errors (题目报错): each with its item, accepted or declined with an answer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainer.bank import reports
from trainer.bank.caller import viewer
from trainer.bank.work_queries import reports_matching, state_of_work
from trainer.core.database import db
from trainer.core.errors import Refused
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.sentences import refusal_told
from trainer.web.view import asked_page, paged

bp = Blueprint("bank_reports", __name__, url_prefix="/items/reports")


@bp.get("")
@needs("item.edit")
def index():
    done = request.args.get("show") == "done"
    rows = reports_matching(viewer(current_user), done=done)
    return render_template("bank/reports.html", page=paged(db.session(), rows, *asked_page(20)), done=done)


@bp.post("/<id:report_id>/accept")
@needs("item.edit")
def accept(report_id):
    def work() -> int:
        return reports.accept_report(report_id, answer=request.form.get("answer", ""), **_who())

    return _decided(work, _("已采纳，请修改题目。"), to_editor=True)


@bp.post("/<id:report_id>/decline")
@needs("item.edit")
def decline(report_id):
    def work() -> int:
        return reports.decline_report(report_id, answer=request.form.get("answer", ""), **_who())

    return _decided(work, _("已答复，报错人会收到通知。"))


def _who() -> dict[str, Any]:
    return {"by": current_user.id, "manages": current_user.may("item.manage"), "now": arrived_at()}


def _decided(work: Any, done: str, *, to_editor: bool = False) -> Any:
    try:
        item_id = work()
    except Refused as refusal:
        flash(" ".join(refusal_told(refusal)), "danger")
        return redirect(url_for("bank_reports.index"), 303)
    if to_editor and state_of_work(db.session(), item_id) == "in_review":
        # The editor is closed while a text is in review; the item's page has the button that withdraws it.
        flash(_("已采纳。这道题有一稿正在审题：请在审题意见中说明，或撤回后再改。"), "success")
        return redirect(url_for("bank.show", item_id=item_id), 303)
    flash(done, "success")
    return redirect(url_for("bank_editor.edit", item_id=item_id) if to_editor else url_for("bank_reports.index"), 303)
