"""Pages of law texts for everybody: the list, one law with its chapters, two versions side by side."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Flask, render_template, request
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from question_bank.difference import pieces
from question_bank.lawdiff import compare as compare_articles
from question_bank.laws import fingerprint
from trainer.bank.queries import laws_cited
from trainer.core.clock import local_day
from trainer.core.database import db
from trainer.core.errors import Missing
from trainer.laws import queries
from trainer.laws.wording import OUTCOME_NAMES, STANDING_NAMES, article_name
from trainer.practice.queries import refuse_during_exam
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.locale import zone
from trainer.web.menu import offer
from trainer.web.view import Page, asked_page, asked_text, paged

bp = Blueprint("laws", __name__)


def _today() -> date:
    """Return the city's day; raises ``Refused`` while the caller sits an exam, for which the law is a closed book."""
    refuse_during_exam(db.session(), current_user.id, arrived_at())
    return local_day(arrived_at(), zone())


@bp.get("/laws")
@needs("law.view")
def index():
    today, words = _today(), asked_text("words")
    session = db.session()
    loaded = queries.loaded_laws(session, today, words=words)
    found = None
    if words:
        page, per_page = asked_page(20)
        rows = paged(session, queries.articles_with(words), page, per_page)
        found = Page([_hit(row, words) for row in rows.items], rows.page, rows.per_page, rows.total)
    missing: list[tuple[str, str, int]] = []
    if current_user.may("law.manage") and not words:
        there = {(law.short_title, one.version) for law in loaded for one in law.versions}
        missing = [row for row in laws_cited(session) if row[:2] not in there]
    return render_template(
        "laws/index.html",
        laws=loaded,
        words=words,
        found=found,
        missing=missing,
        standings=STANDING_NAMES,
        may_manage=current_user.may("law.manage"),
    )


def _hit(row: Any, words: str) -> dict[str, Any]:
    """Return a found article with the line in which the first word stands."""
    lines = row.text.split("\n")
    first = next((line for line in lines if words.split()[0] in line), lines[0])
    return {"law": row.short_title, "title": row.title, "number": row.number, "label": row.label, "line": first}


@bp.get("/laws/<law>")
@needs("law.view")
def show(law):
    today = _today()
    session = db.session()
    found = queries.loaded_law(session, law, today)
    asked = request.args.get("version")
    version = found.of(asked) if asked else found.current
    if version is None:
        raise Missing
    chapters: list[tuple[str, list[queries.ArticleLine]]] = []
    for article in queries.articles_of(session, version.id):
        if not chapters or chapters[-1][0] != article.chapter:
            chapters.append((article.chapter, []))
        chapters[-1][1].append(article)
    return render_template("laws/show.html", law=found, version=version, chapters=chapters, standings=STANDING_NAMES)


@bp.get("/laws/<law>/compare")
@needs("law.view")
def compare(law):
    found = queries.loaded_law(db.session(), law, _today())
    old, new = (found.of(request.args.get(name, "")) for name in ("old", "new"))
    if old is None or new is None or old.version >= new.version:
        raise Missing
    left = {one.number: one for one in queries.articles_of(db.session(), old.id)}
    right = {one.number: one for one in queries.articles_of(db.session(), new.id)}
    left_texts, right_texts = ({number: one.text for number, one in side.items()} for side in (left, right))
    left_marks, right_marks = (
        {number: fingerprint(text) for number, text in texts.items()} for texts in (left_texts, right_texts)
    )
    rows = []
    for number, change in compare_articles(left_marks, right_marks, left_texts, right_texts).items():
        successor = right.get(change.new) if change.new else None
        before, after = pieces(left[number].text, successor.text) if successor else ((), ())
        rows.append({"old": left[number], "new": successor, "change": change, "before": before, "after": after})
    followed = {row["new"].number for row in rows if row["new"]}
    added = [one for number, one in right.items() if number not in followed]
    counts = {name: sum(row["change"].outcome == name for row in rows) for name in OUTCOME_NAMES}
    return render_template(
        "laws/compare.html",
        law=found,
        old=old,
        new=new,
        rows=[row for row in rows if row["change"].outcome != "unchanged"],
        added=added,
        counts=counts,
        outcomes=OUTCOME_NAMES,
    )


def register(app: Flask) -> None:
    """Put the laws into the menu, and the names of articles at the templates' hand."""
    app.jinja_env.filters["article_name"] = article_name
    offer(_l("法规"), "laws.index", icon="scale", permission="law.view", order=45)
