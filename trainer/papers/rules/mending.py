"""What keeps a section from being filled, and what would mend it. Pure.

A mend is told only where it is enough by itself: with it the section lacks nothing and no other section lacks more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trainer.bank.rules import PoolItem
from trainer.papers.rules.blueprint import SectionSpec, parts_of
from trainer.papers.rules.drawing import Lack, count_suiting, find_lacks

# What a section may give up, in the order in which it is proposed: the fields of ``SectionSpec``, and what they become.
LOOSER: dict[str, object] = {
    "mix": (),
    "difficulty": (),
    "levels": (),
    "topics": (),
    "laws": (),
    "fields": (),
    "wing": None,
}


@dataclass(frozen=True)
class Stock:
    """The items from which is drawn: ``free`` ones, and those that rules keep out, by the first rule that does.

    ``exposed`` stood in too many exams, ``met`` were met by a candidate who gets the paper; ``other`` are free items of
    the pools that no section asks for.
    """

    free: list[PoolItem]
    exposed: tuple[PoolItem, ...] = ()
    met: tuple[PoolItem, ...] = ()
    other: tuple[PoolItem, ...] = ()


@dataclass(frozen=True)
class Standing:
    """How a section stands: ``found`` items suit it by themselves, ``lacks`` are empty when it gets all it asks for.

    ``exposed`` and ``met`` count the items that suit it and are kept out. ``mends`` are codes with what they need to be
    told: ``fewer`` (``count``), ``fewer_<line of the mix>`` (``count``), ``looser_difficulty_mix`` and
    ``looser_level_mix`` where there are both, ``looser_<field>``, ``other_pool``, ``exposure``, ``avoidance``,
    ``write`` (``count``).
    """

    wanted: int
    found: int
    lacks: tuple[Lack, ...] = ()
    exposed: int = 0
    met: int = 0
    mends: tuple[tuple[str, int], ...] = ()

    @property
    def missing(self) -> int:
        """How many items are missing, over all lines of the mix."""
        return sum(lack.missing for lack in self.lacks)

    @property
    def exact(self) -> bool:
        """Whether so many are missing indeed, and not perhaps fewer."""
        return all(lack.sure for lack in self.lacks)


def standings(
    sections: Sequence[SectionSpec], stock: Stock, *, mends: bool = False, reserve: bool = True
) -> list[Standing]:
    """Return how each section stands, competition between sections included; with ``mends`` what would mend a lack.

    Without ``reserve`` nobody is sent to the reserved pool: whoever asks may not draw from it.
    """
    parts = parts_of(sections, stock.free)
    lacks = find_lacks(parts, stock.free)
    alone = count_suiting(
        [replace(one, mix=()).parts(number, {})[0] for number, one in _numbered(sections)], stock.free
    )
    found = []
    for number, one in _numbered(sections):
        own = tuple(lack for lack in lacks if lack.section == number)
        standing = Standing(one.count, alone[number - 1], own)
        if own:
            criteria = one.criteria
            standing = replace(
                standing,
                exposed=sum(criteria.takes(item) for item in stock.exposed),
                met=sum(criteria.takes(item) for item in stock.met),
            )
        if standing.missing and mends:
            standing = replace(standing, mends=tuple(_mends(sections, number, stock, standing, lacks, reserve=reserve)))
        found.append(standing)
    return found


def wanted_of(lack: Lack, one: SectionSpec) -> int:
    """Return how many are asked for where a section comes up short: by its line of the mix, else by what is free."""
    return lack.wanted if lack.also else dict(one.mix).get(lack.quota, lack.wanted)


def _numbered(sections: Sequence[SectionSpec]) -> list[tuple[int, SectionSpec]]:
    return list(enumerate(sections, start=1))


def _mends(
    sections: Sequence[SectionSpec],
    number: int,
    stock: Stock,
    standing: Standing,
    lacks: Sequence[Lack],
    *,
    reserve: bool,
) -> list[tuple[str, int]]:
    one = sections[number - 1]
    elsewhere = sum(lack.missing for lack in lacks if lack.section != number)

    def helps(changed: SectionSpec, pool: list[PoolItem]) -> bool:
        trial = [*sections[: number - 1], changed, *sections[number:]]
        left = find_lacks(parts_of(trial, pool), pool)
        own = [lack for lack in left if lack.section == number]
        return not own and sum(lack.missing for lack in left if lack.section != number) <= elsewhere

    found = []
    fewer = one.count - standing.missing
    if not one.mix and fewer >= max(1, len(one.item_ids)) and helps(replace(one, count=fewer), stock.free):
        found.append(("fewer", fewer))
    for line, count in one.mix:
        less = count - sum(lack.missing for lack in standing.lacks if line in (lack.quota, lack.also))
        lowered = tuple((other, less if other == line else many) for other, many in one.mix if less or other != line)
        # The only line of its sort is given up with the whole mix of that sort, which is proposed below.
        alone = not less and sum(other.isdigit() == line.isdigit() for other, _ in one.mix) == 1
        if 0 <= less < count and not alone and helps(replace(one, mix=lowered), stock.free):
            found.append((f"fewer_{line}", less))
    halves = (("looser_difficulty_mix", one.depths), ("looser_level_mix", one.difficulties))
    loose = [
        (code, 0) for code, kept in halves if 0 < len(kept) < len(one.mix) and helps(replace(one, mix=kept), stock.free)
    ]
    found += loose
    for name, value in LOOSER.items():
        # Where one of two mixes is enough nobody need give up both.
        if name == "mix" and loose:
            continue
        if getattr(one, name) and helps(replace(one, **{name: value}), stock.free):  # type: ignore[arg-type]
            found.append((f"looser_{name}", 0))
    # The other pool may be that of another section, so that its items are among the free ones.
    moved = replace(one, pool="reserved" if one.pool == "open" else "open")
    if (reserve or moved.pool == "open") and helps(moved, [*stock.free, *stock.other]):
        found.append(("other_pool", 0))
    if stock.exposed and helps(one, [*stock.free, *stock.exposed]):
        found.append(("exposure", 0))
    if stock.met and helps(one, [*stock.free, *stock.met]):
        found.append(("avoidance", 0))
    return [*found, ("write", standing.missing)]
