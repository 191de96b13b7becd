"""Ancestry and scope in the tree of units. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Reach:
    """A subtree, by the path of its root, and the enforcement field to which it is cut; None means every field."""

    path: str
    field: str | None = None


@dataclass(frozen=True)
class Scope:
    """What a caller may see with one permission: the union of its reaches. An empty scope holds nothing."""

    reaches: tuple[Reach, ...] = ()

    def holds(self, path: str, fields: frozenset[str] | set[str] | tuple[str, ...] = ()) -> bool:
        """Return whether a unit at ``path`` (or a person there, working in ``fields``) lies within."""
        return any(
            path.startswith(reach.path) and (reach.field is None or reach.field in fields) for reach in self.reaches
        )

    @property
    def whole(self) -> Scope:
        """The part that is not cut to a field: what belongs to a unit as a whole is managed there alone."""
        return Scope(tuple(reach for reach in self.reaches if reach.field is None))

    def holds_whole(self, path: str) -> bool:
        """Return whether the unit at ``path`` lies within in every field, so that it may be managed."""
        return any(path.startswith(reach.path) and reach.field is None for reach in self.reaches)


def path_of(parent_path: str, unit_id: int) -> str:
    """Return the path of a unit below ``parent_path`` (empty for the root)."""
    return f"{parent_path}{unit_id:06d}/"


def depth(path: str) -> int:
    """Return how deep a path lies; the root is 0."""
    return path.count("/") - 1


def ancestors(path: str) -> list[str]:
    """Return the paths from the root down to ``path`` itself."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: number + 1]) + "/" for number in range(len(parts))]


MOST_LEVELS = 12


@dataclass(frozen=True)
class Branch:
    """A unit in an outline: the nearest unit above it that is shown too (None at the top), and how deep it stands."""

    id: int
    path: str
    parent: int | None
    level: int
    has_children: bool


def outline(units: Sequence[tuple[int, str]]) -> list[Branch]:
    """Return units, given as (id, path) with parents before children, as an outline.

    Units whose parents lie outside what is shown stand at the top.
    """
    shown = {path: unit_id for unit_id, path in units}
    above: dict[int, int | None] = {}
    level: dict[int, int] = {}
    for unit_id, path in units:
        over = next((shown[one] for one in reversed(ancestors(path)[:-1]) if one in shown), None)
        above[unit_id] = over
        level[unit_id] = 0 if over is None else level[over] + 1
    parents = set(above.values())
    return [Branch(unit_id, path, above[unit_id], level[unit_id], unit_id in parents) for unit_id, path in units]


def sum_up(counts: Mapping[str, int], paths: Iterable[str]) -> dict[str, int]:
    """Return for each path the sum of ``counts`` in its whole subtree; ``counts`` are of single units, by path."""
    sums = dict.fromkeys(paths, 0)
    for path, count in counts.items():
        for one in ancestors(path):
            if one in sums:
                sums[one] += count
    return sums


def with_ancestors(found: Iterable[str]) -> set[str]:
    """Return the paths of ``found`` and of everything above them."""
    return {one for path in found for one in ancestors(path)}


def rebased(path: str, old_root: str, new_root: str) -> str:
    """Return where ``path`` lies after the subtree at ``old_root`` moved to ``new_root``."""
    return new_root + path[len(old_root) :]


@dataclass(frozen=True)
class HeldField:
    """An enforcement field that a unit holds from one local day to another, both included; None has no end."""

    field: str
    since: date | None = None
    until: date | None = None


def overlapping(held: Sequence[HeldField]) -> HeldField | None:
    """Return the first entry that shares a day with an earlier one of the same field, None when none does."""
    for number, one in enumerate(held):
        for other in held[:number]:
            if one.field != other.field:
                continue
            if (one.since or date.min) <= (other.until or date.max) and (other.since or date.min) <= (
                one.until or date.max
            ):
                return one
    return None
