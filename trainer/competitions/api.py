"""Competitions and their leaderboards over the API (contract, section 3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from flask import Response, request, url_for
from flask_login import current_user
from pydantic import Field

from trainer.api.resource import Amount, Id, Line, Listing, Moment, Shape, Text, api_blueprint, operation
from trainer.competitions import queries, service
from trainer.competitions.board import boards, document
from trainer.competitions.models import Competition
from trainer.competitions.queries import Outline
from trainer.competitions.rules.prizes import NAME_MOST, PLACES_MOST, PRIZES_MOST, Prize
from trainer.competitions.rules.tiebreak import DEFAULT_CHAIN
from trainer.competitions.service import NewCompetition, NewRound, NewTeam
from trainer.core.database import db
from trainer.core.errors import FieldProblem, Invalid
from trainer.web.access import SIGNED_IN
from trainer.web.arrival import arrived_at
from trainer.web.view import LARGEST_ID

bp = api_blueprint("competitions_api")

Link = Literal["score", "objective_score", "seconds_used", "submitted_at", "draw_lots"]


class AdvanceIn(Shape):
    """How many go through; all who share the last place go through, and places for units come on top."""

    top: int = Field(ge=1, le=100_000)
    per_unit_at_least: int | None = Field(None, ge=0, le=100_000)


class RoundIn(Shape):
    title: Line
    exam_id: Text = Field(max_length=24)
    advance: AdvanceIn | None = None


class TeamIn(Shape):
    name: Line = Field(max_length=80)
    unit: Text = Field(max_length=40, description="code of the unit")
    usernames: list[Text] = Field(max_length=service.MEMBERS_MOST)


class PrizeIn(Shape):
    """A prize for so many ``places``, or for a share of all who are ranked, in ``percent`` and rounded half up.

    Prizes go by place in the last round, in the order of the list. Who shares the last place of a prize gets it too,
    and the prizes behind it have so many fewer.
    """

    by: Literal["individual", "team", "unit"] = "individual"
    name: Line = Field(max_length=NAME_MOST)
    places: int | None = Field(None, ge=1, le=PLACES_MOST)
    percent: int | None = Field(None, ge=1, le=100)


class CompetitionIn(Shape):
    """A competition to found. It stands as published unless ``draft`` is true."""

    title: Line
    rounds: list[RoundIn] = Field(min_length=1, max_length=service.ROUNDS_MOST)
    team_score: Literal["best_n", "mean", "sum"] = "best_n"
    team_best_n: int | None = Field(None, ge=1, le=service.MEMBERS_MOST, description="for best_n; 3 by default")
    tie_break: list[Link] = Field(list(DEFAULT_CHAIN), description="starts with score; draw_lots only at the end")
    public: bool = False
    names: Literal["full", "masked", "unit_only"] = "full"
    prizes: list[PrizeIn] = Field([], max_length=PRIZES_MOST)
    teams: list[TeamIn] = Field([], max_length=service.TEAMS_MOST)
    draft: bool = False


class RoundOut(Shape):
    number: int
    title: str
    exam_id: Id
    phase: Literal["cancelled", "upcoming", "open", "closed", "released"]
    advance: AdvanceIn | None = None


class CompetitionOut(Shape):
    id: Id
    title: str
    state: Literal["draft", "published", "closed", "cancelled"]
    rounds: list[RoundOut]
    team_score: str
    team_best_n: int | None
    tie_break: list[str]
    public: bool
    names: str
    prizes: list[PrizeIn]
    frozen: bool


class CompetitionsOut(Shape):
    items: list[CompetitionOut]
    next: str | None


class EntryOut(Shape):
    """One line of a board. ``participants`` and ``participation_rate`` (of those due) are of teams and units.

    ``prize`` is there once the places are final, for those who win one.
    """

    place: int
    name: str
    unit: str = Field(description="name of the unit")
    score: Amount
    seconds_used: int
    participants: int | None = None
    participation_rate: Decimal | None = Field(None, description="number from 0 to 1, four decimals")
    prize: str | None = None


class LeaderboardOut(Shape):
    """The board. It has no entries while the exam's release rule holds scores back from the caller."""

    as_of: Moment
    frozen: bool
    provisional: bool
    entries: list[EntryOut]
    me: EntryOut | None


class BoardQuery(Shape):
    round: int | None = Field(None, ge=1, le=1000, description="number of the round; the last one that has begun")
    by: Literal["individual", "team", "unit"] = "individual"
    limit: int = Field(50, ge=1, le=200)
    after: int = Field(0, ge=0, le=10_000_000, description="continue behind so many entries")
    view: Literal["own", "public"] = Field("own", description="public: what everybody else sees, for the hall")


def _out(outline: Outline) -> CompetitionOut:
    now = arrived_at()
    return CompetitionOut(
        id=str(outline.id),
        title=outline.title,
        state=outline.state,
        rounds=[
            RoundOut(
                number=one.number,
                title=one.title,
                exam_id=str(one.exam_id),
                phase=one.phase(now),
                advance=AdvanceIn(**one.advance) if one.advance else None,
            )
            for one in outline.rounds
        ],
        team_score=outline.team_score,
        team_best_n=outline.team_best_n,
        tie_break=list(outline.tie_break),
        public=outline.public,
        names=outline.names,
        prizes=[PrizeIn(**one.as_row()) for one in outline.prizes],
        frozen=outline.frozen_at is not None,
    )


def _id(text: str) -> int:
    """Return the row's id of an opaque one, 0 (which no row has) for what cannot be one."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else 0
    return number if number <= LARGEST_ID else 0


@operation(
    bp,
    "POST",
    "/competitions",
    needs_permission="competition.manage",
    summary="Found a competition on exams of one's own scope",
    body=CompetitionIn,
    answers={201: CompetitionOut},
    problems={422: ("invalid",)},
)
def create(body: CompetitionIn) -> Any:
    new = NewCompetition(
        title=body.title,
        rounds=tuple(
            NewRound(
                one.title,
                _id(one.exam_id),
                top=one.advance.top if one.advance else None,
                per_unit_at_least=one.advance.per_unit_at_least if one.advance else None,
            )
            for one in body.rounds
        ),
        team_score=body.team_score,
        team_best_n=body.team_best_n,
        tie_break=tuple(body.tie_break),
        public=body.public,
        names=body.names,
        prizes=tuple(Prize(one.by, one.name, one.places, one.percent) for one in body.prizes),
        teams=tuple(NewTeam(one.name, one.unit, tuple(one.usernames)) for one in body.teams),
        draft=body.draft,
    )
    competition_id = service.create(new, by=current_user, now=arrived_at())
    return _out(queries.outline_of(db.session(), competition_id)), 201


@operation(
    bp,
    "GET",
    "/competitions",
    needs_permission=SIGNED_IN,
    summary="Competitions that the caller runs, watches or takes part in, and public ones, the newest first",
    query=Listing,
    answers={200: CompetitionsOut},
)
def find(query: Listing) -> Any:
    session = db.session()
    rows = queries.listed(current_user)
    if query.after is not None:
        last = _id(query.after)
        if not last:
            raise Invalid([FieldProblem("after", "bad_format")])
        rows = rows.where(Competition.id < last)
    ids = list(session.scalars(rows.limit(query.limit + 1)))
    found = queries.outlines(session, ids[: query.limit])
    more = len(ids) > query.limit
    following = url_for("competitions_api.find", limit=query.limit, after=ids[query.limit - 1]) if more else None
    return CompetitionsOut(items=[_out(one) for one in found], next=following)


@operation(
    bp,
    "GET",
    "/competitions/<id:competition_id>",
    needs_permission=SIGNED_IN,
    summary="One competition",
    answers={200: CompetitionOut},
)
def show(competition_id: int) -> Any:
    return _out(queries.known(db.session(), competition_id, current_user))


@operation(
    bp,
    "GET",
    "/competitions/<id:competition_id>/leaderboard",
    needs_permission=SIGNED_IN,
    summary="Places of people, teams or units in a round, with the caller's own",
    query=BoardQuery,
    answers={200: LeaderboardOut, 304: None},
)
def leaderboard(competition_id: int, query: BoardQuery) -> Any:
    view = boards.view(
        competition_id,
        current_user._get_current_object(),  # type: ignore[attr-defined]  # a proxy; asked once
        round_number=query.round,
        by=query.by,
        now=arrived_at(),
        as_public=query.view == "public",
    )
    content, tag = document(view, limit=query.limit, after=query.after)
    # A proxy that packs the answer makes the tag a weak one.
    unchanged = request.if_none_match.contains_weak(tag)
    answer = Response(status=304) if unchanged else Response(content, mimetype="application/json")
    answer.set_etag(tag)
    # The browser keeps the board and asks each time whether it is still good.
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Cookie, Authorization"
    return answer
