"""Keep the items that a candidate flagged with the attempt, so that another device shows them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempts", sa.Column("flags", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("attempts", "flags")
