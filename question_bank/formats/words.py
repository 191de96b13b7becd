"""What each code of a report means, in Chinese and English, for the command line and for pages.

One table, ``words.json``, for repairs, problems, losses, things not kept and files refused; ``say`` fills in the
parameters. A test finds a code that a format uses and the table lacks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("zh", "en")
TABLE = Path(__file__).with_name("words.json")


@cache
def table() -> Mapping[str, tuple[str, str]]:
    """Return every code with its sentence in Chinese and in English, read once."""
    groups = json.loads(TABLE.read_text(encoding="utf-8"))
    return {code: (zh, en) for rows in groups.values() for code, (zh, en) in rows.items()}


def say(code: str, params: Mapping[str, Any] | None = None, language: str = "zh") -> str:
    """Return the sentence of a code; the code itself where it has none, so that nothing is silent.

    A parameter that the sentence names and that is missing stays as its name in braces.
    """
    sentences = table().get(code)
    if sentences is None:
        return code
    told = sentences[LANGUAGES.index(language)]
    for name, value in (params or {}).items():
        told = told.replace("{" + name + "}", str(value))
    return told
