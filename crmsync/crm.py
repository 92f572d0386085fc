"""The contract that every CRM fulfils, and how one is found: `kind = "salesforce"` names the room `crms/salesforce/`.

A room's package exports `connect(config) -> Crm` and `Settings`, the pydantic model of the keys in its part of the config that
only this kind has. Nothing else of a room is used from outside, and it is imported only when the config names it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from crmsync.config import CrmConfig, EngagementSource, MilestoneSource
from crmsync.errors import BadConfig
from crmsync.records import Answer, Cursor, FieldState, Finding, Listed, Page, Result, Source, Write

DIGEST = 16  # hexadecimal digits


class Crm(Protocol):
    """One CRM account. Every method may raise BadConfig (needs a person) or RetryLater (passing; retries are used up)."""

    name: str  # its name in the config
    calls: int  # API calls made so far, retries included
    parallel: int  # how many calls it lets be under way at once
    ahead: int  # deals that may be read back together before the first of them is written

    def counts(self) -> Mapping[str, int]:
        """What else the ledger should know of how it was read so far, by name."""

    def now(self) -> int:
        """The CRM's own clock, in micros."""

    def account(self) -> str:
        """The id of the org or portal, so that two of them are never mixed up."""

    def place(self) -> str:
        """Whether the account is a "sandbox" or in "production", "" where the CRM doesn't tell."""

    def allowance(self) -> tuple[int, int]:
        """API calls left and allowed in a day, as the CRM's last answers told; (0, 0) where they didn't."""

    def streams(self) -> Sequence[str]:
        """What there is to pull, in the order to store it: people and stages, deals, then what belongs to deals."""

    def rounds(self) -> Sequence[Sequence[str]]:
        """The streams, in rounds to be stored one after the other; those of a round may be stored in any order."""

    def asked(self, stream: str) -> str:
        """A digest of what a pull of this stream asks for of each record, but for our own fields; "" where the config has no say.

        Raises BadConfig when something of it isn't there.
        """

    def pull(self, stream: str, *, since: Cursor | None, began: int = 0) -> Iterator[Page]:
        """All rows of a stream changed since the cursor, in pages whose cursors only grow; all there are since None, of a stream
        that was never read, and since the BEGINNING, of one that was.

        The streams of a round may be read by several threads, each by one.

        `began`: the CRM's clock when the pull began that this read is a part of, 0: now. The next read goes back to it, so that it
        brings what belongs to deals that came too late for this pull, however much later than the deals a stream is read.

        Re-reads a look-back window before the cursor: storing must be idempotent. A record that can't be read comes in `bad`.
        """

    def sources(self) -> Sequence[Source]:
        """What can be listed and read by id, in the order to store it: the deals, then each object that holds steps of plans."""

    def listed(self, source: str) -> Iterator[Listed]:
        """Every live record of a source, each once."""

    def read(self, source: str, crm_ids: Sequence[str], *, since: int) -> Iterator[Page]:
        """The records of these ids as they are now, whatever their stamps say, in pages that move no cursor.

        One that is in the bin comes in `gone`, one that is no more doesn't come. `since`: the pulls are complete up to there.
        """

    def read_back(self, crm_ids: Sequence[str]) -> dict[str, dict[Result, str | None]]:
        """Our fields as the CRM holds them now, as canonical text; a deal that is gone is left out."""

    def push(self, writes: Sequence[Write]) -> Iterator[Answer]:
        """Sends new values in batches; one answer per write, in no promised order. Never tries a lost answer again by itself."""

    def batches(self, writes: Sequence[Write]) -> Iterator[Sequence[Write]]:
        """The writes, cut to what one call takes: mark a batch as in flight before it goes to `push`."""

    def fields(self) -> list[FieldState]:
        """Every configured target field, and whether it is there, writable and of the right type."""

    def create_fields(self) -> list[str]:
        """Makes what is missing; gives one line for each thing that it did, and for each thing that a person has to do."""

    def check(self) -> Iterator[Finding]:
        """Can we reach it, log in, read and write what the config asks for; limits and clock."""


def digest(config: CrmConfig, source: str, names: Iterable[str]) -> str:
    """What is asked for of a source's records: the names of fields, and what the config says of the source besides."""
    parts: Sequence[MilestoneSource | EngagementSource] = (*config.milestones, *config.engagement)
    said = [part.model_dump_json(exclude_defaults=True) for part in parts if part.object == source]
    return sha256("\n".join([*names, "", *said]).encode()).hexdigest()[:DIGEST]


def kinds() -> list[str]:
    """The CRMs that this installation knows, by listing the rooms."""
    return sorted(module.name for module in iter_modules(import_module("crmsync.crms").__path__))


def connect(config: CrmConfig) -> Crm:
    """The CRM that a part of the config describes. Nothing is sent yet."""
    if config.kind not in kinds():
        raise BadConfig(
            "E105",
            f"no CRM of kind {config.kind!r}",
            where=config.where("kind"),
            remedy=f"one of: {', '.join(kinds())}",
        )
    room = import_module(f"crmsync.crms.{config.kind}")
    return cast(Callable[[CrmConfig], Crm], room.connect)(config)


def refuse_standard(config: CrmConfig, is_standard: Callable[[str], bool]) -> None:
    """Raises BadConfig for a target that is the CRM's own field, such as the amount, unless the config forces it by name.

    People, reports and automations live by these fields, and what stands there isn't ours to replace.
    """
    for result, target in config.fields.items():
        if is_standard(target) and target not in config.standard_fields:
            what = f"{result.value} would go to {target}, a field of the CRM's own"
            remedy = f'name a field of ours, or force it with standard_fields = ["{target}"] in [crm.{config.name}]'
            raise BadConfig("E212", what, where=config.where(f"fields.{result.value}"), remedy=remedy)
