"""Near-duplicates of the bank (查重): the search, its groups side by side, and what a manager decides on them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from question_bank.difference import differences
from question_bank.topics import taxonomy
from trainer.bank import alike, alike_queries, bulk, forms
from trainer.bank.caller import list_reserved, look_at_reserved, rich
from trainer.core.database import db
from trainer.core.errors import Invalid, Refused
from trainer.papers.queries import uses_of
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.sentences import sentence
from trainer.web.view import LARGEST_ID, Page, asked_page, paged

bp = Blueprint("bank_alike", __name__, url_prefix="/items/alike")

PER_PAGE = 20
STEMS = 4


@bp.get("")
@needs("item.manage")
def index():
    session = db.session()
    groups = alike_queries.groups_in_question(session)
    page, per_page = asked_page(PER_PAGE)
    shown = groups[(page - 1) * per_page : page * per_page]
    wanted = [one for group in shown for one in group.ids[:STEMS]]
    list_reserved(current_user, wanted)
    return render_template(
        "bank/alike.html",
        search=alike_queries.newest_search(session),
        page=Page(shown, page, per_page, len(groups)),
        stems=alike_queries.stems(session, wanted),
        most=STEMS,
    )


@bp.post("")
@needs("item.manage")
def search():
    try:
        found = alike.search_bank(by=current_user.id, now=arrived_at())
    except alike.SearchFailed as refusal:
        flash(sentence(refusal.code, refusal.params), "danger")
    else:
        flash(ngettext("已查完，找到 %(num)s 对相似的题。", "已查完，找到 %(num)s 对相似的题。", found), "success")
    return redirect(url_for("bank_alike.index"), 303)


@bp.get("/<id:item_id>")
@needs("item.manage")
def show(item_id):
    session = db.session()
    group = alike_queries.group_of_item(session, item_id)
    if group is None:
        flash(_("这道题已没有待判定的相似题。"), "info")
        return redirect(url_for("bank_alike.index"))
    members = alike_queries.members(session, group.ids)
    base = next((one for one in members if one.id == item_id), members[0])
    look_at_reserved(current_user, *[one.id for one in members])
    return render_template(
        "bank/alike_group.html",
        group=group,
        base=base,
        members=members,
        compared=[(one, differences(base.item, one.item)) for one in members if one is not base],
        uses=uses_of(db.session(), [one.id for one in members]),
        kinds=forms.KIND_NAMES,
        topics={one.slug: forms.filed_name(one) for one in taxonomy().topics},
        rich=rich,
    )


@bp.post("/decide")
@needs("item.manage")
def decide():
    ids = [
        int(one)
        for one in request.form.getlist("item")
        if one.isascii() and one.isdigit() and 0 < int(one[:20]) <= LARGEST_ID
    ]
    base, verdict = request.form.get("at", 0, type=int), request.form.get("verdict", "")
    who = {"by": current_user.id, "now": arrived_at()}
    try:
        if verdict == "variants":
            alike.make_variants(ids, **who)
        elif verdict == "retire":
            bulk.apply_changes("retire", [], ids, **who)
        else:
            alike.decide(ids, "enemies" if verdict == "enemies" else "unlike", **who)
    except Invalid as refusal:
        flash(" ".join(sentence(one.code, one.params) for one in refusal.problems), "danger")
        return redirect(url_for("bank_alike.show", item_id=base) if 0 < base <= LARGEST_ID else url_for(".index"), 303)
    flash(_DONE[verdict]() if verdict in _DONE else _DONE["unlike"](), "success")
    left = next((one for one in (base, *ids) if alike_queries.group_of_item(db.session(), one)), None)
    return redirect(url_for("bank_alike.show", item_id=left) if left else url_for("bank_alike.index"), 303)


_DONE: dict[str, Any] = {
    "variants": lambda: _("已归入同一变式组，不会同卷；可在批量操作记录中撤销。"),
    "enemies": lambda: _("已设为互斥，不会同卷。"),
    "unlike": lambda: _("已记住这些题不相似，不再提示。"),
    "retire": lambda: _("已下架；可在批量操作记录中撤销。"),
}


@bp.get("/verdicts")
@needs("item.manage")
def verdicts():
    return render_template(
        "bank/alike_verdicts.html", page=paged(db.session(), alike_queries.verdicts(), *asked_page(50))
    )


@bp.post("/take-back/<id:item_id>/<id:other_id>")
@needs("item.manage")
def take_back(item_id, other_id):
    try:
        alike.take_back(item_id, other_id, by=current_user.id)
    except Refused as refusal:
        if not isinstance(refusal, Invalid):
            raise
    flash(_("已撤回判定，两题若仍相似会重新列出。"), "success")
    return redirect(url_for("bank_alike.verdicts"), 303)
