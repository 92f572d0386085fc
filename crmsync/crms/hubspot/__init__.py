"""HubSpot: its API through the official client, as the records that crmsync knows.

client    one door: pace -> retry -> send -> translate errors -> parse    limits, paths, settings
refusals  what can come back instead of an answer
portal    what holds for the whole account: zone, currency, stages, owners, properties
read      full and incremental pulls, archive what left; again: by id
streams   what is read; deals, milestones, engagement, people what it becomes
write     batch updates and reading back        fields, check
"""

from collections.abc import Iterator, Mapping, Sequence

from crmsync.config import CrmConfig, read_options
from crmsync.crm import refuse_standard
from crmsync.crms.hubspot.again import ById
from crmsync.crms.hubspot.check import Check
from crmsync.crms.hubspot.client import Client
from crmsync.crms.hubspot.fields import Fields, is_standard
from crmsync.crms.hubspot.portal import Portal
from crmsync.crms.hubspot.read import Reader
from crmsync.crms.hubspot.settings import Settings
from crmsync.crms.hubspot.streams import all_streams
from crmsync.crms.hubspot.write import UPDATE_INPUTS, Writer
from crmsync.records import Answer, Cursor, FieldState, Finding, Listed, Page, Result, Source, Write

__all__ = ["HubSpot", "Settings", "connect"]


def connect(config: CrmConfig) -> "HubSpot":
    """The account that a part of the config describes. Nothing is sent yet. Raises BadConfig."""
    refuse_standard(config, is_standard)
    return HubSpot(config, read_options(Settings, config))


class HubSpot:
    """One HubSpot account; see `crmsync.crm.Crm` for what each method promises."""

    def __init__(self, config: CrmConfig, settings: Settings) -> None:
        self.name, self.parallel, self.ahead = config.name, config.parallel, UPDATE_INPUTS
        self._client = Client(config, settings)
        self._portal = Portal(self._client)
        streams = list(all_streams(self._portal, config, settings))
        self._reader = Reader(self._portal, streams, settings)
        self._by_id = ById(self._portal, streams)
        self._writer = Writer(self._client, config, settings)
        self._fields = Fields(self._portal, config, settings)
        self._check = Check(self._portal, config, settings, reader=self._reader, fields=self._fields)

    @property
    def calls(self) -> int:
        """HTTP requests so far, retries included."""
        return self._client.calls

    def counts(self) -> Mapping[str, int]:
        """There is one way to read HubSpot."""
        return {}

    def now(self) -> int:
        """The CRM's own clock, in micros, to the second."""
        return self._portal.now()

    def account(self) -> str:
        """The portal's id."""
        return str(self._portal.details.get("portalId") or "")

    def place(self) -> str:
        """By the account's type."""
        return self._portal.place

    def allowance(self) -> tuple[int, int]:
        """By the headers of the last answer that carried them."""
        return self._client.allowance.left, self._client.allowance.most

    def streams(self) -> Sequence[str]:
        """Owners, pipelines, contacts, deals, then what belongs to deals."""
        return self._reader.names()

    def rounds(self) -> Sequence[Sequence[str]]:
        """People and stages; deals; what belongs to deals."""
        return self._reader.rounds()

    def asked(self, stream: str) -> str:
        """By the stream's own fields and those of its history."""
        return self._reader.asked(stream)

    def pull(self, stream: str, *, since: Cursor | None, began: int = 0) -> Iterator[Page]:
        """The rows of a stream changed since the cursor."""
        return self._reader.pull(stream, since, began)

    def sources(self) -> Sequence[Source]:
        """Deals, then what holds steps of plans."""
        return self._by_id.sources()

    def listed(self, source: str) -> Iterator[Listed]:
        """Every live record of a source."""
        return self._by_id.listed(source)

    def read(self, source: str, crm_ids: Sequence[str], *, since: int) -> Iterator[Page]:
        """Records by their ids."""
        return self._by_id.read(source, crm_ids, since)

    def read_back(self, crm_ids: Sequence[str]) -> dict[str, dict[Result, str | None]]:
        """Our fields as HubSpot shows them now."""
        return self._writer.read_back(crm_ids)

    def push(self, writes: Sequence[Write]) -> Iterator[Answer]:
        """Sends new values."""
        return self._writer.push(writes)

    def batches(self, writes: Sequence[Write]) -> Iterator[Sequence[Write]]:
        """The writes, cut to what one call takes."""
        return self._writer.batches(writes)

    def fields(self) -> list[FieldState]:
        """The target properties as they are."""
        return self._fields.states()

    def create_fields(self) -> list[str]:
        """Makes the target properties that are missing."""
        return self._fields.create()

    def check(self) -> Iterator[Finding]:
        """What a person should know before the first pull."""
        return self._check.findings()
