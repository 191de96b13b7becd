"""Commands about the hours ledger."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from trainer.hours.sealing import verify
from trainer.hours.wording import said_of

hours = AppGroup("hours", help="The ledger of credit hours.")
commands = [hours]


@hours.command("verify")
def verify_command() -> None:
    """Check the chain of the hours ledger; exit 1 and name the first bad entry."""
    good, said = said_of("hours", *verify("hours", current_app.config["SETTINGS"].instance / "keys"))
    click.echo(said, err=not good)
    sys.exit(0 if good else 1)
