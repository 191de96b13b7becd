"""The blueprint builder: a new exam, a draft, and what the bank has for the sections as they are typed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from question_bank.kinds import KINDS
from question_bank.kinds.case_study import KIND as CASE_STUDY
from trainer.bank.queries import published_kinds
from trainer.core.clock import local_day
from trainer.core.database import db, end_read
from trainer.core.errors import FieldProblem, Forbidden, Invalid
from trainer.exams import forms, queries, service
from trainer.exams.naming import count_candidates_named
from trainer.exams.rules import ExamSpec
from trainer.papers.queries import Supply, sections_of, supply_of
from trainer.papers.rules.blueprint import SECTIONS_MOST, SectionSpec, blueprint_problems, max_points
from trainer.reports.queries.exams import RESIT_GROUPS, who_resits
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.locale import decimal_text, number, zone
from trainer.web.sentences import sentence

bp = Blueprint("exam_builder", __name__)

CASE = CASE_STUDY.name


@bp.route("/exams/new", methods=["GET", "POST"])
@needs("exam.manage")
def new():
    form = _builder()
    if request.method == "GET":
        _start_values(form)
        return _builder_page(form)
    if form.sent():
        publish = request.form.get("then") == "publish"
        try:
            exam_id = service.create_exam(form.spec(), by=current_user, now=arrived_at(), publish=publish)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            _say_saved(publish)
            return redirect(url_for("exams.show", exam_id=exam_id))
    return _builder_page(form), 422


@bp.route("/exams/<id:exam_id>/edit", methods=["GET", "POST"])
@needs("exam.manage")
def edit(exam_id):
    session = db.session()
    exam = queries.read_exam(session, exam_id, current_user, permission="exam.manage")
    if exam.state != "draft":
        return redirect(url_for("exams.show", exam_id=exam_id))
    form = _builder()
    if request.method == "GET":
        named = queries.count_candidates(session, [exam_id])[exam_id]
        form.fill(_spec_of(exam, sections_of(session, exam.blueprint_id)))
        return _builder_page(form, exam=exam, named=named)
    saved, publish = False, request.form.get("then") == "publish"
    if form.sent():
        spec, now = form.spec(), arrived_at()
        keep = not (spec.units or spec.usernames)
        try:
            service.change_draft(exam_id, spec, by=current_user, now=now, keep_candidates=keep, publish=publish)
            saved = True
            if publish:
                service.publish_exam(exam_id, by=current_user, now=now)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            _say_saved(publish)
            return redirect(url_for("exams.show", exam_id=exam_id))
    named = queries.count_candidates(session, [exam_id])[exam_id]
    return _builder_page(form, exam=exam, named=named, saved=saved), 422


@bp.post("/exams/supply")
@needs("exam.manage")
def supply():
    """Tell the builder's page what the bank has for the sections as they stand there, and what the rules give away."""
    given = request.get_json(silent=True)
    rows = given.get("sections") if isinstance(given, dict) else None
    if not isinstance(rows, list) or len(rows) > SECTIONS_MOST:
        raise Invalid.at("sections", "bad_format")
    warnings = forms.leaks_from_json(given.get("rules"))
    return jsonify(
        _supply([forms.section_from_json(row) for row in rows], _last_day(given.get("closes_at")))
        | {"warnings": warnings}
    )


@bp.post("/exams/naming")
@needs("exam.manage")
def naming():
    """Tell the builder's page how many people the units and usernames stand for as they are chosen."""
    given = request.get_json(silent=True)
    units, usernames = forms.naming_from_json(given)
    scope = current_user.scope("exam.manage")
    people = count_candidates_named(db.session(), scope, units=units, usernames=usernames)
    end_read()
    return jsonify({"people": people, "text": _("将列入 %(n)s 人", n=number(people))})


@bp.post("/exams/<id:exam_id>/resit")
@needs("exam.manage")
def resit(exam_id):
    """Draft an exam with the same rules for those who still owe it: another exam, because its keys must be new."""
    session, now = db.session(), arrived_at()
    exam = queries.read_exam(session, exam_id, current_user, permission="exam.manage")
    groups = tuple(one for one in RESIT_GROUPS if one in request.form.getlist("groups"))
    if exam.phase(now) != "released" or exam.state != "published":
        raise Forbidden("not_released")
    owing = who_resits(session, exam_id, groups)
    spec = _spec_of(exam, sections_of(session, exam.blueprint_id))
    start = spec.opens_at.astimezone(zone()).replace(year=now.year, month=now.month, day=now.day) + timedelta(days=7)
    spec = replace(
        spec,
        title=_("%(title)s（补考）", title=exam.title)[:120],
        opens_at=start,
        closes_at=start + (exam.closes_at - exam.opens_at),
        usernames=tuple(owing),
        seed=None,
        resit_of_id=exam_id,
    )
    made = service.create_exam(spec, by=current_user, now=now, publish=False)
    flash(
        ngettext(
            "已拟定补考，列入 %(num)s 人。请核对时间和试卷后发布。",
            "已拟定补考，列入 %(num)s 人。请核对时间和试卷后发布。",
            len(owing),
        ),
        "success",
    )
    return redirect(url_for("exam_builder.edit", exam_id=made), 303)


def _last_day(typed: Any) -> date:
    """Return the day on which the exam closes as it is typed in the city's time, today where it is not yet a day."""
    try:
        return datetime.fromisoformat(str(typed)).date()
    except ValueError:
        return local_day(arrived_at(), zone())


def _say_saved(published: bool) -> None:
    flash(_("考试已发布，已通知考生。") if published else _("草稿已保存，考生还看不到。"), "success")


def _builder() -> forms.ExamForm:
    session, scope = db.session(), current_user.scope("exam.manage")
    form = forms.ExamForm()
    form.offer(queries.units_to_name(session, scope), queries.owners_of(session, scope))
    return form


def _start_values(form: forms.ExamForm) -> None:
    """Propose the usual preliminary, from nine to six o'clock in a week."""
    usual = forms.ready_made()[0]
    day = arrived_at().astimezone(zone()) + timedelta(days=7)
    form.opens_at.data = day.replace(hour=9, minute=0, second=0, microsecond=0)
    form.closes_at.data = form.opens_at.data.replace(hour=18)
    form.minutes.data, form.pass_mark.data = usual.minutes, usual.pass_mark
    form.show_sections(usual.sections)


def _spec_of(exam: queries.ExamLine, sections: list[SectionSpec]) -> ExamSpec:
    return ExamSpec(
        title=exam.title,
        opens_at=exam.opens_at,
        closes_at=exam.closes_at,
        minutes=exam.minutes,
        sections=tuple(sections),
        pass_mark=exam.pass_mark,
        attempts=exam.attempts,
        release=exam.release,
        draw=exam.draw,
        forms=exam.forms,
        shuffle_items=exam.shuffle_items,
        shuffle_options=exam.shuffle_options,
        credit_hours=exam.credit_hours,
        unit_code=exam.unit_code,
        is_mock=exam.is_mock,
    )


def _builder_page(form: forms.ExamForm, exam: Any = None, named: int = 0, *, saved: bool = False) -> str:
    scope = current_user.scope("exam.manage")
    blank = forms.SectionForm(prefix="sections-NN-")
    published = published_kinds(db.session())
    for row in (*(entry.form for entry in form.sections), blank):
        row.offer_kinds(published)
    return render_template(
        "exams/edit.html",
        form=form,
        exam=exam,
        named=named,
        saved=saved,
        blank=blank,
        tree=queries.units_to_name(db.session(), scope),
        presets=[(forms.PRESET_NAMES[one.slug], forms.preset_facts(one)) for one in forms.ready_made()],
        sections_most=SECTIONS_MOST,
        graded=" ".join(name for name, kind in KINDS.items() if kind.partial_credit),
    )


def _supply(sections: list[SectionSpec], until: date) -> dict[str, Any]:
    """Return for each section a state and a sentence, and the totals: all that the page shows while one types."""
    # A title still missing keeps nobody from knowing whether the bank suffices.
    titled = [one if one.title.strip() else replace(one, title="–") for one in sections]
    wrong: dict[int, FieldProblem] = {}
    for problem in blueprint_problems(titled):
        place = problem.field.split(".")
        if len(place) == 3:
            wrong.setdefault(int(place[1]), problem)
    sound = [one for place, one in enumerate(titled) if place not in wrong]
    stands = iter(supply_of(db.session(), sound, until) if sound else [])
    rows = []
    for place in range(len(sections)):
        if place in wrong:
            # An input that is still empty arrives as 0 and deserves no reproach.
            blank = not sections[place].count or not sections[place].points_each
            hint = _("填好题数和分值后显示题库余量")
            text = hint if blank else sentence(wrong[place].code, wrong[place].params)
            rows.append({"state": "unknown" if blank else "wrong", "text": text})
            continue
        one = next(stands)
        rows.append({"state": "short" if one.lack else "enough", "text": _told(one, sections[place].kind)})
    points = max_points(sound)
    cases = sum(one.count for one in sound if one.kind == CASE)
    facts = {"items": sum(one.count for one in sound) - cases, "points": decimal_text(points)}
    if cases:
        totals = _("共 %(items)s 题和 %(cases)s 个案例，满分 %(points)s 分", cases=cases, **facts)
    else:
        totals = _("共 %(items)s 题，满分 %(points)s 分", **facts)
    return {"sections": rows, "totals": totals}


def _told(one: Supply, kind: str) -> str:
    if one.lack is None and kind == CASE:
        return _(
            "需要 %(wanted)s 个案例，题库有 %(found)s 个；每题分值是一个案例的分值，由各小题分摊",
            wanted=one.wanted,
            found=one.found,
        )
    if one.lack is None:
        return _("需要 %(wanted)s 道，题库有 %(found)s 道", wanted=one.wanted, found=one.found)
    if one.lack.unknown:
        return _("指定的试题不可用：%(items)s", items="、".join(one.lack.unknown[:3]))
    if one.lack.rivals:
        return _("指定的试题不能同卷：%(items)s", items="、".join(one.lack.rivals[:3]))
    facts = {"wanted": one.wanted, "found": one.found, "missing": one.lack.missing}
    if one.found >= one.wanted:
        return _("需要 %(wanted)s 道，题库有 %(found)s 道，但其他大题也要用，还缺 %(missing)s 道", **facts)
    return _("需要 %(wanted)s 道，题库只有 %(found)s 道，缺 %(missing)s 道", **facts)
