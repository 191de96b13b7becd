"""What a check of the bank tells: errors, which are facts, and warnings, which are judgements by rule of thumb."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. ``item`` is an id, or empty where it concerns a file or the whole bank."""

    level: str
    code: str
    item: str = ""
    file: str = ""
    place: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        where = ":".join(part for part in (self.file, self.item) if part) or "bank"
        told = ", ".join(f"{name}={value}" for name, value in self.params.items())
        at = f" at {self.place}" if self.place else ""
        return f"{where}: {self.level}: {self.code}{at}" + (f" ({told})" if told else "")


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that are errors."""
    return [finding for finding in findings if finding.level == ERROR]
