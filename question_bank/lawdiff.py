"""What became of the articles of a law in another version, and where two texts differ. Pure.

The fingerprints of the register suffice to see that an article is unchanged, that it stands word for word under another
number, or that it is neither. With both texts at hand a changed article also finds its successor and the likeness is
told, from 0 to 1: twice the characters in common over all characters, white space and punctuation aside (``difflib``).

- *unchanged*: the same words under the same number.
- *renumbered*: the same or nearly the same words (``NEAR`` and above) under another number.
- *changed*: other words; the successor is the article most like it, at least ``ALIKE``. Without texts it is the
  article of the same number.
- *vanished*: nothing in the other version resembles it. Without texts: there is no article of that number.

Whether an article that was changed still bears the key of a question is for a person to say: 六十日 and 三十日 are
nearly the same words.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Container, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

UNCHANGED, RENUMBERED, CHANGED, VANISHED = "unchanged", "renumbered", "changed", "vanished"
# From the lightest to the gravest; an item takes the gravest of its citations.
OUTCOMES = (UNCHANGED, RENUMBERED, CHANGED, VANISHED)
NEAR = 0.9
ALIKE = 0.5
CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class ArticleChange:
    """What became of an article. ``new`` is its number in the other version, None for one that vanished.

    ``likeness`` is from 0 to 1, None where a text is not at hand.
    """

    outcome: str
    new: str | None
    likeness: float | None = None


def compare(
    old: Mapping[str, str],
    new: Mapping[str, str],
    old_texts: Mapping[str, str] | None = None,
    new_texts: Mapping[str, str] | None = None,
    *,
    only: Container[str] | None = None,
) -> dict[str, ArticleChange]:
    """Return what became of each article of the old version, in its order; with ``only`` of those alone.

    ``old`` and ``new`` are fingerprints by number, ``…_texts`` the texts by number where they are at hand.
    """
    numbers_of: dict[str, list[str]] = defaultdict(list)
    for number, mark in new.items():
        numbers_of[mark].append(number)
    taken = {number for mark in old.values() for number in numbers_of.get(mark, ())}
    finder = cache(lambda: _Finder({number: text for number, text in (new_texts or {}).items() if number not in taken}))
    found: dict[str, ArticleChange] = {}
    for number, mark in old.items():
        if only is not None and number not in only:
            continue
        same = numbers_of.get(mark, ())
        if number in same:
            found[number] = ArticleChange(UNCHANGED, number, 1.0)
        elif same:
            # Several articles may read alike, such as those that were deleted: the nearest number is the likeliest.
            found[number] = ArticleChange(RENUMBERED, min(same, key=lambda one: _distance(one, number)), 1.0)
        elif old_texts and new_texts and number in old_texts:
            found[number] = finder().successor(number, old_texts[number])
        else:
            found[number] = ArticleChange(CHANGED, number) if number in new else ArticleChange(VANISHED, None)
    return found


def _distance(one: str, other: str) -> tuple[int, str]:
    return abs(int(one.partition("-")[0]) - int(other.partition("-")[0])), one


def plain(article_text: str) -> str:
    """Return what of a text is compared: its characters without white space, signs and invisible ones."""
    return "".join(
        char
        for char in unicodedata.normalize("NFKC", article_text)
        if not char.isspace() and unicodedata.category(char)[0] not in "PZC"
    )


def likeness(left: str, right: str) -> float:
    """Return how alike two texts are, from 0 to 1; the same whichever comes first."""
    first, second = sorted((plain(left), plain(right)))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


class _Finder:
    """Finds the article most like a text; pairs of characters choose the few that are compared in full."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.pairs = {number: _pairs(text) for number, text in texts.items()}
        self.holding: dict[str, list[str]] = defaultdict(list)
        for number, pairs in self.pairs.items():
            for pair in pairs:
                self.holding[pair].append(number)

    def successor(self, number: str, text: str) -> ArticleChange:
        """Return the successor of an article whose words stand nowhere in the other version."""
        pairs = _pairs(text)
        shared: Counter[str] = Counter()
        for pair, count in pairs.items():
            for one in self.holding.get(pair, ()):
                shared[one] += min(count, self.pairs[one][pair])
        size = sum(pairs.values())
        rough = {one: 2 * count / (size + sum(self.pairs[one].values())) for one, count in shared.items()}
        first = sorted(rough, key=lambda one: (-rough[one], _distance(one, number)))[:CANDIDATES]
        if number in self.texts and number not in first:
            first.append(number)
        told = {one: likeness(text, self.texts[one]) for one in first}
        best = max(told, key=lambda one: (told[one], one == number), default=None)
        if best is None or told[best] < ALIKE:
            return ArticleChange(VANISHED, None)
        outcome = RENUMBERED if best != number and told[best] >= NEAR else CHANGED
        return ArticleChange(outcome, best, round(told[best], 4))


def _pairs(text: str) -> Counter[str]:
    words = plain(text)
    return Counter(words[place : place + 2] for place in range(len(words) - 1)) or Counter([words])
