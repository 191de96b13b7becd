"""Pages of statistics: one item, the items of the bank by what their figures advise, one exam with its items."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from question_bank.topics import taxonomy
from trainer.bank import forms
from trainer.bank.caller import list_reserved, look_at_reserved, viewer
from trainer.bank.queries import read_item
from trainer.bank.wording import ADVICE_NAMES
from trainer.bank.work_queries import seen_item
from trainer.core.database import db
from trainer.exams.queries import ExamLine, read_exam
from trainer.marking.queries.repairs import corrections_of
from trainer.marking.wording import REMEDY_NAMES
from trainer.reports import wording
from trainer.reports.merging import ask_for_recount
from trainer.reports.queries import statistics as queries
from trainer.reports.rules import advice as rules
from trainer.reports.rules import charts
from trainer.reports.rules.item_stats import LEAST_PEOPLE, LEAST_TIMES
from trainer.reports.rules.reliability import grade_of
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.view import Page, asked_choice, asked_page, paged, url_with

bp = Blueprint("statistics", __name__)

ORIGINS = ("exam", "practice")
WORDS = {
    "two": wording.two,
    "between": wording.between,
    "whole_percent": wording.whole_percent,
    "letter": wording.option_letter,
    "bands": wording.BAND_NAMES,
    "advice_names": ADVICE_NAMES,
    "least_people": LEAST_PEOPLE,
    "least_times": LEAST_TIMES,
}


@bp.get("/items/statistics")
@needs("item.view")
def index():
    session, who = db.session(), viewer(current_user)
    origin = asked_choice("origin", ORIGINS) or "exam"
    wanted = asked_choice("advice", ("any", "none", *rules.CODES))
    sort = asked_choice("sort", queries.SORTS) or "advice"
    page, per_page = asked_page()
    rows = queries.measured_items(who, origin=origin, advice=wanted, sort=sort, descending=_is_descending())
    found = paged(session, rows, page, per_page)
    list_reserved(current_user, [row.id for row in found.items])
    return render_template(
        "reports/items.html",
        origin=origin,
        advice=wanted,
        page=Page([queries.measured_item(row) for row in found.items], found.page, found.per_page, found.total),
        counts=queries.advice_counts(session, who, origin),
        codes=rules.CODES,
        counted_at=queries.last_counted(session),
        sort=_Sort(sort, _is_descending()),
        kinds=forms.KIND_NAMES,
        topics={topic.slug: forms.filed_name(topic) for topic in taxonomy().topics},
        words=WORDS,
    )


@bp.get("/items/<id:item_id>/statistics")
@needs("item.view")
def item(item_id):
    session, who = db.session(), viewer(current_user)
    seen_item(session, item_id, who)
    look_at_reserved(current_user, item_id)
    record_of = seen_item(session, item_id, who)
    page = read_item(session, item_id)
    data = page.item.to_dict()
    found = queries.statistics_of(session, item_id)
    return render_template(
        "reports/item.html",
        page=page,
        data=data,
        kind=forms.KIND_NAMES.get(record_of.kind, record_of.kind),
        difficulty=record_of.difficulty,
        exam=_told(found.get("exam"), record_of.difficulty, data),
        practice=_told(found.get("practice"), record_of.difficulty, data),
        promised=rules.PROMISED.get(record_of.difficulty),
        may_recount=current_user.may("item.manage"),
        kinds=forms.KIND_NAMES,
        words=WORDS,
    )


@bp.post("/items/<id:item_id>/statistics")
@needs("item.manage")
def recount(item_id):
    seen_item(db.session(), item_id, viewer(current_user))
    asked = ask_for_recount(item_id, arrived_at())
    if asked:
        flash(ngettext("已安排重新统计 %(num)s 场考试。", "已安排重新统计 %(num)s 场考试。", asked), "success")
    else:
        flash(_("已按现有数据重新汇总；还没有统计过用这道题的考试。"), "info")
    return redirect(url_for("statistics.item", item_id=item_id), 303)


@bp.get("/exams/<id:exam_id>/statistics")
@needs("exam.view")
def exam(exam_id):
    now, session = arrived_at(), db.session()
    line = read_exam(session, exam_id, current_user)
    if not may_see_figures(line, now):
        return render_template("reports/exam.html", exam=line, counted=None, is_over=False, words=WORDS)
    counted = queries.exam_statistic(session, exam_id)
    items = queries.exam_items(session, exam_id, line.blueprint_id, current_user) if counted else []
    sort = _Sort(asked_choice("sort", queries.EXAM_SORTS) or "number", _is_descending())
    page, per_page = asked_page()
    cut = queries.sorted_items(items, sort.key, descending=sort.descending)[(page - 1) * per_page : page * per_page]
    return render_template(
        "reports/exam.html",
        exam=line,
        is_over=True,
        counted=counted,
        page=Page(
            [(one, wording.told_advice(one.advice, one.difficulty, seen=one.seen)) for one in cut],
            page,
            per_page,
            len(items),
        ),
        sort=sort,
        shows_options=any(one.options for one in items),
        to_look_at=sum(1 for one in items if one.advice),
        grade=wording.GRADE_SENTENCES[grade_of(counted.figures["reliability"]["alpha"])] if counted else "",
        scores=_scores(line, counted) if counted else None,
        points=charts.facility_and_discrimination(
            [(one.facility, one.upper_lower, bool(one.advice)) for one in items if one.upper_lower is not None]
        ),
        corrections=corrections_of(session, line),
        remedy_names=REMEDY_NAMES,
        kinds=forms.KIND_NAMES,
        topics={topic.slug: forms.filed_name(topic) for topic in taxonomy().topics},
        words=WORDS,
    )


class _Sort:
    """The present order of a table, and the address of another one."""

    def __init__(self, key: str, descending: bool) -> None:
        self.key, self.descending = key, descending

    def url_for(self, key: str) -> str:
        down = key == self.key and not self.descending
        return url_with(sort=key, desc="1" if down else None, page=None)


def _is_descending() -> bool:
    return asked_choice("desc", ("1",)) == "1"


def may_see_figures(exam: ExamLine, now: datetime) -> bool:
    """Return whether the figures may be seen: by all who see the exam once results are out, by who runs it when over.

    Whoever runs an exam needs them before the release, for that is when a wrong key can still be mended.
    """
    if exam.state != "published":
        return False
    phase = exam.phase(now)
    if phase == "released":
        return True
    return phase == "closed" and exam.ends_at <= now and current_user.scope("exam.manage").holds_whole(exam.unit_path)


def _scores(exam: ExamLine, counted: Any) -> charts.Chart:
    spread = counted.figures["spread"]
    mark = None if exam.pass_mark is None else float(exam.pass_mark)
    return charts.scores(spread["steps"], spread["max_points"], mark)


def _told(row: Any, difficulty: int, data: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a page shows of an item's statistics, None where nothing was counted."""
    if row is None:
        return None
    figures = row.figures
    return {
        "row": row,
        "figures": figures,
        "advice": [
            (str(ADVICE_NAMES[one["code"]]), wording.advice_sentence(one, difficulty=difficulty))
            for one in figures["advice"]
        ],
        "texts": {option["key"]: option["text"] for option in data.get("options", ())},
        "options_finding": wording.options_finding(figures),
        "options_chart": _options_chart(figures),
        "drift_finding": wording.drift_finding(figures),
        "drift_chart": _drift_chart(figures["quarters"]),
        "quarters": [(_quarter(one["starts_on"]), one) for one in figures["quarters"]],
        "since": _day(figures["since"]),
        "until": _day(figures["until"]),
    }


def _options_chart(figures: dict[str, Any]) -> charts.Chart | None:
    """Return the chart of options, None without options, or where thirds are not known as in practice."""
    if not figures["options"] or not all(figures["in_third"]):
        return None
    return charts.options_by_ability(
        # One letter fits into its mark: T and F in English.
        [(wording.option_letter(one["key"])[:1], one["right"], one["thirds"]) for one in figures["options"]],
        figures["in_third"],
        [str(name) for name in wording.THIRD_NAMES.values()],
    )


def _drift_chart(quarters: list[dict[str, Any]]) -> charts.Chart | None:
    if len(quarters) < 2:
        return None
    return charts.facility_over_time(
        [(_quarter(one["starts_on"]), one["facility"], *one["interval"]) for one in quarters]
    )


def _quarter(text: str) -> str:
    day = date.fromisoformat(text)
    return _("%(year)s年%(n)s季度", year=day.year, n=(day.month + 2) // 3)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
