"""Bringing files of questions in: upload, how far it is, preview with every repair, and taking in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import select

from question_bank.fields import MARKDOWN
from question_bank.formats import FORMATS, excel
from question_bank.formats.words import say, table
from question_bank.incoming import AGAIN, NEW, OUTCOMES, SAME_STEM, TWICE
from question_bank.item import Medium
from question_bank.richtext import to_html
from question_bank.topics import taxonomy
from trainer.bank import forms, import_batches
from trainer.bank.caller import cited
from trainer.bank.import_choices import BOTH, CHOICES, SKIP, TAKE, THEN, VERSION, Choices
from trainer.bank.import_forms import LONGEST_PASTED, MEGABYTE, MOST_BYTES, MOST_FILES, PASTED, AssumedForm, ImportForm
from trainer.bank.import_run import Findings
from trainer.bank.import_words import (
    BATCH_STATE_NAMES,
    CHOICE_NAMES,
    CONFIDENCE_NAMES,
    FORMAT_NAMES,
    OUTCOME_NAMES,
    PHASE_NAMES,
    THEN_NAMES,
)
from trainer.bank.models import ImportBatch, ItemMedia, ItemRecord
from trainer.bank.rules.rich import media_address
from trainer.bank.wording import found_text, place_name
from trainer.core.database import db, end_read
from trainer.core.errors import Invalid, Missing, Refused
from trainer.web.access import needs
from trainer.web.limits import sparing
from trainer.web.locale import is_english
from trainer.web.sentences import SENTENCES, sentence
from trainer.web.view import Page, asked_choice, asked_page, download, paged

bp = Blueprint("imports", __name__, url_prefix="/items/import")

SHOWN = ("", "doubtful", *OUTCOMES)


@bp.get("")
@needs("item.manage")
def upload():
    return _upload_page(ImportForm())


def _upload_page(form: ImportForm) -> str:
    mine = (
        select(ImportBatch)
        .where(ImportBatch.created_by == current_user.id, ImportBatch.state != "cancelled")
        .order_by(ImportBatch.id.desc())
    )
    return render_template(
        "bank/imports.html",
        form=form,
        page=paged(db.session(), mine, *asked_page(20), scalars=True),
        states=BATCH_STATE_NAMES,
        formats=FORMAT_NAMES,
        megabytes=MOST_BYTES // MEGABYTE,
        suffixes=",".join(sorted({end for one in FORMATS.values() if one.reader for end in one.suffixes})),
    )


@bp.get("/template.xlsx")
@sparing
@needs("item.manage")
def get_template():
    return download(excel.write_template(), _("题库模板.xlsx"))


@bp.post("")
@sparing
@needs("item.manage")
def receive():
    form = ImportForm()
    try:
        uploads = _uploads(form)
        batch_id = import_batches.create_batch(
            uploads,
            format=_format(form),
            defaults=form.assumed(),
            language=_language(),
            by=current_user.id,
        )
    except Invalid as refusal:
        form.blame(refusal)
        return _upload_page(form), 422
    import_batches.begin(batch_id)
    return redirect(url_for("imports.show", batch_id=batch_id), 303)


def _uploads(form: ImportForm) -> list[tuple[str, bytes]]:
    sent = [one for one in form.files.data or [] if getattr(one, "filename", "")]
    if len(sent) > MOST_FILES:
        raise Invalid.at("files", "too_many_files", most=MOST_FILES)
    uploads = [("".join(x for x in one.filename if x.isprintable()), one.read()) for one in sent]
    text = (form.text.data or "").strip()
    if len(text) > LONGEST_PASTED:
        raise Invalid.at("text", "too_long", most=LONGEST_PASTED)
    if text:
        uploads.append((PASTED, text.encode("utf-8", "replace")))
    if not uploads:
        raise Invalid.at("files", "file_or_text_needed")
    return uploads


def _format(form: AssumedForm) -> str:
    wanted = form.format.data or ""
    if wanted and wanted not in FORMAT_NAMES:
        raise Invalid.at("format", "unknown_value", value=wanted[:24])
    return wanted


def _language() -> str:
    return "en" if is_english() else "zh"


def _batch(batch_id: int) -> ImportBatch:
    """Return a batch of the caller's own. Raises ``Missing`` for anybody else's."""
    found = db.session().get(ImportBatch, batch_id)
    if found is None or found.created_by != current_user.id:
        raise Missing
    return found


def _findings(batch: ImportBatch) -> Findings:
    """Return what was found in a batch. Raises ``Missing`` ("upload_gone") when its files have been forgotten."""
    folder = import_batches.folder_of(batch.id) / str(batch.report.get("reading", "none"))
    if not (folder / "summary.json").is_file():
        raise Missing("upload_gone")
    return Findings(folder)


@bp.get("/<id:batch_id>")
@needs("item.manage")
def show(batch_id):
    batch = _batch(batch_id)
    if batch.state in ("reading", "applying"):
        return render_template("bank/import_wait.html", batch=batch, told=_told(batch))
    if batch.state == "cancelled":
        raise Missing("upload_gone")
    failure = batch.report.get("failure")
    shared = {
        "batch": batch,
        "failure": _refusal(*failure) if failure else "",
        "files": [_file(one) for one in batch.report.get("files", ())],
        "say": _said,
        "form": AssumedForm(chosen=batch.options["defaults"], format=batch.format),
    }
    if batch.state == "refused":
        return render_template("bank/import_refused.html", **shared)
    if batch.state == "applied":
        return render_template("bank/import_done.html", **shared, then=THEN_NAMES)
    return _preview(batch, shared)


def _preview(batch: ImportBatch, shared: dict[str, Any]) -> str:
    findings = _findings(batch)
    shown = asked_choice("show", SHOWN)
    marks = list(enumerate(findings.marks(), start=1))
    if shown == "doubtful":
        wanted = [one for one in marks if one[1].sure == "doubtful" or one[1].near]
    else:
        wanted = [one for one in marks if not shown or one[1].outcome == shown]
    number, per_page = asked_page(20)
    part = wanted[(number - 1) * per_page : number * per_page]
    choices = Choices.of(batch.options)
    rows = [_row(batch, row, choices) for row in findings.rows([mark for _n, mark in part])]
    coming = sum(_comes(mark, at, choices) for at, mark in marks)
    others = {str(mark.other) for _n, mark in marks if isinstance(mark.other, str) and mark.other}
    others |= {one for row in rows for one in row["near"] if isinstance(one, str)}
    return render_template(
        "bank/import_show.html",
        **shared,
        page=Page(rows, number, per_page, len(wanted)),
        shown=shown,
        counts=batch.report["counts"],
        doubtful=sum(mark.sure == "doubtful" or mark.near for _n, mark in marks),
        coming=coming,
        likened=batch.report["likened"],
        ids=_ids(others),
        earlier=_earlier(batch),
        choices=choices,
        outcome_names=OUTCOME_NAMES,
        choice_names={name: CHOICE_NAMES[name] for name in CHOICES},
        then_names=THEN_NAMES,
        confidences=CONFIDENCE_NAMES,
        kinds=forms.KIND_NAMES,
        levels=forms.LEVEL_NAMES,
        rich=_rich(batch.id),
        cited=cited,
        filed=_filed,
    )


def _comes(mark: Any, number: int, choices: Choices) -> bool:
    return choices.for_row(number, mark.outcome) != SKIP


def _row(batch: ImportBatch, row: dict[str, Any], choices: Choices) -> dict[str, Any]:
    copy = row["outcome"] == TWICE and not row["differs"]
    offered = {NEW: (TAKE, SKIP), AGAIN: (SKIP, VERSION, BOTH), SAME_STEM: (SKIP, VERSION, BOTH), TWICE: (SKIP, BOTH)}
    options = () if copy else offered.get(row["outcome"], ())
    return row | {
        "where": _where(row["place"], batch.options["files"][row["file"]]["name"]),
        "why": [(place_name(place), _reason(code, params)) for place, code, params in row["problems"]],
        "told": [_repair(*one) for one in row["repairs"]],
        "choice": choices.for_row(row["n"], row["outcome"], copy=copy),
        "offered": [(one, CHOICE_NAMES[one]) for one in options],
        "copy": copy,
        "differs": [place_name(place, first=1) for place in row["differs"]],
    }


def _where(place: list[Any], name: str = "") -> str:
    """Return in words where in the file ``name`` a question stands."""
    inner, sheet, row, line = place
    told = [inner] if inner and inner != name else []
    told += [_("工作表“%(sheet)s”", sheet=sheet)] if sheet else []
    told += [_("第 %(n)s 行", n=row or line)] if row or line else []
    return _("，").join(told)


def _repair(
    place: str, code: str, confidence: str, before: str, after: str, params: dict[str, Any], kind: str
) -> dict[str, Any]:
    told = _("没有保留：%(what)s", what=_said(code, params)) if kind == "lost" else _said(code, params)
    return {
        "place": place_name(place) if place else "",
        "text": told,
        "confidence": "likely" if kind == "lost" else confidence,
        "before": before,
        "after": str(forms.KIND_NAMES.get(after, after)),
    }


def _said(code: str, params: dict[str, Any]) -> str:
    """Return a code of the readers as a sentence in the language of the page."""
    return say(code, forms.with_kind_names(params), _language())


def _reason(code: str, params: dict[str, Any]) -> str:
    return _said(code, params) if code in table() else found_text(code, params)


def _refusal(code: str, params: dict[str, Any]) -> str:
    return sentence(code, params) if code in SENTENCES else _said(code, params)


def _file(about: dict[str, Any]) -> dict[str, Any]:
    """Return what was found in one file, its notes in words."""
    notes = [_repair(*note) for note in about["notes"]]
    return about | {
        "notes": notes,
        "format_name": str(FORMAT_NAMES.get(about["format"], "")),
        "why": _said(*about["problem"]) if about["problem"] else "",
        "assumed": [place_name(name) for name in about.get("filled", ()) if name not in ("wing", "pool", "source")],
    }


def _filed(body: dict[str, Any]) -> str:
    """Return in words where an item is filed."""
    known = taxonomy()
    fields = _("、").join(forms.filed_name(known.find_field(one)) for one in body["fields"])
    told = [forms.filed_name(known.find_topic(body["topic"])), fields, _("难度 %(n)s", n=body["difficulty"])]
    return " · ".join(told)


def _ids(codes: set[str]) -> dict[str, int]:
    """Return the rows of items by their ids, for links."""
    found: dict[str, int] = {}
    wanted = sorted(codes)
    for start in range(0, len(wanted), 500):
        rows = select(ItemRecord.code, ItemRecord.id).where(ItemRecord.code.in_(wanted[start : start + 500]))
        found.update({row.code: row.id for row in db.session().execute(rows)})
    return found


def _earlier(batch: ImportBatch) -> ImportBatch | None:
    """Return when the very same files were taken in before, None when they never were."""
    rows = select(ImportBatch).where(
        ImportBatch.digest == batch.digest, ImportBatch.state == "applied", ImportBatch.id != batch.id
    )
    return db.session().scalars(rows.order_by(ImportBatch.id.desc()).limit(1)).first()


def _rich(batch_id: int) -> Any:
    """Return what makes HTML of the texts of a batch, its pictures among them."""

    def address(medium: Medium) -> str:
        return url_for("imports.medium", batch_id=batch_id, sha256=medium.sha256)

    def made(words: str, media: Any = ()) -> Markup:
        shown = [Medium(**one) for one in media or ()]
        return Markup(to_html(words, MARKDOWN, media=shown, media_url=address))  # noqa: S704  # it escapes every text

    return made


def _told(batch: ImportBatch) -> dict[str, Any]:
    phase = batch.report.get("phase", "open")
    total = batch.total or 0
    return {
        "state": batch.state,
        "phase": str(PHASE_NAMES.get(phase, PHASE_NAMES["open"])),
        "done": batch.progress,
        "total": total,
        "text": _("%(done)s / %(total)s", done=batch.progress, total=total) if total > 1 else "",
    }


@bp.get("/<id:batch_id>/progress")
@needs("item.manage")
def progress(batch_id):
    return jsonify(_told(_batch(batch_id)))


@bp.get("/<id:batch_id>/media/<sha256>")
@needs("item.manage")
def medium(batch_id, sha256):
    batch = _batch(batch_id)
    path = _findings(batch).medium(sha256)
    media_type = batch.report["media"].get(sha256)
    if path is None or media_type is None:
        known = db.session().get(ItemMedia, sha256)
        if known is None:
            raise Missing
        return redirect(media_address(_held_medium(known)))
    end_read()
    return send_file(path, mimetype=media_type, etag=sha256)


def _held_medium(row: ItemMedia) -> Medium:
    return Medium(name="medium", sha256=row.sha256, type=row.media_type, alt="-", bytes=row.bytes)


@bp.post("/<id:batch_id>/read")
@sparing
@needs("item.manage")
def read_again(batch_id):
    batch = _batch(batch_id)
    form = AssumedForm(chosen=batch.options["defaults"], format=batch.format)
    return _do(batch_id, lambda: import_batches.read_again(batch_id, format=_format(form), defaults=form.assumed()))


@bp.post("/<id:batch_id>/rows/<int:number>")
@needs("item.manage")
def choose(batch_id, number):
    _batch(batch_id)
    chosen = request.form.get("choice", "")
    refused = None
    if chosen not in ("", TAKE, *CHOICES) or not 0 < number <= 100_000:
        refused = Invalid.at("choice", "unknown_value", value=chosen[:20])
    try:
        if refused:
            raise refused
        import_batches.set_choices(batch_id, rows={str(number): chosen})
    except Refused as refusal:
        flash(_flashed(refusal), "danger")
    kept = {name: request.args[name] for name in ("show", "page", "per_page") if name in request.args}
    return redirect(url_for("imports.show", batch_id=batch_id, **kept, _anchor=f"row-{number}"), 303)


@bp.post("/<id:batch_id>/choices")
@needs("item.manage")
def choose_all(batch_id):
    _batch(batch_id)
    try:
        import_batches.set_choices(batch_id, **_chosen())
    except Refused as refusal:
        flash(_flashed(refusal), "danger")
    return redirect(url_for("imports.show", batch_id=batch_id, _anchor="choices"), 303)


def _chosen() -> dict[str, str]:
    known = {"again": CHOICES, "same_stem": CHOICES, "then": tuple(THEN)}
    return {name: request.form[name] for name in known if name in request.form}


@bp.post("/<id:batch_id>/apply")
@sparing
@needs("item.manage")
def apply(batch_id):
    def work() -> None:
        import_batches.set_choices(batch_id, **_chosen())
        import_batches.ask_to_take_in(batch_id)

    return _do(batch_id, work)


def _do(batch_id: int, work: Any) -> Any:
    """Do something that sends a batch on its way in the background; a refusal is told on its page."""
    _batch(batch_id)
    try:
        work()
    except Refused as refusal:
        flash(_flashed(refusal), "danger")
    else:
        import_batches.begin(batch_id)
    return redirect(url_for("imports.show", batch_id=batch_id), 303)


def _flashed(refusal: Refused) -> str:
    problems = refusal.problems if isinstance(refusal, Invalid) else []
    told = [sentence(one.code, one.params) for one in problems]
    return " ".join(told) or sentence(refusal.code, refusal.params)


@bp.post("/<id:batch_id>/cancel")
@needs("item.manage")
def cancel(batch_id):
    _batch(batch_id)
    try:
        import_batches.cancel_batch(batch_id, by=current_user.id)
    except Refused as refusal:
        flash(_flashed(refusal), "danger")
        return redirect(url_for("imports.show", batch_id=batch_id), 303)
    flash(_("已放弃这次导入，没有写入任何内容。"), "info")
    return redirect(url_for("imports.upload"), 303)


@bp.get("/<id:batch_id>/refused/<int:number>.xlsx")
@sparing
@needs("item.manage")
def refused(batch_id, number):
    batch = _batch(batch_id)
    path = _findings(batch).folder / f"refused-{number}.xlsx"
    if number >= len(batch.options["files"]) or not path.is_file():
        raise Missing
    end_read()
    stem = Path(batch.options["files"][number]["name"]).stem[:60]
    return download(path.read_bytes(), _("%(name)s-未导入.xlsx", name=stem))


@bp.get("/<id:batch_id>/report.txt")
@sparing
@needs("item.manage")
def report(batch_id):
    batch = _batch(batch_id)
    findings = _findings(batch)
    end_read()
    text = "\n".join(_report_lines(batch, findings)) + "\n"
    # With a mark of its encoding, or the editors of Windows take it for GBK.
    return download(("\ufeff" + text).encode(), _("导入报告.txt"), "text/plain; charset=utf-8")


def _report_lines(batch: ImportBatch, findings: Findings) -> list[str]:
    lines = [batch.file_name]
    for about in batch.report.get("files", ()):
        one = _file(about)
        lines.append(f"{one['name']}: {one['format_name'] or one['why']}")
        lines += [f"  {CONFIDENCE_NAMES[note['confidence']]}: {_line(note)}" for note in one["notes"]]
    for row in findings.all_rows():
        place = _where(row["place"], batch.options["files"][row["file"]]["name"])
        head = _("第 %(n)s 题", n=row["n"]) + (_("（%(place)s）", place=place) if place else "")
        other = row["other"] or (_("第 %(n)s 题", n=row["row"]) if row["row"] else "")
        lines.append(f"{head} {OUTCOME_NAMES[row['outcome']]}" + (f" {other}" if other else ""))
        lines += [
            f"  {place_name(at)} {_reason(code, params)}".replace("   ", "  ") for at, code, params in row["problems"]
        ]
        told = [_repair(*one) for one in row["repairs"]]
        lines += [f"  {CONFIDENCE_NAMES[one['confidence']]}: {one['place']} {_line(one)}" for one in told]
    return lines


def _line(note: dict[str, Any]) -> str:
    change = " → ".join(" ".join(str(note[name]).split())[:120] for name in ("before", "after") if note[name])
    return f"{note['text']} {change}".strip()
