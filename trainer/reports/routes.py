"""The supervisor's desk: hours of the year by unit and field, the people behind each number, Excel and paper."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from flask import Blueprint, Flask, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from question_bank.topics import taxonomy
from trainer.accounts.rules import PERMISSIONS, Person
from trainer.audit.service import record
from trainer.core.clock import local_day
from trainer.core.database import db
from trainer.hours.queries import standard_of
from trainer.hours.rules.compliance import Standard
from trainer.orgs.rules import Reach, Scope
from trainer.reports.export import hours_book
from trainer.reports.queries import hours as figures
from trainer.reports.rules.figures import SORT_KEYS, UnitFigures, flat, furthest_behind, heat, heat_table
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.home import Card, offer_card
from trainer.web.limits import sparing
from trainer.web.locale import decimal_text, is_english, local_date, zone
from trainer.web.menu import offer
from trainer.web.view import asked_choice, asked_page, asked_text, asked_year, download, paged, url_with

bp = Blueprint("reports", __name__, url_prefix="/reports")

FIRST_YEAR = 2000
PARTS = ("direct", "own")
HOME_LINES = 5


@dataclass(frozen=True)
class Sort:
    """The present order of a table, and the address of another one."""

    key: str
    descending: bool

    def url_for(self, key: str) -> str:
        """Return this page sorted by ``key``: largest first, and the other way round when it is so already."""
        down = not self.descending if key == self.key else key not in ("name", "unit", "missing", "tree")
        return url_with(sort=key, desc="1" if down else None, page=None)


def _sort(keys: tuple[str, ...]) -> Sort:
    return Sort(asked_choice("sort", keys) or keys[0], request.args.get("desc") == "1")


def _today():
    return local_day(arrived_at(), zone())


def _year() -> int:
    return asked_year(FIRST_YEAR, _today().year)


def _root(scope: Scope):
    return figures.root_unit(db.session(), scope, asked_text("unit", 40) or None)


def pace_text(standard: Standard) -> str:
    """Return the hours of the pace with one decimal, as people say them."""
    return decimal_text(standard.pace.quantize(Decimal("0.1"), ROUND_HALF_UP))


def reason_of(person: figures.PersonRow, standard: Standard) -> str:
    """Return in one sentence why a person has the status that the list shows."""
    have, missing = decimal_text(person.hours), decimal_text(person.missing)
    if person.exemption is not None:
        return _("免修：%(reason)s", reason=person.exemption)
    if person.status == "met":
        return _("已有 %(have)s 学时", have=have)
    if standard.over:
        return _("缺 %(missing)s 学时，年度已结束", missing=missing)
    if person.status == "on_pace":
        return _("已有 %(have)s 学时，按进度应有 %(pace)s", have=have, pace=pace_text(standard))
    if person.status == "at_risk":
        return _(
            "缺 %(missing)s 学时，按进度应有 %(pace)s，低于 %(line_on)s 预警线 %(line)s",
            missing=missing,
            pace=pace_text(standard),
            line_on=local_date(standard.line_on),
            line=decimal_text(standard.line),
        )
    return _("缺 %(missing)s 学时，按进度应有 %(pace)s", missing=missing, pace=pace_text(standard))


def status_words(standard: Standard) -> dict[str, str]:
    """Return the status of a person as one word, for the workbook."""
    return {
        "met": _("已达标"),
        "on_pace": _("进度正常"),
        "behind": _("未达标") if standard.over else _("落后进度"),
        "at_risk": _("有风险"),
        "exempt": _("免修"),
    }


def filter_words(standard: Standard) -> dict[str, str]:
    """Return what a list may be narrowed to, in the words of the figures that count the same people."""
    words = {"due": _("应达标"), "met": _("已达标")}
    if standard.over:
        return words | {"below": _("未达标"), "exempt": _("免修")}
    return words | {
        "on_pace": _("进度正常"),
        "below": _("落后进度"),
        "behind": _("落后进度，不含有风险"),
        "at_risk": _("有风险"),
        "exempt": _("免修"),
        "forecast_met": _("预计年末达标"),
    }


def field_name(slug: str) -> str:
    """Return the name of an enforcement field in the reader's language."""
    found = taxonomy().find_field(slug)
    return slug if found is None else found.en if is_english() else found.zh


@bp.get("/hours")
@needs("hours.view")
def hours():
    session, scope, year = db.session(), current_user.scope("hours.view"), _year()
    root = _root(scope)
    standard = standard_of(session, year, _today())
    tree = figures.compliance(session, scope, root, standard)
    sort = _sort(SORT_KEYS)
    cells = figures.heat(session, scope, root, standard)
    columns, rows = heat_table(tree, cells, [one.slug for one in taxonomy().fields])
    columns, rows = _within_fields(scope, columns, rows)
    risky = session.execute(
        figures.people(scope, root, standard, figures.PersonFilter(status="below", sort="missing")).limit(10)
    )
    people = [figures.as_person(row, standard) for row in risky]
    return render_template(
        "reports/hours.html",
        root=root,
        tree=tree,
        units=flat(tree, sort.key, sort.descending),
        sort=sort,
        standard=standard,
        pace=pace_text(standard),
        years=_years(),
        roots=figures.roots(session, scope),
        crumbs=figures.units_above(session, scope, root),
        heat_columns=[(slug, field_name(slug)) for slug in columns],
        heat_rows=rows,
        heat=heat,
        people=[(one, reason_of(one, standard)) for one in people],
        may_export=_may_export(current_user, root),
    )


def _within_fields(scope: Scope, columns, rows):
    """Leave a caller who is cut to fields nothing but these columns."""
    held = {reach.field for reach in scope.reaches}
    if None in held:
        return columns, rows
    kept = [number for number, slug in enumerate(columns) if slug in held]
    cut = [type(row)(row.code, row.name, row.part, tuple(row.cells[number] for number in kept)) for row in rows]
    return [columns[number] for number in kept], [row for row in cut if any(due for due, _kept in row.cells)]


def _years() -> list[int]:
    return [_today().year - back for back in range(3)]


def _filter(sort: Sort, root, tree: UnitFigures | None) -> figures.PersonFilter:
    part = asked_choice("part", PARTS)
    outside: tuple[str, ...] = ()
    if tree is not None and part in ("direct", "own"):
        outside = tuple(child.path for child in tree.children if part == "own" or child.kind == "county")
    return figures.PersonFilter(
        status=asked_choice("status", figures.PERSON_STATUSES),
        field=asked_choice("field", [one.slug for one in taxonomy().fields]),
        search=asked_text("q", 40),
        sort=sort.key,
        descending=sort.descending,
        outside=outside,
    )


@bp.get("/hours/people")
@needs("hours.view")
def people():
    session, scope, year = db.session(), current_user.scope("hours.view"), _year()
    root = _root(scope)
    standard = standard_of(session, year, _today())
    sort = _sort(figures.PERSON_SORTS)
    # The parts of a root that are no unit are known by its children alone.
    tree = figures.compliance(session, scope, root, standard) if request.args.get("part") else None
    wanted = _filter(sort, root, tree)
    page = paged(session, figures.people(scope, root, standard, wanted), *asked_page())
    found = [figures.as_person(row, standard) for row in page.items]
    return render_template(
        "reports/people.html",
        root=root,
        standard=standard,
        sort=sort,
        wanted=wanted,
        part=request.args.get("part", ""),
        page=page,
        people=[(one, reason_of(one, standard)) for one in found],
        statuses=list(filter_words(standard).items()),
        fields=[(one.slug, field_name(one.slug)) for one in taxonomy().fields],
        may_export=_may_export(current_user, root),
    )


@bp.get("/hours.xlsx")
@sparing
@needs("export")
def hours_workbook():
    session, scope, year = db.session(), _export_scope(current_user), _year()
    root = _root(scope)
    standard = standard_of(session, year, _today())
    tree = figures.compliance(session, scope, root, standard)
    rows = session.execute(figures.people(scope, root, standard, _filter(Sort("unit", False), root, tree)))
    people = [figures.as_person(row, standard) for row in rows]
    # Looked up once: a sentence of the catalogue costs more than the cell that it is written into.
    words = status_words(standard)
    book = hours_book(flat(tree), [(one, words[one.status], reason_of(one, standard)) for one in people], standard)
    record(
        "hours.exported",
        by=current_user.id,
        target=f"unit:{root.id}",
        unit_id=root.id,
        detail={"year": year, "people": len(people)},
    )
    return download(book, _("%(unit)s-%(year)s-学时达标情况.xlsx", unit=root.short_name, year=year))


def _export_scope(person: Person) -> Scope:
    """Return where one and the same role lets the caller see hours and export them."""
    return Scope(
        tuple(
            Reach(grant.unit_path, grant.field)
            for grant in person.grants
            if {"hours.view", "export"} <= PERMISSIONS.get(grant.role, frozenset())
        )
    )


def _may_export(person: Person, root) -> bool:
    return any(root.path.startswith(reach.path) for reach in _export_scope(person).reaches)


def _home_card(person: Person, now) -> Card | None:
    """Return the year in figures, the units furthest behind and the people most at risk, None without officers."""
    session, scope = db.session(), person.scope("hours.view")
    day = local_day(now, zone())
    standard = standard_of(session, day.year, day)
    found, tree = figures.summary(session, scope, standard)
    if not found.people:
        return None
    # Whoever is at risk comes first anyway: the list is sorted by what is missing.
    rows = session.execute(
        figures.people(scope, None, standard, figures.PersonFilter(status="below", sort="missing")).limit(HOME_LINES)
    )
    people = [figures.as_person(row, standard) for row in rows]
    return Card(
        "reports/_home.html",
        {
            "figures": found,
            "standard": standard,
            "units": furthest_behind(tree, HOME_LINES) if tree else [],
            "people": [(one, reason_of(one, standard)) for one in people],
        },
        wide=True,
    )


def register(app: Flask) -> None:
    """Offer the desk in the menu and its figures on the home page."""
    offer(
        _l("学时达标"),
        "reports.hours",
        icon="report-analytics",
        permission="hours.view",
        order=60,
        also=("/hours/people",),
    )
    offer_card("compliance", _home_card, order=32, permission="hours.view")
