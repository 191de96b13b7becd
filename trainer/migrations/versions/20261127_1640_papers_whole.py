"""Keep what sections ask of laws, levels and mixes, what a draw keeps out, and the plan of each draw."""

import sqlalchemy as sa
from alembic import op

from trainer.core import columns

revision = "20261127_1640_papers"
down_revision = "20261127_1600_near"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draws",
        sa.Column("blueprint_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_form", sa.Integer(), nullable=False),
        sa.Column("plan", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("expected", sa.JSON(), nullable=False),
        sa.Column("measured", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["blueprint_id"], ["blueprints.id"], name=op.f("fk_draws_blueprint_id")),
        sa.PrimaryKeyConstraint("blueprint_id", "first_form", name=op.f("pk_draws")),
    )
    with op.batch_alter_table("blueprints", schema=None) as batch_op:
        batch_op.add_column(sa.Column("avoid_days", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("avoid_practice", sa.Boolean(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("exposure_most", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("blueprint_sections", schema=None) as batch_op:
        batch_op.add_column(sa.Column("laws", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("levels", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("mix", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("item_order", sa.String(length=24), server_default="drawn", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("blueprint_sections", schema=None) as batch_op:
        batch_op.drop_column("item_order")
        batch_op.drop_column("mix")
        batch_op.drop_column("levels")
        batch_op.drop_column("laws")
    with op.batch_alter_table("blueprints", schema=None) as batch_op:
        batch_op.drop_column("exposure_most")
        batch_op.drop_column("avoid_practice")
        batch_op.drop_column("avoid_days")
    op.drop_table("draws")
