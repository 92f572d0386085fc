"""A cursor keeps a digest of what was asked for, so that a field that is named later is read of all records, once.

One without it counts as made with what is asked for today: an upgrade reads nothing again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("cursor", sa.Column("asked", sa.Text(), nullable=True))
