"""Commands about leaderboards."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from trainer.competitions.leaderboard import rebuild
from trainer.core.errors import Missing

leaderboard = AppGroup("leaderboard", help="Leaderboards of competitions.")
commands = (leaderboard,)


@leaderboard.command("rebuild")
@click.argument("competition_id", type=click.IntRange(1, 2**63 - 1))
def rebuild_standings(competition_id: int) -> None:
    """Recompute the standings of COMPETITION_ID from the attempts."""
    try:
        done = rebuild(competition_id)
    except Missing:
        raise click.ClickException(_("没有编号为 %(id)s 的竞赛。", id=competition_id)) from None
    told = {"rounds": done.rounds, "scores": done.scores, "changed": done.changed}
    click.echo(_("竞赛 %(id)s：%(rounds)s 个赛程，%(scores)s 个成绩，改动 %(changed)s 个。", id=competition_id, **told))
