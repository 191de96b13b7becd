"""A law text from a file: upload, preview of what it changes, load."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from question_bank.lawdiff import OUTCOMES
from question_bank.lawtexts import MEGABYTE, MOST_BYTES, SUFFIXES, article_order
from trainer.bank.lawchange import LawReport, StartUnknown, take_in_law
from trainer.core import files
from trainer.core.database import end_read
from trainer.exams.law_warning import warn_organisers
from trainer.laws.forms import StartForm, UploadForm
from trainer.laws.intake import read_upload
from trainer.laws.wording import LOADED_NAMES, OUTCOME_NAMES
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.sentences import sentence

bp = Blueprint("law_upload", __name__, url_prefix="/laws/upload")


def _folder() -> Path:
    return files.uploads_folder(current_app.config["SETTINGS"].instance)


def _name() -> str:
    """Return what the sender called the file, cut so that its suffix and the day in it stay."""
    return "".join(letter for letter in request.values.get("name", "") if letter.isprintable())[-120:]


@bp.get("")
@needs("law.manage")
def show():
    return _upload_page(UploadForm())


def _upload_page(form: UploadForm) -> str:
    return render_template("laws/upload.html", form=form, megabytes=MOST_BYTES // MEGABYTE, suffixes=SUFFIXES)


@bp.post("")
@needs("law.manage")
def receive():
    form = UploadForm()
    sent = form.file.data
    content = sent.read(MOST_BYTES + 1) if hasattr(sent, "read") else b""
    if not content or len(content) > MOST_BYTES:
        refused = sentence("file_too_large", {"most": MOST_BYTES // MEGABYTE}) if content else sentence("required")
        form.file.errors = [refused]
        return _upload_page(form), 422
    digest = files.keep(_folder(), content)
    return redirect(url_for("law_upload.preview", digest=digest, name=(sent.filename or "")[-120:]), 303)


@bp.get("/<digest>")
@needs("law.manage")
def preview(digest):
    name = _name()
    reading = read_upload(files.path_of(_folder(), digest), name)
    form = StartForm(data={"in_force_from": _day(request.args.get("in_force_from", ""))})
    report, start_needed = None, False
    if reading.law is not None:
        try:
            report = take_in_law(
                reading.law, in_force_from=form.in_force_from.data, by=None, now=arrived_at(), dry_run=True
            )
        except StartUnknown:
            start_needed = True
    end_read()
    return render_template(
        "laws/preview.html",
        reading=reading,
        problems=[(one, sentence(one.code, one.params)) for one in reading.problems],
        report=report,
        rows=_rows(report) if report else [],
        counts={name: sum(one.outcome == name for one in report.verdicts) for name in OUTCOMES} if report else {},
        outcomes=OUTCOME_NAMES,
        start_needed=start_needed,
        form=form,
        digest=digest,
        name=name,
    )


@bp.post("/<digest>")
@needs("law.manage")
def apply(digest):
    name = _name()
    reading = read_upload(files.path_of(_folder(), digest), name)
    start = request.form.get("in_force_from", "")
    again = redirect(url_for("law_upload.preview", digest=digest, name=name, in_force_from=start or None), 303)
    if reading.law is None:
        return again
    try:
        report = take_in_law(reading.law, in_force_from=_day(start), source=name, by=current_user.id, now=arrived_at())
    except StartUnknown:
        return again
    warn_organisers(arrived_at())
    grave = sum(one.outcome != "unchanged" for one in report.verdicts)
    told = {"law": report.title, "what": str(LOADED_NAMES[report.loaded]), "grave": grave}
    flash(_("《%(law)s》%(what)s，%(grave)s 道题的依据有变动。", **told), "success")
    return redirect(url_for("laws.show", law=report.law, version=report.version), 303)


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _rows(report: LawReport) -> list[dict[str, Any]]:
    """Return the cited articles in their order, each with the items that cite it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for verdict in report.verdicts:
        for one in verdict.articles:
            row = found.setdefault(
                (verdict.old_version, one["old"]),
                one
                | {
                    "from": verdict.old_version,
                    "moved": one["new"] not in (None, one["old"]),
                    "items": [],
                },
            )
            row["items"].append((verdict.item_id, verdict.code))
    order = {name: place for place, name in enumerate(reversed(OUTCOMES))}
    return sorted(found.values(), key=lambda row: (order[row["outcome"]], row["from"], article_order(row["old"])))
