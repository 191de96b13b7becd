"""The pages of whoever runs an exam about its items: appeals that wait, repairs proposed, previewed, signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import select

from trainer.accounts.models import User
from trainer.accounts.rules import Person
from trainer.bank.rules.rich import html_of
from trainer.bank.wording import FOUND, found_text
from trainer.competitions.supposing import places_if
from trainer.core.database import db, end_read
from trainer.core.errors import FieldProblem, Invalid, Missing, Refused
from trainer.exams.models import Candidate, Exam
from trainer.exams.queries import ExamLine, read_exam
from trainer.marking.appealing import reject, set_appeal_days
from trainer.marking.grading import Place
from trainer.marking.jobs import regrade_and_spread
from trainer.marking.queries import appeals, repairs
from trainer.marking.queries.appeals import AppealLine
from trainer.marking.queries.effects import preview
from trainer.marking.queries.remarks import answer_of_repair
from trainer.marking.queries.work import shown_item
from trainer.marking.remark_routes import remark_seen
from trainer.marking.repair_forms import read_ids, read_remedy
from trainer.marking.repairing import (
    MayNotDecide,
    RepairSpec,
    RepairTooEarly,
    demand_exam,
    demand_keys,
    demand_remedy,
    is_candidate,
    propose,
    why_not_sign,
)
from trainer.marking.repairing import sign as sign_repair
from trainer.marking.repairing import withdraw as withdraw_repair
from trainer.marking.rules.appealing import ANSWER_MOST, DAYS_MOST
from trainer.marking.rules.regrade import Remedy, remedies_for
from trainer.marking.wording import REMEDY_EFFECTS, REMEDY_NAMES, answer_told
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.home import Task, offer_tasks
from trainer.web.locale import number
from trainer.web.menu import offer
from trainer.web.sentences import SENTENCES, sentence
from trainer.web.view import Page, asked_id, asked_page, paged

bp = Blueprint("repairs", __name__)

MANAGE = "exam.manage"
SHOWN = 50
# What is decided about one item is decided on one page; a page of all items stops somewhere, and says so.
LISTED = 500


@dataclass(frozen=True)
class NotRejected:
    """A rejection that was refused: what was ticked and typed for the appeals of which item, and what is wrong."""

    place: Place
    ticked: list[int]
    answer: str
    problems: dict[str, list[str]]


@bp.get("/exams/<id:exam_id>/repairs")
@needs(MANAGE)
def index(exam_id):
    return _index(exam_id)


def _index(exam_id: int, refused: NotRejected | None = None) -> Any:
    """Return the page of an exam's repairs, with a rejection that was refused still in its form."""
    session, now = db.session(), arrived_at()
    exam = read_exam(session, exam_id, current_user, permission=MANAGE)
    open_now = _is_open(exam_id, now)
    items = repairs.items_of_exam(session, exam_id) if open_now else []
    waiting, cut = _listed(exam_id)
    found = repairs.repairs_of(session, exam_id)
    days = session.get_one(Exam, exam_id).appeal_days
    sits = bool(waiting) and is_candidate(session, exam_id, current_user)
    end_read()
    groups = [(place, group) for (_exam, place), group in waiting.items()]
    page = render_template(
        "repairs/index.html",
        exam=exam,
        open_now=open_now,
        items=items,
        lines={one.place: one for one in items},
        waiting=groups,
        # Of another place than the appeals that wait still: nothing is left there to correct, but it is to be told.
        refused=refused,
        refused_elsewhere=refused is not None and refused.place not in [place for place, _group in groups],
        sits=sits,
        sentence=sentence,
        cut=cut,
        repairs=found,
        days=days,
        days_most=DAYS_MOST,
        answer_most=ANSWER_MOST,
        **_words(),
    )
    return page, 422 if refused else 200


@bp.post("/exams/<id:exam_id>/repairs/appeal-days")
@needs(MANAGE)
def appeal_days(exam_id):
    days = request.form.get("days", -1, type=int)
    if _done(lambda: set_appeal_days(exam_id, days, by=current_user)):
        flash(_("申诉期限已设为 %(n)s 个工作日。", n=days) if days else _("这场考试不再受理申诉。"), "success")
    return redirect(url_for("repairs.index", exam_id=exam_id), 303)


@bp.route("/exams/<id:exam_id>/items/<place>/repair", methods=["GET", "POST"])
@needs(MANAGE)
def create(exam_id, place):
    session, now = db.session(), arrived_at()
    exam = demand_exam(session, exam_id, current_user, now)
    line = repairs.item_of_exam(session, exam_id, repairs.parse_place(place))
    waiting = appeals.appeals_of(session, current_user, exam_id=exam_id, place=line.place)
    end_read()
    remedy, problems, seen = Remedy(""), {}, None
    if request.method == "POST":
        remedy = read_remedy(line.item, request.form)
        reason = request.form.get("reason", "").replace("\x00", "")
        ids = read_ids(request.form, "appeals")
        try:
            if "look" in request.form:
                seen = _seen(exam_id, line.place, remedy)
            else:
                spec = RepairSpec(line.place, remedy, reason)
                repair_id = propose(exam_id, spec, by=current_user, now=now, appeal_ids=ids)
                flash(_("更正已提出，等待另一位人员签发。"), "success")
                return redirect(url_for("repairs.show", repair_id=repair_id), 303)
        except Refused as refusal:
            problems = _told(refusal)
            if "look" not in request.form and not reason.strip():
                # The verb names the first thing that is missing; who types hears of both at once.
                problems.setdefault("reason", [sentence("required")])
    page = render_template(
        "repairs/create.html",
        exam=exam,
        line=line,
        html=html_of(line.item, line.item.stem),
        remedy=remedy,
        remedies=remedies_for(line.item),
        waiting=waiting,
        ticked=read_ids(request.form, "appeals") if request.method == "POST" else [one.id for one in waiting],
        reason=request.form.get("reason", ""),
        problems=problems,
        seen=seen,
        sentence=sentence,
        **_words(),
    )
    return page, 422 if problems else 200


@bp.post("/exams/<id:exam_id>/items/<place>/repair/look")
@needs(MANAGE)
def look(exam_id, place):
    """Give what a repair would do as a fragment, for the page that shows it while somebody is choosing."""
    session = db.session()
    exam = demand_exam(session, exam_id, current_user, arrived_at())
    line = repairs.item_of_exam(session, exam_id, repairs.parse_place(place))
    try:
        seen = _seen(exam_id, line.place, read_remedy(line.item, request.form))
    except Refused as refusal:
        return render_template("repairs/_not_seen.html", problems=_told(refusal)), 422
    finally:
        end_read()
    return render_template("repairs/_seen.html", exam=exam, seen=seen, **_words())


@bp.get("/repairs/<id:repair_id>")
@needs(MANAGE)
def show(repair_id):
    session, now = db.session(), arrived_at()
    repair = repairs.read_repair(session, repair_id, current_user)
    exam = read_exam(session, repair.exam_id, current_user, permission=MANAGE)
    demand_keys(session, exam, current_user, now)
    if repair.lines is not None:
        return _show_remark(repair, exam, now)
    line = repairs.item_of_exam(session, repair.exam_id, repair.place)
    why_not = why_not_sign(session, repair_id, current_user) if repair.state == "proposed" else ""
    seen, problems = None, {}
    if repair.state == "proposed":
        try:
            demand_exam(session, repair.exam_id, current_user, now)
            page, per_page = asked_page(100)
            seen = _seen(repair.exam_id, repair.place, Remedy(repair.remedy, repair.answer), (page, per_page))
        except Refused as refusal:
            problems = _told(refusal)
    taken = appeals.appeals_of(
        session,
        current_user,
        exam_id=repair.exam_id,
        place=repair.place,
        states=("taken_up", "upheld"),
    )
    changed = None
    if repair.state == "published":
        changed = paged(session, repairs.changed_people(repair_id), *asked_page(100))
    end_read()
    return render_template(
        "repairs/show.html",
        exam=exam,
        repair=repair,
        changed=changed,
        line=line,
        html=html_of(line.item, line.item.stem),
        taken=[one for one in taken if one.repair_id == repair_id],
        seen=seen,
        problems=problems,
        own=repair.proposer_id == current_user.id,
        why_not=why_not,
        sentence=sentence,
        **_words(),
    )


@bp.get("/exams/<id:exam_id>/candidates/<id:user_id>/former-results")
@needs(MANAGE)
def former(exam_id, user_id):
    session = db.session()
    exam = read_exam(session, exam_id, current_user, permission=MANAGE)
    demand_keys(session, exam, current_user, arrived_at())
    of_exam = select(User).join(Candidate, Candidate.user_id == User.id)
    person = session.scalar(of_exam.where(Candidate.exam_id == exam_id, User.id == user_id))
    if person is None:
        raise Missing
    found = repairs.former_results(session, exam_id, user_id)
    end_read()
    return render_template("repairs/former.html", exam=exam, person=person, found=found, remedy_names=REMEDY_NAMES)


def _show_remark(repair: repairs.RepairLine, exam: ExamLine, now: datetime) -> str:
    """Return the page of a repair that judges one answer anew: it tells nothing of whose answer it is."""
    session = db.session()
    answer = answer_of_repair(session, repair.id)
    item = shown_item(session, answer.key)
    why_not = why_not_sign(session, repair.id, current_user) if repair.state == "proposed" else ""
    seen, problems = None, {}
    if repair.state == "proposed":
        try:
            demand_exam(session, exam.id, current_user, now)
            seen = remark_seen(session, answer, list(repair.lines or ()))
        except Refused as refusal:
            problems = _told(refusal)
    taken = appeals.appeals_of(
        session, current_user, exam_id=exam.id, place=repair.place, states=("taken_up", "upheld")
    )
    end_read()
    return render_template(
        "repairs/show_remark.html",
        exam=exam,
        repair=repair,
        answer=answer,
        item=item,
        appeal=next((one for one in taken if one.repair_id == repair.id), None),
        seen=seen,
        problems=problems,
        own=repair.proposer_id == current_user.id,
        why_not=why_not,
        sentence=sentence,
    )


@bp.post("/repairs/<id:repair_id>/sign")
@needs(MANAGE)
def sign(repair_id):
    now = arrived_at()
    made = _done(lambda: sign_repair(repair_id, by=current_user, now=now))
    if made:
        changed = len(regrade_and_spread(made.exam_id, now))
        if made.first:
            told = ngettext(
                "更正已签发，%(num)s 份成绩有变化，考生会收到通知。",
                "更正已签发，%(num)s 份成绩有变化，考生会收到通知。",
                changed,
            )
            flash(told, "success")
        else:
            flash(_("这项更正此前已经签发，没有变化。"), "info")
    return redirect(url_for("repairs.show", repair_id=repair_id), 303)


@bp.post("/repairs/<id:repair_id>/withdraw")
@needs(MANAGE)
def withdraw(repair_id):
    def work() -> bool:
        withdraw_repair(repair_id, by=current_user, now=arrived_at())
        return True

    if _done(work):
        flash(_("更正已撤回，没有任何成绩改变。"), "success")
    return redirect(url_for("repairs.show", repair_id=repair_id), 303)


@bp.route("/exams/<id:exam_id>/appeals/reject", methods=["GET", "POST"])
@needs(MANAGE)
def reject_appeals(exam_id):
    if request.method == "POST":
        ids, answer = read_ids(request.form, "appeals"), request.form.get("answer", "").replace("\x00", "")
        try:
            count = reject(exam_id, ids, answer, by=current_user, now=arrived_at())
        except Refused as refusal:
            problems = _told(refusal)
            if not ids:
                problems["appeals"] = [_("请至少勾选一件申诉。")]
            place = repairs.parse_place(request.form.get("item", "0-0"))
            return _index(exam_id, NotRejected(place, ids, answer, problems))
        flash(ngettext("已驳回 %(num)s 件申诉。", "已驳回 %(num)s 件申诉。", count), "success")
    # Whoever reloads the page of a refused rejection comes back to the list.
    return redirect(url_for("repairs.index", exam_id=exam_id), 303)


@bp.get("/appeals")
@needs(MANAGE)
def every_appeal():
    session = db.session()
    exam_id, done = asked_id("exam"), request.args.get("show") == "done"
    groups, cut = _listed(exam_id, done=done)
    lines = {
        (one, line.place): line
        for one in sorted({exam for exam, _place in groups})
        for line in repairs.items_of_exam(session, one, [place for exam, place in groups if exam == one])
    }
    waiting = appeals.exams_with_open_appeals(session, current_user)
    end_read()
    return render_template(
        "repairs/appeals.html", groups=groups, cut=cut, lines=lines, waiting=waiting, exam_id=exam_id, done=done
    )


def _listed(exam_id: int | None, *, done: bool = False) -> tuple[dict[tuple[int, Place], list[AppealLine]], int]:
    """Return the appeals of a page by item, and how many are listed where there are more of them, else 0.

    Open ones are listed from the oldest, decided ones from the newest.
    """
    states = ("taken_up", "upheld", "rejected") if done else ("lodged",)
    session = db.session()
    found = appeals.appeals_of(session, current_user, exam_id=exam_id, states=states, limit=LISTED + 1, newest=done)
    return appeals.grouped(found[:LISTED]), LISTED if len(found) > LISTED else 0


def _is_open(exam_id: int, now: datetime) -> bool:
    try:
        demand_exam(db.session(), exam_id, current_user, now)
    except (RepairTooEarly, Refused):
        return False
    return True


def _seen(exam_id: int, place: Place, remedy: Remedy, page: tuple[int, int] = (1, SHOWN)) -> dict[str, Any]:
    """Return what a repair would do: everybody concerned, a page of them, and what moves in competitions."""
    session = db.session()
    remedy, _before = demand_remedy(session, exam_id, place, remedy)
    found = preview(session, session.get_one(Exam, exam_id), place, remedy)
    boards = places_if(session, exam_id, found.supposed)
    end_read()
    first = (page[0] - 1) * page[1]
    return {
        "found": found,
        "page": Page(list(found.effects[first : first + page[1]]), page[0], page[1], len(found.effects)),
        "boards": boards,
        "moved": {one.key for board in boards for one in board.moves if one.by == "individual"},
    }


def _told(refusal: Refused) -> dict[str, list[str]]:
    """Return the sentences of a refusal by field, under an empty name what belongs to none; 403 and 404 are raised."""
    if refusal.status == 404 or (refusal.status == 403 and not isinstance(refusal, MayNotDecide)):
        raise refusal
    problems = refusal.problems if isinstance(refusal, Invalid) else []
    found: dict[str, list[str]] = {}
    for one in problems or [FieldProblem("", refusal.code, refusal.params)]:
        known = one.code in SENTENCES or one.code not in FOUND
        text = sentence(one.code, one.params) if known else found_text(one.code, one.params)
        found.setdefault(one.field, []).append(text)
    return found


def _done(work: Any) -> Any:
    """Return what ``work`` returns; a refusal is told on the page that follows, and None comes back."""
    try:
        return work() or True
    except Refused as refusal:
        for texts in _told(refusal).values():
            flash(" ".join(texts), "danger")
        return None


def _words() -> dict[str, Any]:
    return {
        "names": REMEDY_NAMES,
        "effects_of": REMEDY_EFFECTS,
        "answer_told": answer_told,
        "place_name": repairs.place_name,
    }


def _to_decide(person: Person, now: datetime) -> list[Task]:
    found = []
    for what, one_id, title, many, name in repairs.decisions_waiting(db.session(), person):
        if what == "appeals":
            task = Task(
                title=_("处理《%(title)s》的申诉", title=title),
                url=url_for("repairs.index", exam_id=one_id),
                icon="message-report",
                note=_("%(n)s 件申诉等待处理", n=number(many)),
                action=_("去处理"),
                urgency=1,
            )
        else:
            task = Task(
                title=_("签发《%(title)s》的试题更正", title=title),
                url=url_for("repairs.show", repair_id=one_id),
                icon="rubber-stamp",
                note=_("由 %(name)s 提出", name=name),
                action=_("去核对"),
                urgency=1,
            )
        found.append(task)
    return found


def register(app: Flask) -> None:
    """Say on the home page which appeals and repairs wait for a decision, and offer the list of appeals."""
    offer(_l("申诉"), "repairs.every_appeal", icon="message-report", permission=MANAGE, order=32, also=("/repairs",))
    offer_tasks("appeals_to_decide", _to_decide, permission=MANAGE)
