"""The board of the work in progress (题库工作): my drafts and tasks, what is to review, to publish, in quarantine."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from question_bank.topics import taxonomy
from trainer.bank import board, forms, tasks
from trainer.bank.caller import list_reserved, today, viewer
from trainer.core.database import db
from trainer.core.errors import Invalid
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.menu import offer
from trainer.web.sentences import sentence
from trainer.web.view import LARGEST_ID

bp = Blueprint("bank_work", __name__, url_prefix="/items/work")


@bp.get("")
@needs("item.view")
def show():
    session, who = db.session(), viewer(current_user)
    manages, writes = current_user.may("item.manage"), current_user.may("item.edit")
    shown = board.read_board(session, who, today(), writes=writes)
    if list_reserved(current_user, [line[0] for column in shown.columns for line in column.lines]):
        shown = board.read_board(session, who, today(), writes=writes)
    return render_template(
        "bank/work.html",
        board=shown,
        people=board.people_for_tasks(session) if manages else [],
        manages=manages,
        today=today(),
        topics={one.slug: forms.filed_name(one) for one in taxonomy().topics},
    )


@bp.post("/tasks")
@needs("item.manage")
def give():
    form = request.form
    role, _sep, person = form.get("who", "").partition(":")
    try:
        tasks.give_task(
            role=role if role in tasks.WANTED else "author",
            assignee_id=int(person) if person.isdecimal() and len(person) < 20 and int(person) <= LARGEST_ID else 0,
            by=current_user.id,
            now=arrived_at(),
            item_code=form.get("item", "").strip()[:60],
            topic=form.get("topic", ""),
            count=form.get("count", 1, type=int),
            due_on=_day(form.get("due_on", "")),
            note=form.get("note", ""),
        )
    except Invalid as refusal:
        flash(" ".join(sentence(one.code, one.params) for one in refusal.problems), "danger")
    else:
        flash(_("已分派，对方会收到通知。"), "success")
    return redirect(url_for("bank_work.show"), 303)


@bp.post("/tasks/<id:task_id>/cancel")
@needs("item.manage")
def cancel(task_id):
    tasks.cancel_task(task_id, by=current_user.id, now=arrived_at())
    flash(_("已取消这项任务。"), "success")
    return redirect(url_for("bank_work.show"), 303)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid.at("due_on", "bad_format") from None


def register(app: Flask) -> None:
    """Put the board into the menu of those who work on items."""
    offer(_l("题库工作"), "bank_work.show", icon="clipboard-check", permission="item.view", order=41)
