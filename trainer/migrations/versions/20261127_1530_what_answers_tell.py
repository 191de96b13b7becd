"""Keep what was counted of exams and practice, from which the statistics of items are made."""

import sqlalchemy as sa
from alembic import op

from trainer.core import columns

revision = "20261127_1530_stats"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exam_statistics",
        sa.Column("exam_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("signature", sa.String(length=120), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("counted_at", columns.UTCDateTime(), nullable=False),
        sa.Column("checked_at", columns.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name=op.f("fk_exam_statistics_exam_id")),
        sa.PrimaryKeyConstraint("exam_id", name=op.f("pk_exam_statistics")),
    )
    op.create_table(
        "item_uses",
        sa.Column("exam_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("used_on", sa.Date(), nullable=False),
        sa.Column("tally", sa.JSON(), nullable=False),
        sa.Column("is_merged", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name=op.f("fk_item_uses_exam_id")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_uses_item_id")),
        sa.ForeignKeyConstraint(["item_version_id"], ["item_versions.id"], name=op.f("fk_item_uses_item_version_id")),
        sa.PrimaryKeyConstraint("exam_id", "item_version_id", "part", name=op.f("pk_item_uses")),
    )
    with op.batch_alter_table("item_uses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_item_uses_is_merged"), ["is_merged"], unique=False)
        batch_op.create_index(batch_op.f("ix_item_uses_item_id"), ["item_id"], unique=False)

    op.create_table(
        "practice_tallies",
        sa.Column("item_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("tally", sa.JSON(), nullable=False),
        sa.Column("through_id", sa.BigInteger(), nullable=False),
        sa.Column("is_merged", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_practice_tallies_item_id")),
        sa.ForeignKeyConstraint(
            ["item_version_id"], ["item_versions.id"], name=op.f("fk_practice_tallies_item_version_id")
        ),
        sa.PrimaryKeyConstraint("item_version_id", "month", name=op.f("pk_practice_tallies")),
    )
    with op.batch_alter_table("practice_tallies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_practice_tallies_is_merged"), ["is_merged"], unique=False)
        batch_op.create_index(batch_op.f("ix_practice_tallies_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_practice_tallies_through_id"), ["through_id"], unique=False)

    with op.batch_alter_table("item_statistics", schema=None) as batch_op:
        batch_op.add_column(sa.Column("upper_lower", sa.Integer(), nullable=True))

    with op.batch_alter_table("practice_answers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_practice_answers_item_id"))
        batch_op.create_index(
            batch_op.f("ix_practice_answers_item_id_practice_answers_user_id"), ["item_id", "user_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("practice_answers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_practice_answers_item_id_practice_answers_user_id"))
        batch_op.create_index(batch_op.f("ix_practice_answers_item_id"), ["item_id"], unique=False)

    with op.batch_alter_table("item_statistics", schema=None) as batch_op:
        batch_op.drop_column("upper_lower")

    with op.batch_alter_table("practice_tallies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_practice_tallies_through_id"))
        batch_op.drop_index(batch_op.f("ix_practice_tallies_item_id"))
        batch_op.drop_index(batch_op.f("ix_practice_tallies_is_merged"))

    op.drop_table("practice_tallies")
    with op.batch_alter_table("item_uses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_uses_item_id"))
        batch_op.drop_index(batch_op.f("ix_item_uses_is_merged"))

    op.drop_table("item_uses")
    op.drop_table("exam_statistics")
