"""Groups of questions so alike that one paper should hold only one of them.

A question is taken as the set of its runs of three characters, over the texts that candidates see, or stem and key
where there is but the stem. Two are alike when their sets overlap by at least the threshold (Jaccard: common ÷ all
together); a group is what hangs together by such pairs. Numbers count as they stand, so "十日" and "十五日"
asked in otherwise equal words are near.

Only pairs that can reach the threshold are compared: with each set sorted from rare to frequent runs, such a
pair shares a run in the first part of both. Some thousands of items take about a second.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from question_bank import text
from question_bank.item import Item

RUN = 3
THRESHOLD = 0.7


@dataclass(frozen=True, slots=True)
class Group:
    """Ids of questions that are alike, sorted; ``least`` is the lowest overlap of a pair that was found."""

    ids: tuple[str, ...]
    least: float


def similar_groups(items: Iterable[Item], *, threshold: float = THRESHOLD) -> list[Group]:
    """Return the groups of two or more, sorted by their first id. ``threshold`` lies above 0 and up to 1."""
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold out of range: {threshold}")
    sets = {item.id: shingles(item) for item in items}
    parent = {item_id: item_id for item_id in sets}
    least: dict[str, float] = {}

    def root(item_id: str) -> str:
        while parent[item_id] != item_id:
            parent[item_id] = parent[parent[item_id]]
            item_id = parent[item_id]
        return item_id

    for left, right, overlap in _alike(sets, threshold):
        first, second = sorted((root(left), root(right)))
        known = min(least.get(first, 1.0), least.get(second, 1.0), overlap)
        parent[second] = first
        least[first] = known
    members: dict[str, list[str]] = {}
    for item_id in sorted(sets):
        members.setdefault(root(item_id), []).append(item_id)
    groups = [Group(tuple(ids), least[head]) for head, ids in members.items() if len(ids) > 1]
    return sorted(groups, key=lambda group: group.ids)


def shingles(item: Item) -> frozenset[str]:
    """Return the runs of three characters of a question; a shorter text is one run."""
    plain = words(item)
    return frozenset(plain[start : start + RUN] for start in range(max(1, len(plain) - RUN + 1)))


def words(item: Item) -> str:
    """Return what the question says, in the form for comparing; options, prompts and the like sorted by their texts."""
    stem = re.sub(r"_{2,}|[（(]\s*[）)]", "", item.stem)
    others = [one.words for one in item.passages() if not one.secret and one.place != "stem"] or _texts(item.key)
    return "".join([text.normal(stem), *sorted(text.normal(words) for words in others)])


def _texts(value: Any) -> list[str]:
    """Return the canonical texts of a key without options: the first accepted answer of each blank."""
    if value is None:
        return []
    if isinstance(value, tuple):
        return [str(entry[0]) if isinstance(entry, tuple) and entry else str(entry) for entry in value]
    return [str(value)]


def _alike(sets: dict[str, frozenset[str]], threshold: float) -> Iterable[tuple[str, str, float]]:
    frequency = Counter(run for runs in sets.values() for run in runs)
    holders: dict[str, list[str]] = {}
    for item_id in sorted(sets, key=lambda item_id: (len(sets[item_id]), item_id)):
        runs = sets[item_id]
        ordered = sorted(runs, key=lambda run: (frequency[run], run))
        first_part = ordered[: len(ordered) - math.ceil(threshold * len(ordered) - 1e-9) + 1]
        candidates = {other for run in first_part for other in holders.get(run, ())}
        for other in sorted(candidates):
            common = len(runs & sets[other])
            overlap = common / (len(runs) + len(sets[other]) - common)
            if overlap >= threshold:
                yield other, item_id, overlap
        for run in first_part:
            holders.setdefault(run, []).append(item_id)
