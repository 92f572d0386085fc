"""The promise ledger: every date that was moved, by whom, how far, in time or not; how both sides keep their word."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from crmsync import past
from crmsync.clock import to_date
from crmsync.forecast.history import History
from crmsync.forecast.keeping import Keeping, Mutuality, keeping, mutuality
from crmsync.forecast.spells import MOVED, spells
from crmsync.records import Side
from crmsync.store import deals
from crmsync.store.engine import Store
from crmsync.words import many, percent

SHOWN = 20  # moves, the newest


@dataclass(frozen=True, slots=True)
class Move:
    """A promised date that became another one."""

    deal_id: int
    crm: str
    crm_id: str
    name: str  # the deal's
    step: str
    side: str
    moved_on: int
    from_on: int
    to_on: int
    days: int
    late: bool  # after the old date had passed
    by: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """All of it, or that of one deal, as known at the newest pull. Moves stand newest first."""

    keeping: list[Keeping]
    mutuality: Mutuality
    moves: list[Move]


def ledger(store: Store, name: str | None = None, *, history: History | None = None) -> Ledger:
    """Of all deals, or of the one that is named as for `explain`. Raises BadConfig E125 or E126 as that does.

    `history`: all facts, where they have been read already.
    """
    only = None if name is None else deals.one(store, name).deal_id
    history, by = past.history(store) if history is None else history, past.newest(store)
    found = spells(history, by=by)
    if only is not None:
        found = found.take(history.deals[found.deal] == only)
    moved = found.take(found.how == MOVED)
    moved = moved.take(np.argsort(-moved.ended, kind="stable"))
    people, named = deals.people(store), deals.named(store)
    columns = (history.deals[moved.deal], moved.name, moved.side, moved.ended, moved.due, moved.next_due, moved.ender)
    moves = [
        Move(
            deal,
            *named[deal],
            history.labels[step],
            _side(side),
            on,
            was,
            due,
            due - was,
            on > was,
            people.get(person, ""),
        )
        for deal, step, side, on, was, due, person in zip(*(each.tolist() for each in columns), strict=True)
    ]
    return Ledger(keeping(found), mutuality(found, history, by=by), moves)


def _side(number: int) -> str:
    return Side(number).name.lower()


def document(found: Ledger) -> dict[str, Any]:
    """As JSON takes it, the rates included."""
    return {**asdict(found), "keeping": [{**asdict(each), "rate": each.rate} for each in found.keeping]}


def lines(found: Ledger) -> list[str]:
    """As a person reads it."""
    if not found.keeping:
        return ["nothing was promised yet"]
    told = [_keeping_line(each) for each in found.keeping]
    told += _mutual(found.mutuality)
    told += ["", f"moves, newest first ({len(found.moves):,})", *map(_move_line, found.moves[:SHOWN])]
    if len(found.moves) > SHOWN:
        told.append(f"  ... and {len(found.moves) - SHOWN:,} more; --json shows them")
    return told


def _keeping_line(side: Keeping) -> str:
    rate = "" if side.rate is None else f" = {percent(side.rate)} of those that were due"
    return (
        f"{side.side}: {many(side.promises, 'promise')}, {side.kept:,} kept{rate}; {side.late:,} late, {side.moved_late:,} moved "
        f"after their day, {side.overdue:,} overdue; {side.silent:,} missed in silence; {side.moved_in_time:,} moved in time"
    )


def _mutual(found: Mutuality) -> list[str]:
    """Whose steps they are, and whose hands moved them in the CRM; nothing of what isn't known."""
    shares = {
        "of all steps {} are the buyer's": found.owned,
        "of those entered in the CRM {} by the buyer's own people": found.made,
        "of those ticked off in the CRM {} by the buyer's own people": found.closed,
    }
    told = [words.format(percent(share)) for words, share in shares.items() if share is not None]
    return ["; ".join(told)] if told else []


def _move_line(move: Move) -> str:
    on, was, due = (to_date(day).isoformat() for day in (move.moved_on, move.from_on, move.to_on))
    far = f"{'+' if move.days > 0 else '-'}{many(abs(move.days), 'day')}"
    when = f"{far}, {'after its day' if move.late else 'in time'}, by {move.by or 'somebody'}"
    return f"  {on}  {move.name or '(no name)'} ({move.crm} {move.crm_id}), {move.step} ({move.side}): {was} to {due}, {when}"
