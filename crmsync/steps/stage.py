"""stage: the newest score of each open deal, compared with what the CRM shows -> outbox, one row per value to write."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from crmsync.clock import MICROS_PER_DAY
from crmsync.config import CrmConfig
from crmsync.records import TRAVELLERS, Result
from crmsync.store import frames, outbox, scores
from crmsync.store.engine import Store
from crmsync.writeback import policy, values

DAYS_OF_CHANGE = 7


def stage(store: Store, config: CrmConfig, *, run_id: int) -> dict[str, int]:
    """Plans the values of one CRM that differ. Gives how many deals and values are planned, and what was left alone and why."""
    counts: Counter[str] = Counter(planned=0, deals=0, same=0, edited=0, unseen=0)
    shown = outbox.shown(store, config.name)
    scored = list(frames.rows(store, scores.newest_of_open(config.name)))
    newest = max((score["as_of"] for score in scored), default=0)
    earlier = scores.before(store, newest - DAYS_OF_CHANGE * MICROS_PER_DAY)
    plan: list[dict[str, Any]] = []
    for score in scored:
        rows = list(_changes(score, config, shown, earlier.get(score["deal_id"]), counts))
        if any(row["result"] not in TRAVELLERS for row in rows):
            plan += rows
            counts["deals"] += 1
    digest = plan_digest(plan)
    outbox.plan(store, [{**row, "digest": digest, "run_id": run_id} for row in plan])
    counts["planned"] = len(plan)
    return dict(counts)


def _changes(
    score: dict[str, Any],
    config: CrmConfig,
    shown: dict[tuple[int, Result], outbox.Shown],
    probability_7d_ago: float | None,
    counts: Counter[str],
) -> Iterator[dict[str, Any]]:
    """The values of one deal that are to be written, in the order of the results."""
    says = values.of_score(score, probability_7d_ago=probability_7d_ago)
    for result in Result:
        seen = shown.get((score["deal_id"], result))
        if result not in config.fields:
            continue
        if seen is None:
            counts["unseen"] += 1  # no pull has shown this field yet: it may hold a person's value
            continue
        why_not = policy.skip(result, new=says[result], shown=seen.value, ours=seen.ours)
        if why_not:
            counts["same" if why_not == policy.SAME else "edited"] += 1
            continue
        yield {
            "score_id": score["score_id"],
            "deal_id": score["deal_id"],
            "crm": config.name,
            "crm_id": score["crm_id"],
            "result": result.value,
            "target": config.fields[result],
            "old": seen.value,
            "new": says[result],
            "reason": "first value" if seen.value is None else "new score",
        }


def plan_digest(plan: list[dict[str, Any]]) -> str:
    """A name for exactly these writes: SHA-256 over record, field, old and new, cut to 16 hex digits."""
    told = [[row["crm"], row["crm_id"], row["target"], row["old"], row["new"]] for row in plan]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
