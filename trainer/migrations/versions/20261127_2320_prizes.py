"""the prizes of a competition, and those of which people may have read."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_2320_prizes"
down_revision = "20261127_2300_sequential"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("competitions", sa.Column("prizes", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("competitions", sa.Column("awards_no", sa.BigInteger(), nullable=True))
    op.create_table(
        "competition_awards",
        sa.Column("competition_id", BIG_ID, nullable=False),
        sa.Column("board", sa.String(length=24), nullable=False),
        sa.Column("ranked_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("round_id", BIG_ID, nullable=False),
        sa.Column("prize", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(
            ["competition_id"], ["competitions.id"], name=op.f("fk_competition_awards_competition_id")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["competition_rounds.id"], name=op.f("fk_competition_awards_round_id")),
        sa.PrimaryKeyConstraint("competition_id", "board", "ranked_id", name=op.f("pk_competition_awards")),
    )


def downgrade() -> None:
    op.drop_table("competition_awards")
    op.drop_column("competitions", "awards_no")
    op.drop_column("competitions", "prizes")
