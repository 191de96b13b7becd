"""The candidate's pages (my exams, the hall, receipt, result) and the invigilator's board.

The hall itself holds neither paper nor answer: its script gets both over the API, so that there is one door only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm import Session

from trainer.attempts import desk_queries, queries
from trainer.attempts.board import boards, whole
from trainer.attempts.extend import REASON_MOST, extend
from trainer.attempts.forms import ExtendForm, ForceForm
from trainer.attempts.result_view import shown
from trainer.attempts.rules.phase import HANDED_IN, RESUMABLE, STARTABLE, UPCOMING
from trainer.attempts.rules.timing import minutes_left
from trainer.attempts.slip import slip_of
from trainer.attempts.submit import force_submit
from trainer.attempts.wording import INCIDENT_NAMES
from trainer.competitions.places import own_places
from trainer.config import documents_key
from trainer.core.database import db, end_read
from trainer.core.errors import Conflict, Forbidden, Refused
from trainer.exams.rules import EXTRA_MINUTES_MOST, draw_is_public, spread_seconds
from trainer.laws.queries import cited_articles
from trainer.marking import queries as marks
from trainer.marking.jobs import settle_and_spread
from trainer.marking.queries.appeals import appeals_until, own_appeals
from trainer.marking.rules import may_see_result, profile
from trainer.marking.rules.appealing import REASON_MOST as APPEAL_MOST
from trainer.marking.wording import REMEDY_NAMES
from trainer.papers.queries import commitments_of
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.home import Task, offer_tasks
from trainer.web.locale import decimal_text, is_english, local_time, zone
from trainer.web.menu import offer
from trainer.web.packing import pack, takes_gzip
from trainer.web.sentences import sentence

bp = Blueprint("attempts", __name__)

BOARD_EVERY_SECONDS = 5
# The page hands in as its clock reaches the end, and that clock is ahead by what the line takes.
BY_PAGE = timedelta(seconds=2)


# --- the candidate


@bp.get("/exams/mine")
@needs("attempt.own")
def mine():
    now = arrived_at()
    only = None if current_user.ticket_exam_id is None else [current_user.ticket_exam_id]
    found = queries.own_exams(db.session(), current_user.id, only)
    scores = _scores(found, now)
    unseen = [one.id for exam in found for one in exam.attempts if one.state == "submitted" and one.id not in scores]
    waits = marks.waiting_answers(db.session(), unseen)
    end_read()
    groups: dict[str, list[Any]] = {"now": [], "upcoming": [], "past": []}
    for exam in found:
        phase = exam.phase(now)
        group = {RESUMABLE: "now", STARTABLE: "now", UPCOMING: "upcoming"}.get(phase, "past")
        so_far = said_so_far(exam, scores, now)
        groups[group].append({"exam": exam, "phase": phase, "release": release_sentence(exam), "so_far": so_far})
    groups["now"].sort(key=lambda row: row["exam"].closes_at)
    groups["upcoming"].sort(key=lambda row: row["exam"].opens_at)
    return render_template("attempts/mine.html", groups=groups, scores=scores, waits=waits, now=now)


@bp.get("/exams/<id:exam_id>/hall")
@needs("attempt.own")
def hall(exam_id):
    now = arrived_at()
    _demand_ticket(exam_id)
    cancelled = queries.own_cancelled_exam(db.session(), exam_id, current_user.id)
    if cancelled:
        return render_template("attempts/cancelled.html", exam=cancelled)
    exam = queries.own_exam(db.session(), exam_id, current_user.id)
    so_far = said_so_far(exam, _scores([exam], now), now)
    promises = commitments_of(db.session(), exam.blueprint_id)
    end_read()
    phase = exam.phase(now)
    if phase == HANDED_IN:
        return redirect(url_for("attempts.receipt", attempt_id=exam.latest.id))
    opens_in = max(0, int((exam.opens_at - now).total_seconds()) + 1)
    settings = {
        "exam": str(exam_id),
        "user": str(current_user.id),
        "username": current_user.username,
        "byTicket": current_user.ticket_exam_id is not None,
        "zone": str(zone()),
        "locale": "en" if is_english() else "zh-CN",
        "opensIn": max(0.0, (exam.opens_at - now).total_seconds()),
        "awaitsSignal": exam.awaits_signal,
        "warnFrom": exam.focus_threshold,
        "spread": spread_seconds(exam.opens_at, exam.closes_at, minutes=exam.minutes),
        # Where all begin together the paper opens by itself; in a long window each chooses the moment.
        "together": exam.awaits_signal or (exam.closes_at - exam.opens_at) <= timedelta(minutes=exam.minutes + 10),
        "mine": url_for("attempts.mine"),
        "password": url_for("accounts.change_password"),
        "receipt": url_for("attempts.receipt", attempt_id=1).replace("/1/", "/{id}/"),
    }
    page = render_template(
        "attempts/hall.html",
        exam=exam,
        phase=phase,
        settings=settings,
        opens_in=opens_in,
        so_far=so_far,
        promises=promises,
        draw_is_public=draw_is_public(now, exam.ended_at),
        minutes_left=minutes_left(
            now, exam.opens_at, exam.closes_at, minutes=exam.minutes, extra_minutes=exam.extra_minutes
        )
        if phase in (STARTABLE, UPCOMING)
        else None,
        now=now,
    )
    # It repeats no word of its request, so what it holds cannot be told from its length.
    return pack(make_response(page))


@bp.get("/attempts/<id:attempt_id>/receipt")
@needs("attempt.own")
def receipt(attempt_id):
    now = arrived_at()
    attempt = queries.own_attempt(db.session(), attempt_id, current_user)
    exam = queries.exam_of_own_attempt(db.session(), attempt)
    end_read()
    stands = exam.state == "published"
    if stands and attempt.state == "open" and exam.phase(now) == RESUMABLE:
        return redirect(url_for("attempts.hall", exam_id=exam.exam_id))
    # Past the deadline an attempt is handed in, even in the seconds before the scheduler writes it down.
    handed_in_at = attempt.submitted_at or attempt.deadline_at
    released = bool(marks.released_scores(db.session(), [attempt_id], now))
    waits = marks.waiting_answers(db.session(), [attempt_id]).get(attempt_id, 0)
    promises = commitments_of(db.session(), exam.blueprint_id)
    slip = slip_of(db.session(), attempt_id, documents_key(current_app.config["SETTINGS"]))
    end_read()
    unsent = min(max(request.args.get("unsent", 0, type=int), 0), 999)
    return render_template(
        "attempts/receipt.html",
        attempt=attempt,
        exam=exam,
        handed_in_at=handed_in_at,
        released=released,
        slip=slip,
        promises=promises,
        draw_is_public=stands and draw_is_public(now, exam.ended_at),
        waits=waits,
        release=release_sentence(exam),
        unsent=unsent,
        by_page=attempt.submitted_by == "candidate" and handed_in_at >= attempt.deadline_at - BY_PAGE,
        in_time=attempt.submitted_by != "deadline" and handed_in_at < attempt.deadline_at,
        may_go_on=stands and exam.phase(now) == STARTABLE,
    )


@bp.get("/attempts/<id:attempt_id>/result")
@needs("attempt.own")
def result(attempt_id):
    return result_page(attempt_id, arrived_at())


@dataclass(frozen=True)
class NotAppealed:
    """An appeal that was not taken: about which item, what was typed, and why not."""

    number: int
    reason: str
    why: str


def result_page(attempt_id: int, now: datetime, refused: NotAppealed | None = None) -> Any:
    """Return the page of one's own result, with an appeal that was refused still open in it; 403 while held back."""
    attempt = queries.own_attempt(db.session(), attempt_id, current_user)
    exam = queries.exam_of_own_attempt(db.session(), attempt)
    try:
        found = marks.result_or_refuse(db.session(), attempt_id, now)
    except marks.NotReleased as refusal:
        waits = marks.waiting_answers(db.session(), [attempt_id]).get(attempt_id, 0)
        end_read()
        # Released but not marked yet is another story than not released.
        due = exam.state == "published" and may_see_result(
            exam.release,
            submitted=attempt.state == "submitted",
            ended_at=exam.ended_at,
            released_at=exam.released_at,
            now=now,
        )
        page = render_template(
            "attempts/held_back.html",
            attempt=attempt,
            exam=exam,
            release=release_sentence(exam),
            being_marked=due,
            waits=waits,
        )
        return page, refusal.status
    articles = cited_articles(
        db.session(),
        [(one["law"], one["version"], one["article"]) for item in found["items"] for one in item["basis"]],
    )
    appeals_end = appeals_until(db.session(), attempt_id, now)
    appealed = own_appeals(db.session(), attempt_id)
    end_read()
    only_wrong = request.args.get("show") == "wrong"
    items = [shown(one, articles) for one in found["items"] if not (only_wrong and one["correct"])]
    for before, one in zip([None, *items], items, strict=False):
        # The case stands once, above the first of its questions that is shown.
        if one["case"] and before and before["case_name"] == one["case_name"]:
            one["case"] = None
    page = render_template(
        "attempts/result.html",
        found=found,
        attempt_id=attempt_id,
        items=items,
        sections=profile(found["items"]),
        only_wrong=only_wrong,
        wrong_count=sum(1 for one in found["items"] if not one["correct"]),
        exam=exam,
        places=own_places(db.session(), exam.exam_id, current_user, now) if _is_ranked(exam, attempt_id, now) else [],
        remedy_names=REMEDY_NAMES,
        appealed=appealed,
        appeals_end=appeals_end if appeals_end is not None and now < appeals_end else None,
        appeal_most=APPEAL_MOST,
        refused=refused,
    )
    return page, 422 if refused else 200


def _is_ranked(exam: queries.OwnExam, attempt_id: int, now: datetime) -> bool:
    """Return whether this attempt is the one by which its candidate is ranked, as far as the candidate knows.

    Never under an entry ticket, which opens no competition.
    """
    if current_user.ticket_exam_id is not None:
        return False
    if len(exam.attempts) < 2:
        return True
    scores = _scores([exam], now)
    return all(scores[attempt_id].score >= one.score for one in scores.values())


def _demand_ticket(exam_id: int) -> None:
    """An entry ticket opens its own exam and no other."""
    if current_user.ticket_exam_id not in (None, exam_id):
        raise Forbidden


def release_sentence(exam: Any) -> str:
    """Return when the candidate may see the result, as a sentence."""
    if exam.state == "cancelled":
        return _("这场考试已取消。")
    if exam.release == "after_submit":
        return _("交卷后即可查看成绩。")
    if exam.release == "after_close":
        return _("成绩将于考试结束（%(time)s）后公布。", time=local_time(exam.ended_at))
    return _("成绩由组织单位公布，公布时会通知您。")


@dataclass(frozen=True)
class SoFar:
    """What came of the attempts handed in while more are allowed; ``links`` are (label, address), one an attempt."""

    told: str
    links: tuple[tuple[str, str], ...]


def said_so_far(exam: queries.OwnExam, scores: dict[int, marks.Score], now: datetime) -> SoFar | None:
    """Return what is to be said of the attempts handed in, None when there is none."""
    done = exam.handed_in(now)
    if not done:
        return None
    outcomes = [
        _("%(n)s 分", n=decimal_text(scores[one.id].score)) if one.id in scores else _("成绩待公布") for one in done
    ]
    names = [_("查看成绩") if one.id in scores else _("查看回执") for one in done]
    links = [url_for("attempts.result" if one.id in scores else "attempts.receipt", attempt_id=one.id) for one in done]
    if len(done) == 1:
        return SoFar(_("已作答 1 次，%(outcome)s", outcome=outcomes[0]), ((names[0], links[0]),))
    labels = [
        _("第 %(n)s 次，%(outcome)s，%(link)s", n=one.ordinal, outcome=outcome, link=name)
        for one, outcome, name in zip(done, outcomes, names, strict=True)
    ]
    return SoFar(_("已作答 %(n)s 次", n=len(done)), tuple(zip(labels, links, strict=True)))


def _scores(exams: Sequence[queries.OwnExam], now: datetime) -> dict[int, marks.Score]:
    """Return the scores of handed-in attempts that their candidate may see."""
    handed_in = [one.id for exam in exams for one in exam.attempts if one.state == "submitted"]
    return marks.released_scores(db.session(), handed_in, now) if handed_in else {}


# --- the invigilator


@bp.get("/exams/<id:exam_id>/watch")
@needs("exam.watch")
def watch(exam_id):
    exam = queries.exam_to_watch(db.session(), exam_id, current_user)
    board, rooms = _board(exam_id, arrived_at()), queries.rooms_of(db.session(), exam_id)
    names = _room_names(db.session(), exam_id)
    end_read()
    limits = {"minutes": EXTRA_MINUTES_MOST, "reason": REASON_MOST}
    return render_template(
        "attempts/watch.html",
        exam=exam,
        board=board,
        limits=limits,
        rooms=rooms,
        room_names=names,
        every=BOARD_EVERY_SECONDS,
        incident_names={kind: str(name) for kind, name in INCIDENT_NAMES.items()},
        english=is_english(),
    )


@bp.get("/exams/<id:exam_id>/watch/state")
@needs("exam.watch")
def watch_state(exam_id):
    queries.exam_to_watch(db.session(), exam_id, current_user)
    board = _board(exam_id, arrived_at())
    end_read()
    content = orjson.dumps(board)
    # The page repeats nothing of the request, and holds no secret.
    return pack(_unless_known(content, hashlib.sha256(content).hexdigest()[:20]))


@bp.get("/exams/<id:exam_id>/watch/news")
@needs("exam.watch")
def watch_news(exam_id):
    session = db.session()
    queries.exam_to_watch(session, exam_id, current_user)
    news = boards.news(session, exam_id, arrived_at(), zone())
    end_read()
    if not takes_gzip():
        return _unless_known(news.plain, news.tag)
    answer = _unless_known(news.packed, news.tag)
    answer.headers["Content-Encoding"] = "gzip"
    answer.vary.add("Accept-Encoding")
    return answer


def _unless_known(content: bytes, tag: str) -> Response:
    """Return JSON, or that it has not changed where the browser holds what bears the tag."""
    answer = Response(content, mimetype="application/json")
    answer.set_etag(tag, weak=True)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)


@bp.post("/exams/<id:exam_id>/watch/<id:candidate_id>/force")
@needs("exam.watch")
def force(exam_id, candidate_id):
    exam = queries.exam_to_watch(db.session(), exam_id, current_user)
    desk = desk_queries.desk(db.session(), exam_id, candidate_id)
    end_read()
    form = ForceForm()
    if not form.sent():
        return _back(exam.id, _first_error(form))
    if desk.attempt_id is None:
        raise Conflict("not_started")
    receipt = force_submit(desk.attempt_id, by=current_user.id, reason=form.reason.data, now=arrived_at())
    settle_and_spread([receipt.attempt_id], arrived_at())
    if receipt.first:
        told = _("已收回 %(name)s 的答卷，按服务器已保存的作答评分；考生页面上还没有送出的不计入。", name=desk.name)
        flash(told, "success")
    else:
        flash(_("%(name)s 此前已经交卷，没有变化。", name=desk.name), "info")
    return redirect(url_for("attempts.watch", exam_id=exam.id), 303)


@bp.post("/exams/<id:exam_id>/watch/<id:candidate_id>/extend")
@needs("exam.watch")
def extend_time(exam_id, candidate_id):
    exam = queries.exam_to_watch(db.session(), exam_id, current_user)
    desk = desk_queries.desk(db.session(), exam_id, candidate_id)
    end_read()
    form = ExtendForm()
    if not form.sent():
        return _back(exam.id, _first_error(form))
    try:
        made = extend(
            exam_id,
            candidate_id,
            minutes=form.minutes.data,
            by=current_user.id,
            reason=form.reason.data,
            now=arrived_at(),
        )
    except Refused as refusal:
        return _back(exam.id, sentence(refusal.code, refusal.params))
    if made.deadline_at is None:
        flash(
            _("已为 %(name)s 延长 %(n)s 分钟，开始作答后生效。", name=desk.name, n=form.minutes.data),
            "success",
        )
    else:
        flash(
            _(
                "已为 %(name)s 延长 %(n)s 分钟，新的截止时间是 %(time)s。",
                name=desk.name,
                n=form.minutes.data,
                time=local_time(made.deadline_at, seconds=True),
            ),
            "success",
        )
    return redirect(url_for("attempts.watch", exam_id=exam.id), 303)


def _back(exam_id: int, why: str) -> Any:
    flash(why, "danger")
    return redirect(url_for("attempts.watch", exam_id=exam_id), 303)


def _first_error(form: Any) -> str:
    for item in form:
        if item.errors:
            return _("没有保存。%(field)s：%(why)s", field=item.label.text, why=item.errors[0])
    return _("没有保存，请检查后重试。")


def _board(exam_id: int, now: datetime) -> dict[str, Any]:
    """Return the whole board as JSON data. Nothing in it changes while nobody does anything, so that its ETag holds."""
    session = db.session()
    names = _room_names(session, exam_id)
    return whole(desk_queries.board(session, exam_id), names if len(names) > 1 else {}, now, zone())


def _room_names(session: Session, exam_id: int) -> dict[int, str]:
    """Return what the sittings of an exam are called on the board, by id."""
    rooms = desk_queries.room_names(session, exam_id)
    return {one: f"{_('第 %(n)s 场', n=number)} {room}".rstrip() for one, (number, room) in rooms.items()}


# --- what other pages show of it


def waiting_exams(person: Any, now: datetime) -> list[Task]:
    """Return the exams that a person can or soon must sit, as tasks of the home page."""
    if person.ticket_exam_id is not None:
        return []
    tasks = []
    exams = queries.own_exams(db.session(), person.id)
    scores = _scores([exam for exam in exams if exam.phase(now) in (RESUMABLE, STARTABLE)], now)
    for exam in exams:
        phase = exam.phase(now)
        if phase not in (RESUMABLE, STARTABLE, UPCOMING):
            continue
        latest, so_far = exam.latest, said_so_far(exam, scores, now)
        url = url_for("attempts.hall", exam_id=exam.exam_id)
        if phase == RESUMABLE and latest is not None:
            note, due_at, urgency, action = _("作答进行中"), latest.deadline_at, 0, _("继续作答")
        elif phase == STARTABLE and so_far:
            # What was asked for is done; another go is an offer.
            note, due_at, urgency, action = so_far.told, exam.closes_at, 3, _("再次作答")
        elif phase == STARTABLE:
            note = _("%(minutes)s 分钟", minutes=exam.minutes)
            due_at, urgency, action = exam.closes_at, 0, _("进入考试")
        else:
            note = _("%(time)s 开考，%(minutes)s 分钟", time=local_time(exam.opens_at), minutes=exam.minutes)
            due_at, action = None, ""
            urgency = 1 if (exam.opens_at - now).total_seconds() < 86_400 else 2
        task = Task(exam.title, url, "clipboard-text", note=note, action=action, due_at=due_at, urgency=urgency)
        tasks.append(replace(task, links=so_far.links) if so_far else task)
    end_read()
    return tasks


def register(app: Flask) -> None:
    """Offer the candidate's list in the menu and the waiting exams on the home page."""
    offer(_l("考试"), "attempts.mine", icon="clipboard-text", permission="attempt.own", order=20, also=("/attempts",))
    offer_tasks("exams", waiting_exams, permission="attempt.own")
