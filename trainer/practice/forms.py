"""From the fields of a plain form to an answer as JSON has it. Whether the answer fits is the item's own matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from trainer.core.errors import Invalid

TRUTH = {"true": True, "false": False}


def read_answer(public: Mapping[str, Any], form: MultiDict[str, str]) -> Any:
    """Return the answer in a form, None for "I do not know"; empty where nothing was chosen or filled in.

    ``public`` is what the item shows; of a case the answers of its parts are listed. Raises ``Invalid`` at ``answer``
    when two steps were given one place.
    """
    if form.get("give_up"):
        return None
    if public["kind"] == "case_study":
        return [_one_answer(part, form_of_part(form, number)) for number, part in enumerate(public["parts"], 1)]
    return _one_answer(public, form)


def form_of_part(form: MultiDict[str, str], number: int) -> MultiDict[str, str]:
    """Return the inputs of a part of a case, under the names they have where there is no case."""
    before = f"part_{number}_"
    return MultiDict(
        (name.removeprefix(before), value)
        for name, values in form.lists()
        for value in values
        if name.startswith(before)
    )


def read_met(parts: int, form: MultiDict[str, str]) -> list[list[int]]:
    """Return for each part the numbers of the points of the rubric that are ticked."""
    return [
        sorted({int(one) for one in form.getlist(f"met_{part}") if one.isascii() and one.isdigit() and len(one) < 4})
        for part in range(1, parts + 1)
    ]


def _one_answer(public: Mapping[str, Any], form: MultiDict[str, str]) -> Any:
    kind = public["kind"]
    if kind == "true_false":
        return TRUTH.get(form.get("answer", ""), "")
    if kind in ("multiple_choice", "error_finding"):
        return form.getlist("answer")
    if kind == "fill_blank":
        return [form.get(f"blank_{number}", "") for number in range(1, public["blanks"] + 1)]
    if kind == "matching":
        return {prompt["key"]: form.get(f"pair_{prompt['key']}", "") for prompt in public["prompts"]}
    if kind == "ordering":
        return _ordered([option["key"] for option in public["options"]], form)
    return form.get("answer", "")


def _ordered(keys: list[str], form: MultiDict[str, str]) -> list[str]:
    places = {key: form.get(f"place_{key}", "") for key in keys}
    if sorted(places.values()) != sorted(str(number) for number in range(1, len(keys) + 1)):
        raise Invalid.at("answer", "places_twice")
    order = sorted(keys, key=lambda key: int(places[key]))
    # No item is asked in its right order, so the order shown is no answer yet.
    return [] if order == keys else order
