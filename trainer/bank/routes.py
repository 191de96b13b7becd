"""Pages of the bank: the list of items with its filters, and one item with key, reasons, basis and versions."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template, request
from flask_babel import lazy_gettext as _l

from question_bank.laws import find as find_law
from question_bank.topics import taxonomy
from trainer.bank import forms, queries
from trainer.core.clock import local_day
from trainer.core.database import db
from trainer.laws.queries import cited_articles
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.locale import zone
from trainer.web.menu import offer
from trainer.web.view import Page, asked_page, paged

bp = Blueprint("bank", __name__)


@bp.get("/items")
@needs("item.view")
def index():
    form = forms.ItemFilterForm(request.args)
    session = db.session()
    page, per_page = asked_page()
    today = local_day(arrived_at(), zone())
    found = paged(session, queries.items_matching(form.wanted(), today), page, per_page)
    rows = Page([queries.row_of(row) for row in found.items], found.page, found.per_page, found.total)
    return render_template(
        "bank/index.html",
        form=form,
        page=rows,
        counts=queries.counts_by(session, "state", today),
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
    articles = cited_articles(db.session(), [(one.law, one.version, one.article) for one in item.basis])
    basis = []
    for one in item.basis:
        law = find_law(one.law)
        basis.append((law.title if law else one.law, one, articles.get((one.law, one.version, one.article))))
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
        in_quarantine=page.quarantine_on is not None and page.quarantine_on <= local_day(arrived_at(), zone()),
    )


def register(app: Flask) -> None:
    """Put the bank into the menu."""
    offer(_l("题库"), "bank.index", icon="books", permission="item.view", order=40)
