"""Ancestry and scope in the tree of units. Pure."""

from __future__ import annotations

from dataclasses import dataclass


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
