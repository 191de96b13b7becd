"""Keep when and why a competition was cancelled."""

import sqlalchemy as sa
from alembic import op

from trainer.core import columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("competitions", sa.Column("cancelled_at", columns.UTCDateTime(), nullable=True))
    op.add_column("competitions", sa.Column("cancel_reason", sa.String(200), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("competitions") as table:
        table.drop_column("cancel_reason")
        table.drop_column("cancelled_at")
