"""Let people mark what a machine cannot: plans, answers that wait, batches, marks."""

import json
import secrets

import sqlalchemy as sa
from alembic import op

from trainer.core import columns

revision = "20261127_1715_marks"
down_revision = "20261127_1700_brev"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "marking_plans",
        sa.Column("exam_id", ROW_ID, nullable=False),
        sa.Column("double", sa.Boolean(), nullable=False),
        sa.Column("tolerance", columns.Hundredths(), nullable=False),
        sa.Column("batch_size", sa.Integer(), nullable=False),
        sa.Column("saved_at", columns.UTCDateTime(), nullable=False),
        sa.Column("saved_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name=op.f("fk_marking_plans_exam_id")),
        sa.PrimaryKeyConstraint("exam_id", name=op.f("pk_marking_plans")),
    )
    op.create_table(
        "marking_plan_markers",
        sa.Column("exam_id", ROW_ID, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["marking_plans.exam_id"], name=op.f("fk_marking_plan_markers_exam_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_marking_plan_markers_user_id")),
        sa.PrimaryKeyConstraint("exam_id", "user_id", name=op.f("pk_marking_plan_markers")),
    )
    op.create_index(op.f("ix_marking_plan_markers_user_id"), "marking_plan_markers", ["user_id"])
    op.create_table(
        "marking_tasks",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("exam_id", ROW_ID, nullable=False),
        sa.Column("attempt_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("item_version_id", ROW_ID, nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("max_points", columns.Hundredths(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("points", columns.Hundredths(), nullable=True),
        sa.Column("wants_third", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name=op.f("fk_marking_tasks_exam_id")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_marking_tasks_attempt_id")),
        sa.ForeignKeyConstraint(
            ["item_version_id"], ["item_versions.id"], name=op.f("fk_marking_tasks_item_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marking_tasks")),
        sa.UniqueConstraint("attempt_id", "number", name=op.f("uq_marking_tasks_attempt_id_number")),
    )
    op.create_index(
        op.f("ix_marking_tasks_exam_id_marking_tasks_item_version_id_marking_tasks_part_marking_tasks_place"),
        "marking_tasks",
        ["exam_id", "item_version_id", "part", "place"],
    )
    op.create_index(op.f("ix_marking_tasks_item_version_id"), "marking_tasks", ["item_version_id"])
    op.create_table(
        "marking_batches",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("exam_id", ROW_ID, nullable=False),
        sa.Column("marker_id", ROW_ID, nullable=False),
        sa.Column("item_version_id", ROW_ID, nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("max_points", columns.Hundredths(), nullable=False),
        sa.Column("claimed_at", columns.UTCDateTime(), nullable=False),
        sa.Column("leased_until", columns.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name=op.f("fk_marking_batches_exam_id")),
        sa.ForeignKeyConstraint(["marker_id"], ["users.id"], name=op.f("fk_marking_batches_marker_id")),
        sa.ForeignKeyConstraint(
            ["item_version_id"], ["item_versions.id"], name=op.f("fk_marking_batches_item_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marking_batches")),
    )
    op.create_index(op.f("ix_marking_batches_exam_id"), "marking_batches", ["exam_id"])
    op.create_index(op.f("ix_marking_batches_marker_id"), "marking_batches", ["marker_id"])
    op.create_table(
        "marks",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("task_id", ROW_ID, nullable=False),
        sa.Column("batch_id", ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("marker_id", ROW_ID, nullable=False),
        sa.Column("seat", sa.SmallInteger(), nullable=False),
        sa.Column("state", columns.StateText("claimed", "given", "returned"), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=True),
        sa.Column("points", columns.Hundredths(), nullable=True),
        sa.Column("comment", sa.String(length=500), nullable=False),
        sa.Column("given_at", columns.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["marking_tasks.id"], name=op.f("fk_marks_task_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["marking_batches.id"], name=op.f("fk_marks_batch_id")),
        sa.ForeignKeyConstraint(["marker_id"], ["users.id"], name=op.f("fk_marks_marker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marks")),
        sa.UniqueConstraint("task_id", "seat", name=op.f("uq_marks_task_id_seat")),
        sa.UniqueConstraint("task_id", "marker_id", name=op.f("uq_marks_task_id_marker_id")),
        sa.UniqueConstraint("batch_id", "position", name=op.f("uq_marks_batch_id_position")),
    )
    op.create_table(
        "mark_events",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("task_id", ROW_ID, nullable=False),
        sa.Column("marker_id", ROW_ID, nullable=False),
        sa.Column("kind", columns.StateText("given", "changed", "returned", "withdrawn"), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=True),
        sa.Column("points", columns.Hundredths(), nullable=True),
        sa.Column("comment", sa.String(length=500), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("at", columns.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["marking_tasks.id"], name=op.f("fk_mark_events_task_id")),
        sa.ForeignKeyConstraint(["marker_id"], ["users.id"], name=op.f("fk_mark_events_marker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mark_events")),
    )
    op.create_index(op.f("ix_mark_events_task_id_mark_events_marker_id"), "mark_events", ["task_id", "marker_id"])
    _take_what_waits()


def downgrade() -> None:
    for table in (
        "mark_events",
        "marks",
        "marking_batches",
        "marking_tasks",
        "marking_plan_markers",
        "marking_plans",
    ):
        op.drop_table(table)


def _take_what_waits() -> None:
    """Make a task of every answer that waited for a person before there was anybody to mark it."""
    connection = op.get_bind()
    results = connection.execute(
        sa.text(
            "SELECT r.attempt_id, r.exam_id, r.marks, a.paper_id FROM results r "
            "JOIN attempts a ON a.id = r.attempt_id WHERE r.unmarked > 0"
        )
    ).all()
    tasks = sa.table(
        "marking_tasks",
        *(
            sa.column(name)
            for name in (
                "exam_id",
                "attempt_id",
                "number",
                "item_version_id",
                "part",
                "max_points",
                "place",
                "wants_third",
            )
        ),
    )
    for attempt_id, exam_id, marks, paper_id in results:
        marks = json.loads(marks) if isinstance(marks, str) else marks
        items = connection.execute(
            sa.text("SELECT number, item_version_id, part, points FROM paper_items WHERE paper_id = :paper"),
            {"paper": paper_id},
        ).all()
        rows = []
        for number, version_id, part, points in items:
            if not marks[number - 1].get("waits"):
                continue
            rows.append(
                {
                    "exam_id": exam_id,
                    "attempt_id": attempt_id,
                    "number": number,
                    "item_version_id": version_id,
                    "part": part or 0,
                    "max_points": points,
                    "place": secrets.randbelow(2**48),
                    "wants_third": False,
                }
            )
        if rows:
            connection.execute(sa.insert(tasks), rows)
