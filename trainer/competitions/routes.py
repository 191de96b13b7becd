"""Pages about competitions for everybody who may know of one: the list, a competition, its board, the hall's screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import or_, select

from trainer.accounts.rules import Person
from trainer.competitions import queries
from trainer.competitions.board import BY, View, boards
from trainer.competitions.models import ENDED, Competition
from trainer.competitions.queries import Counts, Outline
from trainer.competitions.rules.prizes import prize_at
from trainer.competitions.rules.progress import RoundState, Step, next_action, steps
from trainer.competitions.words import prize_lists, prize_rule, team_rule, tie_rule, unit_rule
from trainer.core.clock import day_ends_at, local_day
from trainer.core.database import db, end_read
from trainer.orgs.models import Unit
from trainer.orgs.queries import units_within
from trainer.web.access import SIGNED_IN, needs
from trainer.web.arrival import arrived_at
from trainer.web.home import Card, Task, offer_card, offer_tasks
from trainer.web.locale import local_time, number, zone
from trainer.web.menu import offer
from trainer.web.view import Page, asked_page, paged, url_with

bp = Blueprint("competitions", __name__)

HALL_LINES = 10
REMEMBERED = timedelta(days=60)
NOTICE_DAYS = timedelta(days=7)


@bp.get("/competitions")
@needs(SIGNED_IN)
def index():
    page, per_page = asked_page(20)
    found = paged(db.session(), queries.listed(current_user), page, per_page, scalars=True)
    outlines = queries.outlines(db.session(), found.items)
    end_read()
    now = arrived_at()
    rows = [(one, one.current_round(now)) for one in outlines]
    return render_template("competitions/index.html", page=found, rows=rows, now=now)


@bp.get("/competitions/<id:competition_id>")
@needs(SIGNED_IN)
def show(competition_id):
    session, now = db.session(), arrived_at()
    outline = queries.known(session, competition_id, current_user)
    counts = queries.counts(session, outline)
    teams = queries.teams(session, competition_id)
    managing = queries.may_manage(current_user, outline)
    people = len(queries.participants(session, competition_id)) if managing and outline.state == "draft" else 0
    end_read()
    return render_template(
        "competitions/show.html",
        competition=outline,
        counts=counts,
        teams=teams,
        people=people,
        managing=managing,
        steps=step_line(outline, counts, now),
        action=what_next(outline, now) if managing else "none",
        until=_proposed_end(outline, now),
        now=now,
        tie_rule=tie_rule(outline.tie_break),
        team_rule=team_rule(outline.team_score, outline.team_best_n),
        prizes=prize_lists(outline.prizes),
        prize_rule=prize_rule(),
    )


def _proposed_end(outline: Outline, now: datetime) -> str:
    """Return the end of the public notice that the form proposes: the one set, or the end of the seventh day."""
    end = outline.objections_until or day_ends_at(local_day(now, zone()) + NOTICE_DAYS, zone()) - timedelta(minutes=1)
    return end.astimezone(zone()).strftime("%Y-%m-%dT%H:%M")


def _states(outline: Outline, now: datetime) -> list[RoundState]:
    return [RoundState(one.phase(now), one.provisional(now)) for one in outline.rounds]


def what_next(outline: Outline, now: datetime) -> str:
    """Return the code of what the organiser does next (see ``rules.progress``)."""
    states = _states(outline, now)
    return next_action(outline.state, states, outline.objections_until, outline.frozen_at is not None, now)


def step_line(outline: Outline, counts: Counts, now: datetime) -> list[dict[str, Any]]:
    """Return the steps of a competition as the macro ``steps`` takes them."""
    made = steps(outline.state, _states(outline, now), outline.objections_until, now)
    return [_step(one, outline, counts) for one in made]


def _step(step: Step, outline: Outline, counts: Counts) -> dict[str, Any]:
    if step.name == "notice":
        title, note = _("发布通知"), _("草稿，参赛人员还看不到") if outline.state == "draft" else _("已通知参赛人员")
    elif step.name == "entry":
        title = _("报名组队")
        note = _("应考 %(due)s 人", due=number(outline.rounds[0].due if outline.rounds else 0))
        if counts.teams:
            note = _(
                "%(teams)s 支代表队，队员 %(members)s 人", teams=number(counts.teams), members=number(counts.members)
            )
    elif step.name == "round":
        one = outline.rounds[step.number - 1]
        title = one.title
        scored = counts.scored.get(one.id, 0)
        if step.state == "next" and one.opens_at:
            note = _("%(time)s 开始", time=local_time(one.opens_at))
        else:
            note = _("应考 %(due)s 人，已出成绩 %(scored)s 人", due=number(one.due), scored=number(scored))
    elif step.name == "public_notice":
        title = _("结果公示")
        note = _("至 %(until)s", until=local_time(outline.objections_until)) if outline.objections_until else ""
    else:
        title = _("签发结果")
        note = local_time(outline.closed_at) if outline.closed_at else ""
    return {"title": title, "state": step.state, "note": note}


def _asked_round() -> int | None:
    asked = request.args.get("round", type=int)
    return asked if asked is not None and asked > 0 else None


def _asked_by() -> str:
    asked = request.args.get("by", "")
    return asked if asked in BY else "individual"


@bp.get("/competitions/<id:competition_id>/leaderboard")
@needs(SIGNED_IN)
def leaderboard(competition_id):
    now = arrived_at()
    view = boards.view(competition_id, current_user, round_number=_asked_round(), by=_asked_by(), now=now)
    has_teams = queries.has_teams(db.session(), competition_id)
    end_read()
    if view.by == "team" and not has_teams:
        return redirect(url_with(by="individual", page=None))
    number_, per_page = asked_page(50)
    first = (number_ - 1) * per_page
    lines = [
        (entry, view.name_of(entry, first + at), first + at == view.own)
        for at, entry in enumerate(view.entries[first : first + per_page])
    ]
    page = Page(lines, number_, per_page, len(view.entries))
    return render_template(
        "competitions/leaderboard.html",
        view=view,
        competition=view.outline,
        page=page,
        has_teams=has_teams,
        through=through(view, has_teams=has_teams),
        source=_source(view, limit=per_page, after=first),
        tie_rule=tie_rule(view.outline.tie_break),
        group_rule=_group_rule(view),
        prizes=_prizes_by_line(view, page.items),
        prize_of_me=prize_at(view.me.place, view.cuts) if view.me else None,
        managing=queries.may_manage(current_user, view.outline),
        now=now,
    )


def _group_rule(view: View) -> str:
    if view.by == "team":
        return team_rule(view.outline.team_score, view.outline.team_best_n)
    return unit_rule() if view.by == "unit" else ""


def through(view: View, *, has_teams: bool) -> frozenset[int]:
    """Return the keys of the lines that go through to the next round, none before the round is final.

    Where there are teams, teams go through; otherwise people do.
    """
    if view.provisional or view.frozen or view.copy is None or view.by != ("team" if has_teams else "individual"):
        return frozenset()
    return view.copy.through(view.round.advance)


def _prizes_by_line(view: View, lines: Sequence[Any]) -> dict[int, str]:
    """Return by key the prizes of lines that begin with an entry."""
    return {entry.key: prize for entry, *_rest in lines if (prize := prize_at(entry.place, view.cuts))}


def _source(shown: View, **more: Any) -> str:
    return url_for(
        "competitions_api.leaderboard", competition_id=shown.outline.id, round=shown.round.number, by=shown.by, **more
    )


@bp.get("/competitions/<id:competition_id>/hall")
@needs(SIGNED_IN)
def hall(competition_id):
    view = boards.view(
        competition_id, current_user, round_number=_asked_round(), by=_asked_by(), now=arrived_at(), as_public=True
    )
    if view.by == "team" and not queries.has_teams(db.session(), competition_id):
        return redirect(url_with(by="individual"))
    lines = [(entry, view.name_of(entry, at)) for at, entry in enumerate(view.entries[:HALL_LINES])]
    return render_template(
        "competitions/hall.html",
        view=view,
        competition=view.outline,
        lines=lines,
        prizes=_prizes_by_line(view, lines),
        source=_source(view, limit=HALL_LINES, view="public"),
        tie_rule=tie_rule(view.outline.tie_break),
    )


def _home_card(person: Person, now: datetime) -> Card | None:
    """Return the newest competition that the officer takes part in; none that was cancelled or signed long ago."""
    row = db.session.execute(
        select(Competition.id)
        .where(
            Competition.state.not_in(("draft", "cancelled")),
            or_(Competition.closed_at.is_(None), Competition.closed_at > now - REMEMBERED),
            queries.takes_part(person.id),
        )
        .order_by(Competition.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    outline = queries.outline_of(db.session(), row.id)
    state = "signed" if outline.state == "closed" else "public_notice" if outline.objections_until else "running"
    values = {"competition": outline, "competition_state": state, "wait": _wait_for_places(outline, now)}
    return Card("competitions/_home.html", values, side=True)


def _wait_for_places(outline: Outline, now: datetime) -> str:
    """Return in one sentence when the places of the present round come out; empty when they are out."""
    round_ = outline.current_round(now)
    if round_ is None or round_.shows(now):
        return ""
    if round_.exam_state == "cancelled":
        return _("本轮考试已取消。")
    if round_.release == "manual" or round_.ended_at is None:
        return _("名次在组织者公布成绩后公布。")
    return _("名次于 %(time)s 之后公布。", time=local_time(round_.ended_at))


DESK_LINES = 4


def _desk_card(person: Person, now: datetime) -> Card | None:
    """Return the newest competitions that are not long signed, each with its line of steps, None without any."""
    session = db.session()
    recent = or_(Competition.closed_at.is_(None), Competition.closed_at > now - REMEMBERED)
    found = queries.outlines(session, session.scalars(queries.listed(person).where(recent).limit(DESK_LINES)).all())
    if not found:
        return None
    counts = queries.counts_of(session, found)
    lines = []
    for outline in found:
        made = step_line(outline, counts[outline.id], now)
        lines.append((outline, made, next((step for step in made if step["state"] == "now"), None)))
    return Card("competitions/_desk.html", {"lines": lines}, wide=True)


def _public_card(person: Person, now: datetime) -> Card | None:
    return None if person.may("competition.view") else _desk_card(person, now)


TASKS = {
    "publish": (_l("发布竞赛"), _l("发布")),
    "release": (_l("公布考试成绩"), _l("查看")),
    "unfreeze": (_l("解除封榜"), _l("处理")),
    "post_results": (_l("公示竞赛结果"), _l("公示")),
    "sign": (_l("签发竞赛结果"), _l("签发")),
}


def _home_tasks(person: Person, now: datetime) -> list[Task]:
    """Return what the organiser's competitions wait for; what only time can bring is not told."""
    scope = person.scope("competition.manage").whole
    ids = db.session.scalars(
        select(Competition.id)
        .join(Unit, Unit.id == Competition.unit_id)
        .where(Competition.state.not_in(ENDED), units_within(scope))
        .order_by(Competition.id.desc())
        .limit(10)
    ).all()
    made = []
    for one in queries.outlines(db.session(), ids):
        action = what_next(one, now)
        if action in TASKS:
            title, verb = TASKS[action]
            url = url_for("competitions.show", competition_id=one.id)
            made.append(Task(str(title), url, "trophy", note=one.title, action=str(verb), urgency=1))
    return made


def register(app: Flask) -> None:
    """Offer the competitions in the menu and on the home page."""
    offer(_l("竞赛"), "competitions.index", icon="trophy", permission=SIGNED_IN, order=35)
    offer_card("competitions", _home_card, order=40, permission="attempt.own")
    offer_card("competitions in scope", _desk_card, order=36, permission="competition.view")
    offer_card("competitions to see", _public_card, order=36, permission="published.view")
    offer_tasks("competitions", _home_tasks, permission="competition.manage")
