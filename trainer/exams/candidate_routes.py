"""The list of candidates: who is named, excused, seated, shifted and given time, by dialogs on one page.

A dialog that is refused comes back open, with all that was typed; only what was done leads back to the plain list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from trainer.attempts import seating
from trainer.attempts.excusing import excuse_candidate, excuse_candidates
from trainer.attempts.extend import extend_named
from trainer.attempts.queries import rooms_of
from trainer.attempts.shifting import shift_starts
from trainer.core.database import db, end_read
from trainer.core.errors import FieldProblem, Invalid, Refused
from trainer.exams import queries, service
from trainer.exams.candidate_forms import ListForm, MinutesForm, NamesForm, ShiftForm, StatesForm, WordsForm
from trainer.marking.queries.repairs import people_with_former
from trainer.reports.queries import exams as figures
from trainer.reports.queries.met import items_met
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.sentences import refusal_told
from trainer.web.view import Page, asked_id, asked_page, paged

bp = Blueprint("candidates", __name__)

CANDIDATE_STATES: dict[str, Any] = {
    "": _l("全部考生"),
    "due": _l("应考"),
    "not_started": _l("未开考"),
    "started": _l("已开考"),
    "saved": _l("已有作答"),
    "submitted": _l("已交卷"),
    "absent": _l("缺考"),
    "excused": _l("免考、缓考"),
}
# What of the address says which part of the list is shown.
FILTERS = ("words", "state", "unit", "sitting", "page", "per_page")


@dataclass(frozen=True)
class Seats:
    """What was asked for in the form that seats people: the sitting, who was ticked, and why it was refused."""

    sitting_id: int = 0
    people: frozenset[int] = frozenset()
    told: tuple[str, ...] = ()


def roster(exam_id: int, dialog: str = "", form: NamesForm | None = None, seats: Seats | None = None) -> str:
    """Return the page of the list; ``form`` is what ``dialog`` was refused with, so that it opens again."""
    now, session = arrived_at(), db.session()
    exam = queries.read_exam(session, exam_id, current_user)
    words, state = request.args.get("words", "").replace("\x00", "")[:80], request.args.get("state", "")
    unit_id = asked_id("unit")
    page, per_page = asked_page(50)
    sitting_id = asked_id("sitting")
    rows = figures.candidates_matching(
        exam_id, words=words, state=state, unit_id=unit_id, sitting_id=sitting_id, now=now
    )
    found = paged(session, rows, page, per_page)
    lines = [figures.candidate_line(row, now) for row in found.items]
    runs = bool(current_user.scope("exam.manage").holds_whole(exam.unit_path))
    manages = runs and exam.state != "cancelled"
    # Nothing is repaired before all is over.
    over = runs and exam.state == "published" and now >= exam.ends_at
    former = people_with_former(session, exam_id, [one.user_id for one in lines]) if over else set()
    may_name = manages and now < exam.closes_at
    may_shift = manages and (exam.state == "draft" or now < exam.ends_at)
    dialogs: dict[str, Any] = {
        "name": _naming(empty=True) if may_name else None,
        "states": StatesForm(empty=True) if manages else None,
        "shift": ShiftForm(empty=True) if may_shift else None,
        "minutes": MinutesForm(empty=True) if may_shift else None,
    }
    if form is not None:
        # Also where it may no longer be sent: what was typed is not lost because the exam has ended meanwhile.
        dialogs[dialog] = form
    return render_template(
        "exams/candidates.html",
        exam=exam,
        page=Page(lines, found.page, found.per_page, found.total),
        units=[(one.unit_id, one.name) for one in figures.participation_by_unit(session, exam_id)],
        states=CANDIDATE_STATES,
        words=words,
        state=state,
        unit_id=unit_id,
        sitting_id=sitting_id,
        rooms=rooms_of(session, exam_id),
        now=now,
        kept=_kept(),
        dialogs=dialogs,
        opened=dialog if form is not None else "",
        may_name=may_name,
        may_shift=may_shift,
        manages=manages,
        seats=seats or Seats(),
        former=former,
        may_ticket=runs and exam.state == "published" and now < exam.ends_at,
        released=exam.state == "published" and not exam.is_mock and exam.phase(now) == "released",
        tree=queries.units_to_name(session, current_user.scope("exam.manage")) if dialogs["name"] else [],
    )


@bp.get("/exams/<id:exam_id>/candidates/states")
@bp.get("/exams/<id:exam_id>/candidates/shift")
@bp.get("/exams/<id:exam_id>/candidates/minutes")
@bp.get("/exams/<id:exam_id>/candidates/move")
@needs("exam.view")
def left(exam_id):
    """Lead on to the list: a refused dialog stands at its own address, to which filters, pages and reloads return."""
    return redirect(_list(exam_id))


@bp.post("/exams/<id:exam_id>/candidates")
@needs("exam.manage")
def add(exam_id):
    form = _naming()

    def work() -> int:
        units = tuple(form.units.data or ())
        return service.add_candidates(
            exam_id, units=units, usernames=form.named(), by=current_user, now=arrived_at(), seen=items_met
        )

    def told(added: int) -> tuple[str, str]:
        if not added:
            return _("没有新增：所选的人都已在考生名单中，或所选单位没有在岗执法人员。"), "info"
        return ngettext("新增 %(num)s 名考生。", "新增 %(num)s 名考生。", added), "success"

    return _answer(exam_id, "name", form, work, told)


@bp.post("/exams/<id:exam_id>/candidates/<id:user_id>")
@needs("exam.manage")
def change(exam_id, user_id):
    wanted = request.form.get("state", "")
    try:
        if wanted == "removed":
            service.remove_candidate(exam_id, user_id, by=current_user)
        else:
            excuse_candidate(exam_id, user_id, wanted, by=current_user)
    except Refused as refusal:
        for text in refusal_told(refusal, most=5):
            flash(text, "danger")
    else:
        flash(_("考生名单已更新。"), "success")
    return redirect(_list(exam_id), 303)


@bp.post("/exams/<id:exam_id>/candidates/move")
@needs("exam.manage")
def move(exam_id):
    ticked = [int(one) for one in request.form.getlist("people") if one.isascii() and one.isdigit() and len(one) < 19]
    people, sitting_id = ticked[:1000], request.form.get("sitting", 0, type=int)
    queries.read_exam(db.session(), exam_id, current_user, permission="exam.manage")
    if not people:
        told = [_("请先在名单中勾选考生。")]
    else:
        try:
            moved = seating.move_candidates(exam_id, people, sitting_id, by=current_user, now=arrived_at())
        except Refused as refusal:
            told = refusal_told(refusal, most=5)
        else:
            if moved:
                flash(ngettext("已重新安排 %(num)s 人。", "已重新安排 %(num)s 人。", moved), "success")
            else:
                flash(_("没有人需要重新安排：勾选的考生已在这一场，或已经开始作答。"), "info")
            return redirect(_list(exam_id), 303)
    return roster(exam_id, seats=Seats(sitting_id, frozenset(people), tuple(told))), 422


@bp.post("/exams/<id:exam_id>/candidates/states")
@needs("exam.manage")
def states(exam_id):
    form = StatesForm()

    def work() -> int:
        people = [user_id for _candidate_id, user_id in _named(exam_id, form)]
        reason = form.reason.data or ""
        return excuse_candidates(exam_id, people, form.state.data, by=current_user, reason=reason)

    return _answer(
        exam_id,
        "states",
        form,
        work,
        lambda done: (ngettext("已登记 %(num)s 人。", "已登记 %(num)s 人。", done), "success"),
    )


@bp.post("/exams/<id:exam_id>/candidates/shift")
@needs("exam.manage")
def shift(exam_id):
    form = ShiftForm()

    def work() -> int:
        people = [candidate_id for candidate_id, _user_id in _named(exam_id, form)]
        opens_at, reason = form.opens_at.data, form.reason.data or ""
        done = shift_starts(exam_id, people, opens_at or 0, by=current_user, reason=reason, now=arrived_at())
        if not done and opens_at is None:
            raise Invalid.at("opens_at", "no_shift_to_end")
        return done

    def told(done: int) -> tuple[str, str]:
        if not done:
            return _("没有更改：这些考生的开考时间和理由本来就是这样。"), "info"
        # Nobody knows of a draft; the notice of its publication tells everybody the own times.
        if queries.read_exam(db.session(), exam_id, current_user).state == "draft":
            return ngettext("已更改 %(num)s 人的开考时间。", "已更改 %(num)s 人的开考时间。", done), "success"
        text = ngettext(
            "已更改 %(num)s 人的开考时间，并通知了本人。", "已更改 %(num)s 人的开考时间，并通知了本人。", done
        )
        return text, "success"

    return _answer(exam_id, "shift", form, work, told)


@bp.post("/exams/<id:exam_id>/candidates/minutes")
@needs("exam.manage")
def minutes(exam_id):
    form = MinutesForm()

    def work() -> int:
        people = [candidate_id for candidate_id, _user_id in _named(exam_id, form)]
        more, reason = form.minutes.data, form.reason.data or ""
        done = extend_named(exam_id, people, more, by=current_user, reason=reason, now=arrived_at())
        if not done:
            raise Invalid.at("minutes", "no_minutes_to_take_back")
        return done

    def told(done: int) -> tuple[str, str]:
        if form.takes_back():
            return ngettext("已收回 %(num)s 人的延长时间。", "已收回 %(num)s 人的延长时间。", done), "success"
        n = form.minutes.data
        return ngettext("已为 %(num)s 人延长 %(n)s 分钟。", "已为 %(num)s 人延长 %(n)s 分钟。", done, n=n), "success"

    return _answer(exam_id, "minutes", form, work, told)


def _answer(
    exam_id: int, dialog: str, form: NamesForm, work: Callable[[], int], told: Callable[[int], tuple[str, str]]
) -> Response | tuple[str, int]:
    """Do what a dialog asks for and go back to the list; what keeps it from being done is told in the dialog.

    ``told`` gives the sentence and its category for what ``work`` returns.
    """
    queries.read_exam(db.session(), exam_id, current_user, permission="exam.manage")
    end_read()
    if form.sent():
        try:
            done = work()
        except Refused as refusal:
            if refusal.status in (403, 404):
                raise
            form.blame(refusal)
        else:
            flash(*told(done))
            return redirect(_list(exam_id), 303)
    elif isinstance(form, ListForm):
        # Who is unknown is told at once with whatever else is wrong.
        try:
            _named(exam_id, form)
        except Invalid as refusal:
            form.blame(refusal)
    return roster(exam_id, dialog, form), 422


def _named(exam_id: int, form: ListForm) -> list[tuple[int, int]]:
    """Return (candidate id, user id) of the people named. Raises ``Invalid`` for whoever of them is no candidate."""
    wanted = form.named()
    known = queries.candidates_by_username(db.session(), exam_id, wanted)
    end_read()
    problems = [
        FieldProblem(f"usernames.{place}", "not_on_list", {"value": name[:64]})
        for place, name in enumerate(wanted)
        if name not in known
    ]
    if problems:
        raise Invalid(problems)
    return [known[one] for one in wanted]


def _naming(*, empty: bool = False) -> WordsForm:
    form = WordsForm(empty=empty)
    form.units.choices = []
    return form


def _kept() -> dict[str, str]:
    """Return what of the address says which part of the list is shown."""
    return {name: request.args[name] for name in FILTERS if request.args.get(name)}


def _list(exam_id: int) -> str:
    return url_for("exams.candidates", exam_id=exam_id, **_kept())
