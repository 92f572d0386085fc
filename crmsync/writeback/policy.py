"""Whose field is it? A value that a person put there is never overwritten."""

from crmsync.records import TRAVELLERS, Result

EDITED = "a person's value stands there"
SAME = "nothing changed"


def skip(result: Result, *, new: str | None, shown: str | None, ours: bool) -> str:
    """Why a value is not written, "" when it is.

    `shown` is what the CRM shows now; `ours`: it is blank, or the value that we wrote last.
    """
    if new == shown:
        return SAME
    if not ours and result not in TRAVELLERS:
        return EDITED
    return ""
