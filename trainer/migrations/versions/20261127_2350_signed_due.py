"""who was due when a competition was signed."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_2350_signed_due"
down_revision = "20261127_2340_own_blueprint"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("competition_rounds", sa.Column("signed_due", sa.JSON(none_as_null=True), nullable=True))
    # Those that are signed already keep what their boards show today.
    rounds = sa.table(
        "competition_rounds", *map(sa.column, ("id", "competition_id", "exam_id")), sa.column("signed_due", sa.JSON())
    )
    competitions = sa.table("competitions", *map(sa.column, ("id", "state")))
    candidates = sa.table("candidates", *map(sa.column, ("exam_id", "user_id", "state")))
    connection = op.get_bind()
    signed = sa.select(rounds.c.id, rounds.c.exam_id).join(
        competitions, sa.and_(competitions.c.id == rounds.c.competition_id, competitions.c.state == "closed")
    )
    for round_id, exam_id in connection.execute(signed).all():
        due = sa.select(candidates.c.user_id).where(candidates.c.exam_id == exam_id, candidates.c.state == "due")
        people = sorted(connection.scalars(due))
        connection.execute(sa.update(rounds).where(rounds.c.id == round_id).values(signed_due=people))


def downgrade() -> None:
    op.drop_column("competition_rounds", "signed_due")
