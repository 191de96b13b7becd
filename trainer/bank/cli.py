"""``flask bank``: questions into the bank and out of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
from flask.cli import AppGroup

from question_bank.store import InvalidBank, to_json
from question_bank.topics import taxonomy
from trainer.bank.importing import ImportReport, RowProblem, import_items, load_shipped, read_json
from trainer.bank.queries import items_to_export
from trainer.core.clock import utcnow
from trainer.core.database import db, end_read

FORMATS = ("json",)

bank = AppGroup("bank", help="The question bank: import, export, the shipped content.")
commands = [bank]


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
