"""What a score says of promises: the step that decides, when each will be done, whether the CRM's date holds; the next period."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("score", sa.Column("won_next_period", sa.Float(), nullable=True))
    op.add_column("score", sa.Column("on_time", sa.Float(), nullable=True))
    op.add_column("score", sa.Column("on_time_text", sa.Text(), nullable=True))
    op.add_column("score", sa.Column("deciding_step", sa.Text(), nullable=True))
    op.add_column("score", sa.Column("deciding_step_on", sa.Integer(), nullable=True))
    op.add_column("score", sa.Column("promises", sa.Text(), nullable=True))
