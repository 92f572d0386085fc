"""Indexes for compaction: the scores of a deal by instant, and which plans concern a deal or name a score.

The first also gives the newest score of each deal without reading the scores themselves.
"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.drop_index("ix_score_deal_id_score_id", "score")
    op.create_index("ix_score_deal_id_as_of", "score", ["deal_id", "as_of", "score_id", "model"])
    op.create_index("ix_outbox_deal_id_result", "outbox", ["deal_id", "result"])
    op.create_index("ix_outbox_score_id", "outbox", ["score_id"])
