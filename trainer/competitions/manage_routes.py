"""Pages of those who run a competition: founding, rounds, teams, freezing, public notice, signing, the workbook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from wtforms.fields.choices import SelectChoice

from trainer.accounts.rules import pasted_usernames
from trainer.competitions import amend, leaderboard, queries, service
from trainer.competitions.board import BY, boards
from trainer.competitions.forms import (
    LINKS,
    CompetitionForm,
    PostForm,
    ReasonForm,
    RoundForm,
    RulesForm,
    TeamsForm,
    TitleForm,
)
from trainer.competitions.rules.prizes import Prize, read_prizes, written
from trainer.competitions.service import NewCompetition, NewRound, NewTeam, Rules
from trainer.competitions.words import prize_rule
from trainer.competitions.workbook import standings_book
from trainer.core.database import db, end_read
from trainer.core.errors import Conflict, FieldProblem, Invalid, Missing, Refused
from trainer.orgs.queries import tree
from trainer.orgs.rules import depth
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.limits import sparing
from trainer.web.locale import number, zone
from trainer.web.sentences import sentence
from trainer.web.view import download

bp = Blueprint("competition_desk", __name__)
"""Split from the pages of everybody, so that every route here asks for the one permission."""

FIELDS = {
    "rounds.0.title": "round_title",
    "rounds.0.exam_id": "exam",
    "rounds.0.advance.top": "top",
    "rounds.0.advance.per_unit_at_least": "per_unit",
    "exam_id": "exam",
    "advance.top": "top",
    "advance.per_unit_at_least": "per_unit",
    "tie_break": "ties",
}


def _renamed(refusal: Refused, names: dict[str, str], prizes: Sequence[Prize] = ()) -> Refused:
    """Return the refusal with its problems at the names that our form gives to the fields."""
    if not isinstance(refusal, Invalid):
        return refusal
    return Invalid(
        [FieldProblem(_field_of(one.field, names, prizes), one.code, one.params) for one in refusal.problems]
    )


def _field_of(name: str, names: dict[str, str], prizes: Sequence[Prize]) -> str:
    first, *more = name.split(".")
    if first != "prizes" or not prizes:
        return names.get(name, name)
    # Too many of them is said at the first.
    return f"prizes_{prizes[int(more[0]) if more else 0].by}"


def _back(competition_id: int) -> Any:
    return redirect(url_for("competitions.show", competition_id=competition_id), 303)


def _offer_exams(form: Any, beyond: list[int]) -> bool:
    session = db.session()
    rows = queries.manageable_exams(session, current_user, arrived_at(), beyond=beyond)
    uses = queries.uses_of_exams(session, [row.id for row in rows], current_user)
    end_read()
    form.exam.choices = [SelectChoice(row.id, _exam_words(row, uses.get(row.id, []))) for row in rows]
    return bool(rows)


def _exam_words(row: Any, uses: list[str | None]) -> str:
    """Return an exam as the list offers it: what it is, and what speaks against taking it once more."""
    said = [_("%(title)s（%(unit)s，编号 %(id)s）", title=row.title, unit=row.short_name, id=row.id)]
    if row.scored:
        said.append(_("已有成绩"))
    elif row.begun:
        said.append(_("已经开考"))
    said += [_("已用于《%(title)s》", title=one) if one else _("已用于其他竞赛") for one in uses]
    return " · ".join(said)


@bp.route("/competitions/new", methods=["GET", "POST"])
@needs("competition.manage")
def create():
    form = CompetitionForm()
    any_exam = _offer_exams(form, [])
    status = 200
    if form.sent() and _prizes_are_read(form):
        try:
            new = _founded(form)
            made = service.create(new, by=current_user, now=arrived_at())
        except Invalid as refusal:
            form.blame(_renamed(refusal, FIELDS, new.prizes))
            status = refusal.status
        else:
            flash(_("竞赛已存为草稿，参赛人员还看不到，核对后再发布。"), "success")
            return _back(made)
    elif form.errors:
        status = 422
    return render_template("competitions/create.html", form=form, any_exam=any_exam, prize_rule=prize_rule()), status


def _founded(form: CompetitionForm) -> NewCompetition:
    # Founding tells nobody: hundreds of people are told by a step of its own, which says how many they are.
    return NewCompetition(**_rules(form), rounds=(_round(form),), draft=True)


def _rules(form: RulesForm) -> dict[str, Any]:
    return {
        "title": form.title.data,
        "team_score": form.team_score.data,
        "team_best_n": form.team_best_n.data if form.team_score.data == "best_n" else None,
        "tie_break": ("score", *(one for one in LINKS if one in (form.ties.data or ()))),
        "public": form.public.data,
        "names": form.names.data,
        "prizes": tuple(prize for by in BY for prize in read_prizes(by, form[f"prizes_{by}"].data or "")[0]),
    }


def _prizes_are_read(form: TitleForm) -> bool:
    """Return whether every line of prizes has been understood, and say at its field which has not."""
    if not isinstance(form, RulesForm):
        return True
    unread = [(by, line) for by in BY for line in read_prizes(by, form[f"prizes_{by}"].data or "")[1]]
    if unread:
        form.blame(Invalid([FieldProblem(f"prizes_{by}", "prize_unreadable", {"value": line}) for by, line in unread]))
    return not unread


def _round(form: RoundForm) -> NewRound:
    per_unit = form.per_unit.data if form.top.data else None
    return NewRound(form.round_title.data, form.exam.data, top=form.top.data, per_unit_at_least=per_unit)


@bp.route("/competitions/<id:competition_id>/edit", methods=["GET", "POST"])
@needs("competition.manage")
def edit(competition_id):
    outline = queries.managed(db.session(), competition_id, current_user)
    fixed = outline.state != "draft" and queries.has_scores(db.session(), competition_id)
    end_read()
    now = {"title": outline.title, "ties": outline.tie_break, "team_score": outline.team_score}
    now |= {"team_best_n": outline.team_best_n or 3, "names": outline.names, "public": outline.public}
    now |= {f"prizes_{by}": written(outline.prizes, by) for by in BY}
    form = TitleForm(data=now) if fixed else RulesForm(data=now)
    status = 200
    if form.sent() and _prizes_are_read(form):
        rules = _changed(form, outline)
        try:
            amend.change(competition_id, rules, by=current_user)
        except Missing:
            raise
        except Refused as refusal:
            form.blame(_renamed(refusal, FIELDS, rules.prizes))
            status = refusal.status
        else:
            flash(_("已保存竞赛《%(title)s》。", title=form.title.data), "success")
            return _back(competition_id)
    elif form.errors:
        status = 422
    return render_template(
        "competitions/edit.html", form=form, competition=outline, fixed=fixed, prize_rule=prize_rule()
    ), status


def _changed(form: TitleForm, outline: queries.Outline) -> Rules:
    if isinstance(form, RulesForm):
        return Rules(**_rules(form))
    names = ("team_score", "team_best_n", "tie_break", "public", "names", "prizes")
    kept = {name: getattr(outline, name) for name in names}
    return Rules(title=form.title.data, **kept)


@bp.route("/competitions/<id:competition_id>/cancel", methods=["GET", "POST"])
@needs("competition.manage")
def cancel(competition_id):
    outline = queries.managed(db.session(), competition_id, current_user)
    if outline.state != "published":
        raise Conflict("competition_not_published")
    people = len(queries.participants(db.session(), competition_id))
    end_read()
    form = ReasonForm()
    status = 200
    if form.sent():
        try:
            told = amend.cancel(competition_id, form.reason.data, by=current_user, now=arrived_at())
        except Invalid as refusal:
            form.blame(refusal)
            status = refusal.status
        else:
            flash(_("竞赛已取消，已通知 %(n)s 人。", n=number(told)), "success")
            return _back(competition_id)
    elif form.errors:
        status = 422
    return render_template("competitions/cancel.html", form=form, competition=outline, people=people), status


@bp.post("/competitions/<id:competition_id>/delete")
@needs("competition.manage")
def delete(competition_id):
    try:
        amend.delete_draft(competition_id, by=current_user)
    except Conflict as refusal:
        flash(sentence(refusal.code, refusal.params), "danger")
        return _back(competition_id)
    flash(_("竞赛草稿已删除，考试不受影响。"), "success")
    return redirect(url_for("competitions.index"), 303)


@bp.route("/competitions/<id:competition_id>/rounds/new", methods=["GET", "POST"])
@needs("competition.manage")
def add_round(competition_id):
    outline = queries.managed(db.session(), competition_id, current_user)
    form = RoundForm()
    any_exam = _offer_exams(form, [one.exam_id for one in outline.rounds])
    status = 200
    if form.sent():
        try:
            service.add_round(competition_id, _round(form), by=current_user)
        except Missing:
            raise
        except Refused as refusal:
            form.blame(_renamed(refusal, FIELDS | {"title": "round_title"}))
            status = refusal.status
        else:
            flash(_("已增加赛程“%(title)s”。", title=form.round_title.data), "success")
            return _back(competition_id)
    elif form.errors:
        status = 422
    return render_template("competitions/add_round.html", form=form, competition=outline, any_exam=any_exam), status


@bp.route("/competitions/<id:competition_id>/teams", methods=["GET", "POST"])
@needs("competition.manage")
def teams(competition_id):
    session = db.session()
    outline = queries.managed(session, competition_id, current_user)
    known = queries.teams(session, competition_id)
    units = [
        SelectChoice(unit.code, "\u3000" * depth(unit.path) + unit.name)
        for unit in tree(session, current_user.scope("competition.manage").whole)
    ]
    counts = queries.counts(session, outline)
    end_read()
    rows = [
        {"name": one.name, "unit": one.unit_code, "members": "\n".join(username for username, _name in one.members)}
        for one in known
    ]
    form = TeamsForm(data={"teams": rows})
    status = 200
    if form.sent():
        try:
            service.save_teams(competition_id, _teams(form, {one.value for one in units}), by=current_user)
        except Missing:
            raise
        except Refused as refusal:
            _blame_teams(form, refusal)
            status = refusal.status
        else:
            flash(_("已保存 %(count)s 支代表队。", count=len(form.filled())), "success")
            return _back(competition_id)
    elif form.errors:
        status = 422
    if not form.teams.entries or not form.teams.entries[-1].form.is_empty():
        form.teams.append_entry()
    for entry in form.teams:
        entry.form.unit.choices = [SelectChoice("", _("请选择单位")), *units]
    people = {username: name for one in known for username, name in one.members}
    return render_template(
        "competitions/teams.html",
        form=form,
        competition=outline,
        units=units,
        people=people,
        fixed=bool(sum(counts.scored.values())) or outline.ended,
        teams=known,
    ), status


def _teams(form: TeamsForm, codes: set[str]) -> list[NewTeam]:
    """Return the teams of a form; a unit that was not offered is none."""
    return [
        NewTeam(
            one.name.data or "",
            one.unit.data if one.unit.data in codes else "",
            tuple(pasted_usernames(one.members.data or "")),
        )
        for one in form.filled()
    ]


def _blame_teams(form: TeamsForm, refusal: Refused) -> None:
    """Put the problems of a refusal at the teams that were written down; what finds no field goes to the top."""
    filled = form.filled()
    fields = {"name": "name", "unit": "unit", "usernames": "members"}
    for one in refusal.problems if isinstance(refusal, Invalid) else []:
        parts = one.field.split(".")
        text = sentence(one.code, one.params)
        if len(parts) == 3 and parts[2] in fields:
            field = filled[int(parts[1])][fields[parts[2]]]
            field.errors = [*field.errors, text]
        form.form_errors.append(text)
    if not isinstance(refusal, Invalid):
        form.form_errors.append(sentence(refusal.code, refusal.params))


def _done(competition_id: int, verb: Callable[[], object], said: str) -> Any:
    """Run a change of state, say what happened or why not, and lead back to the competition."""
    try:
        verb()
    except Missing:
        raise
    except Refused as refusal:
        problems = refusal.problems if isinstance(refusal, Invalid) else []
        for code, params in [(one.code, one.params) for one in problems] or [(refusal.code, refusal.params)]:
            flash(sentence(code, params), "danger")
    else:
        flash(said, "success")
    return _back(competition_id)


@bp.post("/competitions/<id:competition_id>/publish")
@needs("competition.manage")
def publish(competition_id):
    return _done(
        competition_id,
        lambda: service.publish(competition_id, by=current_user),
        _("竞赛已发布，并已通知参赛人员。"),
    )


@bp.post("/competitions/<id:competition_id>/freeze")
@needs("competition.manage")
def freeze(competition_id):
    return _done(
        competition_id,
        lambda: leaderboard.freeze(competition_id, by=current_user, now=arrived_at()),
        _("已封榜，其他人看到的名次停在此刻。"),
    )


@bp.post("/competitions/<id:competition_id>/unfreeze")
@needs("competition.manage")
def unfreeze(competition_id):
    return _done(
        competition_id,
        lambda: leaderboard.unfreeze(competition_id, by=current_user),
        _("已解除封榜，所有人看到最新名次。"),
    )


@bp.post("/competitions/<id:competition_id>/post-results")
@needs("competition.manage")
def post_results(competition_id):
    form = PostForm()
    if not form.sent():
        flash(_("请填写公示截止时间。"), "danger")
        return _back(competition_id)
    return _done(
        competition_id,
        lambda: service.post_results(competition_id, until=form.until.data, by=current_user, now=arrived_at()),
        _("结果已公示，并已通知参赛人员。"),
    )


@bp.post("/competitions/<id:competition_id>/close")
@needs("competition.manage")
def close(competition_id):
    return _done(
        competition_id,
        lambda: service.close(competition_id, by=current_user, now=arrived_at()),
        _("结果已签发，名次不再变动。"),
    )


@bp.get("/competitions/<id:competition_id>/rounds/<int:number>/standings.xlsx")
@sparing
@needs("competition.manage")
def export(competition_id, number):
    outline = queries.managed(db.session(), competition_id, current_user)
    end_read()
    now = arrived_at()
    views = [boards.view(competition_id, current_user, round_number=number, by=by, now=now) for by in BY]
    content = standings_book(views, zone=zone())
    service.note_export(competition_id, number, by=current_user)
    name = _("%(title)s %(round)s 名次.xlsx", title=outline.title, round=views[0].round.title)
    return download(content, name)
