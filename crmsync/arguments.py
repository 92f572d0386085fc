"""The arguments that several verbs share, and how their texts are read."""

from typing import Annotated

import typer

from crmsync.clock import MICROS_PER_DAY, parse_instant
from crmsync.errors import BadConfig

CrmName = Annotated[str | None, typer.Option("--crm", metavar="NAME", help="only this CRM of the config")]
ModelName = Annotated[str, typer.Option("--model", metavar="NAME", help="a file in models/")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="INSTANT", help="as if it were then: only what the CRMs knew, such as 2026-01-31"),
]


def instant(text: str, option: str) -> int:
    """An instant as micros. Raises BadConfig E122."""
    try:
        return parse_instant(text)
    except (ValueError, OverflowError):
        remedy = "write it like 2026-01-31 or 2026-01-31T08:00:00Z"
        raise BadConfig("E122", f"no instant: {text!r}", where=option, remedy=remedy) from None


def maybe_instant(text: str | None, option: str) -> int | None:
    """An instant as micros, None where none is given. Raises BadConfig E122."""
    return None if text is None else instant(text, option)


def first_moment(text: str, option: str) -> int:
    """The first moment of a date, UTC, as micros. Raises BadConfig E122."""
    return instant(text, option) // MICROS_PER_DAY * MICROS_PER_DAY
