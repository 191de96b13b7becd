"""What the bank can fill of a blueprint, and how it is told when it cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from trainer.core.errors import FieldProblem, Invalid
from trainer.papers.queries import stock_for
from trainer.papers.rules.apart import Sharing, sharing_of, strata_of
from trainer.papers.rules.blueprint import EXPOSURE_DAYS, NOTHING_KEPT_OUT, DrawRules, SectionSpec, parts_of
from trainer.papers.rules.drawing import CannotDraw, Lack
from trainer.papers.rules.mending import Standing, Stock, standings, wanted_of
from trainer.papers.rules.plan import make_plan


@dataclass(frozen=True)
class KeptOut:
    """Items, by id, that candidates have met: ``for_all`` where they share papers, ``for_form`` for one's own forms."""

    for_all: frozenset[int] = frozenset()
    for_form: Mapping[int, frozenset[int]] = field(default_factory=dict)


class NotEnoughItems(Invalid):
    """The bank cannot fill the sections; the problems name each section that comes up short, by how much and why.

    ``lacks`` among the parameters tell it for programs, with what would mend each as far as the standings hold it.

    ``people`` counts the candidates for whom too few items are left that they have not met in ``days`` days; 0 where
    nobody's paper could be made.
    """

    code = "not_enough_items"

    def __init__(
        self,
        sections: Sequence[SectionSpec],
        standings: Sequence[Standing],
        *,
        rules: DrawRules = NOTHING_KEPT_OUT,
        people: int = 0,
    ) -> None:
        problems: list[FieldProblem] = []
        told = []
        for number, (one, stands) in enumerate(zip(sections, standings, strict=True), start=1):
            if not stands.lacks:
                continue
            facts = {"section": number, "title": one.title, "wanted": stands.wanted, "found": stands.found}
            facts |= {"missing": stands.missing}
            problems += _lack_problems(number, one, facts, stands, rules)
            unknown = [code for lack in stands.lacks for code in lack.unknown]
            mends = [{"code": code, "count": count} for code, count in stands.mends]
            told.append(facts | {"exact": stands.exact, "unknown_items": unknown, "mends": mends})
        if people:
            problems.append(
                FieldProblem("avoid_days", "people_lack_items", {"people": people, "days": rules.avoid_days})
            )
        super().__init__(problems, None, lacks=told, missing=sum(one.missing for one in standings))


def _lack_problems(
    number: int, one: SectionSpec, facts: dict[str, Any], stands: Standing, rules: DrawRules
) -> list[FieldProblem]:
    place = f"sections.{number - 1}"
    problems = []
    for lack in stands.lacks:
        for codes, problem in (
            (lack.unknown, "unknown_items"),
            (lack.rivals, "rival_items"),
            (lack.surplus, "surplus_items"),
        ):
            if codes:
                named = {"section": number, "items": ", ".join(codes[:5])}
                problems.append(FieldProblem(f"{place}.item_ids", problem, named))
        if lack.missing and lack.quota:
            code = "section_lacks_difficulty" if lack.quota.isdigit() else f"section_lacks_{lack.quota}"
            if lack.also:
                code = f"section_lacks_difficulty_{lack.also}"
            short = facts | {"quota": lack.quota, "wanted": wanted_of(lack, one), "found": lack.found}
            short |= {"missing": lack.missing} | ({"level": lack.also} if lack.also else {})
            problems.append(FieldProblem(f"{place}.mix", code, short))
        elif lack.missing:
            # Enough suit the section by itself: what is missing has gone to other sections.
            code = "section_shares_items" if lack.found >= lack.wanted else "section_lacks_items"
            problems.append(FieldProblem(f"{place}.count", code, facts | {"missing": lack.missing}))
    if stands.missing and not stands.exact:
        problems.append(FieldProblem(f"{place}.mix", "section_lacks_at_most", facts))
    if stands.missing and stands.exposed:
        worn = {"section": number, "count": stands.exposed, "most": rules.exposure_most, "days": EXPOSURE_DAYS}
        problems.append(FieldProblem(f"{place}.count", "section_items_exposed", worn))
    if stands.missing and stands.met:
        known = {"section": number, "count": stands.met, "days": rules.avoid_days}
        problems.append(FieldProblem(f"{place}.count", "section_items_met", known))
    return problems


def why_not_enough(
    session: Session,
    sections: Sequence[SectionSpec],
    until: date,
    *,
    rules: DrawRules = NOTHING_KEPT_OUT,
    now: datetime | None = None,
    kept_out: KeptOut | None = None,
) -> NotEnoughItems | None:
    """Return the refusal that compiling the sections would meet now, None when the bank can fill them.

    ``until`` is the last local day on which the papers may be sat; ``now`` is needed for a cap on exposure.
    """
    found = look_ahead(session, sections, until, rules=rules, now=now, kept_out=kept_out, mends=True)
    return refusal_of(found, sections, rules)


def refusal_of(found: Outlook, sections: Sequence[SectionSpec], rules: DrawRules) -> NotEnoughItems | None:
    """Return the refusal that an outlook foretells, None for none."""
    if not found.people and not any(one.lacks for one in found.standings):
        return None
    return NotEnoughItems(sections, found.standings, rules=rules, people=found.people)


@dataclass(frozen=True)
class Outlook:
    """What compiling would meet now: how the sections stand, and for how many ``people`` too few unmet items are left.

    With ``people`` the sections stand as they do for the one who has met most. ``sharing`` is what parallel forms would
    have in common, by section; empty where none are asked for or where not even one can be filled.
    """

    standings: list[Standing]
    people: int = 0
    sharing: tuple[Sharing, ...] = ()


def look_ahead(
    session: Session,
    sections: Sequence[SectionSpec],
    until: date,
    *,
    rules: DrawRules = NOTHING_KEPT_OUT,
    now: datetime | None = None,
    kept_out: KeptOut | None = None,
    mends: bool = False,
    reserve: bool = True,
    apart_from: int = 0,
    forms: int = 1,
) -> Outlook:
    """Return how the sections stand, with ``mends`` what would mend their lacks; see ``why_not_enough``.

    ``reserve`` says whether whoever asks may draw from the reserved pool, and may be sent there.
    ``apart_from`` is the blueprint whose own papers do not count as exposure. ``forms`` are parallel ones, which nobody
    has for himself.
    """
    out = kept_out or KeptOut()
    stock = stock_for(
        session,
        sections,
        until,
        exposure_most=rules.exposure_most,
        since=year_before(now),
        met=out.for_all,
        apart_from=apart_from,
        wide=mends,
    )
    stands = standings(sections, stock, mends=mends, reserve=reserve)
    if any(one.lacks for one in stands):
        return Outlook(stands)
    if forms > 1:
        parts = parts_of(sections, stock.free)
        return Outlook(stands, sharing=tuple(sharing_of(parts, strata_of(parts, stock.free, "", forms), forms)))
    if not out.for_form:
        return Outlook(stands)
    avoid = codes_by_form(out, stock)
    asked = {"first": min(avoid), "count": max(avoid) - min(avoid) + 1, "same_items": False}
    try:
        make_plan(sections, stock.free, "", **asked, shuffle_items=False, shuffle_options=False, avoid=avoid)
    except CannotDraw as error:
        return Outlook(of_worst(sections, error.lacks, stock), error.forms)
    return Outlook(stands)


def year_before(now: datetime | None) -> datetime | None:
    """Return from when on exposure is counted, None for no cap."""
    return None if now is None else now - timedelta(days=EXPOSURE_DAYS)


def codes_by_form(out: KeptOut, stock: Stock) -> dict[int, frozenset[str]]:
    """Return what the forms must not hold by the codes of items, as far as the stock has them."""
    code_of = {item.item_id: item.code for item in stock.free}
    return {
        form: frozenset(code_of[item_id] for item_id in met if item_id in code_of)
        for form, met in sorted(out.for_form.items())
    }


def of_worst(sections: Sequence[SectionSpec], lacks: Sequence[Lack], stock: Stock) -> list[Standing]:
    """Return how the sections stand for the candidate who has met most."""
    return [
        replace(stands, found=min((lack.found for lack in own), default=stands.found), lacks=own)
        for number, stands in enumerate(standings(sections, stock), start=1)
        for own in [tuple(lack for lack in lacks if lack.section == number)]
    ]
