"""no two exams on one blueprint."""

from alembic import op

revision = "20261127_2340_own_blueprint"
down_revision = "20261127_2330_heard"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_exams_blueprint_id"), "exams", ["blueprint_id"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_exams_blueprint_id"), table_name="exams")
