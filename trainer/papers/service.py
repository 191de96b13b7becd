"""Making blueprints and compiling them into papers.

A paper is compiled once, before anybody starts, into bytes without key, explanation or origin; a start only hands
them out. All forms of a blueprint are numbered from 1. Where items or options are shuffled, only the order changes:
options keep their stored keys, so one key serves all papers. A case study becomes as many numbered items as it has
parts, always together and in their order; its stem stands once in the section.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import orjson
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from question_bank import Item
from question_bank.kinds import answer_shape, case_study
from question_bank.kinds import public as public_view
from trainer.bank.queries import bodies_of_versions
from trainer.bank.rules import PoolItem
from trainer.bank.rules.rich import with_html
from trainer.core.crypto import keyed_digest
from trainer.core.database import transaction
from trainer.core.errors import Invalid, Missing
from trainer.papers.models import Blueprint, Draw, Paper, PaperItem, Section
from trainer.papers.outlook import KeptOut, NotEnoughItems, codes_by_form, of_worst, year_before
from trainer.papers.queries import plans_of, rules_of, sections_of, stock_for
from trainer.papers.rules.blueprint import (
    ITEMS_MOST,
    NOTHING_KEPT_OUT,
    DrawRules,
    SectionSpec,
    blueprint_problems,
    max_points,
)
from trainer.papers.rules.drawing import CannotDraw, shuffle_options
from trainer.papers.rules.mending import Stock, standings
from trainer.papers.rules.plan import Drawn, Plan, canonical, commitment, continue_plan, expected_share, make_plan

# Papers go into the database in portions, so that thousands of them need no memory to speak of.
PORTION = 100


@dataclass(frozen=True)
class Compiled:
    """What was compiled: ids of papers by form, and the commitment to the draw, empty where no paper was asked for."""

    paper_ids: tuple[int, ...]
    commitment: str


def create_blueprint(
    title: str,
    sections: Sequence[SectionSpec],
    *,
    seed: str | None,
    by: int | None,
    now: datetime,
    rules: DrawRules = NOTHING_KEPT_OUT,
) -> int:
    """Store a blueprint and return its id. ``seed`` None lets chance choose one of 128 bits.

    Raises ``Invalid`` with a problem at each field of a section that is wrong; whether the bank has enough items is
    not looked at here.
    """
    problems = blueprint_problems(sections) + rules.problems()
    if problems:
        raise Invalid(problems)
    with transaction() as session:
        row = Blueprint(title=title, seed=seed or secrets.token_hex(16), created_at=now, created_by=by, **asdict(rules))
        session.add(row)
        session.flush()
        _add_sections(session, row.id, sections)
        return row.id


def replace_sections(
    blueprint_id: int,
    title: str,
    sections: Sequence[SectionSpec],
    rules: DrawRules = NOTHING_KEPT_OUT,
) -> None:
    """Give a blueprint other sections and rules. Only for one without papers: raises ``Invalid`` as for a new one."""
    problems = blueprint_problems(sections) + rules.problems()
    if problems:
        raise Invalid(problems)
    with transaction() as session:
        row = session.get(Blueprint, blueprint_id)
        if row is None:
            raise Missing
        if session.scalar(select(func.count()).select_from(Paper).where(Paper.blueprint_id == blueprint_id)):
            raise RuntimeError("a compiled blueprint is frozen")
        row.title = title
        row.avoid_days, row.avoid_practice = rules.avoid_days, rules.avoid_practice
        row.exposure_most = rules.exposure_most
        session.execute(Section.__table__.delete().where(Section.__table__.c.blueprint_id == blueprint_id))
        _add_sections(session, blueprint_id, sections)


def set_aside(session: Session, blueprint_id: int) -> None:
    """Let the papers of a blueprint count for no exposure: nobody sat them, and nobody will. Safe to call twice."""
    session.execute(update(Blueprint).where(Blueprint.id == blueprint_id).values(unsat=True))


def _add_sections(session: Session, blueprint_id: int, sections: Sequence[SectionSpec]) -> None:
    session.execute(
        insert(Section),
        [
            {
                "blueprint_id": blueprint_id,
                "number": number,
                "title": one.title.strip(),
                "kind": one.kind,
                "count": one.count,
                "points_each": one.points_each,
                "partial_credit": one.partial_credit,
                "wing": one.wing,
                "topics": list(one.topics),
                "fields": list(one.fields),
                "difficulty": list(one.difficulty),
                "item_codes": list(one.item_ids),
                "pool": one.pool,
                "laws": list(one.laws),
                "levels": list(one.levels),
                "mix": [list(line) for line in one.mix],
                "item_order": one.order,
            }
            for number, one in enumerate(sections, start=1)
        ],
    )


def compile_papers(
    blueprint_id: int,
    *,
    count: int,
    same_items: bool,
    shuffle_items: bool,
    shuffle_options: bool,
    until: date,
    now: datetime,
    apart: bool = False,
    kept_out: KeptOut | None = None,
    reserve: bool = True,
) -> Compiled:
    """Compile ``count`` more papers of a blueprint and return them.

    ``until`` is the last local day on which they can be sat: no item is in them that is in quarantine by then.
    With ``same_items`` they are variants of one draw, otherwise parallel forms, which with ``apart`` share as few items
    as possible; nothing is kept out of single forms then. Papers that stand already are never touched: a second call
    adds further ones from the same plan, so that they are as hard, without items that the bank no longer holds as they
    were. ``reserve`` says whether a refusal may propose the reserved pool. Raises ``NotEnoughItems``, ``Missing`` for
    an unknown blueprint, ``Invalid`` where the parts of cases make more items than a paper takes.
    """
    out = kept_out or KeptOut()
    with transaction() as session:
        blueprint = session.get(Blueprint, blueprint_id)
        if blueprint is None:
            raise Missing
        sections = sections_of(session, blueprint_id)
        rules = rules_of(session, blueprint_id)
        standing = session.scalar(select(func.max(Paper.form)).where(Paper.blueprint_id == blueprint_id)) or 0
        first = standing + 1
        before = plans_of(session, blueprint_id)[:1] if standing else []
        read = partial(
            stock_for,
            session,
            sections,
            until,
            exposure_most=rules.exposure_most,
            since=year_before(now),
            met=out.for_all,
            apart_from=blueprint_id,
        )
        stock = read()
        stands = standings(sections, stock)
        try:
            drawn = _drawn(
                before[0][1] if before else None,
                sections,
                stock.free,
                blueprint.seed,
                first=first,
                count=count,
                same_items=same_items,
                apart=apart,
                shuffle_items=shuffle_items,
                shuffle_options=shuffle_options,
                avoid=codes_by_form(out, stock),
            )
        except CannotDraw as error:
            if error.forms:
                stands = of_worst(sections, error.lacks, stock)
            elif not standing:
                # What would mend it asks for items of the other pool too, which a draw has no use for.
                stands = standings(sections, read(wide=True), mends=True, reserve=reserve)
            raise NotEnoughItems(sections, stands, rules=rules, people=error.forms) from None
        press = _Press(session, blueprint, sections, drawn.plan)
        paper_ids = press.print_all(drawn.papers, first, now)
        if before and same_items:
            return Compiled(tuple(paper_ids), before[0][0])
        if not paper_ids:
            return Compiled((), "")
        return Compiled(tuple(paper_ids), _keep_draw(session, blueprint, drawn, first, stock, now))


def _drawn(
    before: Plan | None, sections: Sequence[SectionSpec], pool: list[PoolItem], seed: str, **asked: Any
) -> Drawn:
    """Go on with the plan that stands; where too little is left of it, make another one, as for the first papers."""
    if before is not None:
        try:
            further = {name: asked[name] for name in ("first", "count", "avoid")}
            return continue_plan(before, sections, pool, seed, **further)
        except CannotDraw:
            pass
    return make_plan(sections, pool, seed, **asked)


def _keep_draw(session: Session, blueprint: Blueprint, drawn: Drawn, first: int, stock: Stock, now: datetime) -> str:
    promise = commitment(blueprint.seed, drawn.plan)
    measured = {item.code for item in stock.free if item.facility is not None}
    session.add(
        Draw(
            blueprint_id=blueprint.id,
            first_form=first,
            plan=zlib.compress(canonical(drawn.plan).encode()),
            commitment=promise,
            expected=[expected_share(drawn.plan, paper) for paper in drawn.papers],
            measured=sum(drawn.plan["items"][place][0] in measured for held in drawn.papers[0] for place in held),
            created_at=now,
        )
    )
    session.flush()
    return promise


class _Press:
    """Turns drawn items into papers. Texts, shapes and keys of versions are read once for all papers."""

    def __init__(self, session: Session, blueprint: Blueprint, sections: Sequence[SectionSpec], plan: Plan) -> None:
        self.session, self.blueprint, self.sections, self.plan = session, blueprint, sections, plan
        self.pieces: dict[int, list[_Piece]] = {}
        self.cases: dict[int, dict[str, Any]] = {}
        self.total = max_points(sections)

    def print_all(self, drawn: Sequence[list[list[int]]], first: int, now: datetime) -> list[int]:
        """Store a paper for each draw, places in the plan by section, and return their ids in order."""
        self._read({self.plan["items"][place][1] for paper in drawn for section in paper for place in section})
        paper_ids: list[int] = []
        for start in range(0, len(drawn), PORTION):
            papers: list[dict[str, Any]] = []
            rows: list[list[dict[str, Any]]] = []
            for place, paper in enumerate(drawn[start : start + PORTION], start=start):
                row, items = self._paper(paper, first + place)
                papers.append(row | {"created_at": now})
                rows.append(items)
            made = self.session.execute(insert(Paper).returning(Paper.id, Paper.form), papers)
            id_of = {form: paper_id for paper_id, form in made}
            self.session.execute(
                insert(PaperItem),
                [
                    item | {"paper_id": id_of[paper["form"]]}
                    for paper, items in zip(papers, rows, strict=True)
                    for item in items
                ],
            )
            paper_ids += [id_of[paper["form"]] for paper in papers]
        return paper_ids

    def _read(self, version_ids: set[int]) -> None:
        for version_id, (body, public) in bodies_of_versions(self.session, version_ids).items():
            item = Item.from_dict(body)
            if item.kind != case_study.KIND.name:
                self.pieces[version_id] = [_piece(item, public, None, 1)]
                continue
            weights = case_study.weights(item)
            self.cases[version_id] = {"case": case_study.case_reference(item)} | _shown_case(item)
            self.pieces[version_id] = [
                _piece(part, public_view(part), number, weight)
                for number, (part, weight) in enumerate(zip(case_study.expand(item), weights, strict=True), start=1)
            ]

    def _paper(self, drawn: list[list[int]], form: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        seed = f"{self.blueprint.seed}:form:{form}"
        number = 0
        sections: list[dict[str, Any]] = []
        shapes: list[dict[str, Any]] = []
        rows: list[dict[str, Any]] = []
        for place, (spec, held) in enumerate(zip(self.sections, drawn, strict=True), start=1):
            shown = []
            order = [(self.plan["items"][one][0], self.plan["items"][one][1]) for one in held]
            cases = [self.cases[version_id] for _, version_id in order if version_id in self.cases]
            for code, version_id in order:
                pieces = self.pieces[version_id]
                points = case_study.split_points(spec.points_each, [piece.weight for piece in pieces])
                for piece, worth in zip(pieces, points, strict=True):
                    number += 1
                    shown.append(self._item(code, piece, number, worth, seed))
                    shapes.append(piece.shape)
                    rows.append(
                        {
                            "number": number,
                            "section": place,
                            "item_version_id": version_id,
                            "part": piece.part,
                            "points": worth,
                            "partial_credit": spec.partial_credit,
                        }
                    )
            sections.append(
                {
                    "title": spec.title,
                    "partial_credit": spec.partial_credit,
                    "points_each": f"{spec.points_each:.2f}",
                    "items": shown,
                }
                | ({"cases": cases} if cases else {})
            )
        if number > ITEMS_MOST:
            raise Invalid.at("sections", "too_many_items", count=number, most=ITEMS_MOST)
        document = orjson.dumps({"title": self.blueprint.title, "sections": sections})
        paper = {
            "blueprint_id": self.blueprint.id,
            "form": form,
            "document": document,
            "shapes": shapes,
            "digest": paper_digest(self.blueprint.seed, form, document),
            "item_count": number,
            "max_points": self.total,
        }
        return paper, rows

    def _item(self, code: str, piece: _Piece, number: int, points: Decimal, seed: str) -> dict[str, Any]:
        shown = {"number": number} | piece.public | {"points": f"{points:.2f}"}
        options = piece.public.get("options")
        if options and self.plan["shuffle_options"]:
            by_key = {option["key"]: option for option in options}
            name = code if piece.part is None else f"{code}.{piece.part}"
            order = shuffle_options(list(by_key), f"{seed}:options:{name}", never=piece.right_order)
            shown["options"] = [by_key[key] for key in order]
        return shown


@dataclass(frozen=True)
class _Piece:
    """What is shown under one number: an item, or one ``part`` of a case with its ``weight`` in it."""

    public: dict[str, Any]
    shape: dict[str, Any]
    right_order: tuple[str, ...]
    part: int | None
    weight: int


def _piece(item: Item, public: dict[str, Any], part: int | None, weight: int) -> _Piece:
    right_order = tuple(item.key) if item.kind == "ordering" else ()
    return _Piece(with_html(public), answer_shape(item), right_order, part, weight)


def _shown_case(item: Item) -> dict[str, Any]:
    shown = with_html(case_study.case_view(item))
    del shown["kind"]
    return shown


def paper_digest(seed: str, form: int, document: bytes) -> bytes:
    """Return the commitment to one paper: HMAC-SHA-256 under the secret seed over form and document.

    It may be published before the exam, as nobody can test guesses without the seed; with the seed, published after
    it, everybody can see that the paper was this one.
    """
    return keyed_digest(seed.encode(), str(form).encode(), document)
