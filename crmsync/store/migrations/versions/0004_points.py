"""A score by rules has points and no probability.

The column is made anew instead of altered: SQLite can't alter one without rebuilding a table that others refer to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("score", sa.Column("points", sa.Integer(), nullable=True))
    op.add_column("score", sa.Column("chance", sa.Float(), nullable=True))
    op.execute("UPDATE score SET chance = probability")
    op.drop_column("score", "probability")
    op.alter_column("score", "chance", new_column_name="probability")
