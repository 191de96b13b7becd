"""Hours of a year by unit, over the API."""

from __future__ import annotations

from typing import Any

from flask_login import current_user
from pydantic import Field

from trainer.api.resource import Amount, Shape, Text, api_blueprint, operation
from trainer.core.clock import local_day
from trainer.core.database import db
from trainer.hours.queries import standard_of
from trainer.reports.queries.hours import compliance as figures_of
from trainer.reports.queries.hours import root_unit
from trainer.reports.rules.figures import UnitFigures
from trainer.web.arrival import arrived_at
from trainer.web.locale import zone

bp = api_blueprint("reports_api")


class ComplianceQuery(Shape):
    unit: Text | None = Field(None, min_length=1, max_length=40, description="code; without it the root of your scope")
    year: int | None = Field(None, ge=2000, le=2100, description="training year; without it the present one")


class ComplianceOut(Shape):
    unit: str = Field(description="code of the unit; the figures are of its whole subtree")
    year: int
    required: Amount
    due: int = Field(description="officers who must meet the hours")
    met: int
    behind: int = Field(description="officers below the pace of the year so far, those at risk included")
    exempt: int = Field(description="officers exempt this year; they are not due")
    hours_total: Amount = Field(description="hours of all counted officers, those of the exempt included")
    forecast_met: int = Field(description="officers who will have met the hours at the pace of the last 90 days")
    children: list[ComplianceOut]


def _out(tree: UnitFigures, year: int, required: Any) -> ComplianceOut:
    figures = tree.figures
    return ComplianceOut(
        unit=tree.code,
        year=year,
        required=required,
        due=figures.due,
        met=figures.met,
        behind=figures.below,
        exempt=figures.exempt,
        hours_total=figures.hours_total,
        forecast_met=figures.forecast_met,
        children=[_out(child, year, required) for child in tree.children],
    )


@operation(
    bp,
    "GET",
    "/compliance",
    needs_permission="hours.view",
    summary="Hours of a year by unit, for the subtree of a unit within your scope",
    query=ComplianceQuery,
    answers={200: ComplianceOut},
    problems={404: ("not_found",)},
)
def compliance(query: ComplianceQuery) -> Any:
    session, scope, day = db.session(), current_user.scope("hours.view"), local_day(arrived_at(), zone())
    year = query.year or day.year
    root = root_unit(session, scope, query.unit)
    standard = standard_of(session, year, day)
    tree = figures_of(session, scope, root, standard)
    return _out(tree, year, standard.required)
