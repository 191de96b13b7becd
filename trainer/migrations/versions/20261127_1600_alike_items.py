"""items that look alike, texts that are still those of the shipped content, answers in practice that assess themselves."""

import sqlalchemy as sa
from alembic import op

from trainer.core import columns

revision = "20261127_1600_near"
down_revision = "20261127_1530_stats"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alike_searches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("pairs", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", columns.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alike_searches")),
    )
    op.create_table(
        "item_pairs",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("other_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("verdict", sa.String(length=24), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", columns.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_pairs_item_id_items")),
        sa.ForeignKeyConstraint(["other_id"], ["items.id"], name=op.f("fk_item_pairs_other_id_items")),
        sa.PrimaryKeyConstraint("item_id", "other_id", name=op.f("pk_item_pairs")),
    )
    with op.batch_alter_table("item_pairs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_item_pairs_other_id"), ["other_id"], unique=False)
    with op.batch_alter_table("item_versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_shipped", sa.Boolean(), server_default="0", nullable=False))
    with op.batch_alter_table("practice_answers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.String(length=24), server_default="graded", nullable=False))
        batch_op.add_column(sa.Column("met", sa.JSON(), nullable=True))
    # Until now what nobody had written was what had been shipped.
    versions = sa.table("item_versions", sa.column("created_by", sa.BigInteger), sa.column("is_shipped", sa.Boolean))
    op.execute(versions.update().where(versions.c.created_by.is_(None)).values(is_shipped=sa.true()))


def downgrade() -> None:
    with op.batch_alter_table("practice_answers", schema=None) as batch_op:
        batch_op.drop_column("met")
        batch_op.drop_column("state")
    with op.batch_alter_table("item_versions", schema=None) as batch_op:
        batch_op.drop_column("is_shipped")
    op.drop_table("item_pairs")
    op.drop_table("alike_searches")
