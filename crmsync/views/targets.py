"""The CRM fields that results go to."""

from collections.abc import Iterator, Mapping, Sequence

from crmsync.config import Config
from crmsync.records import FieldState


def table(found: Mapping[str, Sequence[FieldState]]) -> list[tuple[str, ...]]:
    """By CRM, as rows of text, a head first."""
    if not any(found.values()):
        return []
    head = ("crm", "result", "field", "there", "writable", "seen by", "problem")
    return [
        head,
        *(
            (
                crm,
                state.result.value,
                state.target,
                _yes(state.exists),
                _yes(state.writable),
                ", ".join(state.seen_by),
                state.problem,
            )
            for crm, states in found.items()
            for state in states
        ),
    ]


def without(config: Config, found: Mapping[str, Sequence[FieldState]]) -> Iterator[str]:
    """A line for each CRM that no result goes to, with the reason."""
    for name in (name for name, states in found.items() if not states):
        if config.crm[name].read_only:
            yield f"{name}: no result goes there, since read_only = true"
        else:
            yield f"{name}: no result goes there -> name fields in [crm.{name}.fields]"


def _yes(said: object) -> str:
    return "yes" if said else "no"
