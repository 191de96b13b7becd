"""What a blueprint says, what is wrong with one, and the ready-made ones.

The ready-made ones are data of the bank (``question_bank.blueprints``). The first is the usual online preliminary of
the region: 40 × 1 single, 20 × 2 multiple choice, 20 × 1 true or false in 60 minutes, pass mark 60 (domain notes on
provincial 大比武 notices). All of it are defaults that an organiser may change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from question_bank.blueprints import ReadySection, ready_blueprints
from question_bank.fields import LEVELS
from question_bank.kinds import KINDS
from question_bank.kinds.base import RULES
from question_bank.topics import taxonomy
from trainer.bank.rules import Criteria, PoolItem
from trainer.core.errors import FieldProblem
from trainer.papers.rules.drawing import Part
from trainer.papers.rules.mixing import Crossing, crossed, narrowed

SECTIONS_MOST = 20
ITEMS_MOST = 300
POINTS_MOST = Decimal(100)
HUNDREDTH = Decimal("0.01")
POOLS = ("open", "reserved")
ORDERS = ("drawn", "easy_first")
AVOID_DAYS_MOST = 3660
EXPOSURE_MOST = 1000
# Over so many days the exams are counted in which an item has stood. Ours, of 2026-11-27: a training year.
EXPOSURE_DAYS = 365


@dataclass(frozen=True)
class SectionSpec:
    """One section as it is asked for; see ``papers.models.Section``. ``item_ids`` are codes of items.

    A case study counts once in ``count``, however many parts it has, and ``points_each`` are those of the whole case.
    ``pool`` says from which pool is drawn; an item named in ``item_ids`` may lie in either. ``mix`` says how many of
    ``count`` have which difficulty ("1" to "5"), and how many which level: pairs of a value and a number. Both hold at
    once; what neither of them says is free.
    """

    title: str
    kind: str
    count: int
    points_each: Decimal
    partial_credit: str = "all_or_nothing"
    wing: str | None = None
    topics: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    difficulty: tuple[int, ...] = ()
    item_ids: tuple[str, ...] = ()
    pool: str = "open"
    laws: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    mix: tuple[tuple[str, int], ...] = ()
    order: str = "drawn"

    @property
    def criteria(self) -> Criteria:
        """What the section asks of each of its items."""
        return Criteria.of(
            self.kind, self.wing, self.topics, self.fields, self.difficulty, self.pool, self.laws, self.levels
        )

    @property
    def difficulties(self) -> tuple[tuple[str, int], ...]:
        """The lines of the mix by difficulty."""
        return tuple(line for line in self.mix if line[0].isdigit())

    @property
    def depths(self) -> tuple[tuple[str, int], ...]:
        """The lines of the mix by level."""
        return tuple(line for line in self.mix if not line[0].isdigit())

    def parts(self, section: int, pool: Mapping[str, PoolItem]) -> list[Part]:
        """Return what the draw needs to know of the section (1 first): a part for each line of the mix, and the rest.

        ``pool`` is the pool by code. A named item counts towards the line to which it belongs while there is room. Only
        for a mix of one sort; ``parts_of`` knows both.
        """
        asked = self.criteria
        named = list(self.item_ids)
        found: list[Part] = []
        for value, count in self.mix:
            criteria = narrowed(asked, value)
            fitting = [code for code in named if code in pool and value in _mixed(pool[code])][:count]
            named = [code for code in named if code not in fitting]
            found.append(Part(count, criteria, tuple(fitting), section, value))
        rest = self.count - sum(count for _, count in self.mix)
        if rest > 0 or named or not found:
            found.append(Part(rest, asked, tuple(named), section))
        return found


def _mixed(item: PoolItem) -> tuple[str, str]:
    return str(item.difficulty), item.level


def parts_of(sections: Sequence[SectionSpec], pool: Sequence[PoolItem]) -> list[Part]:
    """Return the parts of all sections, each section's together; see ``mixing`` for mixes of both sorts."""
    by_code = {item.code: item for item in pool}
    asked = [
        Crossing(one.count, one.criteria, one.item_ids, number, one.difficulties, one.depths)
        if one.difficulties and one.depths
        else one.parts(number, by_code)
        for number, one in enumerate(sections, start=1)
    ]
    plain = [one for one in asked if not isinstance(one, Crossing)]
    return crossed(asked, pool) if len(plain) < len(asked) else [part for one in plain for part in one]


@dataclass(frozen=True)
class DrawRules:
    """What a draw keeps out, whatever the sections say; 0 keeps out nothing.

    ``avoid_days``: items that a candidate met in so many days, in exams, with ``avoid_practice`` in practice too.
    ``exposure_most``: items that stood in so many exams of the last ``EXPOSURE_DAYS`` days.
    """

    avoid_days: int = 0
    avoid_practice: bool = False
    exposure_most: int = 0

    def problems(self) -> list[FieldProblem]:
        """Return what is wrong with the rules."""
        limits = (
            ("avoid_days", self.avoid_days, AVOID_DAYS_MOST),
            ("exposure_most", self.exposure_most, EXPOSURE_MOST),
        )
        return [
            FieldProblem(name, "out_of_range", {"least": 0, "most": most})
            for name, value, most in limits
            if not 0 <= value <= most
        ]


NOTHING_KEPT_OUT = DrawRules()


@dataclass(frozen=True)
class Preset:
    """A ready-made blueprint with its title; ``minutes`` and ``pass_mark`` (points) go with it."""

    slug: str
    title: str
    minutes: int
    pass_mark: Decimal
    sections: tuple[SectionSpec, ...]


def presets(kinds: Mapping[str, str], language: str = "zh") -> tuple[Preset, ...]:
    """Return the ready-made blueprints, titles in ``language`` ("zh", "en"); ``kinds`` names sections by their kind."""

    def section(one: ReadySection) -> SectionSpec:
        return SectionSpec(
            title=(one.en if language == "en" else one.zh) or kinds[one.kind],
            kind=one.kind,
            count=one.count,
            points_each=one.points_each,
            partial_credit=one.partial_credit,
            wing=one.wing,
            topics=one.topics,
            fields=one.fields,
            difficulty=one.difficulty,
        )

    return tuple(
        Preset(
            one.slug,
            one.en if language == "en" else one.zh,
            one.minutes,
            one.pass_mark,
            tuple(map(section, one.sections)),
        )
        for one in ready_blueprints()
    )


def max_points(sections: Sequence[SectionSpec]) -> Decimal:
    """Return the points of a full paper."""
    return sum((one.points_each * one.count for one in sections), Decimal("0.00"))


def blueprint_problems(sections: Sequence[SectionSpec]) -> list[FieldProblem]:
    """Return what is wrong with the sections, at ``sections.N.name`` with N from 0; an empty list when nothing is."""
    if not sections:
        return [FieldProblem("sections", "required")]
    if len(sections) > SECTIONS_MOST:
        return [FieldProblem("sections", "too_many_sections", {"most": SECTIONS_MOST})]
    found = [
        FieldProblem(f"sections.{number}.{problem.field}", problem.code, problem.params)
        for number, one in enumerate(sections)
        for problem in _section_problems(one)
    ]
    total = sum(max(0, one.count) for one in sections)
    if not found and total > ITEMS_MOST:
        found.append(FieldProblem("sections", "too_many_items", {"count": total, "most": ITEMS_MOST}))
    return found


def _section_problems(one: SectionSpec) -> list[FieldProblem]:
    known = taxonomy()
    found = []
    if not one.title.strip():
        found.append(FieldProblem("title", "required"))
    elif len(one.title) > 120:
        found.append(FieldProblem("title", "too_long", {"most": 120}))
    if one.kind not in KINDS:
        found.append(FieldProblem("kind", "unknown_value", {"value": one.kind[:40]}))
    if not 1 <= one.count <= ITEMS_MOST:
        found.append(FieldProblem("count", "out_of_range", {"least": 1, "most": ITEMS_MOST}))
    if not one.points_each.is_finite() or not HUNDREDTH <= one.points_each <= POINTS_MOST:
        found.append(FieldProblem("points_each", "out_of_range", {"least": HUNDREDTH, "most": POINTS_MOST}))
    elif one.points_each != one.points_each.quantize(HUNDREDTH):
        found.append(FieldProblem("points_each", "two_decimals"))
    if one.partial_credit not in RULES:
        found.append(FieldProblem("partial_credit", "unknown_value", {"value": one.partial_credit[:40]}))
    if one.pool not in POOLS:
        found.append(FieldProblem("pool", "unknown_value", {"value": one.pool[:40]}))
    if one.wing is not None and known.find_wing(one.wing) is None:
        found.append(FieldProblem("wing", "unknown_value", {"value": one.wing[:40]}))
    for slug in one.topics:
        if known.find_topic(slug) is None:
            found.append(FieldProblem("topics", "unknown_topic", {"value": slug[:40]}))
    for slug in one.fields:
        if known.find_field(slug) is None:
            found.append(FieldProblem("fields", "unknown_enforcement_field", {"value": slug[:40]}))
    if any(not 1 <= level <= 5 for level in one.difficulty):
        found.append(FieldProblem("difficulty", "out_of_range", {"least": 1, "most": 5}))
    for level in one.levels:
        if level not in LEVELS:
            found.append(FieldProblem("levels", "unknown_value", {"value": level[:40]}))
    if one.order not in ORDERS:
        found.append(FieldProblem("order", "unknown_value", {"value": one.order[:40]}))
    # Against a number of items that is wrong itself nothing is measured: its own complaint is enough.
    counted = 1 <= one.count <= ITEMS_MOST
    found += _mix_problems(one, counted=counted)
    if counted and len(one.item_ids) > one.count:
        found.append(FieldProblem("item_ids", "too_many_named_items", {"count": one.count}))
    return found


def _mix_problems(one: SectionSpec, *, counted: bool) -> list[FieldProblem]:
    values = [value for value, _ in one.mix]
    strange = [value for value in values if value not in (*"12345", *LEVELS)]
    if strange:
        return [FieldProblem("mix", "unknown_value", {"value": strange[0][:40]})]
    if len(set(values)) < len(values) or any(not 1 <= count <= ITEMS_MOST for _, count in one.mix):
        return [FieldProblem("mix", "out_of_range", {"least": 1, "most": ITEMS_MOST})]
    found = []
    for sort, lines in (("difficulty", one.difficulties), ("levels", one.depths)):
        total = sum(count for _, count in lines)
        if counted and total > one.count:
            found.append(FieldProblem("mix", "mix_exceeds_count", {"total": total, "count": one.count, "sort": sort}))
    return found
