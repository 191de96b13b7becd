"""``flask exams``: entry tickets."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from trainer.core.errors import Missing, Refused
from trainer.exams.tickets import issue_tickets, to_csv
from trainer.web.sentences import sentence

exams = AppGroup("exams", help="Exams: entry tickets of the candidates.")
commands = [exams]


@exams.command("tickets")
@click.argument("exam_id", type=click.IntRange(1, 2**63 - 1))
def tickets(exam_id: int) -> None:
    """Print entry tickets of the candidates of EXAM_ID as CSV; a second run reissues them."""
    try:
        made = issue_tickets(exam_id, by=None)
    except Missing:
        raise click.ClickException(_("没有编号为 %(id)s 的考试。", id=exam_id)) from None
    except Refused as refusal:
        raise click.ClickException(sentence(refusal.code, refusal.params)) from None
    click.echo(to_csv(made), nl=False)
