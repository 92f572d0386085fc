"""What an object type has to say to be pulled, and how its rows come into a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from crmsync.crms.hubspot.values import Row
from crmsync.errors import BadConfig
from crmsync.records import Page


@dataclass(frozen=True, slots=True)
class Span:
    """The CRM's clock when this read began, and when the last complete one did (0: never)."""

    began: int
    since: int


class Stream(Protocol):
    """One object type."""

    name: str
    listed: bool  # whether a full read lists its records
    gone: str  # the source that its archived records are reported under, "" when they aren't asked for
    modified: str  # the property that says when a record last changed
    linked: str  # the type whose associations come along with a list, "" for none
    due: str  # a property whose instant, once past, makes a record worth reading again; "" for none

    def kind(self) -> str:
        """What stands for the object in paths. Raises BadConfig when the object or a configured property isn't there."""

    def properties(self) -> Sequence[str]:
        """What is read of a record."""

    def histories(self) -> Sequence[str]:
        """What is read with its history."""

    def needed(self) -> Sequence[str]:
        """Those of the properties that must be there: somebody may remove them, or the right to see them, while they are read."""

    def add(self, rows: list[Row], page: Page, span: Span, /) -> None:
        """Puts what the records say into a page."""


def complete(stream: Stream, answer: list[Row]) -> list[Row]:
    """The rows of one answer. Raises BadConfig when it doesn't show a property that is needed.

    HubSpot leaves an unknown property out of its answers without a word, which would read as blank.
    """
    shown = {name for row in answer for name in row.raw.get("properties") or ()}
    if answer and (gone := [name for name in stream.needed() if name not in shown]):
        what = f"HubSpot has stopped showing {', '.join(gone)} on {stream.name} in the middle of the read"
        raise BadConfig("E203", what, remedy="crmsync check; nothing of this page was stored")
    return answer
