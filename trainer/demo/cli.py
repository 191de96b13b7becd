"""``flask demo``: the demonstration city and its accounts."""

from __future__ import annotations

import click
import orjson
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_babel import gettext as _

from question_bank.store import InvalidBank
from trainer.accounts.wording import role_name
from trainer.config import Settings
from trainer.core.clock import utcnow
from trainer.core.errors import Refused
from trainer.demo.accounts import accounts_table, read_accounts
from trainer.demo.loading import load_city
from trainer.demo.rules.story import DEFAULT_OFFICERS, DEFAULT_SEED
from trainer.web.sentences import sentence

MOST_OFFICERS = 200_000

demo = AppGroup("demo", help="The demonstration city: load it, print its accounts.")
commands = [demo]


def register(app: Flask) -> None:
    """Let the sign-in page show the accounts, in demonstration mode alone."""
    if app.config["DEMO"]:
        app.config["DEMO_ACCOUNTS"] = shown_accounts


def shown_accounts() -> list[dict[str, str]]:
    """Return the accounts as the sign-in page shows them, in the reader's language."""
    return [
        {
            "role": one.role,
            "role_label": role_name(one.role),
            "username": one.username,
            "password": one.password,
            "unit": one.unit_name,
        }
        for one in read_accounts(_settings().instance)
    ]


@demo.command("load")
@click.option("--officers", type=click.IntRange(1, MOST_OFFICERS), default=DEFAULT_OFFICERS, show_default=True)
@click.option("--seed", type=int, default=DEFAULT_SEED, show_default=True, help="The same seed gives the same city.")
def load(officers: int, seed: int) -> None:
    """Load the demonstration city into an empty database, and the shipped questions if there are none."""
    _refuse_outside_demonstration()
    try:
        made = load_city(officers, seed=seed, now=utcnow(), instance=_settings().instance)
    except Refused as refusal:
        raise click.ClickException(sentence(refusal.code, refusal.params)) from None
    except InvalidBank as error:
        raise click.ClickException(_("随附的题库有错：\n%(why)s", why=error)) from None
    click.echo(
        _(
            "演示城市已载入：%(units)s 个单位，%(people)s 人，其中行政执法人员 %(officers)s 人。",
            units=made.units,
            people=made.people,
            officers=made.officers,
        )
    )
    click.echo(accounts_table(made.accounts))


@demo.command("accounts")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: role, username, password, unit.")
def accounts(as_json: bool) -> None:
    """Print the demonstration accounts with their passwords."""
    _refuse_outside_demonstration()
    found = read_accounts(_settings().instance)
    if not found:
        raise click.ClickException(sentence("demo_not_loaded", {}))
    if as_json:
        names = ("role", "username", "password", "unit")
        rows = [{name: getattr(one, name) for name in names} for one in found]
        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
    else:
        click.echo(accounts_table(found))


def _settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


def _refuse_outside_demonstration() -> None:
    if not current_app.config["DEMO"]:
        raise click.ClickException(sentence("demo_mode_only", {}))
