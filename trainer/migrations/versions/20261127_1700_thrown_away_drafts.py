"""retired items that never were published, which come back as drafts."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_1700_brev"
down_revision = "20261127_1640_papers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("was_published", sa.Boolean(), server_default="0", nullable=False))
    # What nobody wrote came with the product, published; everything else was published by an approval.
    op.execute(
        """
        UPDATE items SET was_published = true
        WHERE state = 'retired' AND (
            EXISTS (SELECT 1 FROM item_reviews
                    WHERE item_reviews.item_id = items.id AND item_reviews.verdict = 'approved')
            OR EXISTS (SELECT 1 FROM item_versions
                       WHERE item_versions.item_id = items.id AND item_versions.created_by IS NULL)
        )
        """
    )


def downgrade() -> None:
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.drop_column("was_published")
