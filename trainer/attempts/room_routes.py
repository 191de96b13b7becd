"""What an invigilator does to a room (minutes, the signal that opens it), and for one candidate besides time."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from trainer.attempts import desk, desk_queries, queries
from trainer.attempts.extend import extend_many
from trainer.attempts.forms import ForceForm, RoomForm
from trainer.core.database import db, end_read
from trainer.core.errors import Refused
from trainer.exams.sittings import give_signal
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.locale import local_time
from trainer.web.sentences import sentence

bp = Blueprint("rooms", __name__)


@bp.post("/exams/<id:exam_id>/watch/extend")
@needs("exam.watch")
def extend(exam_id):
    queries.exam_to_watch(db.session(), exam_id, current_user)
    end_read()
    form = RoomForm()
    if not form.sent():
        return _back(exam_id, _("没有补时：请填写分钟数和理由。"), "danger")
    try:
        people = extend_many(
            exam_id,
            form.sitting.data or None,
            minutes=form.minutes.data,
            by=current_user.id,
            reason=form.reason.data,
            now=arrived_at(),
        )
    except Refused as refusal:
        return _refused(exam_id, refusal)
    return _back(exam_id, _("已为 %(people)s 人延长 %(n)s 分钟。", people=people, n=form.minutes.data))


@bp.post("/exams/<id:exam_id>/watch/sittings/<id:sitting_id>/signal")
@needs("exam.watch")
def signal(exam_id, sitting_id):
    try:
        opens_at = give_signal(exam_id, sitting_id, by=current_user, now=arrived_at())
    except Refused as refusal:
        return _refused(exam_id, refusal)
    moment = local_time(opens_at, seconds=True)
    return _back(exam_id, _("已发令，%(time)s 开考，考生的等候页会自动打开试卷。", time=moment))


@bp.post("/exams/<id:exam_id>/watch/<id:candidate_id>/again")
@needs("exam.watch")
def allow_again(exam_id, candidate_id):
    return _for_one(exam_id, candidate_id, desk.allow_again, _l("已允许%(name)s再考一次。"))


@bp.post("/exams/<id:exam_id>/watch/<id:candidate_id>/take-over")
@needs("exam.watch")
def take_over(exam_id, candidate_id):
    return _for_one(exam_id, candidate_id, desk.take_over, _l("已停止原设备，%(name)s重新登录后可以继续作答。"))


def _for_one(exam_id: int, candidate_id: int, verb: Any, done: Any) -> Any:
    queries.exam_to_watch(db.session(), exam_id, current_user)
    name = desk_queries.desk(db.session(), exam_id, candidate_id).name
    end_read()
    form = ForceForm()
    if not form.sent():
        return _back(exam_id, _("没有保存，请写明理由。"), "danger")
    try:
        verb(exam_id, candidate_id, by=current_user.id, reason=form.reason.data, now=arrived_at())
    except Refused as refusal:
        return _refused(exam_id, refusal)
    return _back(exam_id, str(done) % {"name": name})


def _refused(exam_id: int, refusal: Refused) -> Any:
    if refusal.status in (403, 404):
        raise refusal
    return _back(exam_id, sentence(refusal.code, refusal.params), "danger")


def _back(exam_id: int, told: str, kind: str = "success") -> Any:
    flash(told, kind)
    return redirect(url_for("attempts.watch", exam_id=exam_id), 303)
