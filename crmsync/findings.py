"""Findings of `crmsync check` that are made alike for every CRM."""

from collections.abc import Callable, Iterator, Sequence

from crmsync.clock import MICROS_PER_SECOND
from crmsync.errors import CrmsyncError
from crmsync.records import FieldState, Finding
from crmsync.words import many

SKEW_S = 60
SHOWN = 3  # names in one line


def failed(code: str, error: CrmsyncError) -> Finding:
    """A fault as a finding, under the finding's code alone."""
    place = f"{error.where}: " if error.where else ""
    return Finding(code, "fail", f"{place}{error.what}", error.remedy)


def named(place: str) -> str:
    """Whether an account is a sandbox or in production, as a message says it behind the account's id."""
    return f" ({place})" if place else ""


def skew(name: str, *, theirs: int, ours: int, local: bool) -> Finding:
    """C206: how far the CRM's clock and this machine's are apart. A local CRM keeps a time of its own, which is no fault.

    Nothing that is stored or scored depends on it: cursors and instants obey the CRM's clock, the schedule this machine's.
    """
    apart_s = (theirs - ours) // MICROS_PER_SECOND
    side = "ahead of" if apart_s > 0 else "behind"
    what = f"{name}: the CRM's clock is {abs(apart_s)} s {side} this machine's"
    if abs(apart_s) <= SKEW_S or local:
        return Finding("C206", "ok", what)
    return Finding("C206", "warn", what, "set this machine's clock by NTP")


def targets(name: str, states: Sequence[FieldState], *, remedy: Callable[[FieldState], str]) -> Iterator[Finding]:
    """C204: one for the target fields that are as they should be, and one for all that have the same fault and remedy."""
    if fit := [state for state in states if not state.problem]:
        yield Finding("C204", "ok", f"{name}: {_named(fit)} can be read and written")
    faults: dict[tuple[str, str], list[FieldState]] = {}
    for state in states:
        if state.problem:
            faults.setdefault((state.problem, remedy(state)), []).append(state)
    for (problem, what_to_do), of in faults.items():
        each = ", each" if len(of) > 1 else ""
        yield Finding("C204", "fail", f"{name}: {_named(of)}{each}: {problem}", what_to_do)


def _named(states: Sequence[FieldState]) -> str:
    """How many target fields, and the first by name."""
    listed = ", ".join(f"{state.result.value} in {state.target}" for state in states[:SHOWN])
    more = f" and {len(states) - SHOWN} more" if len(states) > SHOWN else ""
    return f"{many(len(states), 'target field')} ({listed}{more})"
