"""The sentences of notices, made when they are read, in the reader's language. Features add theirs.

A notice stores a code and parameters, so that one row serves both languages and a better sentence reaches old notices.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from trainer.web.locale import local_date, local_time

_WORDING: dict[str, Any] = {
    "feedback_answered": _l("您的意见反馈已有答复。"),
}
_GENERAL = _l("您有一条新通知。")


def add_wording(table: Mapping[str, Any]) -> None:
    """Add the sentences of a feature by code, with ``{name}`` for parameters.

    Parameters named ``…_at`` and ``…_on`` hold ISO 8601 moments and days and are written as the reader's language does.
    A code that has another sentence already raises ``ValueError``; adding the same table again changes nothing.
    """
    for code, text in table.items():
        if code in _WORDING and _WORDING[code] is not text:
            raise ValueError(f"the notice {code!r} has a sentence already")
        _WORDING[code] = text


def worded(code: str, params: Mapping[str, Any]) -> str:
    """Return the sentence of a notice; a general one for a code or a parameter that is no longer known."""
    try:
        return str(_WORDING[code]).format_map({name: _readable(name, value) for name, value in params.items()})
    except (KeyError, ValueError, IndexError):
        return str(_GENERAL)


def _readable(name: str, value: Any) -> Any:
    if isinstance(value, str) and name.endswith("_at"):
        return local_time(datetime.fromisoformat(value))
    if isinstance(value, str) and name.endswith("_on"):
        return local_date(date.fromisoformat(value))
    return value
