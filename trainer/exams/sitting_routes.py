"""The organiser's pages about sittings: windows and rooms, who sits where, who is excused, entry tickets to print."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainer.attempts import seating
from trainer.attempts.excusing import excuse_candidates
from trainer.attempts.extend import extend_named
from trainer.attempts.queries import RoomLine, rooms_of
from trainer.attempts.shifting import shift_starts
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
        lambda moved: ngettext("已重新安排 %(num)s 人。", "已重新安排 %(num)s 人。", moved),
        url_for("sittings.index", exam_id=exam_id),
    )


@bp.post("/exams/<id:exam_id>/candidates/move")
@needs("exam.manage")
def move(exam_id):
    people = [int(one) for one in request.form.getlist("people") if one.isascii() and one.isdigit() and len(one) < 19]
    sitting_id = request.form.get("sitting", 0, type=int)
    return _do(
        lambda: seating.move_candidates(exam_id, people[:1000], sitting_id, by=current_user, now=arrived_at()),
        lambda moved: ngettext("已重新安排 %(num)s 人。", "已重新安排 %(num)s 人。", moved),
        url_for("exams.candidates", exam_id=exam_id),
    )


@bp.post("/exams/<id:exam_id>/candidates/states")
@needs("exam.manage")
def states(exam_id):
    form, target = forms.StatesForm(), url_for("exams.candidates", exam_id=exam_id)
    queries.read_exam(db.session(), exam_id, current_user, permission="exam.manage")
    if not form.sent():
        flash(_("没有登记：请填写考生用户名。"), "danger")
        return redirect(target, 303)
    if form.state.data != "due" and not form.reason.data:
        flash(_("没有登记：免考、缓考要写明理由。"), "danger")
        return redirect(target, 303)
    named = _named(exam_id, form.usernames.data)
    if named is None:
        return redirect(target, 303)
    people = [user_id for _candidate_id, user_id in named]
    return _do(
        lambda: excuse_candidates(exam_id, people, form.state.data, by=current_user, reason=form.reason.data or ""),
        lambda done: ngettext("已登记 %(num)s 人。", "已登记 %(num)s 人。", done),
        target,
    )


@bp.post("/exams/<id:exam_id>/candidates/shift")
@needs("exam.manage")
def shift(exam_id):
    form, target = forms.ShiftForm(), url_for("exams.candidates", exam_id=exam_id)
    exam = queries.read_exam(db.session(), exam_id, current_user, permission="exam.manage")
    if not form.sent():
        for told in [why for item in form for why in item.errors][:3]:
            flash(_("没有保存：%(why)s", why=told), "danger")
        return redirect(target, 303)
    named = _named(exam_id, form.usernames.data)
    if named is None:
        return redirect(target, 303)
    people = [candidate_id for candidate_id, _user_id in named]
    opens_at, reason = form.opens_at.data, form.reason.data or ""
    if opens_at is not None and not reason:
        flash(_("没有保存：错时开考要写明理由。"), "danger")
        return redirect(target, 303)
    return _do(
        lambda: shift_starts(exam_id, people, opens_at or 0, by=current_user, reason=reason, now=arrived_at()),
        # Nobody knows of a draft; the notice of its publication tells everybody the own times.
        lambda done: (
            ngettext("已更改 %(num)s 人的开考时间。", "已更改 %(num)s 人的开考时间。", done)
            if exam.state == "draft"
            else ngettext(
                "已更改 %(num)s 人的开考时间，并通知了本人。", "已更改 %(num)s 人的开考时间，并通知了本人。", done
            )
        ),
        target,
    )


@bp.post("/exams/<id:exam_id>/candidates/minutes")
@needs("exam.manage")
def minutes(exam_id):
    form, target = forms.MinutesForm(), url_for("exams.candidates", exam_id=exam_id)
    queries.read_exam(db.session(), exam_id, current_user, permission="exam.manage")
    if not form.sent():
        for told in [why for item in form for why in item.errors][:3]:
            flash(_("没有保存：%(why)s", why=told), "danger")
        return redirect(target, 303)
    named = _named(exam_id, form.usernames.data)
    if named is None:
        return redirect(target, 303)
    people, more, reason = [one for one, _user_id in named], form.minutes.data, form.reason.data or ""
    if more and not reason:
        flash(_("没有保存：延长时间要写明理由。"), "danger")
        return redirect(target, 303)
    return _do(
        lambda: extend_named(exam_id, people, more, by=current_user, reason=reason, now=arrived_at()),
        lambda done: (
            ngettext("已为 %(num)s 人延长 %(n)s 分钟。", "已为 %(num)s 人延长 %(n)s 分钟。", done, n=more)
            if more
            else ngettext("已收回 %(num)s 人的延长时间。", "已收回 %(num)s 人的延长时间。", done)
        ),
        target,
    )


def _named(exam_id: int, text: str | None) -> list[tuple[int, int]] | None:
    """Return (candidate id, user id) of the people named, None after telling who of them is no candidate."""
    wanted = list(dict.fromkeys(one.lower() for one in forms.names_in(text)))
    known = queries.candidates_by_username(db.session(), exam_id, wanted)
    end_read()
    unknown = [one for one in wanted if one not in known]
    if unknown:
        told = _("没有登记：%(names)s 不在考生名单中。", names=_("、").join(unknown[:10]))
        flash(told, "danger")
        return None
    return [known[one] for one in wanted]


@bp.post("/exams/<id:exam_id>/tickets")
@sparing
@needs("exam.manage")
def tickets(exam_id):
    """Make tickets and show them this once, as a sheet to print: only their hashes are kept."""
    session = db.session()
    exam = queries.read_exam(session, exam_id, current_user, permission="exam.manage")
    end_read()
    limits = {name: request.form.get(name, type=int) for name in ("unit", "sitting", "person")}
    came_from = "exams.candidates" if limits["person"] else "sittings.index"
    try:
        made = issue_tickets(
            exam_id,
            by=current_user.id,
            unit_id=limits["unit"],
            sitting_id=limits["sitting"],
            user_id=limits["person"],
        )
    except Refused as refusal:
        flash(sentence(refusal.code, refusal.params), "danger")
        return redirect(url_for(came_from, exam_id=exam_id), 303)
    if not made:
        flash(_("没有可以发准考证的考生。"), "danger")
        return redirect(url_for(came_from, exam_id=exam_id), 303)
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


def _page(exam_id: int, form: Any = None) -> str:
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
        flash(done(outcome), "success")
    return redirect(target, 303)
