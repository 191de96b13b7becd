"""Making blueprints and compiling them into papers.

A paper is compiled once, before anybody starts, into bytes without key, explanation or origin; a start only hands
them out. All forms of a blueprint are numbered from 1. Where items or options are shuffled, only the order changes:
options keep their stored keys, so one key serves all papers. A case study becomes as many numbered items as it has
parts, always together and in their order; its stem stands once in the section.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from question_bank import Item
from question_bank.kinds import answer_shape, case_study
from question_bank.kinds import public as public_view
from trainer.bank.models import ItemVersion
from trainer.bank.queries import bodies_of_versions
from trainer.bank.rules import PoolItem
from trainer.bank.rules.rich import with_html
from trainer.core.crypto import keyed_digest
from trainer.core.database import transaction
from trainer.core.errors import FieldProblem, Invalid, Missing
from trainer.papers.models import Blueprint, Paper, PaperItem, Section
from trainer.papers.queries import pool_for, sections_of
from trainer.papers.rules.blueprint import ITEMS_MOST, SectionSpec, blueprint_problems, max_points
from trainer.papers.rules.chance import Dice
from trainer.papers.rules.drawing import CannotDraw, Lack, draw_forms, find_lacks, pool_digest, shuffle_options

# Papers go into the database in portions, so that thousands of them need no memory to speak of.
PORTION = 100


class NotEnoughItems(Invalid):
    """The bank cannot fill the sections; the problems name each section that comes up short and by how much."""

    code = "not_enough_items"

    def __init__(self, sections: Sequence[SectionSpec], lacks: Sequence[Lack]) -> None:
        problems = []
        told = []
        for lack in lacks:
            title = sections[lack.section - 1].title
            facts = {"section": lack.section, "title": title, "wanted": lack.wanted, "found": lack.found}
            place = f"sections.{lack.section - 1}"
            if lack.unknown:
                named = {"section": lack.section, "items": ", ".join(lack.unknown[:5])}
                problems.append(FieldProblem(f"{place}.item_ids", "unknown_items", named))
            if lack.rivals:
                named = {"section": lack.section, "items": ", ".join(lack.rivals[:5])}
                problems.append(FieldProblem(f"{place}.item_ids", "rival_items", named))
            if lack.missing:
                short = facts | {"missing": lack.missing}
                # Enough suit the section by itself: what is missing has gone to other sections.
                code = "section_shares_items" if lack.found >= lack.wanted else "section_lacks_items"
                problems.append(FieldProblem(f"{place}.count", code, short))
            told.append(facts | {"missing": lack.missing, "unknown_items": list(lack.unknown)})
        super().__init__(problems, None, lacks=told, missing=sum(lack.missing for lack in lacks))


def why_not_enough(session: Session, sections: Sequence[SectionSpec], until: date) -> NotEnoughItems | None:
    """Return the refusal that compiling the sections would meet now, None when the bank can fill them.

    ``until`` is the last local day on which the papers may be sat.
    """
    lacks = find_lacks([one.part() for one in sections], pool_for(session, sections, until))
    return NotEnoughItems(sections, lacks) if lacks else None


@dataclass(frozen=True)
class Compiled:
    """What was compiled: ids of papers by form, and what the draw was made from, for the audit record."""

    paper_ids: tuple[int, ...]
    pool_digest: str
    commitment: str


def create_blueprint(
    title: str, sections: Sequence[SectionSpec], *, seed: str | None, by: int | None, now: datetime
) -> int:
    """Store a blueprint and return its id. ``seed`` None lets chance choose one of 128 bits.

    Raises ``Invalid`` with a problem at each field of a section that is wrong; whether the bank has enough items is
    not looked at here.
    """
    problems = blueprint_problems(sections)
    if problems:
        raise Invalid(problems)
    with transaction() as session:
        row = Blueprint(title=title, seed=seed or secrets.token_hex(16), created_at=now, created_by=by)
        session.add(row)
        session.flush()
        _add_sections(session, row.id, sections)
        return row.id


def replace_sections(blueprint_id: int, title: str, sections: Sequence[SectionSpec]) -> None:
    """Give a blueprint other sections. Only for one without papers: raises ``Invalid`` as ``create_blueprint`` does."""
    problems = blueprint_problems(sections)
    if problems:
        raise Invalid(problems)
    with transaction() as session:
        row = session.get(Blueprint, blueprint_id)
        if row is None:
            raise Missing
        if session.scalar(select(func.count()).select_from(Paper).where(Paper.blueprint_id == blueprint_id)):
            raise RuntimeError("a compiled blueprint is frozen")
        row.title = title
        session.execute(Section.__table__.delete().where(Section.__table__.c.blueprint_id == blueprint_id))
        _add_sections(session, blueprint_id, sections)


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
) -> Compiled:
    """Compile ``count`` more papers of a blueprint and return them.

    ``until`` is the last local day on which they can be sat: no item is in them that is in quarantine by then.
    With ``same_items`` they are variants of one draw, otherwise parallel forms. Variants of a draw that stands hold
    what it holds, whatever has gone into quarantine since: its organiser is told (``exams/law_warning.py``). Papers
    that stand already are never touched: a second call adds further ones, with items as they are in the bank by then.
    Raises ``NotEnoughItems``, ``Missing`` for an unknown blueprint, ``Invalid`` where the parts of cases make more
    items than a paper takes.
    """
    with transaction() as session:
        blueprint = session.get(Blueprint, blueprint_id)
        if blueprint is None:
            raise Missing
        sections = sections_of(session, blueprint_id)
        pool = pool_for(session, sections, until)
        parts = [one.part() for one in sections]
        standing = session.scalar(select(func.max(Paper.form)).where(Paper.blueprint_id == blueprint_id)) or 0
        first = standing + 1
        try:
            if same_items and standing:
                drawn = [_items_of_first(session, blueprint_id, len(sections))] * count
            elif same_items:
                drawn = draw_forms(parts, pool, blueprint.seed, count=1) * count
            else:
                like = _levels_of_first(session, blueprint_id, len(sections)) if standing else None
                drawn = draw_forms(parts, pool, blueprint.seed, count=count, first=first, like=like)
        except CannotDraw as error:
            raise NotEnoughItems(sections, error.lacks) from None
        press = _Press(session, blueprint, sections, items=shuffle_items, options=shuffle_options)
        paper_ids = press.print_all(drawn, first, now)
        lots = pool_digest(pool)
        return Compiled(tuple(paper_ids), lots.hex(), _commitment(blueprint.seed, sections, lots).hex())


def _commitment(seed: str, sections: Sequence[SectionSpec], pool: bytes) -> bytes:
    """Return what may be published before an exam: it binds seed, blueprint and pool, and tells none of them."""
    plan = []
    for one in sections:
        asked = [sorted(one.topics), sorted(one.fields), sorted(one.difficulty), list(one.item_ids)]
        plan.append([one.kind, one.count, str(one.points_each), one.wing, asked, one.pool])
    return keyed_digest(seed.encode(), orjson.dumps(plan), pool)


def _first_paper(session: Session, blueprint_id: int) -> list[tuple[int, int, int]]:
    rows = session.execute(
        select(PaperItem.section, PaperItem.item_version_id, ItemVersion.item_id)
        .join(Paper, Paper.id == PaperItem.paper_id)
        .join(ItemVersion, ItemVersion.id == PaperItem.item_version_id)
        .where(Paper.blueprint_id == blueprint_id, Paper.form == 1, func.coalesce(PaperItem.part, 1) == 1)
        .order_by(PaperItem.number)
    )
    return [(row.section, row.item_version_id, row.item_id) for row in rows]


def _items_of_first(session: Session, blueprint_id: int, sections: int) -> list[list[PoolItem]]:
    """Return the items of form 1 by section, in the versions that it holds."""
    rows = _first_paper(session, blueprint_id)
    bodies = bodies_of_versions(session, [version_id for _, version_id, _ in rows])
    held: list[list[PoolItem]] = [[] for _ in range(sections)]
    for section, version_id, item_id in rows:
        body = bodies[version_id][0]
        held[section - 1].append(
            PoolItem(
                body["id"],
                item_id,
                version_id,
                body["kind"],
                body["wing"],
                body["topic"],
                body["difficulty"],
                frozenset(body["fields"]),
            )
        )
    return held


def _levels_of_first(session: Session, blueprint_id: int, sections: int) -> list[list[int]]:
    return [[item.difficulty for item in held] for held in _items_of_first(session, blueprint_id, sections)]


class _Press:
    """Turns drawn items into papers. Texts, shapes and keys of versions are read once for all papers."""

    def __init__(
        self, session: Session, blueprint: Blueprint, sections: Sequence[SectionSpec], *, items: bool, options: bool
    ) -> None:
        self.session, self.blueprint, self.sections = session, blueprint, sections
        self.shuffles_items, self.shuffles_options = items, options
        self.pieces: dict[int, list[_Piece]] = {}
        self.cases: dict[int, dict[str, Any]] = {}
        self.total = max_points(sections)

    def print_all(self, drawn: Sequence[list[list[PoolItem]]], first: int, now: datetime) -> list[int]:
        """Store a paper for each draw and return their ids in order."""
        self._read({item.version_id for paper in drawn for section in paper for item in section})
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

    def _paper(self, drawn: list[list[PoolItem]], form: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        seed = f"{self.blueprint.seed}:form:{form}"
        number = 0
        sections: list[dict[str, Any]] = []
        shapes: list[dict[str, Any]] = []
        rows: list[dict[str, Any]] = []
        for place, (spec, held) in enumerate(zip(self.sections, drawn, strict=True), start=1):
            order = Dice(f"{seed}:items:{place}").shuffled(held) if self.shuffles_items else held
            shown = []
            cases = [self.cases[item.version_id] for item in order if item.version_id in self.cases]
            for item in order:
                pieces = self.pieces[item.version_id]
                points = case_study.split_points(spec.points_each, [piece.weight for piece in pieces])
                for piece, worth in zip(pieces, points, strict=True):
                    number += 1
                    shown.append(self._item(item, piece, number, worth, seed))
                    shapes.append(piece.shape)
                    rows.append(
                        {
                            "number": number,
                            "section": place,
                            "item_version_id": item.version_id,
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

    def _item(self, item: PoolItem, piece: _Piece, number: int, points: Decimal, seed: str) -> dict[str, Any]:
        shown = {"number": number} | piece.public | {"points": f"{points:.2f}"}
        options = piece.public.get("options")
        if options and self.shuffles_options:
            by_key = {option["key"]: option for option in options}
            name = item.code if piece.part is None else f"{item.code}.{piece.part}"
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
