"""candidates who start later than their sitting, and attempts allowed to one person beyond those of the exam."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_1850_shift"
down_revision = "20261127_1730_sittings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("candidates", sa.Column("shift_minutes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("candidates", sa.Column("shift_reason", sa.String(length=200), server_default="", nullable=False))
    op.add_column("candidates", sa.Column("extra_attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("sittings", sa.Column("shifted_closes_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("sittings", "shifted_closes_at")
    for name in ("extra_attempts", "shift_reason", "shift_minutes"):
        op.drop_column("candidates", name)
