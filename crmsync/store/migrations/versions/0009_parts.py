"""What moved a score is kept as numbers, whose names stand once for many scores. Older scores keep theirs as JSON."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "parts",
        sa.Column("parts_id", sa.Integer(), primary_key=True, nullable=False),
        sa.Column("fit_id", sa.Integer(), sa.ForeignKey("fit.fit_id"), nullable=False),
        sa.Column("base", sa.Float(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
    )
    op.add_column("score", sa.Column("parts_id", sa.Integer(), nullable=True))
    op.add_column("score", sa.Column("added", sa.LargeBinary(), nullable=True))
