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
from trainer.bank.caller import list_reserved
from trainer.bank.queries import laws_cited, published_kinds
from trainer.core.clock import local_day
from trainer.core.database import db, end_read
from trainer.core.errors import FieldProblem, Invalid
from trainer.exams import builder_forms, forms, queries, service
from trainer.exams.checking import exam_faults
from trainer.exams.naming import count_candidates_named, user_ids_named
from trainer.exams.resitting import NobodyToResit, draft_resit, spec_of
from trainer.exams.supply import supply_of
from trainer.exams.wording import (
    found_item,
    found_text,
    line_name,
    mend_text,
    named_text,
    shortage_texts,
    unusable_texts,
)
from trainer.papers.outlook import Outlook
from trainer.papers.queries import items_to_name, rules_of, sections_of
from trainer.papers.rules.blueprint import SECTIONS_MOST, SectionSpec, blueprint_problems, max_points
from trainer.papers.rules.mending import Standing, wanted_of
from trainer.reports.queries.exams import RESIT_GROUPS, who_resits
from trainer.reports.queries.met import items_met
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.locale import decimal_text, number, zone
from trainer.web.sentences import sentence
from trainer.web.view import LARGEST_ID, paged

bp = Blueprint("exam_builder", __name__)

CASE = CASE_STUDY.name
# So many items are shown of those that a search finds.
FOUND_MOST = 20


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
            exam_id = service.create_exam(
                form.spec(), by=current_user, now=arrived_at(), publish=publish, seen=items_met
            )
        except Invalid as refusal:
            form.blame(refusal)
        else:
            _say_saved(publish)
            return redirect(url_for("exams.show", exam_id=exam_id))
    else:
        _tell_rest(form)
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
        blueprint_id = exam.blueprint_id
        form.fill(spec_of(exam, sections_of(session, blueprint_id), rules_of(session, blueprint_id)))
        return _builder_page(form, exam=exam, named=named)
    saved, publish = False, request.form.get("then") == "publish"
    if form.sent():
        spec, now = form.spec(), arrived_at()
        keep = not (spec.units or spec.usernames)
        try:
            service.change_draft(
                exam_id, spec, by=current_user, now=now, keep_candidates=keep, publish=publish, seen=items_met
            )
            saved = True
            if publish:
                service.publish_exam(exam_id, by=current_user, now=now, seen=items_met)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            _say_saved(publish)
            return redirect(url_for("exams.show", exam_id=exam_id))
    else:
        _tell_rest(form)
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
    told = _supply([builder_forms.section_from_json(row) for row in rows], given)
    return jsonify(told | {"warnings": [*builder_forms.leaks_from_json(given.get("rules")), *told["warnings"]]})


@bp.post("/exams/naming")
@needs("exam.manage")
def naming():
    """Tell the builder's page how many people the units and usernames stand for as they are chosen."""
    given = request.get_json(silent=True)
    units, usernames = builder_forms.naming_from_json(given)
    scope = current_user.scope("exam.manage")
    people = count_candidates_named(db.session(), scope, units=units, usernames=usernames)
    end_read()
    return jsonify({"people": people, "text": _("将列入 %(n)s 人", n=number(people))})


@bp.post("/exams/items")
@needs("exam.manage")
def find_items():
    """Tell the builder's page which items of a kind hold some words, so that their codes can be named."""
    given = request.get_json(silent=True)
    words, kind = builder_forms.search_from_json(given)
    if not words:
        return jsonify({"items": [], "text": ""})
    session, reserve = db.session(), current_user.may("item.reserve")
    until = _last_day(given.get("closes_at"))
    rows = items_to_name(words, kind, until, today=local_day(arrived_at(), zone()), reserve=reserve)
    found = paged(session, rows, 1, FOUND_MOST)
    end_read()
    list_reserved(current_user, [row.id for row in found.items])
    return jsonify({"items": [found_item(row) for row in found.items], "text": found_text(found.total, FOUND_MOST)})


@bp.post("/exams/<id:exam_id>/resit")
@needs("exam.manage")
def resit(exam_id):
    session = db.session()
    exam = queries.read_exam(session, exam_id, current_user, permission="exam.manage")
    groups = tuple(one for one in RESIT_GROUPS if one in request.form.getlist("groups"))
    owing = who_resits(session, exam_id, groups)
    try:
        made = draft_resit(session, exam, owing, by=current_user, now=arrived_at())
    except NobodyToResit as refusal:
        flash(sentence(refusal.code, refusal.params), "warning")
        return redirect(url_for("exams.show", exam_id=exam_id), 303)
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


def _tell_rest(form: forms.ExamForm) -> None:
    """Tell all else that is wrong with a form of which something cannot be read."""
    publish = request.form.get("then") == "publish"
    spec, session = form.spec(), db.session()
    form.blame_rest(exam_faults(session, spec, by=current_user, now=arrived_at(), publish=publish))


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


def _builder_page(form: forms.ExamForm, exam: Any = None, named: int = 0, *, saved: bool = False) -> str:
    scope = current_user.scope("exam.manage")
    blank = forms.SectionForm(prefix="sections-NN-")
    published = published_kinds(db.session())
    laws = sorted({law for law, _version, _items in laws_cited(db.session())})
    for row in (*(entry.form for entry in form.sections), blank):
        row.offer_kinds(published)
        row.offer_laws(laws)
    return render_template(
        "exams/edit.html",
        form=form,
        exam=exam,
        named=named,
        saved=saved,
        blank=blank,
        tree=queries.units_to_name(db.session(), scope),
        presets=[forms.preset_choice(one) for one in forms.ready_made(published or KINDS)],
        sections_most=SECTIONS_MOST,
        graded=" ".join(name for name, kind in KINDS.items() if kind.partial_credit),
    )


def _supply(sections: list[SectionSpec], given: dict[str, Any]) -> dict[str, Any]:
    """Return for each section a state and sentences, warnings, and totals: all that the page shows while one types."""
    # A title still missing keeps nobody from knowing whether the bank suffices.
    titled = [one if one.title.strip() else replace(one, title="–") for one in sections]
    wrong: dict[int, FieldProblem] = {}
    whole = ""
    for problem in blueprint_problems(titled):
        place = problem.field.split(".")
        if len(place) == 3:
            wrong.setdefault(int(place[1]), problem)
        elif sections:
            whole = sentence(problem.code, problem.params)
    sound = [one for place, one in enumerate(titled) if place not in wrong]
    outlook = _outlook(sound, given)
    stands = iter(outlook.standings)
    named = iter([named_text(one) for one in outlook.sharing] or [""] * len(sound))
    rows = []
    for place in range(len(sections)):
        if place in wrong:
            # An input that is still empty arrives as 0 and deserves no reproach.
            blank = not sections[place].count or not sections[place].points_each
            hint = _("填好题数和分值后显示题库余量")
            text = hint if blank else sentence(wrong[place].code, wrong[place].params)
            rows.append({"state": "unknown" if blank else "wrong", "text": text, "mends": []})
            continue
        one = next(stands)
        mends = [mend_text(code, count) for code, count in one.mends]
        state = "short" if one.lacks else "enough"
        text = standing_text(one, sections[place])
        if common := next(named):
            text = _("；").join([text, common])
        rows.append({"state": state, "text": text, "mends": mends})
    points = max_points(sound)
    cases = sum(one.count for one in sound if one.kind == CASE)
    facts = {"items": sum(one.count for one in sound) - cases, "points": decimal_text(points)}
    if cases:
        totals = _("共 %(items)s 题和 %(cases)s 个案例，满分 %(points)s 分", cases=cases, **facts)
    else:
        totals = _("共 %(items)s 题，满分 %(points)s 分", **facts)
    warnings = shortage_texts(outlook.sharing, sound)
    if outlook.people:
        days = builder_forms.rules_from_json(given.get("rules"))[0].avoid_days
        warnings.append(sentence("people_lack_items", {"people": outlook.people, "days": days}))
    return {"sections": rows, "totals": whole or totals, "warnings": warnings}


def _outlook(sections: list[SectionSpec], given: dict[str, Any]) -> Outlook:
    if not sections:
        return Outlook([])
    session = db.session()
    rules, draw, many = builder_forms.rules_from_json(given.get("rules"))
    people: list[int] = []
    exam_id, apart_from = given.get("exam"), 0
    if isinstance(exam_id, str) and exam_id.isascii() and exam_id.isdigit() and int(exam_id) <= LARGEST_ID:
        exam = queries.read_exam(session, int(exam_id), current_user, permission="exam.manage")
        apart_from, people = exam.blueprint_id, queries.people_named(session, exam.id)
    if rules.avoid_days:
        units, usernames = builder_forms.naming_from_json(given)
        if units or usernames:
            people = user_ids_named(session, current_user.scope("exam.manage"), units=units, usernames=usernames)
    return supply_of(
        session,
        sections,
        _last_day(given.get("closes_at")),
        rules=rules,
        draw=draw,
        user_ids=people,
        now=arrived_at(),
        seen=items_met,
        reserve=current_user.may("item.reserve"),
        apart_from=apart_from,
        forms=many,
    )


def standing_text(one: Standing, section: SectionSpec) -> str:
    """Return what the bank has for a section, or all that it lacks, as sentences."""
    facts: dict[str, Any] = {"wanted": one.wanted, "found": one.found}
    if not one.lacks and section.kind == CASE:
        return _(
            "需要 %(wanted)s 个案例，题库有 %(found)s 个；每题分值是一个案例的分值，由各小题分摊",
            **facts,
        )
    if not one.lacks:
        return _("需要 %(wanted)s 道，题库有 %(found)s 道", **facts)
    told = []
    for lack in one.lacks:
        told += unusable_texts([lack])
        facts = {"wanted": wanted_of(lack, section), "found": lack.found, "missing": lack.missing}
        if lack.missing and lack.also:
            names = {"difficulty": line_name(lack.quota), "level": line_name(lack.also)}
            told.append(
                _(
                    "%(difficulty)s、%(level)s：两项都符合的有 %(found)s 道可用，缺 %(missing)s 道",
                    **names,
                    **facts,
                )
            )
        elif lack.missing and lack.quota:
            name = line_name(lack.quota)
            told.append(_("%(name)s：需要 %(wanted)s 道，只有 %(found)s 道可用，缺 %(missing)s 道", name=name, **facts))
        elif lack.missing and lack.found >= lack.wanted:
            told.append(_("需要 %(wanted)s 道，题库有 %(found)s 道，但其他大题也要用，还缺 %(missing)s 道", **facts))
        elif lack.missing:
            told.append(_("需要 %(wanted)s 道，题库只有 %(found)s 道，缺 %(missing)s 道", **facts))
    if one.missing and not one.exact:
        told.append(_("题目互有牵连，只试了一部分搭配，实际可能不缺这么多"))
    if one.missing and one.exposed:
        told.append(_("另有 %(n)s 道已达曝光上限", n=one.exposed))
    if one.missing and one.met:
        told.append(_("另有 %(n)s 道考生近期见过", n=one.met))
    return _("；").join(told)
