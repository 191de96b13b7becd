"""What a kind of ours has and other systems have no word for, as labels (see ``labels``) that our readers take back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from question_bank.item import Item

NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def extras_of(item: Item) -> dict[str, str]:
    """Return what other systems have no word for in the kind, as labels for our readers."""
    extras = {}
    if item.kind == "ordering":
        extras["shown"] = ",".join(str(item.key.index(key) + 1) for key in item.option_keys)
    elif item.kind == "matching":
        met = list(dict.fromkeys([*item.key.values(), *item.option_keys]))
        extras["shown"] = ",".join(str(met.index(key) + 1) for key in item.option_keys)
    elif item.kind == "fill_blank":
        if item.settings.get("any_order"):
            extras["any_order"] = "yes"
        if "tolerance" in item.settings:
            extras["tolerance"] = ",".join(one or "" for one in item.settings["tolerance"])
    elif item.settings.get("indefinite"):
        extras["indefinite"] = "yes"
    if "max_length" in item.settings:
        extras["max_length"] = str(item.settings["max_length"])
    return extras


def tolerance_of(item: Item, blank: int) -> str | None:
    """Return the tolerance of a blank, counted from 0; None where it has none."""
    told: Sequence[str | None] = item.settings.get("tolerance") or [None] * len(item.key)
    return told[blank]


def is_numeric(item: Item, blank: int) -> bool:
    """Whether others can compare a blank as a number: with a tolerance and without units."""
    return bool(tolerance_of(item, blank)) and all(NUMBER.fullmatch(words) for words in item.key[blank])
