"""attempts keep by which epoch an invigilator stopped a page; exams why they were cancelled."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_2355_deeds"
down_revision = "20261127_2350_signed_due"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempts", sa.Column("stopped_epoch", sa.Integer(), nullable=True))
    op.add_column("exams", sa.Column("cancel_reason", sa.String(200), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("exams", "cancel_reason")
    op.drop_column("attempts", "stopped_epoch")
