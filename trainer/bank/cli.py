"""``flask bank``: questions into the bank and out of it. ``flask laws``: law texts, and the items that cite them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup
from flask_babel import gettext as _
from flask_babel import ngettext

from question_bank import Item
from question_bank.fields import POOLS
from question_bank.formats import FORMATS
from question_bank.formats.report import CERTAIN
from question_bank.formats.words import say, table
from question_bank.incoming import AGAIN, SAME_STEM, TWICE
from question_bank.lawdiff import OUTCOMES
from question_bank.lawtexts import article_order, label_of, read_law
from question_bank.store import InvalidBank
from question_bank.topics import taxonomy
from trainer.bank.exporting import ANSWERS, endings_of, export, items_for
from trainer.bank.forms import KIND_NAMES, LEVEL_NAMES
from trainer.bank.import_choices import CHOICES, SKIP, Choices
from trainer.bank.import_forms import assumed
from trainer.bank.import_once import Reading, read_files, take_in
from trainer.bank.import_run import ReadingFailed
from trainer.bank.importing import DRAFTS, OPERATOR, ImportReport, load_shipped
from trainer.bank.lawchange import LawReport, take_in_law
from trainer.bank.models import ITEM_STATES
from trainer.bank.queries import ItemFilter
from trainer.bank.wording import found_text
from trainer.bank.work_queries import Viewer
from trainer.core.clock import local_day, utcnow
from trainer.core.database import db, end_read
from trainer.core.errors import Invalid, Refused
from trainer.exams.law_warning import warn_organisers
from trainer.laws.wording import LOADED_NAMES, OUTCOME_NAMES
from trainer.web.sentences import sentence

READABLE = [name for name, one in FORMATS.items() if one.reader]
WRITABLE = [name for name, one in FORMATS.items() if one.writer]

bank = AppGroup("bank", help="The question bank: import, export, the shipped content.")
laws = AppGroup("laws", help="Texts of laws: load a version, see which cited articles changed.")
commands = [bank, laws]


@bank.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "format_name", type=click.Choice(READABLE), help="Found out by itself where it is not given.")
@click.option("--topic", help="Slug of the topic for questions whose file does not tell one.")
@click.option("--field", "fields", multiple=True, help="Slug of an enforcement field, as for --topic; several times.")
@click.option("--difficulty", type=click.IntRange(1, 5), help="As for --topic; 3 where it is not given.")
@click.option("--level", type=click.Choice(list(LEVEL_NAMES)), help="As for --topic.")
@click.option("--pool", type=click.Choice(POOLS), help="As for --topic.")
@click.option(
    "--again",
    type=click.Choice(CHOICES),
    default="version",
    show_default=True,
    help="What to do with a question that the bank has in another text.",
)
@click.option(
    "--same-stem",
    type=click.Choice(CHOICES),
    default="both",
    show_default=True,
    help="What to do with a question of which the bank has the stem alone.",
)
@click.option("--dry-run", is_flag=True, help="Tell what would happen and store nothing.")
@click.option("--publish", is_flag=True, help="Let new questions and mends of wording be drawn at once.")
def import_files(
    files: tuple[Path, ...],
    format_name: str | None,
    topic: str | None,
    fields: tuple[str, ...],
    difficulty: int | None,
    level: str | None,
    pool: str | None,
    again: str,
    same_stem: str,
    dry_run: bool,
    publish: bool,
) -> None:
    """Import questions from FILES, all or nothing, with a report row by row.

    New questions are drafts. A new text of a published one waits for a reviewer; with --publish it does so where it
    changes the key.
    """
    try:
        defaults = assumed(topic=topic, fields=list(fields), difficulty=difficulty, level=level, pool=pool)
    except Invalid as refusal:
        raise click.BadParameter(_why(refusal)) from None
    sources = [(file.name, file.read_bytes()) for file in files]
    try:
        with read_files(sources, format=format_name or "", defaults=defaults) as reading:
            for line in _lines(reading):
                click.echo(line, err=not reading.is_whole)
            if not reading.is_whole:
                raise click.ClickException(_("没有写入任何内容。"))
            terms = OPERATOR if publish else DRAFTS
            note = ", ".join(file.name for file in files)
            report = take_in(
                reading, Choices(again, same_stem), terms, by=None, now=utcnow(), note=note, dry_run=dry_run
            )
    except Refused as refusal:
        raise click.ClickException(_why(refusal)) from None
    _tell(report, dry_run=dry_run, skipped=_skipped(reading, again, same_stem))


def _lines(reading: Reading) -> Iterator[str]:
    """Yield what was put right or refused, with its place; what is certain is left to the page."""
    names = [one["name"] for one in reading.summary["files"]]
    for about in reading.summary["files"]:
        if about["problem"]:
            yield f"{about['name']}: {_said(*about['problem'])}"
        yield from (f"{about['name']}: {_repair(*note)}" for note in about["notes"] if note[2] != CERTAIN)
    for row in reading.findings.all_rows():
        _file, sheet, line, other_line = row["place"]
        place = " ".join(str(part) for part in (sheet, line or other_line) if part)
        where = f"{names[row['file']]}: {row['n']}" + (f" ({place})" if place else "")
        for at, code, params in row["problems"]:
            yield f"{where}: refused: {at or 'item'}: {_said(code, params)}"
        yield from (f"{where}: {_repair(*one)}" for one in row["repairs"] if one[2] != CERTAIN or one[6])
        if row["outcome"] in (AGAIN, SAME_STEM):
            yield f"{where}: {row['outcome']}: {row['other']}" + (_("（答案不同）") if row["key"] else "")
        elif row["outcome"] == TWICE:
            yield f"{where}: twice: {row['row']}" + (_("（答案不同）") if row["key"] else "")
        if row["near"]:
            yield f"{where}: near: {', '.join(map(str, row['near']))}"


def _repair(place: str, code: str, confidence: str, before: str, after: str, params: dict[str, Any], kind: str) -> str:
    change = " → ".join(" ".join(part.split())[:80] for part in (before, after) if part)
    at = f"{place}: " if place else ""
    return f"{kind or confidence}: {at}{_said(code, params)}" + (f" {change}" if change else "")


def _said(code: str, params: dict[str, Any]) -> str:
    return say(code, params) if code in table() else str(found_text(code, params))


def _why(refusal: Refused) -> str:
    if isinstance(refusal, ReadingFailed):
        return _said(refusal.code, refusal.params)
    problems = refusal.problems if isinstance(refusal, Invalid) else []
    told = [sentence(one.code, one.params) for one in problems]
    return " ".join(told) or sentence(refusal.code, refusal.params)


def _skipped(reading: Reading, again: str, same_stem: str) -> int:
    counts = reading.counts
    return counts[TWICE] + counts[AGAIN] * (again == SKIP) + counts[SAME_STEM] * (same_stem == SKIP)


@bank.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--format", "format_name", type=click.Choice(WRITABLE), help="Found by FILE's ending where not given.")
@click.option("--topic", "topics", multiple=True, help="Slug of a topic; may be given several times.")
@click.option("--kind", type=click.Choice(list(KIND_NAMES)), help="One kind only.")
@click.option("--state", type=click.Choice(ITEM_STATES), default="published", show_default=True)
@click.option("--pool", type=click.Choice([*POOLS, "all"]), default="all", show_default=True)
@click.option("--answers", type=click.Choice(ANSWERS), default="beside", show_default=True, help="For Word.")
def export_file(
    file: Path, format_name: str | None, topics: tuple[str, ...], kind: str | None, state: str, pool: str, answers: str
) -> None:
    """Export questions to FILE: the text that stands, with what the format cannot keep told line by line."""
    chosen = _format_by_ending(file, format_name)
    for slug in topics:
        if taxonomy().find_topic(slug) is None:
            raise click.BadParameter(_("没有“%(slug)s”这个主题。", slug=slug), param_hint="--topic")
    found: dict[str, Item] = {}
    for topic in topics or ("",):
        for one in POOLS if pool == "all" else (pool,):
            wanted = ItemFilter(kind=kind or "", topic=topic, state=state, pool=one)
            everything = Viewer(0, manages=True)
            today = local_day(utcnow(), current_app.config["ZONE"])
            found |= {item.id: item for item in items_for(db.session(), wanted, everything, today)}
    end_read()
    made = export([found[code] for code in sorted(found)], chosen, by=None, answers=answers)
    file.write_bytes(made.content)
    left_out = {loss.item.split(".")[0] for loss in made.losses if loss.whole}
    for loss in made.losses:
        if loss.whole or chosen != "word":
            told = _("整题略去") if loss.whole else _("没有保留")
            click.echo(f"{loss.item}: {told}: {say(loss.code, loss.params)}", err=True)
    click.echo(_("已写入 %(n)s 题：%(file)s", n=made.count - len(left_out), file=file))
    if left_out:
        click.echo(_("这种格式装不下其中 %(n)s 题，它们不在文件里。", n=len(left_out)), err=True)


def _format_by_ending(file: Path, asked: str | None) -> str:
    """Return the format to write: the one asked for, whose ending the file must have, or the one of its ending."""
    ending = file.suffix.lower()
    offered = (asked,) if asked else WRITABLE
    fitting = [name for name in offered if ending in endings_of(name)]
    if not fitting:
        known = ", ".join(sorted({one for name in offered for one in endings_of(name)}))
        told = _("文件名要以 %(endings)s 之一结尾，这里是“%(name)s”。", endings=known, name=file.name)
        raise click.BadParameter(told, param_hint="FILE")
    if len(fitting) > 1:
        told = _(
            "以 %(ending)s 结尾的有几种格式，请用 --format 选择：%(names)s。", ending=ending, names=", ".join(fitting)
        )
        raise click.BadParameter(told, param_hint="--format")
    return fitting[0]


@bank.command("load-shipped")
def load_shipped_content() -> None:
    """Bring the shipped questions into the bank; a second run changes nothing."""
    try:
        report = load_shipped(now=utcnow())
    except InvalidBank as error:
        raise click.ClickException(_("随附的题库有错：\n%(why)s", why=error)) from None
    _tell(report)


def _tell(report: ImportReport, *, dry_run: bool = False, skipped: int = 0) -> None:
    for name in ("added", "changed", "proposed", "kept", "busy"):
        for item_id in getattr(report, name)[:200]:
            click.echo(f"{name} {item_id}")
    told = [
        _("新增 %(n)s 题", n=len(report.added)),
        _("修改 %(n)s 题", n=len(report.changed)),
        _("没有变化 %(n)s 题", n=len(report.unchanged)),
        _("保留本站修改 %(n)s 题", n=len(report.kept)),
    ]
    told += [_("待审 %(n)s 题", n=len(report.proposed))] if report.proposed else []
    told += [_("有人正在处理，没有动 %(n)s 题", n=len(report.busy))] if report.busy else []
    told += [_("跳过 %(n)s 题", n=skipped)] if skipped else []
    click.echo((_("试运行，没有写入。") if dry_run else "") + _("，").join(told) + _("。"))


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
