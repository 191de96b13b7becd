"""attempts keep by which epoch an invigilator stopped the page that wrote."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_2355_stopped"
down_revision = "20261127_2350_signed_due"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempts", sa.Column("stopped_epoch", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("attempts", "stopped_epoch")
