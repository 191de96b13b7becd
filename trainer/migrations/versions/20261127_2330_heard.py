"""when candidates were last heard."""

import sqlalchemy as sa
from alembic import op

from trainer.core import columns

revision = "20261127_2330_heard"
down_revision = "20261127_2320_prizes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt_heard",
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("heard_at", columns.UTCDateTime()),
        sa.Column("hidden", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("saved_at", columns.UTCDateTime()),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_attempt_heard_attempt_id")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_attempt_heard")),
    )


def downgrade() -> None:
    op.drop_table("attempt_heard")
