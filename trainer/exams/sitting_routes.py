"""The organiser's pages about sittings: windows and rooms, entry tickets to print."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainer.attempts import seating
from trainer.attempts.queries import RoomLine, rooms_of
from trainer.core.database import db, end_read
from trainer.core.errors import Invalid, Missing, Refused
from trainer.exams import forms, queries, sittings
from trainer.exams.tickets import issue_tickets
from trainer.reports.queries import exams as figures
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.limits import sparing
from trainer.web.qr import qr_svg
from trainer.web.sentences import refusal_told, sentence

bp = Blueprint("sittings", __name__)


@bp.get("/exams/<id:exam_id>/sittings")
@needs("exam.view")
def index(exam_id):
    return _page(exam_id)


@bp.post("/exams/<id:exam_id>/sittings")
@needs("exam.manage")
def add(exam_id):
    form = forms.SittingForm()
    if form.sent():
        try:
            sittings.add_sitting(exam_id, form.spec(), by=current_user, now=arrived_at())
        except Refused as refusal:
            if refusal.status in (403, 404):
                raise
            form.blame(refusal)
        else:
            flash(_("已增加场次。"), "success")
            return redirect(url_for("sittings.index", exam_id=exam_id), 303)
    return _page(exam_id, form), 422


@bp.route("/exams/<id:exam_id>/sittings/<id:sitting_id>", methods=["GET", "POST"])
@needs("exam.manage")
def change(exam_id, sitting_id):
    exam = queries.read_exam(db.session(), exam_id, current_user, permission="exam.manage")
    room = _room(exam_id, sitting_id)
    form = forms.SittingForm(data={name: getattr(room, name) for name in ROOM_FIELDS})
    if form.sent():
        try:
            sittings.change_sitting(exam_id, sitting_id, form.spec(), by=current_user, now=arrived_at())
        except Refused as refusal:
            if refusal.status in (403, 404):
                raise
            form.blame(refusal)
        else:
            told = _("已修改场次，时间或考场有变化的考生会收到通知。")
            flash(_("已修改场次。") if exam.state == "draft" else told, "success")
            return redirect(url_for("sittings.index", exam_id=exam_id), 303)
    page = render_template("exams/sitting.html", exam=exam, room=room, form=form)
    return page, 200 if request.method == "GET" else 422


ROOM_FIELDS = ("opens_at", "closes_at", "room", "capacity", "form", "awaits_signal")


@bp.post("/exams/<id:exam_id>/sittings/<id:sitting_id>/remove")
@needs("exam.manage")
def remove(exam_id, sitting_id):
    return _do(
        lambda: sittings.remove_sitting(exam_id, sitting_id, by=current_user),
        lambda _done: _("已删除场次。"),
        url_for("sittings.index", exam_id=exam_id),
    )


@bp.post("/exams/<id:exam_id>/sittings/spread")
@needs("exam.manage")
def spread(exam_id):
    way = request.form.get("way", "")
    if way not in seating.WAYS:
        raise Invalid.at("way", "unknown_value", value=way[:40])
    return _do(
        lambda: seating.spread_candidates(exam_id, way, by=current_user, now=arrived_at()),
        lambda moved: (
            ngettext("已重新安排 %(num)s 人。", "已重新安排 %(num)s 人。", moved)
            if moved
            else _("没有人需要重新安排，各场考生不变。")
        ),
        url_for("sittings.index", exam_id=exam_id),
    )


@bp.post("/exams/<id:exam_id>/tickets")
@sparing
@needs("exam.manage")
def tickets(exam_id):
    """Make tickets and show them this once, as a sheet to print: only their hashes are kept."""
    session = db.session()
    exam = queries.read_exam(session, exam_id, current_user, permission="exam.manage")
    end_read()
    limits = {name: request.form.get(name, type=int) for name in ("unit", "sitting", "person")}
    made, told = [], _("没有可以发准考证的考生。")
    try:
        made = issue_tickets(
            exam_id,
            by=current_user.id,
            unit_id=limits["unit"],
            sitting_id=limits["sitting"],
            user_id=limits["person"],
        )
    except Refused as refusal:
        told = sentence(refusal.code, refusal.params)
    if not made and limits["person"]:
        flash(told, "danger")
        return redirect(url_for("exams.candidates", exam_id=exam_id), 303)
    if not made:
        return _page(exam_id, printing={**limits, "told": told}), 422
    door = url_for("accounts.sign_in", _external=True)
    # The code stands behind the #, which a browser keeps to itself: no log of a server or proxy has it.
    scanned = url_for("accounts.sign_in", by="ticket", _external=True)
    shown = [(one, qr_svg(f"{scanned}#ticket={one.code}")) for one in made]
    page = render_template("exams/tickets.html", exam=exam, tickets=shown, door=door, single=bool(limits["person"]))
    return page, 200, {"Cache-Control": "no-store"}


def _room(exam_id: int, sitting_id: int) -> RoomLine:
    for one in rooms_of(db.session(), exam_id):
        if one.id == sitting_id:
            return one
    raise Missing


def _page(exam_id: int, form: Any = None, printing: dict[str, Any] | None = None) -> str:
    """Return the page; ``form`` is a sitting that was refused, ``printing`` an order of tickets and why it was."""
    now, session = arrived_at(), db.session()
    exam = queries.read_exam(session, exam_id, current_user)
    rooms = rooms_of(session, exam_id)
    manages = current_user.scope("exam.manage").holds_whole(exam.unit_path) and exam.state != "cancelled"
    where = exam.phase(now)
    last = rooms[-1]
    length = timedelta(minutes=exam.minutes)
    window = {"opens_at": last.opens_at, "closes_at": last.closes_at}
    return render_template(
        "exams/sittings.html",
        exam=exam,
        rooms=rooms,
        tight={one.id for one in rooms if one.closes_at - one.opens_at == length},
        short={one.id for one in rooms if one.closes_at - one.opens_at < length},
        now=now,
        units=[(one.unit_id, one.name) for one in figures.participation_by_unit(session, exam_id)],
        form=form or forms.SittingForm(data=window, empty=True),
        adding=form is not None,
        printing=printing or {},
        can={
            "manage": manages and not (exam.state == "published" and where == "released"),
            "tickets": manages and exam.state == "published" and now < exam.ends_at,
        },
    )


def _do(work: Any, done: Any, target: str) -> Any:
    """Do one thing and go back; a refusal is told there."""
    try:
        outcome = work()
    except Refused as refusal:
        for text in refusal_told(refusal, most=5):
            flash(text, "danger")
    else:
        flash(done(outcome), "success" if outcome != 0 else "info")
    return redirect(target, 303)
