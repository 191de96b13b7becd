"""Commands that run the site: the scheduler alone, the server with it, and everything from an empty folder."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_babel import gettext as _
from flask_migrate import upgrade

from trainer import ROOT
from trainer.bank.importing import load_shipped
from trainer.config import DEMO_MARK, Settings
from trainer.core.clock import utcnow
from trainer.core.database import db
from trainer.demo.accounts import accounts_table, read_accounts
from trainer.demo.loading import is_empty, load_city
from trainer.demo.rules.story import DEFAULT_OFFICERS, DEFAULT_SEED
from trainer.jobs.runner import run_forever
from trainer.jobs.serving import Supervisor, address_of


def _settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


@click.command("scheduler")
@with_appcontext
def scheduler() -> None:
    """Run due work until stopped; at most one scheduler acts, however many are started."""
    run_forever(current_app._get_current_object())  # type: ignore[attr-defined]  # threads need the site itself


@click.command("serve")
@with_appcontext
def serve() -> None:
    """Start the web server and the scheduler; Ctrl-C ends both."""
    _serve(Supervisor(_settings(), ROOT))


def _serve(supervisor: Supervisor) -> None:
    settings = supervisor.settings

    def announce() -> None:
        click.echo(f"\n  {address_of(settings)}\n")
        if settings.demo:
            click.echo(accounts_table(read_accounts(settings.instance)) + "\n")
        click.echo("  " + _("按 Ctrl-C 停止运行。"))

    # What serves is forked from here, and two processes must not talk on one connection.
    db.engine.dispose()
    sys.exit(supervisor.run(announce))


@click.command("up")
@with_appcontext
def up() -> None:
    """Migrate, load the shipped bank and, in demonstration mode, the city; then serve. Data that is there is kept."""
    settings = _settings()
    supervisor = Supervisor(settings, ROOT)
    if not supervisor.hold():
        sys.exit(1)
    mark = settings.instance / DEMO_MARK
    click.echo(_("正在准备数据库…"))
    upgrade()
    if settings.demo and not mark.exists():
        if not is_empty():
            # The mark would stay, and with it a sign-in page that shows passwords.
            told = _("%(folder)s 里已有人员，不能载入演示城市，请另选 INSTANCE。", folder=settings.instance)
            raise click.ClickException(told)
        mark.touch()
    click.echo(_("正在载入题库…"))
    load_shipped(now=utcnow())
    if settings.demo and is_empty():
        click.echo(_("正在载入演示城市…"))
        load_city(DEFAULT_OFFICERS, seed=DEFAULT_SEED, now=utcnow(), instance=settings.instance)
    _serve(supervisor)


commands = (scheduler, serve, up)
