"""The pages of whoever runs the marking of an exam: the plan, how far it is, batches to be marked again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainer.accounts.rules import Person
from trainer.core.database import db, end_read
from trainer.core.errors import Forbidden, Invalid, Refused
from trainer.exams.queries import ExamLine, read_exam
from trainer.marking.forms import PlanForm, ReopenForm
from trainer.marking.jobs import spread
from trainer.marking.planning import save_plan
from trainer.marking.queries import progress, work
from trainer.marking.reopening import reopen_batch
from trainer.marking.rules.rubric import ItemKey, may_begin
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.home import Task, offer_tasks
from trainer.web.locale import number
from trainer.web.sentences import sentence
from trainer.web.view import Page, asked_id, asked_page, paged

bp = Blueprint("marking_manage", __name__)

MANAGE = "exam.manage"


@bp.route("/exams/<id:exam_id>/marking", methods=["GET", "POST"])
@needs(MANAGE)
def show(exam_id):
    session = db.session()
    exam = read_exam(session, exam_id, current_user, permission=MANAGE)
    plan = progress.plan_of(session, exam_id)
    people = progress.possible_markers(session, exam_id, exam.unit_path)
    form = _form(plan, people)
    if form.sent():
        end_read()
        try:
            save_plan(exam_id, form.spec(), by=current_user, now=arrived_at())
        except Refused as refusal:
            if refusal.status in (403, 404):
                raise
            form.blame(refusal)
        else:
            flash(_("阅卷方案已保存。"), "success")
            return redirect(url_for("marking_manage.show", exam_id=exam_id), 303)
    return _page(exam, plan, people, form), (422 if form.errors else 200)


def _form(plan: progress.Plan | None, people: list[progress.PossibleMarker]) -> PlanForm:
    choices = [(one.user_id, f"{one.name}（{one.unit_name}）") for one in people if not one.is_candidate]
    known = {user_id for user_id, _label in choices}
    if plan is None:
        return PlanForm(choices)
    # Who has lost the permission since stays on the list, to be taken out.
    choices += [(user_id, name) for user_id, name in plan.markers.items() if user_id not in known]
    given: dict[str, Any] = {"batch_size": plan.batch_size, "markers": list(plan.markers)}
    given |= {"mode": "double", "tolerance": plan.tolerance} if plan.double else {"mode": "single"}
    return PlanForm(choices, data=given)


def _page(exam: ExamLine, plan: progress.Plan | None, people: list[progress.PossibleMarker], form: PlanForm) -> Any:
    now, session = arrived_at(), db.session()
    found = progress.progress_of(session, exam.id, plan.tolerance if plan else form.spec().tolerance, now)
    end_read()
    return render_template(
        "marking/manage.html",
        exam=exam,
        plan=plan,
        progress=found,
        form=form,
        candidates=[one for one in people if one.is_candidate],
        possible=len(people),
        begun=may_begin(now, release=exam.release, ended_at=exam.ends_at),
        live=exam.state == "published",
    )


@bp.get("/exams/<id:exam_id>/marking/batches")
@needs(MANAGE)
def batches(exam_id):
    session = db.session()
    exam = read_exam(session, exam_id, current_user, permission=MANAGE)
    marker_id, key = asked_id("marker"), ItemKey.parse(request.args.get("item", ""))
    page, per_page = asked_page(50)
    found = paged(session, progress.batches(exam_id, marker_id=marker_id, key=key), page, per_page)
    plan = progress.plan_of(session, exam_id)
    shown = progress.progress_of(session, exam_id, plan.tolerance, arrived_at()) if plan else None
    end_read()
    lines = [progress.batch_line(row) for row in found.items]
    return render_template(
        "marking/batches.html",
        exam=exam,
        page=Page(lines, found.page, found.per_page, found.total),
        items={one.key: one.item for one in shown.items} if shown else {},
        markers={one.marker_id: one.name for group in shown.markers.values() for one in group} if shown else {},
        marker_id=marker_id,
        key=key,
        form=ReopenForm(empty=True),
    )


@bp.get("/exams/<id:exam_id>/marking/batches/<id:batch_id>")
@needs(MANAGE)
def batch(exam_id, batch_id):
    session = db.session()
    exam = read_exam(session, exam_id, current_user, permission=MANAGE)
    found = work.read_batch_of_exam(session, exam_id, batch_id)
    item = work.shown_item(session, found.key)
    end_read()
    form = ReopenForm(empty=True)
    return render_template("marking/checked_batch.html", exam=exam, batch=found, item=item, form=form)


@bp.post("/exams/<id:exam_id>/marking/batches/<id:batch_id>/reopen")
@needs(MANAGE)
def reopen(exam_id, batch_id):
    now, form, position = arrived_at(), ReopenForm(), asked_position()
    back = url_for("marking_manage.batches", exam_id=exam_id)
    if position is not None:
        back = url_for("marking_manage.batch", exam_id=exam_id, batch_id=batch_id)
    if not form.sent():
        flash(_("没有退回：请写明理由，并选择由谁重评。"), "danger")
    else:
        try:
            made = reopen_batch(
                exam_id,
                batch_id,
                to=form.to.data,
                reason=form.reason.data,
                by=current_user,
                now=now,
                position=position,
            )
        except Refused as refusal:
            if refusal.status == 404 or type(refusal) is Forbidden:
                raise
            problems = refusal.problems if isinstance(refusal, Invalid) else []
            told = [sentence(one.code, one.params) for one in problems]
            for text in told or [sentence(refusal.code, refusal.params)]:
                flash(text, "danger")
        else:
            spread(made.changed_attempts, now)
            done = ngettext("%(num)s 份答题将重新评阅。", "%(num)s 份答题将重新评阅。", made.answers)
            flash(done, "success" if made.answers else "info")
    return redirect(back, 303)


def asked_position() -> int | None:
    """Return the answer of a batch that alone is meant, None for the whole of it; what is no number is none of it."""
    given = request.form.get("position", "")
    if not given:
        return None
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 7 else 0


def _to_plan(person: Person, now: datetime) -> list[Task]:
    found = progress.exams_without_markers(db.session(), person.scope(MANAGE), now)
    return [
        Task(
            title=_("为《%(title)s》安排阅卷", title=title),
            url=url_for("marking_manage.show", exam_id=exam_id),
            icon="clipboard-check",
            note=_("%(n)s 份答题需要人工评阅，还没有选阅卷人", n=number(answers)),
            action=_("去安排"),
            urgency=1,
        )
        for exam_id, title, answers in found
    ]


def register(app: Flask) -> None:
    """Say on the home page which exams wait for markers to be chosen."""
    offer_tasks("exams_without_markers", _to_plan, permission=MANAGE)
