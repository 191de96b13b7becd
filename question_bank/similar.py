"""Questions so alike that one paper should hold only one of them.

A question is taken as the texts that candidates see, or stem and key where there is but the stem, in the form for
comparing (``text.normal``) and with options and the like sorted: their order does not count. Two are alike by the share
of their signs that stand in both in the same order (rapidfuzz's ``ratio``, 0 to 100): one number, name or option
changed leaves most of a text standing, however short.

Nobody compares 200 million pairs of 20,000 items: rensa sketches each text's runs of two signs (MinHash, 128 values
with a fixed seed) and brings those together that agree in one of 32 bands. Of texts whose runs overlap by half, 7 in 8
pairs meet, of those that overlap by two thirds all but 1 in 1,000. One seed, one answer. 20,000 items take
about four seconds, three of them for ``text.normal``.

Source: our decision, 2026-11-27.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from question_bank import text
from question_bank.item import Item

THRESHOLD = 0.8
RUN = 2
SKETCH, BANDS, SEED = 128, 32, 20261127
MOST_MET = 20
PART = 2000  # texts sketched at once, so that their runs are not all in memory together


@dataclass(frozen=True, slots=True)
class Pair:
    """Two ids, the smaller first, and how alike their questions are in whole percent, rounded down."""

    left: str
    right: str
    percent: int


@dataclass(frozen=True, slots=True)
class Group:
    """Ids of questions that are alike, sorted; ``least`` is the lowest likeness (0 to 1) of a pair that was found."""

    ids: tuple[str, ...]
    least: float


def similar_pairs(
    said: Mapping[str, str], *, among: Collection[str] | None = None, threshold: float = THRESHOLD
) -> list[Pair]:
    """Return the pairs that are alike, by their ids. ``said`` is what the questions say (``words``) by id.

    With ``among`` only pairs of which one at least is among those ids: what comes in, against all that is there.
    ``threshold`` lies above 0 and up to 1; below a half more and more pairs are missed. A question that meets more than
    ``MOST_MET`` others is compared with so many of them: one question a thousand times over takes no longer.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold out of range: {threshold}")
    # Here and not above, so that everything else of the library runs on Python alone.
    from rapidfuzz import fuzz
    from rensa import RMinHash, RMinHashLSH

    ids = sorted(said)
    sketches: list[RMinHash] = []
    for start in range(0, len(ids), PART):
        runs = [_runs(said[one]) for one in ids[start : start + PART]]
        sketches += RMinHash.from_token_sets(runs, num_perm=SKETCH, seed=SEED)
    index = RMinHashLSH(threshold=threshold, num_perm=SKETCH, num_bands=BANDS)
    index.insert_many(sketches)
    found = []
    for own, sketch in enumerate(sketches):
        met = [
            other
            for other in index.query(sketch)
            if other < own and (among is None or ids[own] in among or ids[other] in among)
        ]
        # Where everything is like everything else, a few of the others say it as well as all of them.
        for other in sorted(met)[-MOST_MET:]:
            likeness = fuzz.ratio(said[ids[other]], said[ids[own]], score_cutoff=100 * threshold)
            if likeness:
                found.append(Pair(ids[other], ids[own], int(likeness)))
    return sorted(found, key=lambda pair: (pair.left, pair.right))


def nearest(own: str, said: Mapping[str, str], *, most: int = 3, threshold: float = THRESHOLD) -> list[tuple[str, int]]:
    """Return the ids of at most so many questions that are alike to ``own``, with the percent, the nearest first."""
    from rapidfuzz import fuzz, process

    found = process.extract(own, said, scorer=fuzz.ratio, score_cutoff=100 * threshold, limit=most)
    return [(one, int(likeness)) for _words, likeness, one in found]


def similar_groups(items: Iterable[Item], *, threshold: float = THRESHOLD) -> list[Group]:
    """Return what hangs together by pairs that are alike, two or more, sorted by the first id."""
    pairs = similar_pairs({item.id: words(item) for item in items}, threshold=threshold)
    return [
        Group(ids, min(pair.percent for pair in pairs if pair.left in ids) / 100) for ids in hanging_together(pairs)
    ]


def hanging_together(pairs: Iterable[Pair]) -> list[tuple[str, ...]]:
    """Return the groups of ids that pairs make, sorted, and sorted by their first id."""
    parent: dict[str, str] = {}

    def root(one: str) -> str:
        parent.setdefault(one, one)
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for pair in pairs:
        first, second = sorted((root(pair.left), root(pair.right)))
        parent[second] = first
    members: dict[str, list[str]] = {}
    for one in sorted(parent):
        members.setdefault(root(one), []).append(one)
    return sorted(tuple(ids) for ids in members.values())


def words(item: Item) -> str:
    """Return what the question says, in the form for comparing; options, prompts and the like sorted by their texts."""
    stem = re.sub(r"_{2,}|[（(]\s*[）)]", "", item.stem)
    others = [one.words for one in item.passages() if not one.secret and one.place != "stem"] or _texts(item.key)
    return "".join([text.normal(stem), *sorted(text.normal(words) for words in others)])


def _texts(value: Any) -> list[str]:
    """Return the canonical texts of a key without options: the first accepted answer of each blank."""
    if value is None or isinstance(value, bool):
        return []
    if isinstance(value, tuple):
        return [str(entry[0]) if isinstance(entry, tuple) and entry else str(entry) for entry in value]
    return [str(value)]


def _runs(plain: str) -> list[str]:
    return [plain[start : start + RUN] for start in range(max(1, len(plain) - RUN + 1))]
