"""The results of an exam over the API: in figures, and as a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_login import current_user
from pydantic import Field

from trainer.api.resource import Id, Moment, Shape, Text, api_blueprint, operation
from trainer.core.database import db, end_read
from trainer.core.errors import Forbidden
from trainer.reports.queries import results as queries
from trainer.reports.queries.statistics import exam_items, exam_statistic
from trainer.reports.result_routes import export_results
from trainer.reports.rules.results import FEW, Group, Part
from trainer.reports.statistics_routes import may_see_figures
from trainer.web.arrival import arrived_at
from trainer.web.limits import DEAR, limiter
from trainer.web.view import XLSX, download

bp = api_blueprint("exam_results_api")


class IntervalOut(Shape):
    """An interval of 95 %."""

    low: float
    high: float


class GroupOut(Shape):
    """Figures in points; of fewer than five people all but their number are null."""

    people: int
    mean: float | None = None
    interval: IntervalOut | None = None
    deviation: float | None = None
    quartiles: list[float] | None = None
    lowest: float | None = None
    highest: float | None = None
    passed: int | None = None
    pass_rate: float | None = None
    pass_interval: IntervalOut | None = None


class StepOut(Shape):
    """People with a score from `low` to below `high`; the last step holds the full score too."""

    low: float
    high: float
    people: int


class PartOut(Shape):
    """A section (by number), topic or wing (by slug): the mean share of its points; null for fewer than five people."""

    key: str
    title: str | None = None
    people: int
    items: float = Field(description="how many items of it a person met on average")
    share: float | None = None
    interval: IntervalOut | None = None


class UnitOut(Shape):
    code: str
    name: str
    is_own: bool = Field(description="people of the unit above who belong to none of the units below it")
    due: int
    started: int
    figures: GroupOut


class OptionOut(Shape):
    key: str
    right: bool
    people: int


class ItemOut(Shape):
    """`options` is empty for who may not see the item: it would tell the key."""

    id: Id
    code: str
    kind: str
    topic: str
    difficulty: int
    number: int | None = Field(description="on the first paper; null where papers have other items")
    people: int
    facility: float
    discrimination: float | None = Field(description="upper-lower index of 27 %")
    point_biserial: float | None
    blank: int
    advice: list[str]
    options: list[OptionOut]


class ExamStatisticsQuery(Shape):
    unit: Text | None = Field(None, min_length=1, max_length=40, description="code; without it all whom you may see")


class ExamStatisticsOut(Shape):
    exam_id: Id
    unit: str | None
    is_whole: bool = Field(description="false where only people of your own units are counted")
    due: int
    started: int
    waiting: int = Field(description="people not counted yet, because answers wait for a marker")
    max_points: float
    pass_mark: float | None
    figures: GroupOut
    steps: list[StepOut] = Field(description="empty for fewer than five people")
    units: list[UnitOut] = Field(description="in the order of the tree; nobody is ranked")
    sections: list[PartOut]
    topics: list[PartOut]
    wings: list[PartOut]
    items: list[ItemOut]
    counted_at: Moment | None = Field(description="when parts and items were counted; null before that")


@operation(
    bp,
    "GET",
    "/exams/<id:exam_id>/statistics",
    needs_permission="exam.view",
    summary="Results of an exam in figures: scores, parts of the paper, units and items",
    query=ExamStatisticsQuery,
    answers={200: ExamStatisticsOut},
    problems={403: ("not_released",)},
)
def statistics(exam_id: int, query: ExamStatisticsQuery) -> Any:
    now, session = arrived_at(), db.session()
    seen = queries.read_exam_with_people(session, exam_id, current_user, "exam.view")
    exam = seen.exam
    if exam.is_mock or not may_see_figures(exam, now):
        raise Forbidden("not_released")
    found = queries.results_of_units(session, seen, query.unit)
    counted = exam_statistic(session, exam_id)
    profile = queries.profile_of(counted, found.unit_ids) or {}
    titles = queries.section_titles(session, exam.blueprint_id)
    items = exam_items(session, exam_id, exam.blueprint_id, current_user) if counted and seen.scope is None else []
    end_read()
    return ExamStatisticsOut(
        exam_id=str(exam_id),
        unit=found.unit[0] if found.unit else None,
        is_whole=seen.scope is None,
        due=found.due,
        started=found.started,
        waiting=found.waiting,
        max_points=found.max_points,
        pass_mark=found.pass_mark,
        figures=_group(found.group),
        steps=[] if found.group.people < FEW else [StepOut.model_validate(one) for one in found.steps],
        units=[
            UnitOut(
                code=one.code,
                name=one.name,
                is_own=one.is_own,
                due=one.due,
                started=one.started,
                figures=_group(one.group),
            )
            for one in found.units
        ],
        sections=[_part(one, titles.get(one.key)) for one in profile.get("section", ())],
        topics=[_part(one) for one in profile.get("topic", ())],
        wings=[_part(one) for one in profile.get("wing", ())],
        items=[_item(one) for one in items],
        counted_at=counted.counted_at if counted else None,
    )


def _interval(interval: Sequence[float] | None) -> IntervalOut | None:
    return None if interval is None else IntervalOut(low=interval[0], high=interval[1])


def _group(group: Group) -> GroupOut:
    return GroupOut(
        people=group.people,
        mean=group.mean,
        interval=_interval(group.interval),
        deviation=group.deviation,
        quartiles=None if group.quartiles is None else list(group.quartiles),
        lowest=group.lowest,
        highest=group.highest,
        passed=group.passed,
        pass_rate=group.pass_rate,
        pass_interval=_interval(group.pass_interval),
    )


def _part(part: Part, title: str | None = None) -> PartOut:
    interval = _interval(part.interval)
    return PartOut(key=part.key, title=title, people=part.people, items=part.items, share=part.share, interval=interval)


def _item(one: Any) -> ItemOut:
    return ItemOut(
        id=str(one.id),
        code=one.code,
        kind=one.kind,
        topic=one.topic,
        difficulty=one.difficulty,
        number=one.number,
        people=one.people,
        facility=one.facility,
        discrimination=one.upper_lower,
        point_biserial=one.point_biserial,
        blank=one.blank,
        advice=[advice.code for advice in one.advice],
        options=[OptionOut(key=option.key, right=option.right, people=option.chosen) for option in one.options],
    )


@operation(
    bp,
    "GET",
    "/exams/<id:exam_id>/results",
    needs_permission="export",
    summary="Results of an exam as a workbook: people, items, units; once they are released",
    answers={200: None},
    problems={403: ("not_released",), 429: ("too_many_requests",)},
    files=(XLSX,),
)
@limiter.limit(DEAR)
def workbook(exam_id: int) -> Any:
    content, exam = export_results(exam_id)
    return download(content, _("%(title)s成绩.xlsx", title=exam.title))
