"""Note which papers nobody sat and nobody will, so that they count for no exposure; what stands is looked through."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_2230_unsat"
down_revision = "20261127_2200_focus"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("blueprints", sa.Column("unsat", sa.Boolean(), server_default="0", nullable=False))
    # Papers that were replaced belong to no exam, and those of a cancelled exam to nobody who could still begin.
    op.execute(
        sa.text(
            "UPDATE blueprints SET unsat = :yes"
            " WHERE EXISTS (SELECT 1 FROM papers WHERE papers.blueprint_id = blueprints.id)"
            " AND NOT EXISTS (SELECT 1 FROM exams WHERE exams.blueprint_id = blueprints.id AND exams.state <> 'cancelled')"
            " AND NOT EXISTS (SELECT 1 FROM attempts JOIN papers ON papers.id = attempts.paper_id"
            " WHERE papers.blueprint_id = blueprints.id)"
        ).bindparams(yes=True)
    )


def downgrade() -> None:
    with op.batch_alter_table("blueprints", schema=None) as batch_op:
        batch_op.drop_column("unsat")
