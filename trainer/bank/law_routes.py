"""The queue that changes of law make (法规变动待核): confirm what stands, look at both texts, agree as the second."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainer.bank import law_queue, rebind
from trainer.bank.caller import cited, list_reserved, look_at_reserved, rich, viewer
from trainer.bank.forms import KIND_NAMES
from trainer.bank.queries import read_item
from trainer.bank.work_queries import seen_item
from trainer.core.database import db
from trainer.core.errors import Refused
from trainer.laws.wording import CHECK_NAMES, OUTCOME_NAMES
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.home import Task, offer_tasks
from trainer.web.sentences import refusal_told
from trainer.web.view import LARGEST_ID, Page, asked_id, asked_page, paged

bp = Blueprint("law_checks", __name__, url_prefix="/items/law-checks")
EDITOR = "bank_editor.edit"


def _own() -> int | None:
    """Return whose items the caller may decide on: None for those who manage or review the whole bank."""
    return None if current_user.may("item.manage") or current_user.may("item.review") else current_user.id


def _author() -> int | None:
    """Return whose items the caller may change: None for those who manage the whole bank."""
    return None if current_user.may("item.manage") else current_user.id


@bp.get("")
@needs("item.view")
def index():
    state = request.args.get("state", "")
    state = state if state in ("proposed", "done") else "waiting"
    wanted = law_queue.QueueFilter(_own(), state, asked_id("change"), viewer(current_user))
    page, per_page = asked_page(50)
    session = db.session()
    found = paged(session, law_queue.checks_matching(wanted), page, per_page)
    lines = [law_queue.check_line(row) for row in found.items]
    list_reserved(current_user, [one.item_id for one in lines])
    return render_template(
        "law_checks/index.html",
        page=Page(lines, found.page, found.per_page, found.total),
        changes=law_queue.changes_waiting(session, replace(wanted, change_id=None)),
        wanted=wanted,
        state=state,
        outcomes=OUTCOME_NAMES,
        states=CHECK_NAMES,
        may_edit=current_user.may("item.edit"),
    )


@bp.post("/confirm")
@needs("item.edit")
def confirm():
    chosen: dict[int, list[int]] = {}
    for value in request.form.getlist("check")[: rebind.MOST_AT_ONCE]:
        change, _dot, item = value.partition(".")
        if change.isdecimal() and item.isdecimal() and int(change) <= LARGEST_ID and int(item) <= LARGEST_ID:
            chosen.setdefault(int(change), []).append(int(item))
    done = sum(
        rebind.confirm_unchanged(change, items, by=current_user.id, now=arrived_at(), author_id=_author())
        for change, items in sorted(chosen.items())
    )
    flash(
        ngettext("已确认 %(num)s 道题，改引新文本。", "已确认 %(num)s 道题，改引新文本。", done),
        "success" if done else "info",
    )
    return redirect(url_for("law_checks.index", change=request.form.get("change", type=int)), 303)


@bp.get("/<id:change_id>/<id:item_id>")
@needs("item.view")
def show(change_id, item_id):
    seen_item(db.session(), item_id, viewer(current_user))
    look_at_reserved(current_user, item_id)
    page = law_queue.read_check(db.session(), change_id, item_id)
    works = current_user.may("item.edit") and _author() in (None, page.author_id)
    open_check = page.line.state == "waiting"
    successors = all(one["new"] for one in page.line.articles)
    return render_template(
        "law_checks/show.html",
        page=page,
        data=read_item(db.session(), item_id).item.to_dict(),
        kinds=KIND_NAMES,
        rich=rich,
        cited=cited,
        outcomes=OUTCOME_NAMES,
        states=CHECK_NAMES,
        word_for_word=all(one["likeness"] == 1.0 for one in page.line.articles),
        can={
            "keep": works and open_check and successors,
            "edit": works and EDITOR in current_app.view_functions,
            "retire": works and page.line.state in ("waiting", "proposed"),
            "agree": current_user.may("item.review") and page.line.state == "proposed",
            "is_own": current_user.id in (page.decided_by, page.author_id),
        },
        editor=url_for(EDITOR, item_id=item_id) if EDITOR in current_app.view_functions else None,
    )


@bp.post("/<id:change_id>/<id:item_id>/keep")
@needs("item.edit")
def keep(change_id, item_id):
    def work() -> str:
        made = rebind.keep_item(change_id, item_id, by=current_user.id, now=arrived_at(), author_id=_author())
        return _("已改引新文本。") if made == "confirmed" else _("已提交，等另一位人员复核。")

    return _do(change_id, item_id, work, "waiting")


@bp.post("/<id:change_id>/<id:item_id>/retire")
@needs("item.edit")
def retire(change_id, item_id):
    def work() -> str:
        rebind.retire_checked(change_id, item_id, by=current_user.id, now=arrived_at(), author_id=_author())
        return _("这道题已下架。")

    return _do(change_id, item_id, work, "waiting")


@bp.post("/<id:change_id>/<id:item_id>/agree")
@needs("item.review")
def agree(change_id, item_id):
    def work() -> str:
        rebind.agree(change_id, item_id, by=current_user.id, now=arrived_at())
        return _("已同意，题目改引新文本。")

    return _do(change_id, item_id, work, "proposed")


@bp.post("/<id:change_id>/<id:item_id>/give-back")
@needs("item.review")
def give_back(change_id, item_id):
    def work() -> str:
        rebind.give_back(change_id, item_id, by=current_user.id, now=arrived_at())
        return _("已退回，需要修改题目。")

    return _do(change_id, item_id, work, "proposed")


def _do(change_id: int, item_id: int, work: Any, state: str) -> Any:
    """Do one thing and go on to the next item of the queue; a refusal is told on the item's own page."""
    try:
        done = work()
    except Refused as refusal:
        for told in refusal_told(refusal):
            flash(told, "danger")
        return redirect(url_for("law_checks.show", change_id=change_id, item_id=item_id), 303)
    flash(done, "success")
    wanted = law_queue.QueueFilter(_own(), state, viewer=viewer(current_user))
    following = law_queue.next_in_queue(db.session(), wanted, change_id, item_id)
    if following is None:
        return redirect(url_for("law_checks.index", state=state if state != "waiting" else None), 303)
    return redirect(url_for("law_checks.show", change_id=following[0], item_id=following[1]), 303)


def _tasks(person: Any, now: Any) -> list[Task]:
    tasks = []
    if person.may("item.edit"):
        author = None if person.may("item.manage") else person.id
        count = law_queue.waiting_count(db.session(), law_queue.QueueFilter(author))
        if count:
            tasks.append(_task(_("核对法规变动的试题"), count, url_for("law_checks.index"), _("去核对")))
    if person.may("item.review"):
        count = law_queue.waiting_count(db.session(), law_queue.QueueFilter(state="proposed"))
        if count:
            tasks.append(
                _task(_("复核法规变动的试题"), count, url_for("law_checks.index", state="proposed"), _("去复核"))
            )
    return tasks


def _task(title: str, count: int, url: str, action: str) -> Task:
    note = ngettext("%(num)s 道题", "%(num)s 道题", count)
    return Task(title=title, url=url, icon="scale", note=note, action=action, urgency=1)


def register(app: Flask) -> None:
    """Put the work that a change of law makes on the home page."""
    offer_tasks("law_checks", _tasks, permission="item.view")
