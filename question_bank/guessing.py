"""What helps somebody who knows nothing to guess: keys that lean to one letter, or to the longest option.

Length: of the items of a kind in which one option is longer than all others, the longest one is right in a share that
chance explains. If an item has r right ones among its n options, chance makes the longest right with r ÷ n; over many
items the number of hits then follows a sum of such tosses. ``Lean.chance`` is the probability of as many hits or more.
Below ``UNLIKELY`` it is a warning over the whole bank, below ``IMPOSSIBLE`` an error there and a warning in a topic:
with some fifty topics one in a hundred comes up now and then in a sound bank. The parts of cases count like items here;
for the letters of a topic, where a few more or less say little, they do not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from question_bank.findings import ERROR, WARNING, Finding
from question_bank.item import Item
from question_bank.kinds.case_study import expand
from question_bank.store import Bank

FEWEST = 20  # so many items before a share says anything
KEY_SHARES = (0.15, 0.35)  # for each of A to D
TRUE_SHARES = (0.35, 0.65)
ALL_RIGHT_MOST = 0.25  # multiple choice in which every option is right
UNLIKELY, IMPOSSIBLE = 0.01, 0.001
CHOICES = ("single_choice", "multiple_choice")


@dataclass(frozen=True, slots=True)
class Lean:
    """How often the longest option is right: in ``hits`` of the ``judged`` items that have one, ``expected`` by chance.

    ``chance`` is the probability of so many hits or more where length says nothing; 1 where nothing was judged.
    """

    items: int
    judged: int
    hits: int
    expected: float
    chance: float


def pieces_of(items: Iterable[Item], kind: str) -> list[Item]:
    """Return the items of a kind with the parts of cases that are of it."""
    return [part for item in items for part in expand(item) if part.kind == kind]


def lean_to_longest(items: Sequence[Item]) -> Lean:
    """Return how far single or multiple choice leans to the longest option."""
    shares = []
    hits = 0
    for item in items:
        lengths = sorted(((len(option.text), option.key) for option in item.options), reverse=True)
        if lengths[0][0] == lengths[1][0]:
            continue
        shares.append(len(_right(item)) / len(lengths))
        hits += lengths[0][1] in _right(item)
    return Lean(len(items), len(shares), hits, sum(shares), at_least(hits, shares))


def _right(item: Item) -> Sequence[str]:
    return (item.key,) if isinstance(item.key, str) else item.key


def at_least(hits: int, shares: Sequence[float]) -> float:
    """Return the probability of at least so many hits in tosses with these shares (Poisson's binomial)."""
    odds = [1.0]
    for share in shares:
        odds = [missed * (1 - share) + hit * share for missed, hit in zip([*odds, 0.0], [0.0, *odds], strict=True)]
    return min(1.0, sum(odds[hits:]))


def letters_of(items: Sequence[Item]) -> dict[str, int]:
    """Return how often each of A to D is the key of a single choice with four options."""
    counts = Counter(item.key for item in items if len(item.options) == 4)
    return {letter: counts[letter] for letter in "ABCD"}


def guessing_findings(bank: Bank) -> Iterator[Finding]:
    """Find what can be guessed, by topic and over the whole bank."""
    topics: dict[str, list[Item]] = {}
    for item in bank:
        topics.setdefault(f"{item.wing}/{item.topic}", []).append(item)
    for folder, items in [*topics.items(), ("", list(bank.items))]:
        for code, params in _leaning(items if folder else [part for item in items for part in expand(item)]):
            yield Finding(WARNING, code, "", folder, "", params)
        for kind in CHOICES:
            yield from _longest(pieces_of(items, kind), kind, folder)


def _longest(items: Sequence[Item], kind: str, folder: str) -> Iterator[Finding]:
    lean = lean_to_longest(items)
    # One topic among fifty is unlikely now and then; the whole bank is looked at once.
    limit = IMPOSSIBLE if folder else UNLIKELY
    if lean.judged < FEWEST or lean.chance >= limit:
        return
    params = {
        "kind": kind,
        "longest": lean.judged,
        "right": lean.hits,
        "expected": f"{lean.expected:.1f}",
        "chance": f"{lean.chance:.4f}",
    }
    level = ERROR if not folder and lean.chance < IMPOSSIBLE else WARNING
    yield Finding(level, "longest_is_right", "", folder, "", params)


def _leaning(items: Sequence[Item]) -> Iterator[tuple[str, dict[str, int]]]:
    letters = letters_of([item for item in items if item.kind == "single_choice"])
    single = sum(letters.values())
    if single >= FEWEST:
        shares = [count / single for count in letters.values()]
        if min(shares) < KEY_SHARES[0] or max(shares) > KEY_SHARES[1]:
            yield "uneven_keys", letters
    statements = [item for item in items if item.kind == "true_false"]
    true = sum(item.key is True for item in statements)
    if len(statements) >= FEWEST and not TRUE_SHARES[0] <= true / len(statements) <= TRUE_SHARES[1]:
        yield "uneven_truth", {"true": true, "false": len(statements) - true}
    multiple = [item for item in items if item.kind == "multiple_choice"]
    whole = sum(len(item.key) == len(item.options) for item in multiple)
    if len(multiple) >= FEWEST and whole / len(multiple) > ALL_RIGHT_MOST:
        yield "often_all_right", {"all": whole, "items": len(multiple)}
