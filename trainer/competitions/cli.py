"""Commands about leaderboards."""

from __future__ import annotations

import click
from flask.cli import AppGroup

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
        raise click.ClickException(f"there is no competition {competition_id}") from None
    click.echo(f"competition {competition_id}: {done.rounds} rounds, {done.scores} scores, {done.changed} changed")
