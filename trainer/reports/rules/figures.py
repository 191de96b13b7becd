"""Figures of units, added up along the tree. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trainer.orgs.rules import ancestors


@dataclass(frozen=True)
class Figures:
    """Counts of officers by status in a year (``hours.rules.compliance``).

    ``due`` are those who must meet the hours: met + on_pace + behind + at_risk; the exempt are beside them.
    ``hours_total`` are the hours of all counted officers, the exempt ones' too; ``hours_due`` of those due alone.
    ``forecast_met`` are those due who will have the hours by the end of the year at the present pace.
    """

    due: int = 0
    met: int = 0
    on_pace: int = 0
    behind: int = 0
    at_risk: int = 0
    exempt: int = 0
    forecast_met: int = 0
    hours_total: Decimal = Decimal("0.00")
    hours_due: Decimal = Decimal("0.00")

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            due=self.due + other.due,
            met=self.met + other.met,
            on_pace=self.on_pace + other.on_pace,
            behind=self.behind + other.behind,
            at_risk=self.at_risk + other.at_risk,
            exempt=self.exempt + other.exempt,
            forecast_met=self.forecast_met + other.forecast_met,
            hours_total=self.hours_total + other.hours_total,
            hours_due=self.hours_due + other.hours_due,
        )

    @property
    def below(self) -> int:
        """Everybody below the pace: behind and at risk together."""
        return self.behind + self.at_risk

    @property
    def keeping(self) -> int:
        """Everybody who has met the hours or keeps the pace."""
        return self.met + self.on_pace

    @property
    def people(self) -> int:
        return self.due + self.exempt

    @property
    def mean_hours(self) -> Decimal | None:
        """Hours for each person due (人均学时), to the hundredth; None where nobody is.

        The exempt are in neither part: they need no hours, and would make a unit look as if it lagged.
        """
        return (self.hours_due / self.due).quantize(Decimal("0.01")) if self.due else None


NOBODY = Figures()


@dataclass(frozen=True)
class UnitFigures:
    """A unit with the figures of its whole subtree; ``level`` counts from 0 at the root of the report."""

    id: int
    code: str
    name: str
    short_name: str
    kind: str
    path: str
    level: int
    parent_path: str
    figures: Figures
    children: tuple[UnitFigures, ...] = ()


def roll_up(root_path: str, units: Iterable[Any], own: dict[int, Figures], *, keep_empty: bool) -> UnitFigures | None:
    """Return the tree below ``root_path`` with summed figures, None where the root is not among ``units``.

    ``units`` have id, code, name, short_name, kind, path and sort; ``own`` are the figures of a unit's own people.
    Siblings keep the order of ``sort`` and name. Without ``keep_empty`` units without a single officer below them are
    left out, the root excepted.
    """
    known = {unit.path: unit for unit in units}
    if root_path not in known:
        return None
    sums: dict[str, Figures] = {}
    for unit in known.values():
        figures = own.get(unit.id)
        if figures is None:
            continue
        for path in ancestors(unit.path):
            if path.startswith(root_path):
                sums[path] = sums.get(path, NOBODY) + figures
    below: dict[str, list[Any]] = {}
    for unit in sorted(known.values(), key=lambda one: (one.sort, one.name, one.id)):
        if unit.path != root_path and (keep_empty or sums.get(unit.path, NOBODY).people):
            below.setdefault(_parent(unit.path), []).append(unit)

    def build(unit: Any, level: int) -> UnitFigures:
        return UnitFigures(
            id=unit.id,
            code=unit.code,
            name=unit.name,
            short_name=unit.short_name,
            kind=unit.kind,
            path=unit.path,
            level=level,
            parent_path=_parent(unit.path) if level else "",
            figures=sums.get(unit.path, NOBODY),
            children=tuple(build(child, level + 1) for child in below.get(unit.path, ())),
        )

    return build(known[root_path], 0)


def _parent(path: str) -> str:
    return path[: path.rstrip("/").rfind("/") + 1]


def flat(tree: UnitFigures, key: str = "tree", descending: bool = False) -> list[UnitFigures]:
    """Return a tree as rows, parents before children, siblings sorted by ``key`` (``tree`` keeps their own order)."""
    rows = [tree]
    for child in _sorted(tree.children, key, descending):
        rows.extend(flat(child, key, descending))
    return rows


def furthest_behind(tree: UnitFigures, most: int) -> list[UnitFigures]:
    """Return the units right below the root with the most people below the pace, the worst first.

    Equal counts stand by their share of those due, then by name. A root with a single unit below it is passed over
    for that one, down to where a choice begins; units in which nobody is below the pace are left out.
    """
    while len(tree.children) == 1:
        tree = tree.children[0]
    found = [one for one in tree.children if one.figures.below]
    return sorted(found, key=lambda one: (-one.figures.below, -_measure(one.figures, "below"), one.name))[:most]


SORT_KEYS = ("tree", "due", "met", "on_pace", "below", "hours")


def _sorted(children: tuple[UnitFigures, ...], key: str, descending: bool) -> list[UnitFigures]:
    if key == "tree":
        return list(reversed(children)) if descending else list(children)
    return sorted(children, key=lambda one: (_measure(one.figures, key), one.name), reverse=descending)


def _measure(figures: Figures, key: str) -> Decimal:
    """Return what a column sorts by: shares of those due, so that a small unit can stand before a large one."""
    if key == "due":
        return Decimal(figures.due)
    if key == "hours":
        return figures.mean_hours or Decimal(0)
    part = {"met": figures.met, "on_pace": figures.keeping, "below": figures.below}[key]
    return Decimal(part) / figures.due if figures.due else Decimal(-1)


def heat(part: int, whole: int) -> int | None:
    """Return the step 1 to 5 of a share in the heat table, None where nobody is due. Five even steps."""
    return None if not whole else min(5, 1 + part * 5 // whole)


@dataclass(frozen=True)
class HeatRow:
    """A row of the heat table: a unit with its subtree, or a part of the root (``part``) that is no single unit.

    ``part`` is ``direct`` for the city's own departments (everything outside the counties), ``own`` for people of the
    root unit itself, empty for a unit. ``cells`` are (due, keeping) in the order of the columns.
    """

    code: str
    name: str
    part: str
    cells: tuple[tuple[int, int], ...]


def heat_table(
    tree: UnitFigures, cells: Mapping[tuple[int, str], tuple[int, int]], order: Sequence[str]
) -> tuple[list[str], list[HeatRow]]:
    """Return the columns (fields in which somebody is due) and the rows of county × field.

    Below a city its counties are rows and its departments one row together; below any other unit its children are.
    ``cells`` are (due, keeping) by unit and field, of a unit's own people; unknown fields come last.
    """
    rank = {field: number for number, field in enumerate(order)}
    found = {field for (_, field), (due, _) in cells.items() if due}
    columns = sorted(found, key=lambda field: (rank.get(field, len(rank)), field))
    by_county = any(child.kind == "county" for child in tree.children)
    rows: dict[tuple[str, str], tuple[str, dict[str, tuple[int, int]]]] = {}
    if by_county:
        rows["", "direct"] = ("", {})
    for child in tree.children:
        if not by_county or child.kind == "county":
            rows[child.code, ""] = (child.short_name, {})
    place: dict[int, tuple[str, str]] = {tree.id: ("", "direct" if by_county else "own")}
    for child in tree.children:
        key = (child.code, "") if not by_county or child.kind == "county" else ("", "direct")
        place |= {unit.id: key for unit in flat(child)}
    for (unit_id, field), (due, keeping) in cells.items():
        _, sums = rows.setdefault(place.get(unit_id, ("", "own")), ("", {}))
        before = sums.get(field, (0, 0))
        sums[field] = (before[0] + due, before[1] + keeping)
    made = [
        HeatRow(code, name, part, tuple(sums.get(field, (0, 0)) for field in columns))
        for (code, part), (name, sums) in rows.items()
    ]
    return columns, [row for row in made if any(due for due, _ in row.cells)]
