"""An index for the runs that are at work: whoever takes a lease looks for those that nobody is at any more."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_index("ix_run_status", "run", ["status"])
