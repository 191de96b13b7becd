"""Gaps inside a text that questions beside it name by number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from question_bank.formats.rich import SLOT, Rich, slots_as_gaps
from question_bank.richtext import Inline, Text


def numbered(text: Rich) -> Rich:
    """Return a text in which each slot is a blank with its number before it: （1）____."""
    numbers = iter(range(1, 10_000))

    def change(one: Text) -> Iterator[Inline]:
        yield replace(one, words=re.sub(SLOT, lambda _: f"（{next(numbers)}）{SLOT}", one.words))

    return slots_as_gaps(text.mapped(change))
