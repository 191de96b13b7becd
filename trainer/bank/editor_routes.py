"""The editor of items (命题): a new item, a further text, and what both look like while they are typed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from question_bank.topics import taxonomy
from trainer.bank import checks, editor_forms, forms, media, review
from trainer.bank.alike_queries import kept_apart
from trainer.bank.caller import cited, list_reserved, look_at_reserved, rich, today, viewer
from trainer.bank.edit import NOTE_MOST, ItemInReview, create_item, read_item_data, save_item
from trainer.bank.models import ItemRecord, ItemVersion
from trainer.bank.queries import ItemFilter, items_matching
from trainer.bank.rules.rich import stem_in_words
from trainer.bank.wording import POOL_NAMES, found_text, place_name
from trainer.bank.work_queries import may_be_seen_by, may_edit, read_work, seen_item, text_to_edit
from trainer.core.database import db
from trainer.core.errors import Forbidden, Invalid, Refused
from trainer.core.files import media_folder
from trainer.laws.queries import CitedArticle, cited_articles, known_versions, laws_beside_register, version_in_force
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.sentences import sentence
from trainer.web.view import LARGEST_ID, asked_text

bp = Blueprint("bank_editor", __name__, url_prefix="/items")

FOUND_MOST = 12


@bp.route("/new", methods=["GET", "POST"])
@needs("item.edit")
def new():
    kind = request.args.get("kind")
    data = editor_forms.new_data(kind if kind in forms.KIND_NAMES else "single_choice", request.args.get("topic", ""))
    if request.method == "GET":
        return _page(data)
    return _answer(data, None)


@bp.route("/<id:item_id>/edit", methods=["GET", "POST"])
@needs("item.edit")
def edit(item_id):
    session = db.session()
    found = seen_item(session, item_id, viewer(current_user))
    if not may_edit(session, found, current_user.id, manages=current_user.may("item.manage")):
        raise Forbidden
    look_at_reserved(current_user, item_id)
    found = seen_item(session, item_id, viewer(current_user))
    held = read_work(session, found)
    if held.work.state == "in_review":
        raise ItemInReview
    data = text_to_edit(session, found, session.get_one(ItemVersion, held.version_id)).to_dict()
    if request.method == "GET":
        return _page(data, found, base=held.version_id)
    return _answer(data, found)


@bp.get("/find")
@needs("item.edit")
def find():
    """Answer with the first items whose id, stem or options hold the words, for who looks for one by name."""
    wanted = items_matching(ItemFilter(words=asked_text("words")), today()).where(may_be_seen_by(viewer(current_user)))
    rows = db.session().execute(wanted.where(ItemRecord.state != "retired").limit(FOUND_MOST)).all()
    list_reserved(current_user, [row.id for row in rows])
    return jsonify(items=[{"code": row.code, "stem": stem_in_words(row.public)[:80]} for row in rows])


@bp.post("/preview")
@needs("item.edit")
def preview():
    data = _with_media(editor_forms.read_data(request.form, {}, _laws()))
    item_id = request.form.get("item_id", 0, type=int)
    own = item_id if 0 < item_id <= LARGEST_ID else None
    return jsonify(html=render_template("bank/_preview.html", **_looked_at(data, own)))


def _laws() -> editor_forms.Laws:
    """Return what a citation without a version means: of the register's laws, and of those loaded beside it."""
    held = {key: version_in_force(one, today()) for key, one in laws_beside_register(db.session()).items()}
    return editor_forms.Laws(today(), {key: (one.law, one.version) for key, one in held.items()})


def _looked_at(data: dict[str, Any], item_id: int | None) -> dict[str, Any]:
    """Return what the preview shows: the data, what keeps them from being saved, or else the quiet notes."""
    problems: list[tuple[str, str]] = []
    notes: list[checks.Note] = []
    try:
        item = read_item_data({name: value for name, value in data.items() if name != "id"})
    except Invalid as refusal:
        problems = [(_input_of(one.field), found_text(one.code, one.params)) for one in refusal.problems]
    else:
        notes = checks.notes_on(db.session(), item, item_id=item_id, viewer=viewer(current_user), day=today())
    return {
        "data": data,
        "kinds": forms.KIND_NAMES,
        "rich": rich,
        "problems": problems,
        "notes": notes,
        "articles": _articles_of(data),
        "cited": cited,
    }


def _articles_of(data: dict[str, Any]) -> list[tuple[dict[str, Any], CitedArticle]]:
    """Return the citations of an item and its parts whose article is loaded, each with it, in order and once."""
    rows = [one for held in (data, *data.get("parts", ())) for one in held.get("basis", ())]
    found = cited_articles(db.session(), [(one["law"], one["version"], one["article"]) for one in rows])
    told = [(one, found.get((one["law"], one["version"], one["article"]))) for one in rows]
    return [(one, article) for at, (one, article) in enumerate(told) if article and (one, article) not in told[:at]]


def _input_of(place: str) -> str:
    """Return the name of the input that belongs to the place of a problem."""
    if place.startswith("fields["):
        return "fields"
    return "topic" if place == "wing" else place


def _answer(before: dict[str, Any], found: ItemRecord | None) -> Any:
    """Answer a sent form: another row or a look at it, or a save, which leads to the item."""
    data = _with_media(editor_forms.read_data(request.form, before, _laws()))
    base = request.form.get("base", 0, type=int)
    note = request.form.get("note", "").strip()[:NOTE_MOST]
    more = request.form.get("more", "")
    if more == "media":
        return _with_picture(data, found, base, note)
    if more:
        return _page(data, found, base=base, more=more, note=note)
    who = {"by": current_user.id, "now": arrived_at()}
    manages = current_user.may("item.manage")
    try:
        if found is None:
            saved = create_item(data, **who)
        else:
            saved = save_item(found.id, data, base_version_id=base, manages=manages, note=note, **who)
        if "submit_too" in request.form:
            review.submit_item(saved.item_id, manages=manages, **who)
    except Refused as refusal:
        if refusal.status not in (409, 422):
            raise
        problems = refusal.problems if isinstance(refusal, Invalid) else []
        told = "" if problems else sentence(refusal.code, refusal.params)
        return _page(data, found, base=base, problems=problems, refusal=told, note=note), refusal.status
    if "submit_too" in request.form:
        flash(_("已保存第 %(n)s 版并提交审题。", n=saved.number), "success")
    elif saved.is_new:
        flash(_("已保存第 %(n)s 版。", n=saved.number), "success")
    else:
        flash(_("内容没有变化，没有保存新的版本。"), "info")
    return redirect(url_for("bank.show", item_id=saved.item_id, version=saved.number), 303)


def _with_media(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data with the media that the form still shows, under the words that it has for them now."""
    if "media_shown" not in request.form:
        return data
    sent = zip(*(request.form.getlist(f"media_{one}") for one in ("name", "sha256", "alt")), strict=False)
    gone = request.form.getlist("media_gone")
    rows = [(name, sha256, " ".join(alt.split()) or name) for name, sha256, alt in sent if name not in gone]
    kept = media.media_entries(db.session(), rows)
    made = {name: value for name, value in data.items() if name != "media"}
    return made | ({"media": kept} if kept else {})


def _with_picture(data: dict[str, Any], found: ItemRecord | None, base: int | None, note: str) -> Any:
    """Keep the picture that was sent and show the form with it; nothing of the item is saved yet."""
    sent = request.files.get("picture")
    content = sent.read(media.MOST_BYTES + 1) if sent is not None else b""
    try:
        if sent is None or not content:
            raise Invalid.at("picture", "file_needed")
        folder = media_folder(current_app.config["SETTINGS"].instance)
        digest = media.keep_medium(folder, content, by=current_user.id, now=arrived_at())
        data = media.with_medium(
            data,
            db.session(),
            digest,
            file_name=sent.filename or "",
            alt=request.form.get("picture_alt", ""),
        )
    except Invalid as refusal:
        told = " ".join(sentence(one.code, one.params) for one in refusal.problems)
        return _page(data, found, base=base, note=note, more="picture", refusal=told), refusal.status
    return _page(data, found, base=base, note=note, more="picture")


def _page(
    data: dict[str, Any],
    found: ItemRecord | None = None,
    *,
    base: int | None = None,
    more: str = "",
    problems: Any = (),
    refusal: str = "",
    note: str = "",
) -> str:
    known = taxonomy()
    errors: dict[str, list[str]] = {}
    for one in problems:
        texts, text = errors.setdefault(_input_of(one.field), []), found_text(one.code, one.params)
        # The wing comes with the topic: without one both are wrong, at the same input and in the same words.
        if text not in texts:
            texts.append(text)
    looked_at = _looked_at(data, found.id if found else None)
    if problems:
        looked_at["problems"] = [(place, text) for place, texts in errors.items() for text in texts]
    if found is None and not more and not problems and not data.get("stem"):
        looked_at["problems"] = []
    return render_template(
        "bank/edit.html",
        **looked_at | {"data": editor_forms.padded(data, more)},
        errors=errors,
        refusal=refusal,
        note=note,
        base=base,
        item_id=found.id if found else None,
        code=found.code if found else None,
        apart=kept_apart(db.session(), found.id, None, viewer(current_user))[1] if found else [],
        stands=found is not None and found.state not in ("draft", "in_review"),
        part_kinds=[(kind, forms.KIND_NAMES[kind]) for kind in editor_forms.PART_KINDS],
        wings=[
            (forms.filed_name(wing), [(one.slug, forms.filed_name(one)) for one in wing.topics]) for wing in known.wings
        ],
        fields=[(one.slug, forms.filed_name(one)) for one in known.fields],
        levels=forms.LEVEL_NAMES,
        pools=POOL_NAMES,
        laws=[versions[-1].law for versions in known_versions(db.session()).values()],
    )


def register(app: Flask) -> None:
    """Give templates the words for places and findings."""
    app.jinja_env.filters["item_place"] = place_name
    app.jinja_env.filters["item_finding"] = found_text
