"""The class desk: clerks enter classes with their rolls, unit heads confirm them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user

from trainer.accounts.rules import Person
from trainer.core.clock import local_day
from trainer.core.database import db
from trainer.core.errors import Conflict, Invalid, Refused
from trainer.orgs.rules import Scope
from trainer.training import queries, service
from trainer.training.forms import KINDS, ClassForm, ReasonForm
from trainer.training.models import CLASS_STATES
from trainer.training.rules import EDITABLE, may_decide
from trainer.training.service import ClassEntry, Roll
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.home import Task, offer_tasks
from trainer.web.locale import decimal_text, local_date, zone
from trainer.web.menu import offer
from trainer.web.sentences import sentence
from trainer.web.view import LARGEST_ID, asked_page, asked_text, paged

bp = Blueprint("training", __name__, url_prefix="/training")


@bp.get("")
@needs("class.view")
def index():
    session, scope = db.session(), current_user.scope("class.view")
    state = asked_text("state")
    search = asked_text("q")
    page = paged(session, queries.classes(scope, state=state, search=search), *asked_page())
    return render_template(
        "training/list.html",
        page=page,
        state=state if state in CLASS_STATES else "",
        search=search,
        counts=queries.count_states(session, scope),
        kinds=KINDS,
        may_enter=current_user.may("class.manage"),
    )


@bp.get("/<id:class_id>")
@needs("class.view")
def show(class_id):
    return _page(class_id, ReasonForm())


def _page(class_id, form, status=200):
    found = queries.class_view(db.session(), current_user.scope("class.view"), class_id)
    path, state = found.unit.path, found.row.state
    manages = current_user.scope("class.manage").holds_whole(path)
    confirms = current_user.scope("class.confirm").holds_whole(path)
    other = may_decide(current_user.id, found.row.entered_by)
    can = {
        "edit": manages and state in EDITABLE,
        "decide": confirms and other and state == "submitted",
        "withdraw": confirms and other and state == "confirmed",
        "own": confirms and not other and state == "submitted",
        "recall": manages and state == "submitted" and found.row.entered_by == current_user.id,
    }
    beyond = queries.crowded(db.session(), found.row) if can["decide"] else []
    crowded = [(one, _("、").join(_("《%(title)s》", title=other.title) for other in one.others)) for one in beyond]
    return render_template("training/show.html", found=found, kinds=KINDS, can=can, form=form, crowded=crowded), status


@bp.route("/new", methods=["GET", "POST"])
@needs("class.manage")
def new():
    return _edit(None)


@bp.route("/<id:class_id>/edit", methods=["GET", "POST"])
@needs("class.manage")
def edit(class_id):
    session, scope = db.session(), current_user.scope("class.manage")
    row, _unit = queries.class_in(session, scope, class_id)
    if row.state not in EDITABLE:
        raise Conflict("class_not_editable")
    return _edit(row)


def _edit(row):
    session, scope = db.session(), current_user.scope("class.manage")
    units = [(unit.id, unit.name) for unit in queries.units_to_enter_for(session, scope)]
    form = ClassForm(units, obj=row)
    status = 200
    if form.sent():
        try:
            class_id = _keep(row.id if row else None, form)
        except Refused as refusal:
            form.blame(refusal)
            status = refusal.status
        else:
            handed_in = _hands_in()
            flash(_("已提交，等待单位负责人确认。") if handed_in else _("已保存草稿。"), "success")
            return redirect(url_for("training.show" if handed_in else "training.edit", class_id=class_id), 303)
    elif request.method == "POST":
        _say_the_rest(form, row)
        status = 422
    return _form_page(form, row, scope), status


def _say_the_rest(form: ClassForm, row) -> None:
    """Say what else is wrong beside the fields without a readable value, so that nobody is told in instalments."""
    found = service.problems_of(
        row.id if row else None, _entry(form), _roll(form), by=current_user, now=arrived_at(), hand_in=_hands_in()
    )
    rest = [one for one in found if one.field not in form.errors]
    if rest:
        form.blame(Invalid(rest))


def _hands_in() -> bool:
    return request.form.get("action") == "submit"


def _entry(form: ClassForm) -> ClassEntry:
    return ClassEntry(
        unit_id=form.unit_id.data,
        title=form.title.data,
        kind=form.kind.data,
        held_on=form.held_on.data,
        days=form.days.data,
        hours=form.hours.data,
        place=form.place.data,
        evidence=form.evidence.data,
    )


def _roll(form: ClassForm) -> Roll:
    present, listed = _ticked("present"), _ticked("listed")
    return Roll(frozenset((present | listed) - _ticked("removed")), frozenset(present), form.pasted.data or "")


def _keep(class_id: int | None, form: ClassForm) -> int:
    entry, roll = _entry(form), _roll(form)
    by, now = current_user, arrived_at()
    if class_id is None:
        return service.enter(entry, roll, by=by, now=now, hand_in=_hands_in())
    service.change(class_id, entry, roll, by=by, now=now, hand_in=_hands_in())
    return class_id


def _ticked(name: str) -> set[int]:
    """Return the ids ticked under ``name``; what no table can hold is left out."""
    found = request.form.getlist(name)
    return {int(one) for one in found if one.isascii() and one.isdigit() and len(one) < 20 and int(one) <= LARGEST_ID}


def _form_page(form: ClassForm, row, scope: Scope):
    session = db.session()
    lines = queries.roll_of(session, row) if row else []
    listed = {line.user_id for line in lines}
    present = {line.user_id for line in lines if line.present}
    if request.method == "POST":
        # An id in a form is a claim: who is neither on the roll nor in scope is not named to the caller.
        ticked = _ticked("present")
        present = (ticked & listed) | queries.officers_by_id(session, scope, sorted(ticked - listed))
    people = queries.officers_to_pick(session, scope, listed | present)
    return render_template(
        "training/edit.html",
        form=form,
        row=row,
        people=people,
        listed=listed,
        present=present,
        removed=_ticked("removed") if request.method == "POST" else set(),
        most=queries.PICK_MOST,
    )


@bp.post("/<id:class_id>/submit")
@needs("class.manage")
def submit(class_id):
    try:
        service.submit(class_id, by=current_user, now=arrived_at())
    except Refused as refusal:
        if not getattr(refusal, "problems", None):
            raise
        for problem in refusal.problems:
            flash(sentence(problem.code, problem.params), "warning")
        return redirect(url_for("training.edit", class_id=class_id), 303)
    flash(_("已提交，等待单位负责人确认。"), "success")
    return redirect(url_for("training.show", class_id=class_id), 303)


@bp.post("/<id:class_id>/discard")
@needs("class.manage")
def discard(class_id):
    service.discard(class_id, by=current_user)
    flash(_("草稿已删除。"), "success")
    return redirect(url_for("training.index"), 303)


@bp.post("/<id:class_id>/recall")
@needs("class.manage")
def recall(class_id):
    service.recall(class_id, by=current_user)
    flash(_("已撤回为草稿，修改后请重新提交。"), "success")
    return redirect(url_for("training.edit", class_id=class_id), 303)


@bp.post("/<id:class_id>/confirm")
@needs("class.confirm")
def confirm(class_id):
    checked = request.form.get("checked") == "yes"
    try:
        count = service.confirm(class_id, by=current_user, now=arrived_at(), checked=checked)
    except Conflict as refusal:
        if refusal.code != "class_days_crowded":
            raise
        flash(sentence(refusal.code, refusal.params), "danger")
        return redirect(url_for("training.show", class_id=class_id), 303)
    flash(ngettext("已确认，%(num)s 人的学时已入账。", "已确认，%(num)s 人的学时已入账。", count), "success")
    return redirect(url_for("training.show", class_id=class_id), 303)


@bp.post("/<id:class_id>/reject")
@needs("class.confirm")
def reject(class_id):
    return _with_reason(
        class_id,
        lambda reason: service.reject(class_id, reason, by=current_user, now=arrived_at()),
        _("已退回登记人。"),
    )


@bp.post("/<id:class_id>/withdraw")
@needs("class.confirm")
def withdraw(class_id):
    only = None if request.form.get("whom") == "all" else _ticked("people")

    def act(reason):
        if only is not None and not only:
            raise Invalid.at("people", "nobody_chosen")
        service.withdraw(class_id, reason, by=current_user, now=arrived_at(), user_ids=only)

    return _with_reason(class_id, act, _("学时已撤回，原记录保留，另记更正。"))


def _with_reason(class_id, act, said):
    form = ReasonForm()
    if not form.sent():
        return _page(class_id, form, 422)
    try:
        act(form.reason.data)
    except Refused as refusal:
        if not getattr(refusal, "problems", None):
            raise
        form.blame(refusal)
        return _page(class_id, form, refusal.status)
    flash(said, "success")
    return redirect(url_for("training.show", class_id=class_id), 303)


def _clerk_tasks(person: Person, now: datetime) -> Iterable[Task]:
    today = local_day(now, zone())
    for row in queries.waiting_for_clerk(db.session(), person.scope("class.manage"), person.id):
        if row.state == "draft" and row.held_on > today:
            continue
        rejected = row.state == "rejected"
        yield Task(
            title=_("修改被退回的培训班《%(title)s》", title=row.title)
            if rejected
            else _("提交培训班《%(title)s》", title=row.title),
            url=url_for("training.edit", class_id=row.id),
            icon="edit" if rejected else "send",
            note=row.reason if rejected else local_date(row.held_on),
            action=_("去修改") if rejected else _("去提交"),
            urgency=1 if rejected else 2,
        )


def _head_tasks(person: Person, now: datetime) -> Iterable[Task]:
    for row in queries.waiting_for_head(db.session(), person.scope("class.confirm"), person.id):
        yield Task(
            title=_("确认培训班《%(title)s》", title=row.title),
            url=url_for("training.show", class_id=row.id),
            icon="clipboard-check",
            note=_("%(day)s · %(hours)s 学时", day=local_date(row.held_on), hours=decimal_text(row.hours)),
            action=_("去确认"),
            urgency=1,
        )


def register(app: Flask) -> None:
    """Offer the desk in the menu, and what waits there on the home page."""
    offer(_l("培训班"), "training.index", icon="school", permission="class.view", order=50)
    offer_tasks("classes to hand in", _clerk_tasks, permission="class.manage")
    offer_tasks("classes to confirm", _head_tasks, permission="class.confirm")
