"""Find the candidates with granted minutes of an exam: its results wait for them."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INDEX = "ix_candidates_exam_id_candidates_extra_minutes"


def upgrade() -> None:
    op.create_index(INDEX, "candidates", ["exam_id", "extra_minutes"])


def downgrade() -> None:
    op.drop_index(INDEX, "candidates")
