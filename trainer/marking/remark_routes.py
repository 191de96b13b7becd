"""The page on which an answer that was appealed about is judged anew. It tells nothing of whose answer it is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from trainer.competitions.supposing import Move, Supposed, places_if
from trainer.core.database import db, end_read
from trainer.core.errors import Invalid, Refused
from trainer.exams.models import Exam
from trainer.marking.forms import read_points
from trainer.marking.queries.effects import Effect, preview_remark
from trainer.marking.queries.remarks import JudgedAnswer, answer_of_appeal, demand_remark
from trainer.marking.queries.work import shown_item
from trainer.marking.remarking import RemarkSpec, demand_open_to, propose_remark
from trainer.marking.repairing import REASON_MOST
from trainer.marking.rules.rubric import COMMENT_MOST
from trainer.papers.rules.scoring import total_points
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.sentences import sentence

bp = Blueprint("remarks", __name__)

MANAGE = "exam.manage"


@dataclass(frozen=True)
class Moved:
    """What would move on one board: the candidate's own place, None where it stays, and how many places besides."""

    board: Supposed
    own: Move | None
    others: int


@dataclass(frozen=True)
class RemarkSeen:
    """What other points for one answer would do. ``effect`` is None where nothing of the result changes."""

    before: Decimal
    after: Decimal
    effect: Effect | None
    hours: Decimal
    boards: tuple[Moved, ...]


@bp.route("/appeals/<id:appeal_id>/remark", methods=["GET", "POST"])
@needs(MANAGE)
def create(appeal_id):
    session, now = db.session(), arrived_at()
    appeal, exam = demand_open_to(session, appeal_id, by=current_user, now=now)
    if appeal.state != "lodged" and request.method == "GET":
        flash(_("这件申诉已经处理。"), "info")
        return redirect(url_for("repairs.index", exam_id=exam.id), 303)
    answer = answer_of_appeal(session, appeal_id)
    item = shown_item(session, answer.key)
    texts = _typed(answer, len(item.lines))
    comment, reason = (request.form.get(name, "").replace("\x00", "") for name in ("comment", "reason"))
    end_read()
    errors, refused, seen = {}, None, None
    if request.method == "POST":
        try:
            lines = read_points(texts)
            if "look" in request.form:
                seen = remark_seen(db.session(), answer, lines)
            else:
                spec = RemarkSpec(lines, comment, reason)
                repair_id = propose_remark(appeal_id, spec, by=current_user, now=now)
                flash(_("改判已提出，等待另一位人员签发。"), "success")
                return redirect(url_for("repairs.show", repair_id=repair_id), 303)
        except Refused as refusal:
            if refusal.status in (403, 404):
                raise
            errors, refused = _told(refusal)
        finally:
            end_read()
    page = render_template(
        "repairs/remark.html",
        exam=exam,
        appeal=appeal,
        answer=answer,
        item=item,
        values=texts,
        comment=comment,
        reason=reason,
        comment_most=COMMENT_MOST,
        reason_most=REASON_MOST,
        errors=errors,
        refused=refused,
        seen=seen,
    )
    return page, 422 if errors or refused else 200


@bp.post("/appeals/<id:appeal_id>/remark/look")
@needs(MANAGE)
def look(appeal_id):
    """Give what the points would do as a fragment, for the page that shows it while somebody is giving them."""
    session = db.session()
    demand_open_to(session, appeal_id, by=current_user, now=arrived_at())
    answer = answer_of_appeal(session, appeal_id)
    try:
        lines = read_points(_typed(answer, len(shown_item(session, answer.key).lines)))
        seen = remark_seen(session, answer, lines)
    except Refused as refusal:
        if refusal.status in (403, 404):
            raise
        errors, refused = _told(refusal)
        problems = {"": [*dict.fromkeys([*errors.values(), *([refused] if refused else [])])]}
        return render_template("repairs/_not_seen.html", problems=problems), 422
    finally:
        end_read()
    return render_template("repairs/_remark_seen.html", seen=seen)


def remark_seen(session: Session, answer: JudgedAnswer, lines: list[Decimal]) -> RemarkSeen:
    """Return what new points by line would do to the candidate; raises as ``demand_remark``."""
    task = demand_remark(session, answer.exam_id, answer.task_id, lines)
    points = total_points(lines)
    found = preview_remark(session, session.get_one(Exam, answer.exam_id), task, points)
    effect = next((one for one in found.effects if one.attempt_id == task.attempt_id), None)
    boards = []
    for board in places_if(session, answer.exam_id, found.supposed) if effect else ():
        own = next((one for one in board.moves if one.by == "individual" and one.key == effect.user_id), None)
        boards.append(Moved(board, own, len(board.moves) - (own is not None)))
    hours = sum((one.hours for one in found.effects), Decimal("0.00"))
    return RemarkSeen(answer.points, points, effect, hours, tuple(boards))


def _typed(answer: JudgedAnswer, count: int) -> list[str]:
    """Return what was typed by line, or before that the points that stand, where one person decided them."""
    if request.method == "POST":
        return [request.form.get(f"lines-{place}", "").strip().replace("\x00", "") for place in range(count)]
    if len(answer.given) != 1:
        return [""] * count
    return [f"{one.normalize():f}" for one in answer.given[0]]


def _told(refusal: Refused) -> tuple[dict[str, str], str | None]:
    """Return the sentences of a refusal by field, and the one that belongs to none."""
    problems = refusal.problems if isinstance(refusal, Invalid) else []
    errors: dict[str, Any] = {one.field: sentence(one.code, one.params) for one in problems}
    return errors, None if errors else sentence(refusal.code, refusal.params)
