"""``flask bank``: questions into the bank and out of it. ``flask laws``: law texts, and the items that cite them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from flask_babel import gettext as _
from flask_babel import ngettext

from question_bank.lawdiff import OUTCOMES
from question_bank.lawtexts import article_order, label_of, read_law
from question_bank.store import InvalidBank, to_json
from question_bank.topics import taxonomy
from trainer.bank.importing import ImportReport, RowProblem, import_items, load_shipped, read_json
from trainer.bank.lawchange import LawReport, take_in_law
from trainer.bank.queries import items_to_export
from trainer.core.clock import utcnow
from trainer.core.database import db, end_read
from trainer.core.errors import Invalid, Refused
from trainer.exams.law_warning import warn_organisers
from trainer.laws.wording import LOADED_NAMES, OUTCOME_NAMES
from trainer.web.sentences import sentence

FORMATS = ("json",)

bank = AppGroup("bank", help="The question bank: import, export, the shipped content.")
laws = AppGroup("laws", help="Texts of laws: load a version, see which cited articles changed.")
commands = [bank, laws]


@bank.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "format_name", type=click.Choice(FORMATS), default="json", show_default=True)
@click.option("--dry-run", is_flag=True, help="Tell what would happen and store nothing.")
@click.option("--publish", is_flag=True, help="Let the items be drawn at once; otherwise new ones are drafts.")
def import_files(files: tuple[Path, ...], format_name: str, dry_run: bool, publish: bool) -> None:
    """Import questions from FILES, all or nothing, with a report row by row."""
    items = []
    told: list[tuple[Path, RowProblem]] = []
    origin: list[tuple[Path, int]] = []
    for file in files:
        found, problems = read_json(file.read_bytes())
        told += [(file, problem) for problem in problems]
        origin += [(file, row) for row in range(1, len(found) + 1)]
        items += found
    if not told:
        report = import_items(items, by=None, now=utcnow(), publish=publish, dry_run=dry_run)
        for problem in report.problems:
            file, row = origin[problem.row - 1]
            told.append((file, replace(problem, row=row)))
    if told:
        for file, problem in told:
            facts = ", ".join(f"{name}={value!r}" for name, value in problem.params.items())
            place = problem.place or "item"
            row = f"row {problem.row}" if problem.row else "file"
            click.echo(f"{file}: {row}: {problem.item_id or '?'}: {place}: {problem.code} {facts}".rstrip(), err=True)
        raise click.ClickException(f"{len(told)} problems; nothing was imported")
    _tell(report, "would be " if dry_run else "")


@bank.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--format", "format_name", type=click.Choice(FORMATS), default="json", show_default=True)
@click.option("--topic", "topics", multiple=True, help="Slug of a topic; may be given several times.")
def export_file(file: Path, format_name: str, topics: tuple[str, ...]) -> None:
    """Export the published questions to FILE."""
    for slug in topics:
        if taxonomy().find_topic(slug) is None:
            raise click.BadParameter(f"there is no topic {slug!r}", param_hint="--topic")
    items = items_to_export(db.session(), topics=topics)
    end_read()
    file.write_text(to_json(items), encoding="utf-8", newline="\n")
    click.echo(f"{len(items)} questions written to {file}")


@bank.command("load-shipped")
def load_shipped_content() -> None:
    """Bring the shipped questions into the bank; a second run changes nothing."""
    try:
        report = load_shipped(now=utcnow())
    except InvalidBank as error:
        raise click.ClickException(f"the shipped content is faulty:\n{error}") from None
    _tell(report, "")


def _tell(report: ImportReport, would: str) -> None:
    for name in ("added", "changed", "kept"):
        for item_id in getattr(report, name)[:200]:
            click.echo(f"{name} {item_id}")
    click.echo(
        f"{len(report.added)} {would}added, {len(report.changed)} {would}changed, "
        f"{len(report.unchanged)} unchanged, {len(report.kept)} kept as edited here"
    )


@laws.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--in-force-from",
    "start",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day from which the text holds, where the text itself does not say it.",
)
@click.option("--dry-run", is_flag=True, help="Tell what would happen and store nothing.")
def import_laws(files: tuple[Path, ...], start: datetime | None, dry_run: bool) -> None:
    """Load law texts (JSON, Markdown, Word) and tell which cited articles changed, were renumbered or vanished.

    The items that cite them are in quarantine from the day on which the new version takes force. A file that is not
    clear is refused with the reason, and then nothing of any file is stored.
    """
    texts = []
    stopped = 0
    for file in files:
        reading = read_law(file.read_bytes(), file.name)
        for problem in reading.problems:
            place = f"{file}: {problem.line}: " if problem.line else f"{file}: "
            told = sentence(problem.code, problem.params)
            click.echo(f"{place}{'' if problem.stops else _('提示：')}{told}", err=problem.stops)
        if reading.law is None:
            stopped += 1
        else:
            texts.append((file, reading.law))
    if stopped:
        raise click.ClickException(
            ngettext("%(num)s 个文件有问题，没有载入任何内容", "%(num)s 个文件有问题，没有载入任何内容", stopped)
        )
    day = start.date() if start else None
    texts.sort(key=lambda one: (one[1].short_title, one[1].version))
    try:
        # Tried first, so that one refusal keeps all files out.
        for tried in (True,) if dry_run else (True, False):
            reports = [
                take_in_law(text, in_force_from=day, source=file.name, by=None, now=utcnow(), dry_run=tried)
                for file, text in texts
            ]
    except Refused as refusal:
        problems = refusal.problems if isinstance(refusal, Invalid) else []
        told = [sentence(one.code, one.params) for one in problems] or [sentence(refusal.code, refusal.params)]
        raise click.ClickException(" ".join(told)) from None
    for report in reports:
        _tell_law(report)
    if not dry_run:
        warn_organisers(utcnow())


def _tell_law(report: LawReport) -> None:
    start = report.starts_on.isoformat() if report.starts_on else _("施行日期未知")
    click.echo(f"{report.title} {report.version} ({start}): {LOADED_NAMES[report.loaded]}")
    found: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = {}
    for verdict in report.verdicts:
        for one in verdict.articles:
            place = f"{verdict.old_version} → {verdict.new_version}"
            found.setdefault((place, one["old"]), []).append((verdict.code, one))
    for (place, number), items in sorted(found.items(), key=lambda entry: (entry[0][0], article_order(entry[0][1]))):
        one = items[0][1]
        moved = f" → {label_of(one['new'])}" if one["new"] not in (None, number) else ""
        alike = (
            f" {int(one['likeness'] * 100)}%" if one["likeness"] is not None and one["outcome"] != "unchanged" else ""
        )
        codes = " ".join(code for code, _one in items)
        click.echo(f"  {place} {label_of(number)}{moved}: {OUTCOME_NAMES[one['outcome']]}{alike}: {codes}")
    counts = [sum(one.outcome == outcome for one in report.verdicts) for outcome in OUTCOMES]
    click.echo("  " + ", ".join(f"{OUTCOME_NAMES[name]} {count}" for name, count in zip(OUTCOMES, counts, strict=True)))
