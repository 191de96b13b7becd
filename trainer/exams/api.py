"""Exams over the API: the list for candidates and organisers, one exam, and making one (contract, section 3)."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any, Literal

from flask import url_for
from flask_login import current_user
from pydantic import Field

from trainer.api.resource import Amount, Id, Line, Listing, Moment, MomentIn, Shape, Text, api_blueprint, operation
from trainer.core.clock import local_day
from trainer.core.database import db
from trainer.core.errors import Invalid, Missing
from trainer.exams import queries
from trainer.exams.queries import ExamLine
from trainer.exams.rules import FOCUS_MOST, FOCUS_USUAL, ExamSpec
from trainer.exams.service import create_exam
from trainer.exams.supply import kept_out
from trainer.papers.outlook import Outlook, look_ahead, refusal_of
from trainer.papers.queries import common_items, rules_of, sections_of
from trainer.papers.rules.blueprint import DrawRules, SectionSpec
from trainer.reports.queries.met import items_met
from trainer.web.access import SIGNED_IN
from trainer.web.arrival import arrived_at
from trainer.web.locale import zone
from trainer.web.view import LARGEST_ID

bp = api_blueprint("exams_api")

Slug = Text
PartialCredit = Literal["all_or_nothing", "half_for_incomplete", "proportional", "plus_minus"]


class SectionIn(Shape):
    """One part of the paper. Empty lists and null ask for nothing; ``item_ids`` are items that must be in it.

    A case_study counts once in ``count``, and ``points_each`` are those of the whole case, shared out to its parts.
    """

    title: Line
    kind: Text = Field(max_length=24)
    count: int = Field(ge=1, le=300)
    points_each: Decimal = Field(ge=0, le=100, max_digits=6)
    partial_credit: PartialCredit = "all_or_nothing"
    wing: Slug | None = Field(None, max_length=24)
    topics: list[Slug] = Field([], max_length=100)
    fields: list[Slug] = Field([], max_length=100)
    difficulty: list[int] = Field([], max_length=5)
    item_ids: list[Slug] = Field([], max_length=300)
    pool: Literal["open", "reserved"] = Field("open", description="reserved: items kept back from practice")
    laws: list[Slug] = Field([], max_length=100, description="names; items that rest on one of them")
    levels: list[Literal["recall", "understand", "apply", "case"]] = Field([], max_length=4)
    mix: dict[Slug, int] = Field(
        {},
        max_length=9,
        description="how many of count have which difficulty (1 to 5), and how many which level; both hold at once",
    )
    order: Literal["drawn", "easy_first"] = "drawn"


class CandidatesIn(Shape):
    """Who is named: whole subtrees of units by code, and single people by username."""

    units: list[Text] = Field([], max_length=1000)
    usernames: list[Text] = Field([], max_length=20_000)


class ExamIn(Shape):
    title: Line
    opens_at: MomentIn
    closes_at: MomentIn
    minutes: int = Field(ge=1, le=600)
    pass_mark: Decimal | None = Field(None, ge=0, max_digits=9, description="points; null for none")
    attempts: int = Field(1, ge=1, le=20)
    release: Literal["after_submit", "after_close", "manual"] = "after_close"
    shuffle_items: bool = False
    shuffle_options: bool = False
    draw: Literal["one_paper", "per_form", "per_candidate"] = "one_paper"
    forms: int = Field(4, ge=1, le=50, description="parallel papers where draw is per_form")
    seed: Text | None = Field(None, min_length=1, max_length=64)
    sections: list[SectionIn] = Field(min_length=1, max_length=20)
    candidates: CandidatesIn = CandidatesIn()
    credit_hours: Decimal | None = Field(None, ge=0, le=60, max_digits=6)
    avoid_days: int = Field(0, ge=0, le=3660, description="keep out what a candidate met in so many days; 0: nothing")
    avoid_practice: bool = Field(False, description="what was met in practice counts too")
    exposure_most: int = Field(
        0, ge=0, le=1000, description="keep out what stood in so many exams of a year; 0: nothing"
    )
    unit: Text | None = Field(None, max_length=40, description="code of the owning unit; the widest of one's scope")
    draft: bool = False
    mock: bool = Field(False, description="a mock exam: the same pages, counts for nothing")
    focus_threshold: int | None = Field(
        FOCUS_USUAL,
        ge=1,
        le=FOCUS_MOST,
        description="the board marks who has left the page so often; nothing else follows; null: never",
    )
    navigation: Literal["free", "sequential"] = Field(
        "free", description="sequential: candidates answer in order, and an item that was left is closed"
    )


class SectionOut(Shape):
    title: str
    kind: str
    count: int
    points_each: Amount
    partial_credit: str


class ExamLineOut(Shape):
    """An exam with the caller's sitting. ``candidates`` and ``state`` matter to those who manage it."""

    id: Id
    title: str
    unit: str = Field(description="code of the unit that owns it")
    state: Literal["draft", "published", "cancelled"]
    phase: Literal["upcoming", "open", "closed", "released"]
    opens_at: Moment
    closes_at: Moment
    minutes: int
    pass_mark: Amount | None
    attempts: int
    release: str
    draw: str
    shuffle_items: bool
    shuffle_options: bool
    credit_hours: Amount | None
    item_count: int
    max_points: Amount
    mock: bool
    focus_threshold: int | None = Field(description="leaving the page so often is marked on the board; null: never")
    navigation: Literal["free", "sequential"]
    resit_of: Id | None = Field(description="the exam that this one makes up for")
    may_enter: bool = Field(description="the caller is a candidate who is due")
    may_manage: bool
    candidates: int | None = Field(description="how many are due; null for those who only enter")


class MendOut(Shape):
    """What would mend a lack by itself; ``count`` goes with ``fewer``, those of lines of the mix, and ``write``."""

    code: Literal[
        "fewer",
        "fewer_1",
        "fewer_2",
        "fewer_3",
        "fewer_4",
        "fewer_5",
        "fewer_recall",
        "fewer_understand",
        "fewer_apply",
        "fewer_case",
        "looser_difficulty_mix",
        "looser_level_mix",
        "looser_mix",
        "looser_difficulty",
        "looser_levels",
        "looser_topics",
        "looser_laws",
        "looser_fields",
        "looser_wing",
        "other_pool",
        "exposure",
        "avoidance",
        "write",
    ]
    count: int


class LackOut(Shape):
    """A section that the bank cannot fill; ``section`` counts from 1. A refusal has the same under ``params.lacks``."""

    section: int
    title: str
    wanted: int
    found: int
    missing: int
    exact: bool = Field(
        description="false: fewer may be missing; of sections with both mixes whose items depend on each other only so "
        "many ways to share them out are tried"
    )
    unknown_items: list[str]
    mends: list[MendOut] = Field(description="each is enough by itself; empty where only named items are wrong")


class CommonOut(Shape):
    """What parallel forms have in common in a section (1 first), named items apart.

    ``named`` items stand in all forms. The other places ask for ``needed`` different items and have ``found``;
    ``shared`` of these stand in more than one form.
    """

    section: int
    forms: int
    named: int
    needed: int
    found: int
    shared: int


class ExamOut(ExamLineOut):
    sections: list[SectionOut]
    not_enough_items: list[LackOut] | None = Field(
        None, description="drafts only: what would keep it from being published now; null for nothing"
    )
    common_items: list[CommonOut] | None = Field(
        None,
        description="what parallel forms have in common, in drafts what they would have; null for other draws, for "
        "drafts that cannot be filled, and for those who only enter",
    )
    server_time: Moment


class ExamListOut(Shape):
    items: list[ExamLineOut]
    next: str | None


def _values(exam: ExamLine, counts: dict[int, int]) -> dict[str, Any]:
    manages = current_user.scope("exam.manage").holds_whole(exam.unit_path)
    return {
        "id": str(exam.id),
        "title": exam.title,
        "unit": exam.unit_code,
        "state": exam.state,
        "phase": exam.phase(arrived_at()),
        "opens_at": exam.opens_at,
        "closes_at": exam.closes_at,
        "minutes": exam.minutes,
        "pass_mark": exam.pass_mark,
        "attempts": exam.attempts,
        "release": exam.release,
        "draw": exam.draw,
        "shuffle_items": exam.shuffle_items,
        "shuffle_options": exam.shuffle_options,
        "credit_hours": exam.credit_hours,
        "item_count": exam.item_count,
        "max_points": exam.max_points,
        "mock": exam.is_mock,
        "focus_threshold": exam.focus_threshold,
        "navigation": exam.navigation,
        "resit_of": None if exam.resit_of_id is None else str(exam.resit_of_id),
        "may_enter": exam.state == "published" and exam.candidate_state == "due",
        "may_manage": manages,
        "candidates": counts.get(exam.id) if _looks_after(exam) else None,
    }


def _looks_after(exam: ExamLine) -> bool:
    return current_user.scope("exam.view").holds_whole(exam.unit_path)


def _whole(exam: ExamLine) -> ExamOut:
    session = db.session()
    specs = sections_of(session, exam.blueprint_id)
    lack, sharing = None, ()
    if exam.state == "draft":
        rules = rules_of(session, exam.blueprint_id)
        outlook = _outlook_of_draft(exam, specs, rules)
        lack, sharing = refusal_of(outlook, specs, rules), outlook.sharing
    elif exam.parallel_forms > 1 and _looks_after(exam):
        sharing = tuple(common_items(session, exam.blueprint_id))
    sections = [
        SectionOut(
            title=one.title,
            kind=one.kind,
            count=one.count,
            points_each=one.points_each,
            partial_credit=one.partial_credit,
        )
        for one in specs
    ]
    counts = queries.count_candidates(session, [exam.id])
    return ExamOut(
        **_values(exam, counts),
        sections=sections,
        not_enough_items=[LackOut(**one) for one in lack.params["lacks"]] if lack else None,
        common_items=[CommonOut(**asdict(one)) for one in sharing] or None,
        server_time=arrived_at(),
    )


def _outlook_of_draft(exam: ExamLine, sections: list[SectionSpec], rules: DrawRules) -> Outlook:
    session, now = db.session(), arrived_at()
    forms_of = {one: (form,) for form, one in enumerate(queries.people_named(session, exam.id), start=1)}
    out = kept_out(session, rules, exam.draw, forms_of, now=now, seen=items_met)
    until = local_day(exam.closes_at, zone())
    asked = {"mends": True, "reserve": current_user.may("item.reserve"), "forms": exam.parallel_forms}
    return look_ahead(session, sections, until, rules=rules, now=now, kept_out=out, **asked)


@operation(
    bp,
    "GET",
    "/exams",
    needs_permission=SIGNED_IN,
    summary="Exams that the caller may enter or look after, the newest first",
    query=Listing,
    answers={200: ExamListOut},
)
def index(query: Listing) -> Any:
    before = None
    if query.after is not None:
        if not (query.after.isascii() and query.after.isdigit()) or int(query.after) > LARGEST_ID:
            raise Invalid.at("after", "bad_format")
        before = int(query.after)
    session = db.session()
    found = queries.exams_of_caller(session, current_user, limit=query.limit + 1, before_id=before)
    shown = found[: query.limit]
    counts = queries.count_candidates(session, [exam.id for exam in shown if _looks_after(exam)])
    more = None
    if len(found) > query.limit:
        more = url_for("exams_api.index", limit=query.limit, after=str(shown[-1].id))
    return ExamListOut(items=[ExamLineOut(**_values(exam, counts)) for exam in shown], next=more)


@operation(
    bp,
    "GET",
    "/exams/<id:exam_id>",
    needs_permission=SIGNED_IN,
    summary="One exam that the caller may enter or look after",
    answers={200: ExamOut},
)
def show(exam_id: int) -> Any:
    return _whole(queries.read_exam_of_caller(db.session(), exam_id, current_user))


@operation(
    bp,
    "POST",
    "/exams",
    needs_permission="exam.manage",
    summary="Make an exam; it stands as published unless draft is true",
    body=ExamIn,
    answers={201: ExamOut},
    problems={422: ("not_enough_items",)},
)
def create(body: ExamIn) -> Any:
    spec = ExamSpec(
        title=body.title,
        opens_at=body.opens_at,
        closes_at=body.closes_at,
        minutes=body.minutes,
        sections=tuple(
            SectionSpec(
                title=one.title,
                kind=one.kind,
                count=one.count,
                points_each=one.points_each,
                partial_credit=one.partial_credit,
                wing=one.wing,
                topics=tuple(one.topics),
                fields=tuple(one.fields),
                difficulty=tuple(one.difficulty),
                item_ids=tuple(one.item_ids),
                pool=one.pool,
                laws=tuple(one.laws),
                levels=tuple(one.levels),
                mix=tuple(one.mix.items()),
                order=one.order,
            )
            for one in body.sections
        ),
        pass_mark=body.pass_mark,
        attempts=body.attempts,
        release=body.release,
        draw=body.draw,
        forms=body.forms,
        shuffle_items=body.shuffle_items,
        shuffle_options=body.shuffle_options,
        credit_hours=body.credit_hours,
        seed=body.seed,
        rules=DrawRules(body.avoid_days, body.avoid_practice, body.exposure_most),
        units=tuple(body.candidates.units),
        usernames=tuple(body.candidates.usernames),
        unit_code=body.unit,
        is_mock=body.mock,
        focus_threshold=body.focus_threshold,
        navigation=body.navigation,
    )
    exam_id = create_exam(spec, by=current_user, now=arrived_at(), publish=not body.draft, seen=items_met)
    try:
        exam = queries.read_exam(db.session(), exam_id, current_user, permission="exam.manage")
    except Missing as error:
        raise RuntimeError("an exam just made lies outside its maker's scope") from error
    return _whole(exam), 201
