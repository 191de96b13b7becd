"""The results of an exam in figures: how scores are spread, what sections and units reached, and all of it as Excel."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext as _
from flask_login import current_user

from question_bank.topics import taxonomy
from trainer.attempts.incidents import incidents_of_exam
from trainer.audit.service import record
from trainer.bank import forms
from trainer.competitions.places import places_by_exam
from trainer.core.database import db, end_read
from trainer.core.errors import Forbidden
from trainer.exams.queries import ExamLine
from trainer.marking.queries.repairs import corrections_of
from trainer.marking.wording import REMEDY_NAMES
from trainer.reports import wording
from trainer.reports.exam_results import INCIDENTS_MOST, ToWrite, results_book
from trainer.reports.queries import exams as figures
from trainer.reports.queries import results as queries
from trainer.reports.queries.statistics import exam_items, exam_statistic
from trainer.reports.rules import charts
from trainer.reports.rules.results import FEW, Part
from trainer.reports.statistics_routes import may_see_figures
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.limits import sparing
from trainer.web.locale import zone
from trainer.web.view import asked_text, download

bp = Blueprint("exam_results", __name__)

DRAWN = 8
Line = tuple[str, Part]
WORDS = {"one": wording.one, "ones": wording.ones, "percent": wording.whole_percent, "percents": wording.percents}


@bp.get("/exams/<id:exam_id>/results")
@needs("exam.view")
def show(exam_id):
    now, session = arrived_at(), db.session()
    seen = queries.read_exam_with_people(session, exam_id, current_user, "exam.view")
    exam = seen.exam
    if exam.is_mock or not may_see_figures(exam, now):
        return render_template("reports/results.html", exam=exam, seen=seen, results=None)
    found = queries.results_of_units(session, seen, asked_text("unit", 40) or None)
    counted = exam_statistic(session, exam_id)
    profile = queries.profile_of(counted, found.unit_ids)
    page = render_template(
        "reports/results.html",
        exam=exam,
        seen=seen,
        results=found,
        group=found.group,
        few=FEW,
        spread=charts.spread(found.steps, found.pass_mark),
        profile=profile and _named(profile, queries.section_titles(session, exam.blueprint_id)),
        counted_at=counted.counted_at if counted else None,
        span_of=lambda group: charts.span(group.mean, group.interval, found.max_points),
        share_of=lambda part: charts.span(part.share, part.interval, 1.0),
        mean_at=charts.span(found.group.mean, (0, 0), found.max_points).at if not found.group.is_few else None,
        may_export=exam.phase(now) == "released" and may_export(exam),
        corrections=corrections_of(session, exam),
        remedy_names=REMEDY_NAMES,
        words=WORDS,
    )
    end_read()
    return page


def _named(profile: dict[str, list[Part]], titles: dict[str, str]) -> list[tuple[str, str, list[Line], list[Line]]]:
    """Return the dimensions that have more than one part, as (key, name, parts with their names, which are drawn).

    Of more than ``DRAWN`` parts so many are drawn: the weakest, for that is what training can work on.
    """
    topics = {topic.slug: forms.filed_name(topic) for topic in taxonomy().topics}
    wings = {wing.slug: forms.filed_name(wing) for wing in taxonomy().wings}
    made = []
    for key, name, names in (
        ("section", _("各部分得分率"), titles),
        ("wing", _("各板块得分率"), wings),
        ("topic", _("各知识点得分率"), topics),
    ):
        parts = profile[key]
        if len(parts) > 1:
            # Sections in the order of the paper, wings and topics in that of the taxonomy.
            order = {slug: place for place, slug in enumerate(names)}
            parts = sorted(parts, key=lambda one: order.get(one.key, len(order)))
            lines = [(names.get(one.key, one.key), one) for one in parts]
            drawn = lines
            if len(lines) > DRAWN:
                drawn = sorted((line for line in lines if line[1].share is not None), key=_share)[:DRAWN]
            made.append((key, name, lines, drawn))
    return made


def _share(line: Line) -> float:
    return line[1].share or 0.0


def may_export(exam: ExamLine) -> bool:
    """Return whether the caller may carry results of this exam away: all, or those of the own people."""
    scope = queries.scope_with(current_user, "exam.view", "export")
    # Who sees the whole exam by one role carries nothing away by another one that holds somewhere else.
    sees_all = current_user.scope("exam.view").holds_whole(exam.unit_path)
    return scope.holds_whole(exam.unit_path) if sees_all else bool(scope.reaches)


@bp.get("/exams/<id:exam_id>/results.xlsx")
@sparing
@needs("export")
def workbook(exam_id):
    content, exam = export_results(exam_id)
    return download(content, _("%(title)s成绩.xlsx", title=exam.title))


def export_results(exam_id: int) -> tuple[bytes, ExamLine]:
    """Return the workbook of an exam's results as far as the caller may carry them away, and enter it in the audit.

    Raises ``Missing`` where the caller may carry nothing away, and ``Forbidden`` before the release.
    """
    now, session = arrived_at(), db.session()
    seen = queries.read_exam_with_people(session, exam_id, current_user, "exam.view", "export")
    exam = seen.exam
    if exam.state != "published" or exam.phase(now) != "released":
        raise Forbidden("not_released")
    people = figures.results_of(session, exam_id, seen.scope)
    results = queries.results_of_units(session, seen, None)
    items = None
    if seen.scope is None and exam_statistic(session, exam_id):
        items = exam_items(session, exam_id, exam.blueprint_id, current_user)
    ranking = places_by_exam(session, exam_id, now)
    noticed = incidents_of_exam(session, exam_id, seen.scope, limit=INCIDENTS_MOST + 1)
    end_read()
    what = ToWrite(
        title=exam.title,
        people=people,
        places=ranking.places if ranking else None,
        prizes=ranking.prizes if ranking else None,
        items=items,
        units=results.units,
        kinds=forms.KIND_NAMES,
        topics={topic.slug: forms.filed_name(topic) for topic in taxonomy().topics},
        incidents=noticed,
    )
    content = results_book(what, zone())
    record(
        "exam.results_exported",
        by=current_user.id,
        target=f"exam:{exam_id}",
        unit_id=exam.unit_id,
        detail={"people": len(people), "whole": seen.scope is None},
    )
    return content, exam
