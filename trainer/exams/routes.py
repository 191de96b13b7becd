"""The organiser's pages: exams, the blueprint builder, one exam as a line of steps, its candidates, its results."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from trainer.accounts.rules import Person
from trainer.attempts.cancel import cancel_exam
from trainer.attempts.extend import extend_for_all
from trainer.attempts.queries import rooms_of
from trainer.attempts.redraw import redraw_papers
from trainer.bank.forms import KIND_NAMES
from trainer.core.clock import local_day
from trainer.core.database import db
from trainer.core.errors import Refused
from trainer.exams import forms, queries, service
from trainer.exams.candidate_routes import roster
from trainer.exams.edition import FORMS_AT_ONCE_MOST
from trainer.exams.rules import draw_is_public, key_leaks, may_release, steps
from trainer.exams.supply import supply_of
from trainer.exams.wording import common_texts, mend_text, narrowing, shortage_texts, unusable_texts
from trainer.marking.queries import unmarked_of, waiting_people
from trainer.marking.rules.rubric import may_begin
from trainer.papers.outlook import Outlook
from trainer.papers.queries import DrawLine, common_items, draws_of, papers_of, rules_of, sections_of, seed_of
from trainer.papers.rules.blueprint import SectionSpec
from trainer.reports.queries import exams as figures
from trainer.reports.queries.met import items_met
from trainer.reports.queries.results import exams_of_others
from trainer.reports.result_routes import may_export
from trainer.reports.rules.results import FEW
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.home import Card, Task, offer_card, offer_tasks
from trainer.web.locale import local_time, number, zone
from trainer.web.menu import offer
from trainer.web.sentences import refusal_told
from trainer.web.view import Page, asked_page, paged

bp = Blueprint("exams", __name__)

# Kinds whose answers may take a person to mark.
MARKED_KINDS = ("short_answer", "case_study")
LIST_STATES: dict[str, Any] = {
    "": _l("全部"),
    "draft": _l("草稿"),
    "upcoming": _l("未开始"),
    "open": _l("进行中"),
    "closed": _l("已结束"),
    "released": _l("成绩已公布"),
    "cancelled": _l("已取消"),
}
STEP_NAMES: dict[str, Any] = {
    "drafted": _l("拟定"),
    "published": _l("发布"),
    "open": _l("开考"),
    "closed": _l("结束"),
    "released": _l("公布成绩"),
}


@bp.get("/exams")
@needs("exam.view")
def index():
    now, session = arrived_at(), db.session()
    words, state = request.args.get("words", "").replace("\x00", "")[:80], request.args.get("state", "")
    page, per_page = asked_page(20)
    rows = queries.exams_in_scope(session, current_user, words=words, state=state, now=now)
    found = paged(session, rows, page, per_page)
    lines = queries.lines_of(session, found.items)
    return render_template(
        "exams/index.html",
        page=Page(lines, found.page, found.per_page, found.total),
        progress=figures.progress_of(session, [line.id for line in lines]),
        states=LIST_STATES,
        words=words,
        state=state,
        now=now,
        may_manage=current_user.may("exam.manage"),
        others=[] if words or state or page > 1 else exams_of_others(session, current_user, now),
    )


@bp.get("/exams/<id:exam_id>")
@needs("exam.view")
def show(exam_id):
    now, session = arrived_at(), db.session()
    exam = queries.read_exam(session, exam_id, current_user)
    sections = sections_of(session, exam.blueprint_id)
    where = exam.phase(now)
    manages = _manages(exam)
    live = exam.state == "published"
    unmarked = unmarked_of(session, exam_id)
    over = live and draw_is_public(now, exam.ends_at)
    draws = draws_of(session, exam.blueprint_id) if live else []
    supply = _supply_of_draft(exam, sections) if exam.state == "draft" else None
    return render_template(
        "exams/show.html",
        exam=exam,
        phase=where if live else exam.state,
        steps=_steps(exam, where),
        sections=sections,
        narrowed=[narrowing(one) for one in sections],
        supply=supply,
        shortages=shortage_texts(supply.sharing, sections) if supply else [],
        mends=[(one.title, texts) for one, texts in zip(sections, _mend_texts(supply), strict=False) if texts],
        unusable=[(one.title, texts) for one, texts in zip(sections, _unusable(supply), strict=False) if texts],
        draws=draws,
        match=_match_of(draws, exam.item_count) if manages and exam.draw != "one_paper" else None,
        common=_common_of(exam, sections, draws) if manages else [],
        kept=rules_of(session, exam.blueprint_id),
        papers=papers_of(session, exam.blueprint_id) if live else [],
        forms_at_once=FORMS_AT_ONCE_MOST,
        stale=queries.stale_items(session, exam.blueprint_id, local_day(exam.closes_at, zone()))
        if live and where in ("upcoming", "open")
        else [],
        seed=seed_of(session, exam.blueprint_id) if over else None,
        warnings=_warnings(exam, where) if manages else [],
        progress=figures.progress_of(session, [exam_id])[exam_id],
        excused=sum(1 for _one in session.execute(figures.candidates_matching(exam_id, state="excused"))),
        units=figures.participation_by_unit(session, exam_id),
        few=FEW,
        unmarked=unmarked,
        # Somebody's own time goes on behind the closing of the last sitting: a later start, granted minutes, the grace.
        last_until=exam.ends_at if live and where == "closed" and now < exam.ends_at else None,
        rooms=rooms_of(session, exam_id),
        resits=figures.resits_of(session, exam_id),
        kinds=KIND_NAMES,
        partial=forms.PARTIAL_NAMES,
        release_names=forms.RELEASE_NAMES,
        navigation_names=forms.NAVIGATION_NAMES,
        draw_names=forms.DRAW_NAMES,
        cancelling=forms.CancelForm(empty=True) if manages else None,
        closing=forms.ClosingForm(data={"closes_at": exam.closes_at}) if manages else None,
        can={
            "manage": manages,
            "publish": manages and exam.state == "draft",
            "redraw": manages and live and where == "upcoming",
            "release": manages
            and live
            and exam.release == "manual"
            and may_release(now, exam.ends_at, exam.released_at),
            "repair": manages
            and live
            and where != "upcoming"
            and may_begin(now, release=exam.release, ended_at=exam.ends_at),
            "extend": manages and live and where in ("upcoming", "open"),
            "cancel": manages and exam.state != "cancelled" and where != "released",
            "name": manages and exam.state != "cancelled" and now < exam.closes_at,
            "export": live and where == "released" and may_export(exam),
            "mark": manages and live and (unmarked.answers or any(one.kind in MARKED_KINDS for one in sections)),
            "watch": live and now < exam.ends_at and current_user.may("exam.watch"),
            "see_results": live and where == "released",
            "resit": manages and live and where == "released" and not exam.is_mock,
            "print": manages and live,
            "print_key": manages and over,
            "analyse": live and not exam.is_mock and (where == "released" or (manages and now >= exam.ends_at)),
        },
    )


@bp.post("/exams/<id:exam_id>/publish")
@needs("exam.manage")
def publish(exam_id):
    return _do(
        exam_id,
        lambda: service.publish_exam(exam_id, by=current_user, now=arrived_at(), seen=items_met),
        _("考试已发布，已通知考生。"),
    )


@bp.post("/exams/<id:exam_id>/redraw")
@needs("exam.manage")
def redraw(exam_id):
    return _do(
        exam_id,
        lambda: redraw_papers(exam_id, by=current_user, now=arrived_at(), seen=items_met),
        _("已按现行题库重新组卷，考生拿到的是新试卷。"),
    )


@bp.post("/exams/<id:exam_id>/extend")
@needs("exam.manage")
def extend(exam_id):
    form = forms.ClosingForm()
    if not form.sent():
        flash(_("没有保存：请填写新的截止时间。"), "danger")
        return redirect(url_for("exams.show", exam_id=exam_id), 303)
    moment = form.closes_at.data
    done = _("截止时间已改为 %(time)s，已通知考生。", time=local_time(moment))
    return _do(exam_id, lambda: extend_for_all(exam_id, moment, by=current_user, now=arrived_at()), done)


@bp.post("/exams/<id:exam_id>/release")
@needs("exam.manage")
def release(exam_id):
    waiting = unmarked_of(db.session(), exam_id).attempts
    done = _("成绩已公布，已通知考生。")
    if waiting:
        done = _("成绩已公布，已通知考生；还有 %(n)s 份答卷没有评完，评完一份公布一份并通知本人。", n=waiting)
    return _do(
        exam_id,
        lambda: service.release_results(exam_id, by=current_user, now=arrived_at(), unmarked=waiting_people),
        done,
    )


@bp.post("/exams/<id:exam_id>/cancel")
@needs("exam.manage")
def cancel(exam_id):
    exam = queries.read_exam(db.session(), exam_id, current_user, permission="exam.manage")
    form, is_draft = forms.CancelForm(), exam.state == "draft"
    if not is_draft and not form.sent():
        flash(_("没有取消：请写明取消的原因，考生会看到。"), "danger")
        return redirect(url_for("exams.show", exam_id=exam_id), 303)
    done = _("草稿已取消，没有通知任何人。") if is_draft else _("考试已取消，已通知考生。")
    reason = "" if is_draft else form.reason.data
    return _do(exam_id, lambda: cancel_exam(exam_id, by=current_user, now=arrived_at(), reason=reason), done)


@bp.get("/exams/<id:exam_id>/candidates")
@needs("exam.view")
def candidates(exam_id):
    return roster(exam_id)


def _manages(exam: queries.ExamLine) -> bool:
    return bool(current_user.scope("exam.manage").holds_whole(exam.unit_path))


def _do(exam_id: int, work: Any, done: str) -> Any:
    """Do one thing to an exam and go back to its page; a refusal is told there."""
    try:
        work()
    except Refused as refusal:
        for text in refusal_told(refusal, most=5):
            flash(text, "danger")
    else:
        flash(done, "success")
    return redirect(url_for("exams.show", exam_id=exam_id), 303)


def _warnings(exam: queries.ExamLine, where: str) -> list[str]:
    """Return what the rules give away, as long as anybody may still sit the exam."""
    if exam.state == "cancelled" or (exam.state == "published" and where not in ("upcoming", "open")):
        return []
    leaks = key_leaks(exam.release, exam.draw, forms=exam.forms, attempts=exam.attempts, credit_hours=exam.credit_hours)
    return [str(forms.LEAK_SENTENCES[one]) for one in leaks]


def _supply_of_draft(exam: queries.ExamLine, sections: list[SectionSpec]) -> Outlook:
    session = db.session()
    return supply_of(
        session,
        sections,
        local_day(exam.closes_at, zone()),
        rules=rules_of(session, exam.blueprint_id),
        draw=exam.draw,
        user_ids=queries.people_named(session, exam.id),
        now=arrived_at(),
        seen=items_met,
        reserve=current_user.may("item.reserve"),
        apart_from=exam.blueprint_id,
        forms=exam.forms,
    )


def _mend_texts(supply: Outlook | None) -> list[list[str]]:
    """Return for each section of a draft what would mend its lack; empty lists where it has none."""
    return [[mend_text(code, count) for code, count in one.mends] for one in supply.standings] if supply else []


def _unusable(supply: Outlook | None) -> list[list[str]]:
    """Return for each section of a draft which of its named items cannot stand in it, and why."""
    return [unusable_texts(one.lacks) for one in supply.standings] if supply else []


def _match_of(draws: list[DrawLine], items: int) -> dict[str, Any] | None:
    """Return how equally hard the papers are, in words; None where there is but one."""
    shares = [(one.first_form + place, share) for one in draws for place, share in enumerate(one.expected)]
    if len(shares) < 2:
        return None
    least, most = min(share for _, share in shares), max(share for _, share in shares)
    first = shares[0][1]
    return {
        "least": f"{_points(least)}%",
        "most": f"{_points(most)}%",
        "gap": _points(most - least),
        "count": items,
        "measured": draws[0].measured,
        "forms": [(form, f"{_points(share)}%", f"{(share - first) / 100:+.2f}") for form, share in shares],
    }


def _common_of(exam: queries.ExamLine, sections: list[SectionSpec], draws: list[DrawLine]) -> list[str]:
    """Return what the parallel forms have in common, in sentences; none where there are no such forms."""
    if exam.parallel_forms < 2 or not draws:
        return []
    return common_texts(common_items(db.session(), exam.blueprint_id), sections)


def _points(share: int) -> str:
    return f"{share / 100:.2f}"


def _steps(exam: queries.ExamLine, where: str) -> list[dict[str, Any]]:
    notes = {
        "drafted": local_time(exam.created_at),
        "open": local_time(exam.opens_at),
        "closed": local_time(exam.closes_at),
        "released": str(forms.RELEASE_NAMES[exam.release])
        if exam.released_at is None
        else local_time(exam.released_at),
    }
    waits = exam.state == "published" and where == "upcoming"
    if waits:
        notes["published"] = _("已发布，等待开考")
    return [
        {"title": STEP_NAMES[name], "state": state, "note": notes.get(name, ""), "waits": waits and state == "now"}
        for name, state in steps(exam.state, where, exam.release)
    ]


def _to_release(person: Person, now: datetime) -> list[Task]:
    session = db.session()
    found = queries.waiting_for_release(session, person.scope("exam.manage"), now)
    progress = figures.progress_of(session, [exam_id for exam_id, _title, _closed_at in found])
    waiting = {exam_id: unmarked_of(session, exam_id).answers for exam_id, _title, _closed_at in found}
    return [
        Task(
            title=_("公布《%(title)s》的成绩", title=title),
            url=url_for("marking_manage.show" if waiting[exam_id] else "exams.show", exam_id=exam_id),
            icon="rosette-discount-check",
            note=_("还有 %(n)s 道答题等待阅卷，阅完后再公布", n=number(waiting[exam_id]))
            if waiting[exam_id]
            else _(
                "应考 %(due)s 人，已交卷 %(submitted)s 人，%(time)s 结束",
                due=number(progress[exam_id].due),
                submitted=number(progress[exam_id].submitted),
                time=local_time(closed_at),
            ),
            action=_("看阅卷进度") if waiting[exam_id] else _("去公布"),
            urgency=2 if waiting[exam_id] else 1,
        )
        for exam_id, title, closed_at in found
    ]


def _to_watch(person: Person, now: datetime) -> list[Task]:
    """Return the running exams as tasks of whoever only watches; who runs exams finds them in the card."""
    if person.may("exam.manage"):
        return []
    session = db.session()
    found = queries.exams_at_hand(session, person, now, permission="exam.watch")
    running = [one for one in found if one.phase(now) == "open"]
    progress = figures.progress_of(session, [one.id for one in running])
    return [
        Task(
            title=_("监考“%(title)s”", title=one.title),
            url=url_for("attempts.watch", exam_id=one.id),
            icon="eye",
            note=_(
                "应考 %(due)s 人，已开考 %(started)s 人，已交卷 %(submitted)s 人",
                due=number(progress[one.id].due),
                started=number(progress[one.id].started),
                submitted=number(progress[one.id].submitted),
            ),
            action=_("去监考"),
            due_at=one.closes_at,
            urgency=0,
        )
        for one in running
    ]


def _home_card(person: Person, now: datetime) -> Card | None:
    """Return the exams under way and to come; only who works with exams is told that there are none.

    What stands among the tasks of an invigilator is not told twice.
    """
    session, manages, watches = db.session(), person.may("exam.manage"), person.scope("exam.watch")
    found = queries.exams_at_hand(session, person, now, drafts=manages)
    if not manages:
        found = [one for one in found if one.phase(now) != "open" or not watches.holds_whole(one.unit_path)]
    if not found and not watches.reaches:
        return None
    return Card(
        "exams/_home.html",
        {
            "exams": found,
            "progress": figures.progress_of(session, [one.id for one in found]),
            "now": now,
            "manages": manages,
            "watched": {one.id for one in found if watches.holds_whole(one.unit_path)},
        },
        wide=True,
    )


def register(app: Flask) -> None:
    """Put the organiser's desk into the menu, and on the home page what runs, comes and waits."""
    offer(_l("考试管理"), "exams.index", icon="clipboard-list", permission="exam.view", order=30)
    offer_tasks("exams_to_release", _to_release, permission="exam.manage")
    offer_tasks("exams_to_watch", _to_watch, permission="exam.watch")
    offer_card("exams_at_hand", _home_card, order=34, permission="exam.view")
