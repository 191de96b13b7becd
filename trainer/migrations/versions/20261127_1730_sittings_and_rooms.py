"""sittings in rooms, candidates' states with a reason, mock exams, exams that others resit."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_1730_sittings"
down_revision = "20261127_1715_marks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("exams", sa.Column("is_mock", sa.Boolean(), server_default="0", nullable=False))
    if op.get_bind().dialect.name == "sqlite":
        # In place: a table that others point to cannot be made anew while they hold rows.
        op.execute(
            "ALTER TABLE exams ADD COLUMN resit_of_id INTEGER "
            "CONSTRAINT fk_exams_resit_of_id_exams REFERENCES exams (id)"
        )
    else:
        op.add_column("exams", sa.Column("resit_of_id", sa.BigInteger()))
        op.create_foreign_key(op.f("fk_exams_resit_of_id_exams"), "exams", "exams", ["resit_of_id"], ["id"])
    op.create_index(op.f("ix_exams_resit_of_id"), "exams", ["resit_of_id"], unique=False)
    with op.batch_alter_table("sittings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("room", sa.String(length=60), server_default="", nullable=False))
        batch_op.add_column(sa.Column("capacity", sa.Integer()))
        batch_op.add_column(sa.Column("form", sa.Integer()))
        batch_op.add_column(sa.Column("awaits_signal", sa.Boolean(), server_default="0", nullable=False))
    with op.batch_alter_table("candidates", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reason", sa.String(length=200), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("candidates", schema=None) as batch_op:
        batch_op.drop_column("reason")
    with op.batch_alter_table("sittings", schema=None) as batch_op:
        for name in ("awaits_signal", "form", "capacity", "room"):
            batch_op.drop_column(name)
    with op.batch_alter_table("exams", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exams_resit_of_id"))
        batch_op.drop_constraint(batch_op.f("fk_exams_resit_of_id_exams"), type_="foreignkey")
        batch_op.drop_column("resit_of_id")
        batch_op.drop_column("is_mock")
