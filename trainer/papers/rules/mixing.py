"""A mix by difficulty and one by level in the same section: how many items of each pair of lines are drawn.

Each mix alone says how many items of a line stand in the paper at least; with both, both must hold. The items of a pair
of lines are a cell; the cells found here become parts of the draw like any other, so that plan and draw know nothing
of mixes.

What fills most is a flow: from the lines of difficulty and a free one, through classes of items that are alike, to the
lines of level and a free one. Of all the largest flows the one is taken that leaves lines of the mix empty last, and
then the one that takes from the classes most nearly in proportion to what they hold. For sections that share nothing
with others, of items without rivals, it is exact: a lack that is told is there, to the item.

Where several sections want the same items, or variants of one question bear different labels, the flow may lead an
item out of one section into another one, or through a pair of labels that nobody has; to find what can be filled then
is three-dimensional matching, which is hard in general. The flow is then only a bound: less than it says is never
missing. Its cells are looked at as they are, then, the most promising ones first, others that differ by exchanges (one
item less in two cells, one more in the two across), which lead to all cells that have the same sums. The search ends at
the bound, or when there are no others, and its answer is exact then; or after ``FLOWS_MOST`` looks, and then its parts
are not ``sure``: what is told as missing may be too much.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from trainer.bank.rules import Criteria, PoolItem
from trainer.papers.rules.drawing import Part, Table
from trainer.papers.rules.rivals import Suits

FLOWS_MOST = 200
# Leaving a free place empty is dearer than nothing that evenness can save, so lines of the mix are filled first.
FREE_COST = 10**9
EVENNESS = 10**6

Line = tuple[str, int]
Cells = dict[int, int]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A section with both mixes, as ``Part`` has one without: lines are pairs of a value and how many at least."""

    count: int
    criteria: Criteria
    codes: tuple[str, ...]
    section: int
    difficulties: tuple[Line, ...]
    levels: tuple[Line, ...]


def narrowed(criteria: Criteria, value: str) -> Criteria:
    """Return the criteria of a line: ``value`` is a difficulty ("1" to "5"), a level, or empty for the free line."""
    if value.isdigit():
        # An empty set asks nothing; what the section itself rules out must be found nowhere.
        held = frozenset({int(value)}) & (criteria.difficulty or {int(value)})
        return replace(criteria, difficulty=held or frozenset({0}))
    if value:
        return replace(criteria, levels=(frozenset({value}) & (criteria.levels or {value})) or frozenset({""}))
    return criteria


def crossed(asked: Sequence[Crossing | Sequence[Part]], pool: Sequence[PoolItem]) -> list[Part]:
    """Return the parts of all sections, each section's together: those that stand, and the cells of each crossing.

    The same sections and pool, in any order, give the same cells.
    """
    by_code = {item.code: item for item in pool}
    parts: list[Part] = []
    grids: list[_Grid] = []
    for one in asked:
        if isinstance(one, Crossing):
            grid = _Grid(one, by_code, len(parts))
            grids.append(grid)
            parts += grid.parts
        else:
            parts += one
    table = Table(parts, pool)
    kinds = {grid.kind for grid in grids}
    kin = [number for number, part in enumerate(parts) if part.criteria.kind in kinds]
    inside = {number for grid in grids for number in grid.cells.values()}
    lone = [_Grid.of_part(number, table.places[number]) for number in kin if number not in inside]
    cells, bound = _flow([*grids, *lone], table.supply())
    cells, sure = _searched(cells, bound, grids, kin, table)
    found: list[Part] = []
    place = 0
    for one in asked:
        many = len(one.difficulties) + 1 if isinstance(one, Crossing) else 0
        size = many * (len(one.levels) + 1) if isinstance(one, Crossing) else len(one)
        own = [
            replace(parts[number], count=parts[number].count + cells.get(number, 0), sure=sure or number not in kin)
            for number in range(place, place + size)
        ]
        place += size
        held = [part for part in own if part.count or part.codes] if many else own
        found += held or own[-1:]
    return found


class _Grid:
    """The lines of a section across each other. ``cells`` numbers the part of each pair of places of lines.

    ``rows`` and ``columns`` are what the lines still ask for beside named items, and whether they are lines of the mix.
    """

    def __init__(self, one: Crossing, by_code: dict[str, PoolItem], first: int) -> None:
        difficulties, levels = [value for value, _ in one.difficulties], [value for value, _ in one.levels]
        rows, columns = _with_free(one.difficulties, one.count), _with_free(one.levels, one.count)
        named: dict[tuple[int, int], list[str]] = {}
        homeless: list[str] = []
        for code in one.codes:
            item = by_code.get(code)
            at = item and (_room(rows, difficulties, str(item.difficulty)), _room(columns, levels, item.level))
            if not at or -1 in at:
                homeless.append(code)
                continue
            named.setdefault(at, []).append(code)
            rows[at[0]] -= 1
            columns[at[1]] -= 1
        self.kind = one.criteria.kind
        self.rows = [(left, place < len(difficulties)) for place, left in enumerate(rows)]
        self.columns = [(left, place < len(levels)) for place, left in enumerate(columns)]
        self.cells: dict[tuple[int, int], int] = {}
        self.parts: list[Part] = []
        for row, difficulty in enumerate([*difficulties, ""]):
            for column, level in enumerate([*levels, ""]):
                codes = named.get((row, column), [])
                self.cells[row, column] = first + len(self.parts)
                criteria = narrowed(narrowed(one.criteria, difficulty), level)
                quota, also = (difficulty, level) if difficulty else (level, "")
                self.parts.append(Part(len(codes), criteria, tuple(codes), one.section, quota, also))
        # Unknown names and those for which no line has room are told by the draw.
        self.parts[-1] = replace(self.parts[-1], codes=(*self.parts[-1].codes, *homeless))

    @classmethod
    def of_part(cls, number: int, places: int) -> _Grid:
        """Return a part that is not split as a grid of one cell."""
        grid = cls.__new__(cls)
        grid.rows = grid.columns = [(places, True)]
        grid.cells = {(0, 0): number}
        return grid


def _with_free(lines: Sequence[Line], count: int) -> list[int]:
    asked = [least for _, least in lines]
    return [*asked, max(0, count - sum(asked))]


def _room(left: Sequence[int], values: Sequence[str], value: str) -> int:
    """Return the place of the line to which a named item counts: its own while there is room, the free one, or -1."""
    own = values.index(value) if value in values else len(values)
    return next((place for place in (own, len(values)) if left[place] > 0), -1)


class _Class:
    """Items that suit the same cells: the lines that they may come from and go to, and what flows."""

    def __init__(self, amount: int, cells: list[tuple[int, int, int]], rows: list[int], columns: list[int]) -> None:
        self.amount, self.cells, self.used = amount, cells, 0
        self.come, self.go = dict.fromkeys(rows, 0), dict.fromkeys(columns, 0)

    def cost(self, used: int) -> int:
        """What one more costs when so many are used: the fuller the use, the dearer."""
        return (2 * used + 1) * EVENNESS // self.amount


def _flow(grids: Sequence[_Grid], supply: Counter[Suits]) -> tuple[Cells, int]:
    """Return how many places each cell gets, places that stay empty included, and how many must stay empty at least."""
    rows: list[tuple[int, bool]] = []
    columns: list[tuple[int, bool]] = []
    lines_of: dict[int, tuple[int, int]] = {}
    for grid in grids:
        for (row, column), number in grid.cells.items():
            lines_of[number] = len(rows) + row, len(columns) + column
        rows += grid.rows
        columns += grid.columns
    classes = []
    for suits in sorted(supply, key=sorted):
        cells = [(*lines_of[number], number) for number in sorted(suits) if number in lines_of]
        if cells:
            come, go = sorted({row for row, _, _ in cells}), sorted({column for _, column, _ in cells})
            classes.append(_Class(supply[suits], cells, come, go))
    left, room = [many for many, _ in rows], [many for many, _ in columns]
    while path := _cheapest(rows, columns, left, room, classes):
        left[path[0][1]] -= 1
        room[path[-1][1]] -= 1
        for (sort, here), (to, there) in pairwise(path):
            _push(classes, sort, here, to, there)
    found: Cells = {}
    for one in classes:
        for row, column, number in one.cells:
            many = min(one.come[row], one.go[column])
            one.come[row] -= many
            one.go[column] -= many
            found[number] = found.get(number, 0) + many
        # What came from one section and went to another one fills no cell.
        for row, many in one.come.items():
            left[row] += many
        for column, many in one.go.items():
            room[column] += many
    bound = sum(many for many, _ in rows) - sum(one.used for one in classes)

    def preference(number: int) -> tuple[bool, int]:
        row, column = lines_of[number]
        return rows[row][1] == columns[column][1], number

    for number in sorted(lines_of, key=preference):
        row, column = lines_of[number]
        many = min(left[row], room[column])
        left[row] -= many
        room[column] -= many
        found[number] = found.get(number, 0) + many
    return found, bound


def _push(classes: Sequence[_Class], sort: str, here: int, to: str, there: int) -> None:
    if sort == "row":
        classes[there].come[here] += 1
    elif to == "row":
        classes[here].come[there] -= 1
    elif to == "column":
        classes[here].go[there] += 1
    elif sort == "column":
        classes[there].go[here] -= 1
    else:
        classes[here].used += 1 if sort == "in" else -1


def _cheapest(
    rows: Sequence[tuple[int, bool]],
    columns: Sequence[tuple[int, bool]],
    left: Sequence[int],
    room: Sequence[int],
    classes: Sequence[_Class],
) -> list[tuple[str, int]] | None:
    """Return the cheapest way for one more item (Bellman and Ford), from a row to a column; None without one."""
    cost = {("row", row): 0 if mixed else FREE_COST for row, (_, mixed) in enumerate(rows) if left[row]}
    came: dict[tuple[str, int], tuple[str, int]] = {}
    waiting = deque(cost)
    inside = set(waiting)
    takers: dict[int, list[int]] = {}
    givers: dict[int, list[int]] = {}
    for number, one in enumerate(classes):
        for row in one.come:
            takers.setdefault(row, []).append(number)
        for column, many in one.go.items():
            if many:
                givers.setdefault(column, []).append(number)

    def onward(sort: str, here: int) -> Iterator[tuple[tuple[str, int], int]]:
        if sort == "row":
            yield from ((("in", number), 0) for number in takers.get(here, ()))
        elif sort == "column":
            yield from ((("out", number), 0) for number in givers.get(here, ()))
        elif sort == "in":
            one = classes[here]
            if one.used < one.amount:
                yield ("out", here), one.cost(one.used)
            yield from ((("row", row), 0) for row, many in one.come.items() if many)
        else:
            one = classes[here]
            if one.used:
                yield ("in", here), -one.cost(one.used - 1)
            yield from ((("column", column), 0) for column in one.go)

    while waiting:
        node = waiting.popleft()
        inside.discard(node)
        for other, price in onward(*node):
            if other not in cost or cost[node] + price < cost[other]:
                cost[other] = cost[node] + price
                came[other] = node
                if other not in inside:
                    inside.add(other)
                    waiting.append(other)
    ends = [
        (cost["column", column] + (0 if mixed else FREE_COST), column)
        for column, (_, mixed) in enumerate(columns)
        if room[column] and ("column", column) in cost
    ]
    if not ends:
        return None
    path: list[tuple[str, int]] = [("column", min(ends)[1])]
    while path[-1] in came:
        path.append(came[path[-1]])
    return path[::-1]


def _searched(cells: Cells, bound: int, grids: Sequence[_Grid], kin: Sequence[int], table: Table) -> tuple[Cells, bool]:
    """Return the best cells that were found from ``cells`` on, and whether there can be no better ones."""
    inside = sorted(number for grid in grids for number in grid.cells.values())

    def missing(held: Sequence[int]) -> int:
        places = list(table.places)
        for number, many in zip(inside, held, strict=True):
            places[number] += many
        left, _ = table.best(places)
        return sum(left[number] for number in kin)

    start = tuple(cells.get(number, 0) for number in inside)
    best = missing(start), start
    seen = {start}
    waiting = [best]
    while waiting and best[0] > bound:
        _, held = heapq.heappop(waiting)
        for other in _exchanged(held, grids, inside):
            if other in seen:
                continue
            if table.looks >= FLOWS_MOST:
                return dict(zip(inside, best[1], strict=True)), False
            seen.add(other)
            found = missing(other), other
            heapq.heappush(waiting, found)
            best = min(best, found)
            if best[0] <= bound:
                break
    return dict(zip(inside, best[1], strict=True)), True


def _exchanged(held: tuple[int, ...], grids: Sequence[_Grid], inside: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield the cells one exchange away: the sums of all lines stay."""
    place_of = {number: place for place, number in enumerate(inside)}
    for grid in grids:
        used = [pair for pair, number in grid.cells.items() if held[place_of[number]]]
        for row, column in used:
            for other_row, other_column in used:
                if row < other_row and column != other_column:
                    changed = list(held)
                    for pair, change in (
                        ((row, column), -1),
                        ((other_row, other_column), -1),
                        ((row, other_column), 1),
                        ((other_row, column), 1),
                    ):
                        changed[place_of[grid.cells[pair]]] += change
                    yield tuple(changed)
