"""Repair items of exams that people have sat: repairs, the results before them, appeals of candidates."""

import sqlalchemy as sa
from alembic import op

from trainer.core import columns

revision = "20261127_1830_remedies"
down_revision = "20261127_1850_shift"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # In place: tables that others point to cannot be made anew while they hold rows.
    op.add_column("exams", sa.Column("repairs_no", sa.Integer(), server_default="0", nullable=False))
    op.add_column("exams", sa.Column("appeal_days", sa.Integer(), server_default="3", nullable=False))
    op.add_column("results", sa.Column("repairs_no", sa.Integer(), server_default="0", nullable=False))
    op.create_index(op.f("ix_results_exam_id_results_repairs_no"), "results", ["exam_id", "repairs_no"])
    op.create_table(
        "repairs",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("exam_id", ROW_ID, nullable=False),
        sa.Column("item_version_id", ROW_ID, nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("remedy", columns.StateText("change_key", "also_accept", "drop", "full_marks"), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("state", columns.StateText("proposed", "published", "withdrawn"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("proposed_by", ROW_ID, nullable=False),
        sa.Column("proposed_at", columns.UTCDateTime(), nullable=False),
        sa.Column("closed_by", ROW_ID, nullable=True),
        sa.Column("closed_at", columns.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name=op.f("fk_repairs_exam_id")),
        sa.ForeignKeyConstraint(["item_version_id"], ["item_versions.id"], name=op.f("fk_repairs_item_version_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["users.id"], name=op.f("fk_repairs_proposed_by")),
        sa.ForeignKeyConstraint(["closed_by"], ["users.id"], name=op.f("fk_repairs_closed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repairs")),
        sa.UniqueConstraint("exam_id", "number", name=op.f("uq_repairs_exam_id_number")),
    )
    op.create_index(op.f("ix_repairs_exam_id_repairs_state"), "repairs", ["exam_id", "state"])
    op.create_table(
        "former_results",
        sa.Column("attempt_id", ROW_ID, nullable=False),
        sa.Column("repairs_no", sa.Integer(), nullable=False),
        sa.Column("repair_id", ROW_ID, nullable=False),
        sa.Column("score", columns.Hundredths(), nullable=False),
        sa.Column("objective_score", columns.Hundredths(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("correct_count", sa.Integer(), nullable=False),
        sa.Column("unmarked", sa.Integer(), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("superseded_at", columns.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_former_results_attempt_id")),
        sa.ForeignKeyConstraint(["repair_id"], ["repairs.id"], name=op.f("fk_former_results_repair_id")),
        sa.PrimaryKeyConstraint("attempt_id", "repairs_no", name=op.f("pk_former_results")),
    )
    op.create_index(op.f("ix_former_results_repair_id"), "former_results", ["repair_id"])
    op.create_table(
        "appeals",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("exam_id", ROW_ID, nullable=False),
        sa.Column("attempt_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("item_version_id", ROW_ID, nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("state", columns.StateText("lodged", "taken_up", "upheld", "rejected"), nullable=False),
        sa.Column("lodged_at", columns.UTCDateTime(), nullable=False),
        sa.Column("repair_id", ROW_ID, nullable=True),
        sa.Column("answer", sa.String(length=1000), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", columns.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name=op.f("fk_appeals_exam_id")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_appeals_attempt_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_appeals_user_id")),
        sa.ForeignKeyConstraint(["item_version_id"], ["item_versions.id"], name=op.f("fk_appeals_item_version_id")),
        sa.ForeignKeyConstraint(["repair_id"], ["repairs.id"], name=op.f("fk_appeals_repair_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
        sa.UniqueConstraint("attempt_id", "number", name=op.f("uq_appeals_attempt_id_number")),
    )
    op.create_index(op.f("ix_appeals_exam_id_appeals_state"), "appeals", ["exam_id", "state"])
    op.create_index(op.f("ix_appeals_user_id"), "appeals", ["user_id"])
    op.create_index(op.f("ix_appeals_repair_id"), "appeals", ["repair_id"])


def downgrade() -> None:
    for table in ("appeals", "former_results", "repairs"):
        op.drop_table(table)
    op.drop_index(op.f("ix_results_exam_id_results_repairs_no"), table_name="results")
    op.drop_column("results", "repairs_no")
    op.drop_column("exams", "appeal_days")
    op.drop_column("exams", "repairs_no")
