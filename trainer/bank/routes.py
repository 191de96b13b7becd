"""Pages of the bank: the list of items with its filters, and one item with key, reasons, basis and versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from question_bank.difference import differences
from question_bank.topics import taxonomy
from trainer.accounts.rules import Person
from trainer.bank import forms, queries
from trainer.bank.alike_queries import kept_apart
from trainer.bank.board import count_to_review
from trainer.bank.caller import cited, list_reserved, loaded_laws, look_at_reserved, rich, viewer
from trainer.bank.models import ItemRecord
from trainer.bank.rules import may_become, may_review, may_submit, needs_second_person
from trainer.bank.rules.rich import stem_in_words
from trainer.bank.wording import OPERATION_NAMES, POOL_NAMES
from trainer.bank.work_queries import comments_of, filed_as, may_be_seen_by, may_edit, read_work, reviews_of, seen_item
from trainer.core.clock import local_day
from trainer.core.database import db
from trainer.laws.queries import cited_articles
from trainer.papers.queries import items_in_papers, uses_of
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.home import Card, Task, offer_card, offer_tasks
from trainer.web.locale import number, zone
from trainer.web.menu import offer
from trainer.web.view import Page, asked_page, paged

bp = Blueprint("bank", __name__)

FEWEST = 5


@bp.get("/items")
@needs("item.view")
def index():
    session = db.session()
    form = forms.ItemFilterForm(request.args, loaded_laws(session))
    page, per_page = asked_page()
    today = local_day(arrived_at(), zone())
    wanted = queries.items_matching(form.wanted(), today).where(may_be_seen_by(viewer(current_user)))
    if form.use.data in ("used", "unused"):
        in_papers = ItemRecord.id.in_(items_in_papers())
        wanted = wanted.where(in_papers if form.use.data == "used" else ~in_papers)
    found = paged(session, wanted, page, per_page)
    rows = Page([queries.row_of(row) for row in found.items], found.page, found.per_page, found.total)
    list_reserved(current_user, [row.id for row in rows.items])
    return render_template(
        "bank/index.html",
        form=form,
        page=rows,
        counts=queries.counts_by(session, "state", today),
        filtered=any(request.args.get(field.name) for field in form),
        kinds=forms.KIND_NAMES,
        may_edit=current_user.may("item.edit"),
        may_manage=current_user.may("item.manage"),
        uses=uses_of(session, [row.id for row in rows.items]),
        operations=OPERATION_NAMES,
        pools=POOL_NAMES,
        fields=[(one.slug, forms.filed_name(one)) for one in taxonomy().fields],
        topics={topic.slug: forms.filed_name(topic) for topic in taxonomy().topics},
    )


@bp.get("/items/<id:item_id>")
@needs("item.view")
def show(item_id):
    session, who = db.session(), viewer(current_user)
    seen_item(session, item_id, who)
    look_at_reserved(current_user, item_id)
    page = queries.read_item(session, item_id, request.args.get("version", type=int))
    found = seen_item(session, item_id, who)
    held = read_work(session, found)
    item = filed_as(session, found, page.item) if page.is_current else page.item
    known = taxonomy()
    articles = cited_articles(session, [(one.law, one.version, one.article) for one in item.citations()])
    basis = [(one, articles.get((one.law, one.version, one.article))) for one in item.citations()]
    return render_template(
        "bank/show.html",
        page=page,
        data=item.to_dict(),
        rich=rich,
        cited=cited,
        kinds=forms.KIND_NAMES,
        level=forms.LEVEL_NAMES.get(item.level, item.level),
        pool=POOL_NAMES[item.pool],
        wing=forms.filed_name(known.find_wing(item.wing)),
        topic=forms.filed_name(known.find_topic(item.topic)),
        fields=[forms.filed_name(known.find_field(one)) for one in item.fields],
        held=held,
        proposal=found.proposed_state,
        compared=_compared(page, held, item),
        apart=kept_apart(session, item_id, item.variant_group, who),
        reviews=reviews_of(session, item_id),
        comments=comments_of(session, item_id),
        can=_may(session, found, held),
        basis=basis,
        articles_loaded=bool(articles),
        in_quarantine=page.quarantine_on is not None and page.quarantine_on <= local_day(arrived_at(), zone()),
    )


def _compared(page, held, item):
    """Return the older version with which the page compares what it shows, as (number, differences), or None.

    The text on which somebody works is compared with the one that stands, any other with the one before it.
    """
    number = request.args.get("with", type=int)
    if number is None:
        is_work = held.work.state is not None and page.version.id == held.version_id and not held.work.is_first
        number = held.standing_number if is_work else page.version.number - 1
    if number == page.version.number or all(line.number != number for line in page.versions):
        return None
    older = queries.read_item(db.session(), page.id, number).item
    return number, differences(older, page.item)


def _may(session, found, held):
    """Return what the caller may do with an item now, for its buttons."""
    manages, reviews = current_user.may("item.manage"), current_user.may("item.review")
    writes = current_user.may("item.edit") and may_edit(session, found, current_user.id, manages=manages)
    state = held.work.state
    return {
        "edit": writes and state != "in_review",
        "submit": writes and may_submit(held.work) and not held.is_outdated,
        "withdraw": writes and state == "in_review",
        "drop": writes and found.proposed_state == "draft",
        "review": reviews and may_review(held.work, current_user.id),
        "own_text": reviews and state == "in_review" and current_user.id in held.work.authors,
        "publish": manages and state is not None and not needs_second_person(held.work) and not held.is_outdated,
        "retire": manages and may_become(found.state, "retired"),
        "republish": manages and found.state == "retired" and not held.work.is_first,
        "revive": manages and found.state == "retired" and held.work.is_first,
    }


def _tasks(person: Person, now: datetime) -> list[Task]:
    """Return what waits in the bank: items in quarantine for who manages it, those in review for reviewers."""
    manages, reviews = person.may("item.manage"), person.may("item.review")
    if not (manages or reviews):
        return []
    session = db.session()
    quarantined = queries.counts_by(session, "state", local_day(now, zone())).get("quarantined", 0) if manages else 0
    in_review = count_to_review(session, person.id) if reviews else 0
    made = []
    if quarantined:
        title = _("%(n)s 道试题因所依据的法律变动被隔离", n=number(quarantined))
        made.append(_task(title, "quarantined", "alert-triangle", urgency=1))
    if in_review:
        title = _("%(n)s 道试题等待审核", n=number(in_review))
        made.append(Task(title, url_for("bank_work.show") + "#to_review", "eye", action=_("查看"), urgency=2))
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
            "counts": queries.counts_by(session, "state", local_day(now, zone())),
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


def _stem_in_words(one: Any) -> str:
    """Return the stem of key-free JSON, or of a row with its stem, format and media, as a line of a list."""
    return stem_in_words(one if isinstance(one, Mapping) else one._mapping)


def register(app: Flask) -> None:
    """Put the bank into the menu, and its figures and what waits in it on the home page."""
    app.jinja_env.filters["stem_in_words"] = _stem_in_words
    offer_tasks("items", _tasks, permission="item.view")
    offer_card("bank", _home_card, order=22, permission="item.view")
    offer(_l("题库"), "bank.index", icon="books", permission="item.view", order=40)
