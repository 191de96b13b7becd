"""how often a page may be left before the board marks it; incidents with the page's own mark and how long they lasted."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_2200_focus"
down_revision = "20261127_1930_remark"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Exams that stand get no threshold: nobody has set one for them.
    op.add_column("exams", sa.Column("focus_threshold", sa.Integer()))
    op.add_column("incidents", sa.Column("mark", sa.String(length=40)))
    op.add_column("incidents", sa.Column("seconds", sa.Integer()))
    op.create_index(op.f("ix_incidents_attempt_id_incidents_mark"), "incidents", ["attempt_id", "mark"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_incidents_attempt_id_incidents_mark"), table_name="incidents")
    op.drop_column("incidents", "seconds")
    op.drop_column("incidents", "mark")
    op.drop_column("exams", "focus_threshold")
