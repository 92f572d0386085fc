"""The CRM fields that results go to."""

from collections.abc import Mapping, Sequence

from crmsync.records import FieldState


def table(found: Mapping[str, Sequence[FieldState]]) -> list[tuple[str, ...]]:
    """By CRM, as rows of text, a head first."""
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


def _yes(said: object) -> str:
    return "yes" if said else "no"
