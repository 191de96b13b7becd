"""Pages of the bank: the list of items with its filters, and one item with key, reasons, basis and versions."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Flask, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from question_bank.laws import find as find_law
from question_bank.topics import taxonomy
from trainer.accounts.rules import Person
from trainer.bank import forms, queries
from trainer.core.database import db
from trainer.web.access import needs
from trainer.web.home import Card, Task, offer_card, offer_tasks
from trainer.web.locale import number
from trainer.web.menu import offer
from trainer.web.view import Page, asked_page, paged

bp = Blueprint("bank", __name__)

FEWEST = 5


@bp.get("/items")
@needs("item.view")
def index():
    form = forms.ItemFilterForm(request.args)
    session = db.session()
    page, per_page = asked_page()
    found = paged(session, queries.items_matching(form.wanted()), page, per_page)
    rows = Page([queries.row_of(row) for row in found.items], found.page, found.per_page, found.total)
    return render_template(
        "bank/index.html",
        form=form,
        page=rows,
        counts=queries.counts_by(session, "state"),
        filtered=any(request.args.get(field.name) for field in form),
        kinds=forms.KIND_NAMES,
        topics={topic.slug: forms.filed_name(topic) for topic in taxonomy().topics},
    )


@bp.get("/items/<id:item_id>")
@needs("item.view")
def show(item_id):
    number = request.args.get("version", type=int)
    page = queries.read_item(db.session(), item_id, number)
    item, known = page.item, taxonomy()
    basis = []
    for one in item.basis:
        law = find_law(one.law)
        basis.append((law.title if law else one.law, one))
    return render_template(
        "bank/show.html",
        page=page,
        item=item,
        kind=forms.KIND_NAMES.get(item.kind, item.kind),
        level=forms.LEVEL_NAMES.get(item.level, item.level),
        wing=forms.filed_name(known.find_wing(item.wing)),
        topic=forms.filed_name(known.find_topic(item.topic)),
        fields=[forms.filed_name(known.find_field(one)) for one in item.fields],
        right=set(item.key) if isinstance(item.key, tuple) else {item.key},
        basis=basis,
    )


def _tasks(person: Person, now: datetime) -> list[Task]:
    """Return what waits in the bank: items in quarantine for who manages it, those in review for reviewers."""
    manages, reviews = person.may("item.manage"), person.may("item.review")
    if not (manages or reviews):
        return []
    counts = queries.counts_by(db.session(), "state")
    quarantined, in_review = counts.get("quarantined", 0), counts.get("in_review", 0)
    made = []
    if manages and quarantined:
        title = _("%(n)s 道试题因所依据的法律变动被隔离", n=number(quarantined))
        made.append(_task(title, "quarantined", "alert-triangle", urgency=1))
    if reviews and in_review:
        made.append(_task(_("%(n)s 道试题等待审核", n=number(in_review)), "in_review", "eye", urgency=2))
    return made


def _task(title: str, state: str, icon: str, *, urgency: int) -> Task:
    return Task(title, url_for("bank.index", state=state), icon, action=_("查看"), urgency=urgency)


def _home_card(person: Person, now: datetime) -> Card:
    """Return the bank in figures: items by state, and the topics from which nothing can be drawn yet."""
    session = db.session()
    held = queries.published_by_topic(session)
    topics = taxonomy().topics
    return Card(
        "bank/_home.html",
        {
            "counts": queries.counts_by(session, "state"),
            "states": forms.STATE_NAMES,
            "topics": len(topics),
            "empty": [(one.slug, forms.filed_name(one)) for one in topics if not held.get(one.slug)],
            "fewest": sorted(
                ((held[one.slug], one.slug, forms.filed_name(one)) for one in topics if held.get(one.slug)),
                key=lambda line: line[0],
            )[:FEWEST],
        },
        wide=True,
    )


def register(app: Flask) -> None:
    """Put the bank into the menu, and its figures and what waits in it on the home page."""
    offer_tasks("items", _tasks, permission="item.view")
    offer_card("bank", _home_card, order=22, permission="item.view")
    offer(_l("题库"), "bank.index", icon="books", permission="item.view", order=40)
