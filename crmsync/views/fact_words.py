"""A dated fact in the words of a person."""

from crmsync.clock import to_date
from crmsync.money import to_major
from crmsync.records import SAID_SCALE, WORD_AFTER, Kind, Phase, Side


def words(kind: Kind, phase: Phase, *, name: str, value: int, side: int, person: str) -> str:
    """`milestone planned Security review for 2026-01-31 (buyer) by Ann`; of an amount `name` is its currency."""
    said = [kind.name.lower().replace("_", " ")]
    said += [] if phase is Phase.HAPPENED else [phase.name.lower()]
    said += [name] if name and kind is not Kind.AMOUNT else []
    said += [shown] if (shown := _value(kind, phase, name, value)) else []
    said += [f"({Side(side).name.lower()})"] if side else []
    said += [f"by {person}"] if person else []
    return " ".join(said)


def _value(kind: Kind, phase: Phase, name: str, value: int) -> str:
    """The number of a fact as its kind means it."""
    if kind is Kind.AMOUNT:
        return f"{to_major(value, name):,} {name}".rstrip()
    if kind is Kind.SAID:
        return "" if WORD_AFTER in name else f"{value / SAID_SCALE:g}"
    if kind is Kind.OUTCOME:
        return "" if phase is Phase.REOPENED else "won" if value else "lost"
    if kind is Kind.CLOSE_ON or (kind is Kind.MILESTONE and phase is Phase.PLANNED):
        return f"for {to_date(value).isoformat()}" if value else "without a date"
    return ""
