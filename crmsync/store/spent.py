"""Which scores, planned values and receipts nothing asks for any more. Rules only; `compaction` asks the tables.

Of old scores the first of each deal, the last of each week and those that a plan names stay. Of old planned values those stay that
tell whose a field is: the newest, the newest that arrived, and whatever gave it a value that an undo may put back.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from crmsync.clock import MICROS_PER_DAY
from crmsync.store.outbox import DONE

MONDAY_OFFSET, WEEK_DAYS = 3, 7  # 1970 began on a Thursday


@dataclass(frozen=True, slots=True)
class OldScore:
    """What decides on a score that is older than all are kept for."""

    score_id: int
    deal_id: int
    model: str
    as_of: int


@dataclass(frozen=True, slots=True)
class Value:
    """A value that was planned for a field, and what became of it.

    `state`: of its newest receipt, "" without one; `at`: when the run began that sent it, or of an unsent one that planned it;
    None: it may still be sent, or its answer is still looked for.
    """

    outbox_id: int
    old: str | None
    new: str | None
    by_undo: bool
    state: str
    receipts: tuple[int, ...]  # oldest first
    at: int | None


def spent_scores(old: Iterable[OldScore], named: Collection[int]) -> list[int]:
    """The spent ones of scores that come by deal and model, the oldest first; `named`: those that plans name."""
    spent: list[int] = []
    for _, some in groupby(old, key=lambda score: (score.deal_id, score.model)):
        line = list(some)
        last_of_week = {_week(score.as_of): score.score_id for score in line}
        kept = {line[0].score_id, *last_of_week.values()}
        spent += [score.score_id for score in line if score.score_id not in kept and score.score_id not in named]
    return spent


def _week(at: int) -> int:
    return (at // MICROS_PER_DAY + MONDAY_OFFSET) // WEEK_DAYS


def kept_values(line: Sequence[Value], *, until: int) -> list[Value]:
    """What stays of the values of one field, which come as they were planned; `until`: all that are younger do."""
    recent = [value for value in line if is_recent(value, until=until)]
    arrived = [value for value in line if value.state == DONE]
    kept = {line[-1].outbox_id, *(value.outbox_id for value in [*recent, *arrived[-1:]])}
    back = {value.old for value in recent} | {value.new for value in line if value.by_undo and value.outbox_id in kept}
    writers = {value.new: value.outbox_id for value in arrived if not value.by_undo}
    kept |= {writers[value] for value in back if value in writers}
    return [value for value in line if value.outbox_id in kept]


def is_recent(value: Value, *, until: int) -> bool:
    """Whether its run can still be undone, or it is still on its way."""
    return value.at is None or value.at > until


def spent_receipts(value: Value, *, until: int) -> tuple[int, ...]:
    """Of a value that stays: how it went. Without its sending no undo of that run finds a part of what it wrote."""
    return () if is_recent(value, until=until) else value.receipts[:-1]
