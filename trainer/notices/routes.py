"""Inbox, feedback of everybody, the desk that answers it, and the help page."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from trainer.core.database import db
from trainer.core.errors import Refused
from trainer.notices import queries, service
from trainer.notices.forms import AnswerForm, FeedbackForm
from trainer.notices.wording import worded
from trainer.web.access import PUBLIC, SIGNED_IN, needs
from trainer.web.arrival import arrived_at
from trainer.web.home import Task, offer_tasks
from trainer.web.menu import offer, provide
from trainer.web.view import asked_page, asked_text, paged, safe_next

bp = Blueprint("notices", __name__)


@bp.get("/notices")
@needs(SIGNED_IN)
def show():
    only_unread = request.args.get("unread") == "1"
    page = paged(db.session(), queries.inbox(current_user.id, only_unread=only_unread), *asked_page(20), scalars=True)
    lines = [(row, worded(row.code, row.params)) for row in page.items]
    return render_template("notices/show.html", page=page, lines=lines, only_unread=only_unread)


@bp.post("/notices/<id:notice_id>/open")
@needs(SIGNED_IN)
def open_notice(notice_id):
    row = queries.notice_of(db.session(), current_user.id, notice_id)
    target = safe_next(row.url, url_for("notices.show"))
    service.mark_read(current_user.id, notice_id, arrived_at())
    return redirect(target, 303)


@bp.post("/notices/read")
@needs(SIGNED_IN)
def mark_all_read():
    service.mark_read(current_user.id, None, arrived_at())
    return redirect(url_for("notices.show"), 303)


def _page_asked_about() -> str:
    """Return the path of our page from which somebody came to write, empty when there is none."""
    asked = _path(request.args.get("from", "") or urlsplit(request.referrer or "").path)
    return "" if asked.startswith("/feedback") else asked


def _path(text: str) -> str:
    """Return ``text`` if it can be the path of a page of ours, cut to what is kept; empty otherwise."""
    return text[:200] if text.startswith("/") and not text.startswith("//") and text.isprintable() else ""


@bp.route("/feedback", methods=["GET", "POST"])
@needs(SIGNED_IN)
def feedback():
    form = FeedbackForm(data={"page": _page_asked_about()})
    status = 200 if request.method == "GET" else 422
    if form.sent():
        try:
            service.give_feedback(
                current_user.id,
                current_user.unit_id,
                page=_path(form.page.data or ""),
                text=form.text.data,
                now=arrived_at(),
            )
        except Refused as refusal:
            form.blame(refusal)
            status = refusal.status
        else:
            flash(_("意见已送达管理员，答复会出现在这里和您的通知中。"), "success")
            return redirect(url_for("notices.feedback"), 303)
    page = paged(db.session(), queries.feedback_of(current_user.id), *asked_page(20))
    return render_template("notices/feedback.html", form=form, page=page, most=service.FEEDBACK_MOST), status


@bp.get("/feedback/desk")
@needs("feedback.answer")
def desk():
    state = request.args.get("state", "")
    text = asked_text("q", 80)
    scope = current_user.scope("feedback.answer")
    rows = queries.feedback_within(scope, state=state if state in ("new", "answered") else "", text=text)
    page = paged(db.session(), rows, *asked_page(20))
    return render_template("notices/desk.html", page=page, state=state, text=text)


@bp.route("/feedback/<id:feedback_id>", methods=["GET", "POST"])
@needs("feedback.answer")
def answer(feedback_id):
    row, writer, unit, answerer = queries.feedback_in(db.session(), current_user.scope("feedback.answer"), feedback_id)
    form = AnswerForm(data={"answer": row.answer or ""})
    status = 200 if request.method == "GET" else 422
    if form.sent():
        try:
            service.answer_feedback(feedback_id, by=current_user.id, answer=form.answer.data, now=arrived_at())
        except Refused as refusal:
            form.blame(refusal)
            status = refusal.status
        else:
            flash(_("已答复，%(name)s 会收到通知。", name=writer), "success")
            return redirect(url_for("notices.desk"), 303)
    page = render_template("notices/answer.html", form=form, row=row, writer=writer, unit=unit, answerer=answerer)
    return page, status


@bp.get("/help")
@needs(PUBLIC)
def help_page():
    return render_template("notices/help.html")


def _unread() -> int:
    return queries.unread_count(db.session(), current_user.id) if current_user.is_authenticated else 0


def _waiting(person: Any, now: datetime) -> list[Task]:
    count = queries.waiting_feedback(db.session(), person.scope("feedback.answer"))
    if not count:
        return []
    title = _("%(count)s 条意见反馈等待答复", count=count)
    return [Task(title, url_for("notices.desk", state="new"), "message-report", action=_("去答复"), urgency=2)]


def register(app: Flask) -> None:
    """Give every page the number of unread notices; offer the desk of feedback to those who answer."""
    provide("unread_notices", _unread)
    offer_tasks("feedback", _waiting, permission="feedback.answer")
    offer(
        _l("意见反馈"),
        "notices.desk",
        icon="message-report",
        permission="feedback.answer",
        order=85,
        also=("/feedback/",),
    )
