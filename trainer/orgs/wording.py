"""The words for kinds of units and for enforcement fields, in the reader's language."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from question_bank.topics import taxonomy
from trainer.web.locale import is_english

KIND_NAMES: dict[str, Any] = {
    "city": _l("市"),
    "county": _l("县（市、区）"),
    "justice_bureau": _l("司法局"),
    "department": _l("行政执法部门"),
    "township_street": _l("镇（街道）"),
    "township_enforcement_office": _l("镇街综合执法机构"),
    "judicial_office": _l("司法所"),
}


def field_name(slug: str) -> str:
    """Return the name of an enforcement field; an unknown slug stands for itself."""
    known = taxonomy().find_field(slug)
    if known is None:
        return slug
    return known.en if is_english() else known.zh


def field_choices() -> list[tuple[str, str]]:
    """Return (slug, name) of every enforcement field in the order for display, without the general one.

    ``general`` files questions that concern everybody; nobody works in it.
    """
    return [(one.slug, field_name(one.slug)) for one in taxonomy().fields if one.slug != "general"]
