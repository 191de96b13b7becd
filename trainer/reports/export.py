"""The hours of a year as a workbook: the units as the page shows them, and the people behind the figures."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from flask_babel import gettext as _

from trainer.core.sheets import Column, Sheet, write_book
from trainer.hours.rules.compliance import Standard
from trainer.reports.queries.hours import PersonRow
from trainer.reports.rules.figures import Figures, UnitFigures
from trainer.web.locale import decimal_text, local_date


def hours_book(units: Sequence[UnitFigures], people: Sequence[tuple[PersonRow, str, str]], standard: Standard) -> bytes:
    """Return the workbook. ``units`` are the rows of the page, the root first; ``people`` come with status and reason.

    The line of totals repeats the root's figures, which hold everybody below it, so it equals the page.
    """
    title = _(
        "%(unit)s %(year)s 年学时达标情况（截至%(day)s，年度要求 %(hours)s 学时）",
        unit=units[0].name,
        year=standard.year,
        day=local_date(standard.day),
        hours=decimal_text(standard.required),
    )
    return write_book([_unit_sheet(title, units), _people_sheet(title, people)])


def _unit_sheet(title: str, units: Sequence[UnitFigures]) -> Sheet:
    columns = [
        Column(_("单位"), 34),
        Column(_("应达标（人）"), 11),
        Column(_("已达标（人）"), 11),
        Column(_("进度正常（人）"), 12),
        Column(_("落后进度（人）"), 12),
        Column(_("其中有风险（人）"), 13),
        Column(_("免修（人）"), 10),
        Column(_("达标率"), 9, percent=True),
        Column(_("学时合计"), 11),
        Column(_("人均学时"), 10),
        Column(_("预计年末达标（人）"), 15),
    ]
    return Sheet(
        _("单位"),
        title,
        columns,
        [[unit.name, *_figures(unit.figures)] for unit in units],
        totals=[[_("合计"), *_figures(units[0].figures)]],
        indents=[unit.level for unit in units],
    )


def _figures(one: Figures) -> list[int | float | Decimal | None]:
    return [
        one.due,
        one.met,
        one.on_pace,
        one.below,
        one.at_risk,
        one.exempt,
        one.met / one.due if one.due else None,
        one.hours_total,
        one.mean_hours,
        one.forecast_met,
    ]


def _missing(one: PersonRow) -> Decimal | None:
    """Return the hours that lack, None for an exempt person, who owes none."""
    return one.missing if one.exemption is None else None


def _people_sheet(title: str, people: Sequence[tuple[PersonRow, str, str]]) -> Sheet:
    columns = [
        Column(_("姓名"), 12),
        Column(_("用户名"), 14),
        Column(_("单位"), 24),
        Column(_("岗位"), 16),
        Column(_("已得学时"), 10),
        Column(_("还缺学时"), 10),
        Column(_("状态"), 11),
        Column(_("说明"), 46),
    ]
    rows = [
        [one.name, one.username, one.unit, one.post, one.hours, _missing(one), status, reason]
        for one, status, reason in people
    ]
    hours = sum((one.hours for one, _status, _reason in people), Decimal(0))
    return Sheet(_("人员"), title, columns, rows, totals=[[_("合计"), None, None, None, hours, None, None, None]])
