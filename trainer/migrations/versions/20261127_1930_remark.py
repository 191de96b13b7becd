"""Give one answer other points after an appeal: the answer, the points by line and the comment of such a repair."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_1930_remark"
down_revision = "20261127_1830_remedies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In place: tables that others point to cannot be made anew while they hold rows.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE repairs ADD COLUMN task_id INTEGER CONSTRAINT fk_repairs_task_id REFERENCES marking_tasks (id)"
        )
    else:
        op.add_column("repairs", sa.Column("task_id", sa.BigInteger()))
        op.create_foreign_key(op.f("fk_repairs_task_id"), "repairs", "marking_tasks", ["task_id"], ["id"])
    op.create_index(op.f("ix_repairs_task_id"), "repairs", ["task_id"])
    op.add_column("repairs", sa.Column("lines", sa.JSON(none_as_null=True)))
    op.add_column("repairs", sa.Column("comment", sa.String(length=500), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("repairs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_repairs_task_id"))
        batch_op.drop_constraint(batch_op.f("fk_repairs_task_id"), type_="foreignkey")
        for name in ("comment", "lines", "task_id"):
            batch_op.drop_column(name)
