"""The officer list from Excel: template, upload, preview, apply, and the refused rows to take home."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainer.accounts import roster
from trainer.accounts.first_passwords import MOST, make_first_passwords
from trainer.accounts.forms import RosterForm
from trainer.accounts.password_sheet import password_sheet
from trainer.accounts.queries import Waiting, without_password
from trainer.accounts.roster_sheet import COLUMNS, TITLES, Line, layout, read_list, template
from trainer.accounts.wording import CATEGORY_NAMES
from trainer.certificates.roster import CertificateBook
from trainer.core import files
from trainer.core.database import db, end_read
from trainer.core.errors import Refused
from trainer.core.sheet_forms import FormColumn, FormSheet, write_form
from trainer.core.sheet_intake import LIMITS, MEGABYTE, SheetRefused, read_rows
from trainer.orgs.queries import tree
from trainer.orgs.wording import field_name
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.limits import sparing
from trainer.web.locale import local_date
from trainer.web.sentences import sentence
from trainer.web.view import Page, asked_page, download

bp = Blueprint("roster", __name__, url_prefix="/people/roster")


def _folder() -> Path:
    return files.uploads_folder(current_app.config["SETTINGS"].instance)


@lru_cache(maxsize=4)
def _rows_at(path: Path) -> tuple[Any, ...]:
    # The name of an upload is the hash of its content, so what was read once is good for ever.
    return tuple(read_rows(path))


def lines_of(digest: str) -> list[Line]:
    """Return the people of a stored upload. Raises ``Missing`` when it is gone, ``SheetRefused`` when unreadable."""
    return read_list(_rows_at(files.path_of(_folder(), digest)))


@bp.get("")
@needs("people.manage")
def upload():
    return render_template("roster/upload.html", form=RosterForm(), limits=LIMITS, megabyte=MEGABYTE)


@bp.get("/template.xlsx")
@sparing
@needs("people.manage")
def get_template():
    units = tree(db.session(), current_user.scope("people.manage"))
    content = template([(unit.code, unit.name) for unit in units if unit.state == "active"])
    return download(content, _("人员名单模板.xlsx"))


@bp.post("")
@sparing
@needs("people.manage")
def receive():
    form = RosterForm()
    sent = form.file.data
    try:
        content = sent.read(LIMITS.file_bytes + 1) if hasattr(sent, "read") else b""
        if not content:
            raise SheetRefused("file_needed")
        if len(content) > LIMITS.file_bytes:
            raise SheetRefused("sheet_too_large", most=LIMITS.file_bytes // MEGABYTE)
        digest = files.keep(_folder(), content)
        end_read()
        lines_of(digest)
    except SheetRefused as refusal:
        form.file.errors = [sentence(refusal.code, refusal.params)]
        return render_template("roster/upload.html", form=form, limits=LIMITS, megabyte=MEGABYTE), refusal.status
    return redirect(url_for("roster.preview", digest=digest), 303)


def _compare(digest: str) -> roster.Report:
    lines = lines_of(digest)
    return roster.compare(db.session(), lines, current_user.scope("people.manage"), CertificateBook())


@bp.get("/<digest>")
@needs("people.manage")
def preview(digest):
    report = _compare(digest)
    counts = report.counts
    outcome = request.args.get("outcome", "")
    if outcome not in counts:
        outcome = ""
    shown = [one for one in report.verdicts if not outcome or one.outcome == outcome]
    number, per_page = asked_page()
    page = Page(shown[(number - 1) * per_page : number * per_page], number, per_page, len(shown))
    return render_template(
        "roster/preview.html",
        report=report,
        counts=counts,
        page=page,
        outcome=outcome,
        digest=digest,
        titles=TITLES,
        said=_said,
        why=lambda problem: sentence(problem.code, problem.params),
    )


def _said(column: str, value: Any) -> str:
    """Return a value of a change as it should be read; nothing there gives an en dash."""
    if value in (None, "", ()):
        return "–"
    if column == "category":
        return str(CATEGORY_NAMES[value])
    if column == "fields":
        return _("、").join(field_name(slug) for slug in value)
    if column == "certificate_number":
        days = {"since": local_date(value.valid_from), "until": local_date(value.valid_until)}
        return _("%(number)s（%(since)s至%(until)s）", number=value.number, **days)
    return str(value)


@bp.get("/<digest>/refused.xlsx")
@sparing
@needs("people.manage")
def refused(digest):
    columns = [FormColumn(column.title, column.width) for column in layout([])]
    rows = []
    for one in _compare(digest).verdicts:
        if one.outcome != "refused":
            continue
        said = [
            _("%(column)s：%(why)s", column=str(TITLES[at.field]), why=sentence(at.code, at.params))
            for at in one.problems
        ]
        rows.append([one.line.cells.get(column, "") for column in COLUMNS] + [" ".join(said)])
    content = write_form([FormSheet(_("未通过的行"), [*columns, FormColumn(_("未通过原因"), 80)], rows)])
    return download(content, _("未通过的行.xlsx"))


@bp.post("/<digest>/apply")
@needs("people.manage")
def apply(digest):
    lines = lines_of(digest)
    try:
        report = roster.apply(
            lines,
            scope=current_user.scope("people.manage"),
            book=CertificateBook(),
            by=current_user.id,
            now=arrived_at(),
            expected=request.form.get("fingerprint", ""),
            source=digest,
        )
    except Refused as refusal:
        if refusal.status != 409:
            raise
        flash(sentence(refusal.code, refusal.params), "danger")
        return redirect(url_for("roster.preview", digest=digest), 303)
    counts = report.counts
    flash(
        _("名单已导入：新增 %(new)s 人，更新 %(changed)s 人，%(unchanged)s 人没有变化。", **counts),
        "success",
    )
    return redirect(url_for("roster.newcomers", digest=digest) if counts["new"] else url_for("people.index"), 303)


def _waiting(digest: str) -> list[Waiting]:
    names = [line.username for line in lines_of(digest) if line.username]
    found = without_password(db.session(), current_user, usernames=names)
    end_read()
    return found


@bp.get("/<digest>/newcomers")
@needs("people.manage")
def newcomers(digest):
    waiting = _waiting(digest)
    number, per_page = asked_page()
    page = Page(waiting[(number - 1) * per_page : number * per_page], number, per_page, len(waiting))
    return render_template("roster/newcomers.html", page=page, digest=digest, most=MOST)


@bp.post("/<digest>/passwords")
@needs("people.manage")
def make_passwords(digest):
    waiting = _waiting(digest)
    made = make_first_passwords([one.id for one in waiting], by=current_user, now=arrived_at())
    # Shown in this answer alone: a redirect would have to keep the secrets somewhere on the way.
    return render_template(
        "people/first_passwords.html",
        made=made,
        sheet=password_sheet(made),
        left=len(waiting) - len(made),
        back=url_for("roster.newcomers", digest=digest),
    )
