"""The plan of a draw: what is published after an exam, so that anybody can draw its papers again.

Before chance comes in, a plan says for each section which items are named and from which groups how many more come. A
paper is then drawn in tries. A try goes through the groups in their order, shuffles each and takes one item after
another, leaving out those that stand in the paper already and rivals of them, until the group has its number. The paper
is the first try in which all groups are full and whose expected points come near enough to the target; where none of
``TRIES`` does, the nearest one. ``docs/redraw.py`` says the same in some forty lines for everybody else.

Expected points are what people get on average: the measured facility of an item where enough people have answered it,
else the usual one of its difficulty label (``PoolItem.share``). Papers that are to be equally hard share the groups
(items of one section and one band of facility) and the target; both come from one paper drawn for the purpose.

Whether a try can fail for ever is a question of matching (``drawing.py``). Where the groups of a plan contend so hard
that tries fail, each group gets items of its own (``divided``), and the first try succeeds.

Parallel forms are drawn together (``apart``): each group is a stratum of nearly equally hard items of which a form
takes one. A try shuffles every stratum once, and the forms take one item after another in their order, so that they
share nothing while there are enough. The try counts for all forms; the distance from the target is that of the
farthest. A plan that says nothing of ``apart`` was made before there was such a thing: its forms are drawn one by one.

A plan is plain JSON; its canonical text and the secret seed make the commitment that is published before the exam.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from trainer.bank.rules import PoolItem
from trainer.papers.rules.apart import strata_of
from trainer.papers.rules.blueprint import SectionSpec, parts_of
from trainer.papers.rules.chance import Dice
from trainer.papers.rules.drawing import CannotDraw, Part, divided, draw_items, find_lacks, named_of

Plan = dict[str, Any]

TRIES = 32
# Two papers whose expected points lie within half a percent of the full points of the target are equally hard enough.
TOLERANCE = 50
# Papers of equal difficulty have as many items of each band of what people get on average; 1 is the easiest.
BANDS = {1: (8500, 10_001), 2: (7250, 8500), 3: (5750, 7250), 4: (4250, 5750), 5: (0, 4250)}


def band_of(item: PoolItem) -> int:
    """Return the band of an item, 1 (easy) to 5 (hard)."""
    return next(band for band, (least, below) in BANDS.items() if least <= item.share < below)


@dataclass(frozen=True)
class Drawn:
    """A plan and the papers drawn from it in the order of the forms: places in ``plan["items"]`` by section."""

    plan: Plan
    papers: list[list[list[int]]]


def make_plan(
    sections: Sequence[SectionSpec],
    pool: Sequence[PoolItem],
    seed: str,
    *,
    first: int,
    count: int,
    same_items: bool,
    shuffle_items: bool,
    shuffle_options: bool,
    apart: bool = False,
    avoid: Mapping[int, Set[str]] | None = None,
) -> Drawn:
    """Return the plan and the papers of the forms ``first`` to ``first`` + ``count`` - 1.

    With ``same_items`` all of them hold the items of the first; with ``apart`` they share as few as possible, and no
    form avoids anything of its own. ``avoid`` are codes that a form must not hold, named items excepted. Raises
    ``CannotDraw`` for what not even one paper, or the paper of some form, can be made of; with ``count`` 0 too, so that
    whoever asks for no paper yet is told at once that there will be none.
    """
    parts = parts_of(sections, pool)
    if lacks := find_lacks(parts, pool):
        raise CannotDraw(lacks)
    held = sorted(pool, key=lambda item: item.code)
    place_of = {item.code: place for place, item in enumerate(held)}
    named = named_of(parts, pool)
    apart = apart and not same_items and count > 1
    template = None if same_items or apart else draw_items(parts, pool, f"{seed}:like:{first}")
    plan: Plan = {
        "first": first,
        "forms": count,
        "same_items": same_items,
        "apart": apart,
        "shuffle_items": shuffle_items,
        "shuffle_options": shuffle_options,
        "tries": TRIES,
        "items": [[item.code, item.version_id, item.share, _places(item.rivals, place_of)] for item in held],
        "sections": [
            {
                "named": [
                    place_of[item.code]
                    for part, one in zip(parts, named, strict=True)
                    if part.section == number
                    for item in one
                ],
                "points": int(spec.points_each * 100),
                "order": spec.order,
            }
            for number, spec in enumerate(sections, start=1)
        ],
        "target": None,
        "tolerance": 0,
        "avoid": {},
        "own": {},
    }
    if apart:
        assert not avoid
        return _drawn_apart(plan, parts, strata_of(parts, pool, f"{seed}:apart:{first}", count), seed, place_of)
    banded = _banded(parts, named, template)
    gone = {item.code for one in named for item in one}.union(*(item.rivals for one in named for item in one))
    free = [item for item in held if item.code not in gone]
    _set_groups(plan, banded, [[item for item in free if part.criteria.takes(item)] for part in banded], place_of)
    if template is not None:
        liked: list[list[int]] = [[] for _ in sections]
        for part, items in zip(parts, template, strict=True):
            liked[part.section - 1] += [place_of[item.code] for item in items]
        plan["target"] = expected(plan, liked)
        plan["tolerance"] = TOLERANCE * _full(plan, liked)
    told = avoid or {}
    drawn = _draw_all(plan, seed, told, place_of)
    if any(paper is None and not told.get(form) for form, paper in drawn.items()):
        _set_groups(plan, banded, divided(banded, held, f"{seed}:divided"), place_of)
        drawn = _draw_all(plan, seed, told, place_of)
    return _with_own_groups(plan, sections, held, seed, told, place_of, drawn)


def continue_plan(
    before: Plan,
    sections: Sequence[SectionSpec],
    pool: Sequence[PoolItem],
    seed: str,
    *,
    first: int,
    count: int,
    avoid: Mapping[int, Set[str]] | None = None,
) -> Drawn:
    """Return further papers of a plan, as hard as those that stand.

    What the bank no longer holds, or holds in other words, is in none of them, named items excepted: their places are
    the same for everybody. Further papers of forms kept apart are drawn one by one and may hold items of those that
    stand. Raises ``CannotDraw`` where too little is left.
    """
    now = {(item.code, item.version_id): item for item in pool}
    held = [now[code, version] for code, version, *_ in before["items"] if (code, version) in now]
    place_of = {one[0]: place for place, one in enumerate(before["items"])}
    lost = place_of.keys() - {item.code for item in held}
    told = avoid or {}
    forms = range(first, first + count)
    plan = before | {
        "first": before["first"] if before["same_items"] else first,
        "forms": count,
        "apart": False,
        "avoid": {},
        "own": {},
    }
    if before["same_items"]:
        return Drawn(plan, [_found(draw_form(plan, seed, form)) for form in forms])
    barred = {form: lost | told.get(form, frozenset()) for form in forms}
    drawn = _draw_all(plan, seed, barred, place_of)
    return _with_own_groups(plan, sections, held, seed, barred, place_of, drawn)


def _places(codes: Set[str], place_of: Mapping[str, int]) -> list[int]:
    return sorted(place_of[code] for code in codes if code in place_of)


def _banded(
    parts: Sequence[Part], named: Sequence[Sequence[PoolItem]], template: Sequence[Sequence[PoolItem]] | None
) -> list[Part]:
    """Return the groups of a plan as parts: those of the blueprint, or the bands of each as the template has them."""
    if template is None:
        return list(parts)
    found: list[Part] = []
    for part, held, like in zip(parts, named, template, strict=True):
        codes = tuple(item.code for item in held)
        if codes:
            found.append(Part(len(codes), part.criteria, codes, part.section))
        bands = Counter(band_of(item) for item in like[len(codes) :])
        found += [
            Part(bands[band], replace(part.criteria, shares=BANDS[band]), (), part.section) for band in sorted(bands)
        ]
    return found


def _set_groups(
    plan: Plan, parts: Sequence[Part], lists: Sequence[Sequence[PoolItem]], place_of: Mapping[str, int], own: str = ""
) -> None:
    groups: list[list[list[Any]]] = [[] for _ in plan["sections"]]
    for part, items in zip(parts, lists, strict=True):
        if part.count > len(part.codes):
            groups[part.section - 1].append([part.count - len(part.codes), [place_of[item.code] for item in items]])
    if own:
        plan["own"][own] = groups
    else:
        plan["groups"] = groups


def _drawn_apart(
    plan: Plan,
    parts: Sequence[Part],
    strata: Sequence[Sequence[Sequence[PoolItem]]],
    seed: str,
    place_of: Mapping[str, int],
) -> Drawn:
    """Return forms drawn together from their strata; the target is what chance gives on average."""
    plan["groups"] = [[] for _ in plan["sections"]]
    for part, own in zip(parts, strata, strict=True):
        plan["groups"][part.section - 1] += [[1, [place_of[item.code] for item in stratum]] for stratum in own]
    usual = [[*section["named"]] for section in plan["sections"]]
    plan["target"] = expected(plan, usual) + sum(
        section["points"] * sum(plan["items"][place][2] for place in places) // len(places)
        for section, groups in zip(plan["sections"], plan["groups"], strict=True)
        for _, places in groups
    )
    plan["tolerance"] = TOLERANCE * sum(
        section["points"] * (len(section["named"]) + len(groups))
        for section, groups in zip(plan["sections"], plan["groups"], strict=True)
    )
    return Drawn(plan, draw_apart(plan, seed))


def draw_apart(plan: Plan, seed: str) -> list[list[list[int]]]:
    """Return the items of all forms of a plan whose forms are kept apart, as ``draw_form`` does of one."""
    nearest: tuple[int, list[list[list[int]]]] | None = None
    for number in range(plan["tries"]):
        papers = _try_apart(plan, f"{seed}:forms:try:{number}")
        gap = max(abs(expected(plan, paper) - plan["target"]) for paper in papers)
        if nearest is None or gap < nearest[0]:
            nearest = gap, papers
        if gap <= plan["tolerance"]:
            break
    assert nearest is not None  # there is one try at least
    return [
        [_ordered(plan, seed, form, number, held) for number, held in enumerate(paper, start=1)]
        for form, paper in enumerate(nearest[1], start=plan["first"])
    ]


def _try_apart(plan: Plan, seed: str) -> list[list[list[int]]]:
    """Return what one try draws for all forms: of each stratum, in an order by chance, one item after another."""
    papers = [[list(section["named"]) for section in plan["sections"]] for _ in range(plan["forms"])]
    for number, groups in enumerate(plan["groups"], start=1):
        for part, (_, places) in enumerate(groups, start=1):
            order = Dice(f"{seed}:{number}:{part}").sample(places, plan["forms"])
            for turn, paper in enumerate(papers):
                paper[number - 1].append(order[turn % len(order)])
    return papers


def _full(plan: Plan, drawn: Sequence[Sequence[int]]) -> int:
    return sum(one["points"] * len(held) for one, held in zip(plan["sections"], drawn, strict=True))


def _sources(plan: Plan) -> list[int]:
    """Return the forms that are drawn: with the same items for all only the first, even where none is asked for."""
    return list(range(plan["first"], plan["first"] + (1 if plan["same_items"] else max(1, plan["forms"]))))


def _draw_all(
    plan: Plan, seed: str, avoid: Mapping[int, Set[str]], place_of: Mapping[str, int]
) -> dict[int, list[list[int]] | None]:
    plan["avoid"] = {str(form): _places(avoid[form], place_of) for form in _sources(plan) if avoid.get(form)}
    return {form: draw_form(plan, seed, form) for form in _sources(plan)}


def _with_own_groups(
    plan: Plan,
    sections: Sequence[SectionSpec],
    held: Sequence[PoolItem],
    seed: str,
    avoid: Mapping[int, Set[str]],
    place_of: Mapping[str, int],
    drawn: dict[int, list[list[int]] | None],
) -> Drawn:
    """Return what was drawn; forms that the groups of all cannot fill get groups of their own first."""
    named = {item.code for one in named_of(parts_of(sections, held), held) for item in one}
    lacks = []
    for form in (form for form, paper in drawn.items() if paper is None):
        left = [item for item in held if item.code in named or item.code not in avoid.get(form, ())]
        # Of what a form may hold, a mix of both sorts is split in its own way.
        parts = parts_of(sections, left)
        if found := find_lacks(parts, left):
            lacks.append(found)
            continue
        _set_groups(plan, parts, divided(parts, left, f"{seed}:divided:{form}"), place_of, own=str(form))
        drawn[form] = draw_form(plan, seed, form)
    if lacks:
        # The worst case is told: what mends it mends all others.
        worst = max(lacks, key=lambda found: sum(lack.missing for lack in found))
        raise CannotDraw(worst, forms=len(lacks))
    if plan["same_items"]:
        forms = range(plan["first"], plan["first"] + plan["forms"])
        return Drawn(plan, [_found(draw_form(plan, seed, form)) for form in forms])
    return Drawn(plan, [_found(drawn[form]) for form in _sources(plan)][: plan["forms"]])


def _found(paper: list[list[int]] | None) -> list[list[int]]:
    assert paper is not None  # every form has been seen to be drawn
    return paper


def draw_form(plan: Plan, seed: str, form: int) -> list[list[int]] | None:
    """Return the items of a form by section, as places in ``plan["items"]``, None where every try fails.

    In the order of the numbers on the paper, without the parts of cases.
    """
    source = plan["first"] if plan["same_items"] else form
    nearest: tuple[int, list[list[int]]] | None = None
    for number in range(plan["tries"]):
        drawn = _try(plan, f"{seed}:form:{source}:try:{number}", source)
        if drawn is None:
            continue
        gap = 0 if plan["target"] is None else abs(expected(plan, drawn) - plan["target"])
        if nearest is None or gap < nearest[0]:
            nearest = gap, drawn
        if gap <= plan["tolerance"]:
            break
    if nearest is None:
        return None
    return [_ordered(plan, seed, form, number, held) for number, held in enumerate(nearest[1], start=1)]


def _try(plan: Plan, seed: str, form: int) -> list[list[int]] | None:
    """Return what one try draws, None where a group comes up short."""
    own = str(form) in plan["own"]
    groups = plan["own"][str(form)] if own else plan["groups"]
    out = set(() if own else plan["avoid"].get(str(form), ()))
    drawn: list[list[int]] = []
    for number, (section, here) in enumerate(zip(plan["sections"], groups, strict=True), start=1):
        held = list(section["named"])
        for part, (count, places) in enumerate(here, start=1):
            short = count
            for place in _by_chance(places, f"{seed}:{number}:{part}"):
                if not short:
                    break
                if place not in out:
                    held.append(place)
                    out.add(place)
                    out.update(plan["items"][place][3])
                    short -= 1
            if short:
                return None
        drawn.append(held)
    return drawn


def _by_chance(places: Sequence[int], seed: str) -> Iterator[int]:
    """Yield all of ``places`` in the order of ``Dice(seed).shuffled``, no further than asked for."""
    dice, left = Dice(seed), list(places)
    for place in range(len(left)):
        other = place + dice.below(len(left) - place)
        left[place], left[other] = left[other], left[place]
        yield left[place]


def _ordered(plan: Plan, seed: str, form: int, number: int, held: list[int]) -> list[int]:
    named = plan["sections"][number - 1]["named"]
    if plan["shuffle_items"]:
        held = Dice(f"{seed}:form:{form}:items:{number}").shuffled(held)
    elif plan["target"] is not None:
        # Bands come one after another; that an item stands late must not tell how hard it is.
        source = plan["first"] if plan["same_items"] else form
        held = held[: len(named)] + Dice(f"{seed}:form:{source}:order:{number}").shuffled(held[len(named) :])
    if plan["sections"][number - 1]["order"] == "easy_first":
        held = sorted(held, key=lambda place: -plan["items"][place][2])
    return held


def expected(plan: Plan, drawn: Sequence[Sequence[int]]) -> int:
    """Return the points expected of a paper, in hundredths of a point times ten thousand."""
    return sum(
        section["points"] * plan["items"][place][2]
        for section, held in zip(plan["sections"], drawn, strict=True)
        for place in held
    )


def expected_share(plan: Plan, drawn: Sequence[Sequence[int]]) -> int:
    """Return the share of its full points that is expected of a paper, in ten-thousandths."""
    full = _full(plan, drawn)
    return round(expected(plan, drawn) / full) if full else 0


def canonical(plan: Plan) -> str:
    """Return the one text of a plan over which the commitment is made."""
    return json.dumps(plan, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def commitment(seed: str, plan: Plan) -> str:
    """Return what is published before an exam, in hex: it binds seed and plan and tells neither of them."""
    return hashlib.sha256(f"{seed}\n{canonical(plan)}".encode()).hexdigest()
