"""Which items of a pool may stand in one paper: rivals (variants and enemies) never meet.

Items without rivals stand alone. Items that are all rivals of each other, such as a group of variants, are one lot: a
paper takes one of them at most, whichever section it goes to, so a lot counts like a single item. What is left are
tangles: items tied to each other by enemies without all being rivals. From a tangle a paper may take any peaceful set,
one without a pair of rivals; only the largest ones matter, and of these only those that no other one can stand in for.

Which choice from which tangle serves best is a hard question in general, so the number of choices looked at is
bounded. Tangles that are alike are counted and not tried one by one, and nearly all have one choice left; in a bank
kept by people the bounds are out of reach. Beyond them a paper still never holds rivals; at worst a lack is told that a
longer search would have filled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, islice, product

from trainer.bank.rules import PoolItem

SETS_MOST = 256
CHOICES_MOST = 512

Suits = frozenset[int]


@dataclass(frozen=True, slots=True)
class Lot:
    """Items of which a paper takes one at most, by code."""

    items: tuple[PoolItem, ...]

    @property
    def code(self) -> str:
        return self.items[0].code


@dataclass(frozen=True, slots=True)
class Tangle:
    """Items tied by enemies, and the largest sets of them without rivals, never none."""

    items: tuple[PoolItem, ...]
    sets: tuple[tuple[PoolItem, ...], ...]


def sorted_out(items: Sequence[PoolItem]) -> tuple[list[Lot], list[Tangle]]:
    """Return the lots and the tangles of a pool, by their first code."""
    held = {item.code: item for item in sorted(items, key=lambda item: item.code)}
    lots: list[Lot] = []
    tangles: list[Tangle] = []
    seen: set[str] = set()
    for code, item in held.items():
        if code in seen:
            continue
        group = {code}
        waiting = [item]
        while waiting:
            met = (waiting.pop().rivals & held.keys()) - group
            group |= met
            waiting += [held[one] for one in met]
        seen |= group
        tied = tuple(held[one] for one in sorted(group))
        if all(len(one.rivals & group) == len(group) - 1 for one in tied):
            lots.append(Lot(tied))
        else:
            tangles.append(Tangle(tied, tuple(islice(_peaceful_sets(tied), SETS_MOST))))
    return lots, tangles


def peaceful(order: Sequence[PoolItem]) -> tuple[PoolItem, ...]:
    """Return the items of an order that have no rival before them which is taken."""
    taken: list[PoolItem] = []
    barred: set[str] = set()
    for item in order:
        if item.code not in barred:
            taken.append(item)
            barred |= item.rivals
    return tuple(taken)


def best_choice(
    tangles: Sequence[Tangle], suits: Callable[[PoolItem], Suits], missing: Callable[[Counter[Suits]], list[int]]
) -> tuple[list[int], list[list[tuple[PoolItem, ...]]]]:
    """Return the least that is missing, and for each tangle the sets that may be taken for it, all alike.

    ``missing`` tells the places that stay empty with so many items of each sort. The fewest empty places count,
    then that earlier sections have the fewest.
    """
    options = [_options(tangle, suits) for tangle in tangles]
    sorts = [tuple(option) for option in options]
    alike = Counter(sorts)
    kinds = sorted(alike, key=repr)
    # ``product`` keeps what it is given, so each part is bounded too.
    ways = product(*(islice(combinations_with_replacement(kind, alike[kind]), CHOICES_MOST) for kind in kinds))
    best: tuple[int, list[int], tuple[tuple[tuple[Suits, ...], ...], ...]] | None = None
    for way in islice(ways, CHOICES_MOST):
        left = missing(Counter(one for chosen in way for option in chosen for one in option))
        if best is None or (sum(left), left) < best[:2]:
            best = (sum(left), left, way)
        if not best[0]:
            break
    assert best is not None  # without tangles there is one way, the empty one
    hands = {kind: list(chosen) for kind, chosen in zip(kinds, best[2], strict=True)}
    return best[1], [option[hands[sort].pop()] for option, sort in zip(options, sorts, strict=True)]


def most_of(lots: Sequence[Lot], tangles: Sequence[Tangle], fits: Callable[[PoolItem], bool]) -> int:
    """Return how many items that fit can stand in one paper."""
    return sum(any(fits(item) for item in lot.items) for lot in lots) + sum(
        max(sum(fits(item) for item in held) for held in tangle.sets) for tangle in tangles
    )


def _options(tangle: Tangle, suits: Callable[[PoolItem], Suits]) -> dict[tuple[Suits, ...], list[tuple[PoolItem, ...]]]:
    """Return the sets by the sorts of their items, without those for which another one can stand in."""
    found: dict[tuple[Suits, ...], list[tuple[PoolItem, ...]]] = {}
    for held in tangle.sets:
        sorts = tuple(sorted((sort for item in held if (sort := suits(item))), key=sorted))
        found.setdefault(sorts, []).append(held)
    return {
        sorts: held
        for sorts, held in sorted(found.items(), key=lambda pair: repr(pair[0]))
        if not any(other != sorts and _stands_in(other, sorts) for other in found)
    }


def _stands_in(other: tuple[Suits, ...], sorts: tuple[Suits, ...]) -> bool:
    """Whether each item can be replaced by one of the other set that suits the same sections at least."""
    if len(other) < len(sorts):
        return False
    taken: dict[int, int] = {}

    def place(index: int, tried: set[int]) -> bool:
        for number, sort in enumerate(other):
            if number in tried or not sorts[index] <= sort:
                continue
            tried.add(number)
            if number not in taken or place(taken[number], tried):
                taken[number] = index
                return True
        return False

    return all(place(index, set()) for index in range(len(sorts)))


def _peaceful_sets(items: tuple[PoolItem, ...]) -> Iterator[tuple[PoolItem, ...]]:
    """Yield the sets without rivals to which nothing can be added (Bron and Kerbosch), each once."""
    codes = frozenset(item.code for item in items)
    friends = {item.code: codes - item.rivals - {item.code} for item in items}
    held = {item.code: item for item in items}

    def grow(taken: tuple[str, ...], may: set[str], seen: set[str]) -> Iterator[tuple[PoolItem, ...]]:
        if not may and not seen:
            yield tuple(held[code] for code in sorted(taken))
            return
        pivot = min(may | seen, key=lambda code: (-len(friends[code] & may), code))
        for code in sorted(may - friends[pivot]):
            yield from grow((*taken, code), may & friends[code], seen & friends[code])
            may = may - {code}
            seen = seen | {code}

    yield from grow((), set(codes), set())
