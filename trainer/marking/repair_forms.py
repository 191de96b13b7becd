"""Shape of what is typed about a repair: the remedy, the key of any kind, the reason."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from question_bank import Item
from trainer.marking.rules.regrade import REMEDIES, Remedy

APPEALS_MOST = 5000


def read_remedy(item: Item, form: MultiDict[str, str]) -> Remedy:
    """Return the remedy that was typed for an item; what is no remedy is taken for none of them."""
    kind = form.get("remedy", "")
    return Remedy(kind if kind in REMEDIES else "", read_answer(item, form) if kind in REMEDIES[:2] else None)


def read_answer(item: Item, form: MultiDict[str, str]) -> Any:
    """Return the key that was typed, in the JSON form of the item's kind; None for nothing.

    Choices come as ``key``, pieces as ``key-1`` and so on, the accepted words of a blank a line each.
    """
    chosen = [one.replace("\x00", "") for one in form.getlist("key") if one]
    if item.kind == "true_false":
        return {"true": True, "false": False}.get(chosen[0]) if chosen else None
    if item.kind == "single_choice":
        return chosen[0] if chosen else None
    if item.kind in ("multiple_choice", "error_finding"):
        return chosen or None
    if item.kind == "fill_blank":
        typed = [form.get(f"key-{number}", "").replace("\x00", "") for number in range(1, len(item.key) + 1)]
        return [[line.strip() for line in one.splitlines() if line.strip()] for one in typed]
    if item.kind == "ordering":
        steps = [form.get(f"key-{number}", "") for number in range(1, len(item.options) + 1)]
        return [step for step in steps if step] or None
    if item.kind == "matching":
        prompts = [prompt["key"] for prompt in item.settings["prompts"]]
        return {prompt: form[f"key-{prompt}"] for prompt in prompts if form.get(f"key-{prompt}")} or None
    return None


def read_ids(form: MultiDict[str, str], name: str) -> list[int]:
    """Return the ids that were ticked; what is no number is passed over."""
    texts = form.getlist(name)[:APPEALS_MOST]
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 18]
