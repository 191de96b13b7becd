"""Commands about the audit record."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from trainer.hours.sealing import verify
from trainer.hours.wording import said_of

audit = AppGroup("audit", help="The record of who changed what.")
commands = [audit]


@audit.command("verify")
def verify_command() -> None:
    """Check the chain of the audit record; exit 1 and name the first bad entry."""
    good, said = said_of("audit", *verify("audit", current_app.config["SETTINGS"].instance / "keys"))
    click.echo(said, err=not good)
    sys.exit(0 if good else 1)
