"""Drawing items for the sections of a paper from the pool of the bank, by a seed.

Sections may want the same items, so whether a blueprint can be met is a question of matching, not of counting each
section by itself: two sections that both want the only ten items of a topic cannot both have ten. Items that suit the
same sections are alike for this question, so they are put into one class, and the largest flow from sections through
classes decides. Earlier sections are served first: a section's lack is what is missing when those before it have got
all they can, and the sum of all lacks is the least possible.

Variants and enemies never meet in one paper; what that means for the question stands in ``rivals``.

``draw_items`` draws one paper section by section. A section whose items no other section wants is a plain sample. For
the rest each place looks for an item in an order by chance and, where its items are all taken, moves an earlier place
to another item (Kuhn's augmenting paths), so that a blueprint that can be met is always met. Candidates' papers are
drawn from a plan (``plan.py``), which is simple enough for strangers to repeat; what is exact and intricate stands here
and only says what a plan may contain.

Everything is sorted by the item's code before chance comes in; pool, blueprint and seed decide alone.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from trainer.bank.rules import Criteria, PoolItem
from trainer.papers.rules.chance import Dice
from trainer.papers.rules.rivals import Lot, Suits, best_choice, most_of, peaceful, sorted_out

VARIANTS_MOST = 16
# So many draws of one's own are compiled for one candidate where several attempts are allowed.
DRAWS_EACH_MOST = 5
# So often chance decides by itself what is taken of items tied by enemies, before the best choice is looked for.
TRIES = 4


@dataclass(frozen=True, slots=True)
class Part:
    """What a section asks of the draw: ``count`` items that meet ``criteria``.

    ``codes`` are items that must be in it, whatever the criteria except the kind; they count towards ``count``. A
    section with a mix has a part for each line of it: ``section`` (1 first) tells whose part it is, 0 is that of its
    own place; ``quota`` is the line's difficulty or level. With a mix of both there is a part for each pair of lines,
    whose difficulty is ``quota`` and whose level is ``also``; it is not ``sure`` where another split may lack less.
    """

    count: int
    criteria: Criteria = field(default_factory=Criteria)
    codes: tuple[str, ...] = ()
    section: int = 0
    quota: str = ""
    also: str = ""
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Lack:
    """What a section is short of: ``section`` counts from 1, ``found`` items suit it, ``missing`` of ``wanted``.

    ``found`` counts what can stand in one paper. It may be as large as ``wanted``: then other sections have taken what
    this one needs. ``unknown`` are named items that the pool does not hold in this kind, ``rivals`` named ones that
    must not meet one named before, ``surplus`` named ones for which the mix has no room. ``quota`` is the line of the
    mix that comes up short, empty for the section itself, ``also`` the level where a difficulty is short at that level
    only. What is not ``sure`` may be told too high: see ``mixing``.
    """

    section: int
    wanted: int
    found: int
    missing: int
    unknown: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    quota: str = ""
    also: str = ""
    sure: bool = True


class CannotDraw(ValueError):
    """The pool cannot meet the parts; ``lacks`` names every section that comes up short.

    ``forms`` counts the papers that come up short only because of items their readers have met; 0 where nobody's would
    do. The lacks are then those of the worst of them.
    """

    def __init__(self, lacks: Sequence[Lack], *, forms: int = 0) -> None:
        self.lacks = tuple(lacks)
        self.forms = forms
        super().__init__("; ".join(f"section {lack.section} lacks {lack.missing}" for lack in lacks))


def find_lacks(parts: Sequence[Part], pool: Sequence[PoolItem]) -> list[Lack]:
    """Return what is missing, in the order of the sections; an empty list means that the draw will succeed."""
    table = Table(parts, pool)
    named = table.named
    missing, _ = table.best(table.places)
    return [
        Lack(
            part.section or number + 1,
            part.count,
            len(one.held) + most_of(table.lots, table.tangles, part.criteria.takes),
            missing[number],
            tuple(one.unknown),
            tuple(one.rivals),
            tuple(one.surplus),
            part.quota,
            part.also,
            part.sure,
        )
        for number, (part, one) in enumerate(zip(parts, named, strict=True))
        if missing[number] or one.unknown or one.rivals or one.surplus
    ]


def count_suiting(parts: Sequence[Part], pool: Sequence[PoolItem]) -> list[int]:
    """Return for each section how many items of the pool it could have by itself, named ones included."""
    lots, tangles = sorted_out(pool)

    def fits(part: Part, item: PoolItem) -> bool:
        return part.criteria.takes(item) or (item.code in part.codes and _kind_fits(part, item))

    return [most_of(lots, tangles, partial(fits, part)) for part in parts]


def draw_items(parts: Sequence[Part], pool: Sequence[PoolItem], seed: str) -> list[list[PoolItem]]:
    """Return the items of each section in the order drawn; no item occurs twice in the paper, and no rivals meet.

    The same parts, pool (in any order) and seed give the same items in the same order. Raises ``CannotDraw``.
    """
    lacks = find_lacks(parts, pool)
    if lacks:
        raise CannotDraw(lacks)
    dice = Dice(seed)
    table = Table(parts, pool)
    fixed = [one.held for one in table.named]
    lots = sorted([*table.lots, *table.untangled(dice)], key=lambda lot: lot.code)
    candidates = [[lot for lot in lots if any(map(part.criteria.takes, lot.items))] for part in parts]
    wanted_by = Counter(lot.code for held in candidates for lot in held)
    drawn: list[list[Lot]] = []
    contested: list[int] = []
    for number, part in enumerate(parts):
        places = part.count - len(fixed[number])
        if all(wanted_by[lot.code] == 1 for lot in candidates[number]):
            drawn.append(dice.sample(candidates[number], places))
        else:
            contested.append(number)
            drawn.append([])
    if contested:
        orders = {number: dice.shuffled(candidates[number]) for number in contested}
        matched = _match({number: parts[number].count - len(fixed[number]) for number in contested}, orders)
        for number in contested:
            drawn[number] = matched[number]
    return [fixed[number] + [_one_of(lot, part, dice) for lot in drawn[number]] for number, part in enumerate(parts)]


def _one_of(lot: Lot, part: Part, dice: Dice) -> PoolItem:
    """Return an item of the lot that suits the section; chance is asked only where there are several."""
    suiting = [item for item in lot.items if part.criteria.takes(item)]
    return suiting[dice.below(len(suiting))] if len(suiting) > 1 else suiting[0]


def divided(parts: Sequence[Part], pool: Sequence[PoolItem], seed: str) -> list[list[PoolItem]]:
    """Return for each part, named items left out, items of its own: from any of them its places can be filled.

    No two lists hold the same item or rivals of each other, and within a list all rivals of an item are rivals of each
    other too; so whoever takes one after another and leaves out rivals always fills the part. Which part gets an item
    that several want is decided by chance, grown from ``seed``. Raises ``CannotDraw``.
    """
    lacks = find_lacks(parts, pool)
    if lacks:
        raise CannotDraw(lacks)
    dice = Dice(seed)
    table = Table(parts, pool)
    lots = sorted([*table.lots, *table.untangled(dice)], key=lambda lot: lot.code)
    suiting = [[lot for lot in lots if any(map(part.criteria.takes, lot.items))] for part in parts]
    places = {number: part.count - len(table.named[number].held) for number, part in enumerate(parts)}
    matched = _match(places, {number: dice.shuffled(held) for number, held in enumerate(suiting)})
    owner = {lot.code: number for number, held in matched.items() for lot in held}
    takers: dict[str, list[int]] = {}
    for number, held in enumerate(suiting):
        for lot in held:
            takers.setdefault(lot.code, []).append(number)
    for code in sorted(takers.keys() - owner.keys()):
        owner[code] = takers[code][dice.below(len(takers[code]))]
    return [
        [item for lot in held if owner[lot.code] == number for item in lot.items if parts[number].criteria.takes(item)]
        for number, held in enumerate(suiting)
    ]


def shared_out(parts: Sequence[Part], pool: Sequence[PoolItem], seed: str, forms: int) -> list[tuple[int, list[Lot]]]:
    """Return for each part the places of a paper beside its named items, and lots of its own for ``forms`` papers.

    Each part has at least a lot for each of its places, so that one paper can be filled; beyond that as many places of
    the other papers as possible have a lot of their own, one paper after another. What is left over goes to one of the
    parts that it suits, by chance grown from ``seed``. A lot holds only items that suit the part. Raises
    ``CannotDraw``.
    """
    lacks = find_lacks(parts, pool)
    if lacks:
        raise CannotDraw(lacks)
    dice = Dice(seed)
    table = Table(parts, pool)
    places = table.places
    alike: dict[Suits, list[Lot]] = {}
    for lot in sorted([*table.lots, *table.untangled(dice)], key=lambda lot: lot.code):
        suits = frozenset(one for one in table.suits_of(lot) if places[one])
        if suits:
            alike.setdefault(suits, []).append(lot)
    _, taken = _flow(places, Counter({suits: len(lots) for suits, lots in alike.items()}), rounds=forms)
    held: list[list[Lot]] = [[] for _ in parts]
    for suits, lots in sorted(alike.items(), key=lambda pair: sorted(pair[0])):
        takers = sorted(suits)
        owners = [number for number in takers for _ in range(taken[number][suits])]
        for place, lot in enumerate(dice.shuffled(lots)):
            number = owners[place] if place < len(owners) else takers[dice.below(len(takers))]
            held[number].append(Lot(tuple(item for item in lot.items if parts[number].criteria.takes(item))))
    return list(zip(places, held, strict=True))


def named_of(parts: Sequence[Part], pool: Sequence[PoolItem]) -> list[list[PoolItem]]:
    """Return the named items of each part that the pool holds, in the order of naming."""
    return [one.held for one in _named_items(parts, pool)]


def shuffle_options(keys: Sequence[str], seed: str, *, never: Sequence[str] = ()) -> list[str]:
    """Return option keys in an order by chance, other than ``never`` (the right order of an ordering item)."""
    return Dice(f"{seed}:{shuffles_before(keys, seed, never=never)}").shuffled(keys)


def shuffles_before(keys: Sequence[str], seed: str, *, never: Sequence[str] = ()) -> int:
    """Return how many shuffles are thrown away before one that is not ``never``; 0 where there is but one order."""
    if len(set(keys)) < 2:
        return 0
    return next(number for number in count() if Dice(f"{seed}:{number}").shuffled(keys) != list(never))


def deal_papers(user_ids: Sequence[int], paper_ids: Sequence[int], seed: str) -> dict[int, int]:
    """Return the paper of each candidate: by chance, and each paper as often as any other, give or take one.

    Candidates are sorted before they are shuffled, so the order of naming changes nothing.
    """
    if not paper_ids:
        return {}
    order = Dice(f"{seed}:deal").shuffled(sorted(set(user_ids)))
    return {user_id: paper_ids[place % len(paper_ids)] for place, user_id in enumerate(order)}


def draws_each(draw: str, attempts: int) -> int:
    """Return how many papers in a row are compiled for one candidate: with a draw of one's own, one for each attempt.

    From attempt ``DRAWS_EACH_MOST`` + 1 on they come round again, so that twenty attempts do not need twenty papers.
    """
    return min(attempts, DRAWS_EACH_MOST) if draw == "per_candidate" else 1


def form_of_attempt(draw: str, dealt: int, ordinal: int, *, forms: int, attempts: int) -> int:
    """Return which form attempt ``ordinal`` (1 first) gets, of a candidate to whom form ``dealt`` was dealt.

    A later attempt gets another draw while there is one, since results may show keys between two attempts. With one
    paper for all there is none.
    """
    if draw == "per_form":
        return (dealt + ordinal - 2) % max(1, forms) + 1
    return dealt + (ordinal - 1) % draws_each(draw, attempts)


def how_many_papers(draw: str, *, forms: int, shuffled: bool, candidates: int, attempts: int = 1) -> int:
    """Return how many papers are compiled: one, its shuffled variants, the forms asked for, or each candidate's own."""
    if draw == "per_candidate":
        return candidates * draws_each(draw, attempts)
    if draw == "per_form":
        return max(1, forms)
    return max(1, min(VARIANTS_MOST, candidates)) if shuffled else 1


def _kind_fits(part: Part, item: PoolItem) -> bool:
    return part.criteria.kind is None or part.criteria.kind == item.kind


@dataclass(frozen=True, slots=True)
class _Named:
    """The named items of a section; the names that the pool does not hold or an earlier one took; rivals of others.

    ``surplus`` are those for which there is no room.
    """

    held: list[PoolItem]
    unknown: list[str]
    rivals: list[str]
    surplus: list[str]


def _named_items(parts: Sequence[Part], pool: Sequence[PoolItem]) -> list[_Named]:
    by_code = {item.code: item for item in pool}
    found: list[_Named] = []
    used: set[str] = set()
    barred: set[str] = set()
    for part in parts:
        one = _Named([], [], [], [])
        for code in part.codes:
            item = by_code.get(code)
            if item is None or code in used or not _kind_fits(part, item):
                one.unknown.append(code)
            elif len(one.held) >= part.count:
                one.surplus.append(code)
            elif code in barred:
                one.rivals.append(code)
            else:
                used.add(code)
                barred |= item.rivals
                one.held.append(item)
        found.append(one)
    return found


class Table:
    """What is left to be drawn once the named items are in: lots, tangles, and the places that are open.

    ``looks`` counts how often it was looked what can be filled.
    """

    def __init__(self, parts: Sequence[Part], pool: Sequence[PoolItem]) -> None:
        self.parts, self.named, self.looks = parts, _named_items(parts, pool), 0
        held = [item for one in self.named for item in one.held]
        gone = {item.code for item in held}.union(*(item.rivals for item in held))
        self.lots, self.tangles = sorted_out([item for item in pool if item.code not in gone])
        self.places = [max(0, part.count - len(one.held)) for part, one in zip(parts, self.named, strict=True)]
        self._alone = Counter(map(self.suits_of, self.lots))

    def suits_of(self, lot: Lot) -> Suits:
        return frozenset[int]().union(*map(self._suits, lot.items))

    def _suits(self, item: PoolItem) -> Suits:
        return frozenset(number for number, part in enumerate(self.parts) if part.criteria.takes(item))

    def supply(self) -> Counter[Suits]:
        """Return how many lots and tangled items there are of each sort; rivals in tangles count beside each other."""
        return self._alone + Counter(self._suits(item) for tangle in self.tangles for item in tangle.items)

    def _missing(self, places: Sequence[int], others: Counter[Suits]) -> list[int]:
        self.looks += 1
        return _flow(places, self._alone + others)[0]

    def best(self, places: Sequence[int]) -> tuple[list[int], list[list[tuple[PoolItem, ...]]]]:
        """Return how many of so many places of each part stay empty at least, and what may be taken of each tangle."""
        return best_choice(self.tangles, self._suits, partial(self._missing, places))

    def untangled(self, dice: Dice) -> list[Lot]:
        """Return what is taken of the tangles so that every place can be filled: by chance where that will do."""
        if not self.tangles:
            return []
        for _ in range(TRIES):
            taken = [peaceful(dice.shuffled(tangle.items)) for tangle in self.tangles]
            if not any(self._missing(self.places, Counter(self._suits(item) for held in taken for item in held))):
                break
        else:
            _, choices = self.best(self.places)
            taken = [held[dice.below(len(held))] for held in choices]
        return [Lot((item,)) for held in taken for item in held]


def _flow(
    places: Sequence[int], classes: Counter[Suits], *, rounds: int = 1
) -> tuple[list[int], list[dict[Suits, int]]]:
    """Return how many places of each section stay empty when as many as possible are filled, and from which classes.

    The places are those of one paper; with several ``rounds`` they are asked for so many times, and a later round takes
    nothing from an earlier one, nor a later section from an earlier one of its round: adding one section after another
    by shortest augmenting paths never takes a place away.
    """
    groups = [suits for suits in classes if suits]
    left = [classes[suits] for suits in groups]
    flow = [[0] * len(groups) for _ in places]
    missing = [0] * len(places)
    for start in list(range(len(places))) * rounds:
        short = places[start]
        # Where there was no way once, there is none later.
        while short and not missing[start]:
            found = _path(start, groups, left, flow)
            if found is None:
                break
            path, room = found
            amount = min(short, room)
            left[path[-1][1]] -= amount
            for step, (section, group) in enumerate(path):
                flow[section][group] += amount
                if step:
                    flow[section][path[step - 1][1]] -= amount
            short -= amount
        missing[start] += short
    return missing, [dict(zip(groups, row, strict=True)) for row in flow]


def _path(
    start: int, groups: list[frozenset[int]], left: list[int], flow: list[list[int]]
) -> tuple[list[tuple[int, int]], int] | None:
    """Return a chain of moves that frees items for section ``start``, and how many items can pass; None without one.

    Each move (section, class) lets the section take from the class; the section of the next move gives up as many of
    that same class and takes from another. The last class still has items left.
    """
    came_from: dict[int, tuple[int, int] | None] = {start: None}
    waiting = deque([start])
    while waiting:
        section = waiting.popleft()
        for group, suits in enumerate(groups):
            if section not in suits:
                continue
            if left[group]:
                chain = [(section, group)]
                room = left[group]
                here = came_from[section]
                inner = section
                while here is not None:
                    outer, passed = here
                    room = min(room, flow[inner][passed])
                    chain.append((outer, passed))
                    inner, here = outer, came_from[outer]
                chain.reverse()
                return chain, room
            for other in suits:
                if other not in came_from and flow[other][group]:
                    came_from[other] = (section, group)
                    waiting.append(other)
    return None


def _match(places: dict[int, int], orders: dict[int, list[Lot]]) -> dict[int, list[Lot]]:
    """Return a lot for every place; ``places`` can be met, as ``find_lacks`` has said."""
    owner: dict[str, tuple[int, int]] = {}
    held: dict[tuple[int, int], Lot] = {}
    next_free = dict.fromkeys(places, 0)

    def serve(place: tuple[int, int]) -> None:
        order = orders[place[0]]
        # Most places find a free item at once; only what is contested needs a chain of moves.
        while next_free[place[0]] < len(order):
            item = order[next_free[place[0]]]
            next_free[place[0]] += 1
            if item.code not in owner:
                owner[item.code], held[place] = place, item
                return
        came_from: dict[str, tuple[tuple[int, int], Lot]] = {}
        waiting = deque([place])
        while waiting:
            asking = waiting.popleft()
            for item in orders[asking[0]]:
                if item.code in came_from:
                    continue
                came_from[item.code] = (asking, item)
                if item.code not in owner:
                    code = item.code
                    while True:
                        taker, wanted = came_from[code]
                        before = held.get(taker)
                        owner[code], held[taker] = taker, wanted
                        if taker == place:
                            return
                        assert before is not None
                        code = before.code
                waiting.append(owner[item.code])
        raise AssertionError("find_lacks and _match disagree")

    for number in sorted(places):
        for place in range(places[number]):
            serve((number, place))
    return {number: [held[(number, place)] for place in range(count)] for number, count in places.items()}
