"""The marker's pages: what waits, a batch, one answer with its rubric."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user

from trainer.accounts.rules import Person
from trainer.core.database import db, end_read
from trainer.core.errors import Forbidden, Invalid, Missing, Refused
from trainer.marking.allocating import claim as claim_batch
from trainer.marking.allocating import give_back as give_back_batch
from trainer.marking.forms import read_points
from trainer.marking.giving import NotHeld, give
from trainer.marking.jobs import spread
from trainer.marking.queries import work
from trainer.marking.rules.rubric import COMMENT_MOST, ItemKey
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.home import Task, offer_tasks
from trainer.web.locale import number
from trainer.web.menu import offer
from trainer.web.sentences import sentence

bp = Blueprint("marking", __name__)

MARK = "exam.mark"


@bp.get("/marking")
@needs(MARK)
def index():
    now, session = arrived_at(), db.session()
    lines = work.work_of(session, current_user, now)
    exams = [(exam, list(group)) for exam, group in groupby(lines, key=lambda line: line.exam)]
    shown = {exam.id for exam, _lines in exams}
    coming = [one for one in work.exams_of_marker(session, current_user, now) if one.id not in shown]
    end_read()
    return render_template("marking/index.html", exams=exams, coming=coming)


@bp.post("/marking/exams/<id:exam_id>/claim")
@needs(MARK)
def claim(exam_id):
    key = ItemKey.parse(request.form.get("item", ""))
    try:
        batch_id = claim_batch(exam_id, key, by=current_user, now=arrived_at())
    except Refused as refusal:
        if refusal.status == 404 or type(refusal) is Forbidden:
            raise
        flash(sentence(refusal.code, refusal.params), "info")
        return redirect(url_for("marking.index"), 303)
    return redirect(url_for("marking.batch", batch_id=batch_id), 303)


@bp.get("/marking/batches/<id:batch_id>")
@needs(MARK)
def batch(batch_id):
    found, item = _read(batch_id)
    if found.open_positions and "all" not in request.args:
        return redirect(url_for("marking.answer", batch_id=batch_id, position=found.open_positions[0]))
    end_read()
    return render_template("marking/batch.html", batch=found, item=item)


@bp.get("/marking/batches/<id:batch_id>/<id:position>")
@needs(MARK)
def answer(batch_id, position):
    found, item = _read(batch_id)
    end_read()
    return _page(found, item, position)


@bp.post("/marking/batches/<id:batch_id>/<id:position>")
@needs(MARK)
def save(batch_id, position):
    now = arrived_at()
    found, item = _read(batch_id)
    end_read()
    texts = [request.form.get(f"lines-{place}", "").strip() for place in range(len(item.lines))]
    comment = request.form.get("comment", "").replace("\x00", "")
    try:
        given = give(batch_id, position, read_points(texts), comment, by=current_user, now=now)
    except NotHeld as refusal:
        flash(sentence(refusal.code, refusal.params), "danger")
        return redirect(url_for("marking.batch", batch_id=batch_id), 303)
    except Refused as refusal:
        if refusal.status == 404 or type(refusal) is Forbidden:
            raise
        return _page(found, item, position, refusal=refusal, typed=(texts, comment)), 422
    spread(given.changed_attempts, now)
    return redirect(_next(found, position), 303)


@bp.post("/marking/batches/<id:batch_id>/give-back")
@needs(MARK)
def give_back(batch_id):
    given_back = give_back_batch(batch_id, by=current_user)
    flash(ngettext("已交回 %(num)s 份没有评的答题。", "已交回 %(num)s 份没有评的答题。", given_back), "success")
    return redirect(url_for("marking.index"), 303)


def _read(batch_id: int) -> tuple[work.Batch, work.Shown]:
    """Return a batch of the caller's with its item, as long as the caller may mark the exam."""
    session = db.session()
    found = work.read_batch(session, batch_id, current_user)
    work.demand_marker(session, found.exam_id, current_user, arrived_at())
    return found, work.shown_item(session, found.key)


def _next(found: work.Batch, position: int) -> str:
    """Return the address of the next unmarked answer, going round once, or that of the batch."""
    rest = [one for one in found.open_positions if one != position]
    later = [one for one in rest if one > position] or rest
    if later:
        return url_for("marking.answer", batch_id=found.id, position=later[0])
    return url_for("marking.batch", batch_id=found.id)


def _page(
    found: work.Batch,
    item: work.Shown,
    position: int,
    *,
    refusal: Refused | None = None,
    typed: tuple[list[str], str] | None = None,
) -> Any:
    here = next((one for one in found.answers if one.position == position), None)
    if here is None:
        raise Missing
    positions = [one.position for one in found.answers]
    place = positions.index(position)
    own = [f"{one.normalize():f}" for one in here.lines] if here.lines else [""] * len(item.lines)
    problems = refusal.problems if isinstance(refusal, Invalid) else []
    return render_template(
        "marking/answer.html",
        batch=found,
        item=item,
        here=here,
        place=place + 1,
        values=typed[0] if typed else own,
        comment=typed[1] if typed else here.comment,
        comment_most=COMMENT_MOST,
        errors={one.field: sentence(one.code, one.params) for one in problems},
        refused=sentence(refusal.code, refusal.params) if refusal is not None and not problems else None,
        earlier=positions[place - 1] if place else None,
        later=positions[place + 1] if place + 1 < len(positions) else None,
        next_url=_next(found, position),
    )


def _to_mark(person: Person, now: datetime) -> list[Task]:
    lines = work.work_of(db.session(), person, now)
    found = []
    for exam, group in groupby(lines, key=lambda line: line.exam):
        own = list(group)
        waiting, in_hand = sum(one.waiting for one in own), sum(one.in_hand for one in own)
        if not waiting and not in_hand:
            continue
        found.append(
            Task(
                title=_("评阅《%(title)s》", title=exam.title),
                url=url_for("marking.index"),
                icon="clipboard-check",
                note=_(
                    "等待评阅 %(waiting)s 份，您手上还有 %(in_hand)s 份",
                    waiting=number(waiting),
                    in_hand=number(in_hand),
                ),
                action=_("去阅卷"),
                urgency=1,
            )
        )
    return found


def register(app: Flask) -> None:
    """Put marking into the menu, and what waits among the tasks of the home page."""
    offer(_l("阅卷"), "marking.index", icon="clipboard-check", permission=MARK, order=33)
    offer_tasks("answers_to_mark", _to_mark, permission=MARK)
