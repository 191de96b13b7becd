"""Taking questions out: what to take, what the format would not keep, and the file."""

from __future__ import annotations

from itertools import islice
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from question_bank.formats.words import say
from trainer.bank import exporting
from trainer.bank.caller import loaded_laws, today, viewer
from trainer.bank.forms import ExportForm, with_kind_names
from trainer.bank.import_words import ANSWER_NAMES, FORMAT_NAMES
from trainer.core.database import db, end_read
from trainer.core.errors import Invalid
from trainer.web.access import needs
from trainer.web.limits import sparing
from trainer.web.locale import is_english
from trainer.web.view import download

bp = Blueprint("exports", __name__, url_prefix="/items/export")

LOSSES_SHOWN = 30


def _form() -> ExportForm:
    formats = {one.name: FORMAT_NAMES[one.name] for one in exporting.writable()}
    return ExportForm(request.args, formats, ANSWER_NAMES, loaded_laws(db.session()))


@bp.get("")
@needs("item.manage")
def show():
    form = _form()
    asked = "format" in request.args
    items: list[Any] = []
    losses: list[Any] = []
    if asked:
        items = exporting.items_for(db.session(), form.wanted(), viewer(current_user), today())
        end_read()
        losses = exporting.losses_of(items, form.chosen_format())
    language = "en" if is_english() else "zh"
    told: dict[tuple[str, bool], list[str]] = {}
    for one in losses:
        told.setdefault((say(one.code, with_kind_names(one.params), language), one.whole), []).append(one.item)
    return render_template(
        "bank/export.html",
        form=form,
        asked=asked,
        count=len(items),
        whole=len({one.item.split(".")[0] for one in losses if one.whole}),
        losses=list(islice(told.items(), LOSSES_SHOWN)),
        left=max(0, len(told) - LOSSES_SHOWN),
        reserved=form.pool.data == "reserved",
        arguments={name: value for name, value in request.args.items() if value and not name.startswith("_")},
    )


@bp.get("/file")
@sparing
@needs("item.manage")
def take():
    form = _form()
    items = exporting.items_for(db.session(), form.wanted(), viewer(current_user), today())
    end_read()
    if not items:
        raise Invalid.at("format", "nothing_to_export")
    made = exporting.export(
        items,
        form.chosen_format(),
        by=current_user.id,
        answers=form.answers.data or "beside",
        title=form.title.data or _("试题"),
    )
    return download(made.content, made.name, made.media_type)
