"""stage: the newest score of each open deal, compared with what the CRM shows -> outbox, one row per value to write."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from crmsync.clock import MICROS_PER_DAY
from crmsync.config import CrmConfig, PushConfig
from crmsync.records import PRIOR, TRAVELLERS, Result
from crmsync.store import frames, outbox, scores
from crmsync.store.engine import Store
from crmsync.store.outbox import Shown
from crmsync.writeback import band, digest, policy, values
from crmsync.writeback.band import Change

DAYS_OF_CHANGE = 7
FIRST, AGAIN = "first value", "new score"
BY_CRM = "over a value that is ours by the CRM's word: our ledger doesn't know it"
COUNTED = {policy.SAME: "same", policy.EDITED: "edited", policy.FILLED: "filled", policy.PROPOSED: "proposed"}

Fields = dict[tuple[int, Result], Shown]


def stage(
    store: Store, config: CrmConfig, *, push: PushConfig, run_id: int, now: int, priors: Collection[str] = ()
) -> dict[str, int]:
    """Plans the values of one CRM that differ. Gives how many deals and values are planned, and what was left alone and why.

    `now` is this machine's clock, which receipts are dated by; `priors`: the models whose scores of kind `prior` may be written.
    """
    counts: Counter[str] = Counter(planned=0, deals=0, same=0, edited=0, unseen=0, wobble=0)
    shown = outbox.shown(store, config.name)
    scored = list(frames.rows(store, scores.newest_of_open(config.name)))
    newest = max((score["as_of"] for score in scored), default=0)
    earlier = scores.before(store, newest - DAYS_OF_CHANGE * MICROS_PER_DAY)
    paused = outbox.written_often(store, config.name, since=now - MICROS_PER_DAY + 1, times=push.writes_per_day)
    plan: list[dict[str, Any]] = []
    for score in scored:
        says = values.of_score(score, probability_7d_ago=earlier.get(score["deal_id"]))
        if score["kind"] == PRIOR and score["model"] not in priors:
            says = values.without_forecast(says)
            counts["unwritten"] += 1
        rows = list(_changes(score, config, push, shown, says, counts))
        why_not = _left_whole(rows, push, shown, paused=score["crm_id"] in paused, now=now)
        if why_not:
            counts[why_not] += sum(row["result"] not in TRAVELLERS for row in rows)
        elif rows:
            plan += rows
            counts["deals"] += 1
    named = digest.of(plan, digest.rules(config, push))
    outbox.plan(store, [{**row, "digest": named, "run_id": run_id} for row in plan])
    counts["planned"] = len(plan)
    return dict(counts)


def _changes(
    score: Mapping[str, Any],
    config: CrmConfig,
    push: PushConfig,
    shown: Fields,
    says: Mapping[Result, str | None],
    counts: Counter[str],
) -> Iterator[dict[str, Any]]:
    """The values of one deal that may be written, in the order of the results."""
    for result in Result:
        seen = shown.get((score["deal_id"], result))
        if result not in config.fields:
            continue
        if seen is None:
            counts["unseen"] += 1  # no pull has shown this field yet: it may hold a person's value
            continue
        why_not = policy.skip(
            result,
            new=says[result],
            shown=seen.value,
            ours=seen.ours,
            rule=push.policy.get(result, policy.YIELD),
            age_days=(score["as_of"] - seen.set_at) / MICROS_PER_DAY,
        )
        if why_not:
            counts[COUNTED[why_not]] += 1
            continue
        yield _row(score, config, result, seen=seen, new=says[result])


def _row(
    score: Mapping[str, Any], config: CrmConfig, result: Result, *, seen: Shown, new: str | None
) -> dict[str, Any]:
    """A row of the outbox."""
    known = FIRST if seen.value is None else AGAIN
    return {
        "score_id": score["score_id"],
        "deal_id": score["deal_id"],
        "crm": config.name,
        "crm_id": score["crm_id"],
        "result": result.value,
        "target": config.fields[result],
        "old": seen.value,
        "new": new,
        "reason": BY_CRM if seen.by_crm else known,
    }


def _left_whole(rows: list[dict[str, Any]], push: PushConfig, shown: Fields, *, paused: bool, now: int) -> str:
    """What a deal counts as that isn't written at all, "" where it is to be written or nothing differs."""
    changes: dict[Result, Change] = {}
    for row in rows:
        written_at = shown[row["deal_id"], row["result"]].written_at
        age_days = None if written_at is None else (now - written_at) / MICROS_PER_DAY
        changes[Result(row["result"])] = Change(row["old"], row["new"], age_days)
    if not changes:
        return ""
    if not changes.keys() - set(TRAVELLERS):
        return "same"
    if paused:
        return "paused"
    return "" if band.worth(changes, push.band) else "wobble"
