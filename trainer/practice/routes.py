"""The pages of practice: overview, one item, the graded answer, the wrong-answer book, what was answered."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from question_bank import laws
from question_bank.topics import taxonomy
from trainer.core.clock import day_starts_at, local_day
from trainer.core.database import db
from trainer.core.errors import Invalid, Missing, Refused
from trainer.laws.queries import cited_articles
from trainer.laws.wording import place_name
from trainer.practice import answer_queries, queries
from trainer.practice.forms import form_of_part, read_answer, read_met
from trainer.practice.rules.choosing import DRILLS, MODES, REVIEWS_A_DAY, Wanted, wanted
from trainer.practice.service import answer_item, assess_answer
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.home import Card, offer_card
from trainer.web.locale import is_english, zone
from trainer.web.menu import offer
from trainer.web.sentences import sentence
from trainer.web.view import LARGEST_ID, asked_page, asked_text, paged

bp = Blueprint("practice", __name__)

BY = ("topic", "law", "field")
LONGEST_SEARCH = 60


def _day_began(now: datetime) -> datetime:
    return day_starts_at(local_day(now, zone()), zone())


def _name(one: Any) -> str:
    return str(one.en if is_english() else one.zh)


def _wanted() -> Wanted:
    """Return what the address asks for; whoever types a wrong one gets the page that does not exist."""
    given = request.args
    try:
        return wanted(given.get("mode"), **{name: given.get(name) for name in DRILLS}, more=given.get("more") == "1")
    except Invalid:
        raise Missing from None


def _arguments(want: Wanted) -> dict[str, str]:
    """Return what an address needs in order to go on with the same practice."""
    mode = {} if want.mode == "continue" else {"mode": want.mode}
    return {**mode, **want.filters, **({"more": "1"} if want.more else {})}


def _about(want: Wanted) -> str:
    """Return in words what is practised, such as 行政处罚法 or 错题."""
    tree = taxonomy()
    law = laws.find(want.law) if want.law else None
    names = [
        _name(one)
        for one in (
            tree.find_topic(want.topic) if want.topic else None,
            tree.find_wing(want.wing) if want.wing and not want.topic else None,
            tree.find_field(want.field) if want.field else None,
        )
        if one
    ]
    if law:
        names.append(_("《%(law)s》", law=law.short_title))
    told = {"due": _("复习"), "wrong": _("错题重练"), "new": _("新题")}.get(want.mode)
    return " · ".join([told] * bool(told) + names) or _("继续练习")


def _topic_name(slug: str) -> str:
    topic = taxonomy().find_topic(slug)
    return _name(topic) if topic else slug


def _field_names(slugs: tuple[str, ...]) -> list[str]:
    tree = taxonomy()
    return [_name(found) for slug in slugs if slug != "general" and (found := tree.find_field(slug))]


@bp.get("/practice")
@needs("practice.own")
def show():
    now, session, me = arrived_at(), db.session(), current_user.id
    by = request.args.get("by") if request.args.get("by") in BY else "topic"
    words = asked_text("q", LONGEST_SEARCH)
    topics = queries.progress_by_topic(session, me, now)
    total = sum(topics.values(), queries.Progress())
    parts: dict[str, Any] = {}
    if words:
        by = ""
        parts["found"] = queries.search_items(session, me, words, now)
    elif by == "law":
        parts["laws"] = [
            (name, law.title if (law := laws.find(name)) else name, row)
            for name, row in queries.progress_by_law(session, me, now).items()
        ]
    elif by == "field":
        rows, own = queries.progress_by_field(session, me, now), queries.own_fields(session, me)
        held = [(one.slug, _name(one), rows[one.slug]) for one in taxonomy().fields if one.slug in rows]
        parts["fields"] = sorted(held, key=lambda row: row[0] not in own)
        parts["own"] = own
    else:
        parts["wings"] = [_wing(wing, topics) for wing in taxonomy().wings]
    return render_template(
        "practice/show.html",
        by=by,
        words=words,
        total=total,
        waiting=queries.waiting(session, me, now=now, day_began=_day_began(now)),
        topic_name=_topic_name,
        **parts,
    )


def _wing(wing: Any, topics: dict[tuple[str, str], queries.Progress]) -> dict[str, Any]:
    rows = [(one.slug, _name(one), topics[key]) for one in wing.topics if (key := (wing.slug, one.slug)) in topics]
    return {
        "slug": wing.slug,
        "name": _name(wing),
        "drive": wing.drive_en if is_english() else wing.drive_zh,
        "sum": sum((row[2] for row in rows), queries.Progress()),
        "topics": rows,
    }


@bp.get("/practice/item")
@needs("practice.own")
def item():
    now, want = arrived_at(), _wanted()
    code = asked_text("item", 80)
    if code:
        asked = queries.item_by_code(db.session(), current_user.id, code, now=now)
    else:
        found = queries.next_item(db.session(), current_user.id, want, now=now, day_began=_day_began(now))
        if found is None:
            return _nothing_left(want, now)
        asked = found
    return _item_page(asked, want)


def _nothing_left(want: Wanted, now: datetime) -> str:
    waiting = queries.waiting(db.session(), current_user.id, now=now, day_began=_day_began(now))
    return render_template(
        "practice/rest.html",
        want=want,
        about=_about(want),
        waiting=waiting,
        a_day=REVIEWS_A_DAY,
        more=url_for("practice.item", **{**_arguments(want), "more": "1"}),
    )


def _item_page(asked: queries.Asked, want: Wanted, *, error: str = "", sent: Any = None) -> str:
    return render_template(
        "practice/item.html",
        asked=asked,
        about=_about(want),
        arguments=_arguments(want),
        topic=_topic_name(asked.topic),
        fields=_field_names(asked.fields),
        key=secrets.token_urlsafe(18),
        error=error,
        sent=sent if sent is not None else {},
        sent_to=lambda number: form_of_part(sent, number) if sent is not None else {},
    )


@bp.post("/practice/item")
@needs("practice.own")
def answer():
    now, want, form = arrived_at(), _wanted(), request.form
    item_id, version_id = (form.get(name, 0, type=int) for name in ("item", "version"))
    if not (0 < item_id <= LARGEST_ID and 0 < version_id <= LARGEST_ID):
        abort(400)
    asked = queries.item_by_id(db.session(), current_user.id, item_id, now=now)
    try:
        given = read_answer(asked.public, form)
        answer_id = answer_item(current_user.id, item_id, version_id, given, sent_key=form.get("key", ""), now=now)
    except Refused as refusal:
        if refusal.code not in ("invalid", "item_changed"):
            raise
        return _item_page(asked, want, error=_said(refusal), sent=form), refusal.status
    return redirect(url_for("practice.answered", answer_id=answer_id, **_arguments(want)), 303)


def _said(refusal: Refused) -> str:
    problems = refusal.problems if isinstance(refusal, Invalid) else []
    return " ".join(sentence(one.code, one.params) for one in problems) or sentence(refusal.code, refusal.params)


@bp.get("/practice/answers/<id:answer_id>")
@needs("practice.own")
def answered(answer_id):
    want, now = _wanted(), arrived_at()
    made = answer_queries.answered(db.session(), current_user.id, answer_id, now=now)
    return render_template(
        "practice/answered.html",
        made=made,
        about=_about(want),
        topic=_topic_name(made.topic),
        arguments=_arguments(want),
        in_days=(local_day(made.due_at, zone()) - local_day(now, zone())).days if made.due_at else None,
        citations=_citations(made.told.basis),
    )


@bp.post("/practice/answers/<id:answer_id>/assess")
@needs("practice.own")
def assess(answer_id):
    want, now = _wanted(), arrived_at()
    made = answer_queries.answered(db.session(), current_user.id, answer_id, now=now)
    assess_answer(current_user.id, answer_id, read_met(len(made.parts), request.form), now=now)
    return redirect(url_for("practice.answered", answer_id=answer_id, **_arguments(want)), 303)


def _citations(basis: Any) -> list[dict[str, Any]]:
    articles = cited_articles(db.session(), [(one.law, one.version, one.article) for one in basis])
    return [_citation(one) | {"article": articles.get((one.law, one.version, one.article))} for one in basis]


def _citation(one: Any) -> dict[str, Any]:
    return {
        "paragraph": one.paragraph,
        "item": one.item,
        "title": one.title,
        "place": place_name(one.article, one.paragraph, one.item),
        "version": one.version,
        "outdated": one.in_force is False,
    }


@bp.get("/practice/wrong")
@needs("practice.own")
def wrong_items():
    now, want = arrived_at(), _wanted()
    queries.refuse_during_exam(db.session(), current_user.id, now)
    page, per_page = asked_page(20)
    held = queries.wrong_topics(db.session(), current_user.id)
    topics = [
        (_name(wing), [(one.slug, _name(one)) for one in wing.topics if (wing.slug, one.slug) in held])
        for wing in taxonomy().wings
    ]
    return render_template(
        "practice/wrong_items.html",
        rows=paged(db.session(), queries.wrong_items(current_user.id, want.filters, now), page, per_page),
        want=want,
        topics=[(wing, rows) for wing, rows in topics if rows],
        topic_name=_topic_name,
    )


@bp.get("/practice/history")
@needs("practice.own")
def history():
    now, session, me = arrived_at(), db.session(), current_user.id
    queries.refuse_during_exam(session, me, now)
    correct = {"right": True, "wrong": False}.get(request.args.get("verdict", ""))
    page, per_page = asked_page(20)
    topics = queries.progress_by_topic(session, me, now)
    return render_template(
        "practice/history.html",
        rows=paged(session, answer_queries.answers_given(me, {}, correct, now), page, per_page),
        verdict=request.args.get("verdict", ""),
        wings=[_wing(wing, topics) for wing in taxonomy().wings],
        topic_name=_topic_name,
    )


def _card(person: Any, now: datetime) -> Card:
    waiting = queries.waiting(db.session(), person.id, now=now, day_began=_day_began(now))
    return Card("practice/_home.html", {"waiting": waiting})


def register(app: Flask) -> None:
    """Put practice into the menu and on the officer's home page."""
    assert set(BY) < set(MODES)
    offer(_l("练习"), "practice.show", icon="book-2", permission="practice.own", order=20)
    offer_card("practice", _card, order=30, permission="practice.own")
