"""whether the items of an exam are answered in order, and of each attempt whether it goes by that."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_2300_sequential"
down_revision = "20261127_2230_unsat"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What stands was set up and begun with free navigation.
    op.add_column("exams", sa.Column("navigation", sa.String(length=24), server_default="free", nullable=False))
    op.add_column("attempts", sa.Column("sequential", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("attempts", "sequential")
    op.drop_column("exams", "navigation")
