"""Findings of `crmsync check` that are made alike for every CRM."""

from crmsync.clock import MICROS_PER_SECOND
from crmsync.errors import CrmsyncError
from crmsync.records import Finding

SKEW_S = 60


def failed(code: str, error: CrmsyncError) -> Finding:
    """A fault as a finding."""
    place = f"{error.where}: " if error.where else ""
    return Finding(code, "fail", f"{error.code} {place}{error.what}", error.remedy)


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
