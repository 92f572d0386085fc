"""Indexes for what is asked of the ledger and of the write-back's ledger however long they have become."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index("ix_run_step_target_run_id", "run", ["step", "target", "run_id"])
    op.create_index("ix_run_job_run_id", "run", ["job", "run_id"])
    op.create_index("ix_outbox_run_id", "outbox", ["run_id"])
    op.create_index("ix_receipt_run_id", "receipt", ["run_id"])
