"""Salesforce: its API through simple_salesforce, as the records that crmsync knows.

door      the one way in: retry -> guard -> log in -> send -> translate errors    client, session, login, refusals, settings
org       what holds for the whole org: currency, stages, objects and their fields
read      full and incremental pulls; again: by id
large     full reads of large objects by query jobs        jobs, sheets, shelves
streams   what is read; deals, milestones, engagement, people what it becomes
write     batch updates and reading back        composite, fields, permissions, check
"""

from collections.abc import Iterator, Mapping, Sequence

from crmsync.config import CrmConfig, read_options
from crmsync.crm import refuse_standard
from crmsync.crms.salesforce.again import ById
from crmsync.crms.salesforce.check import Check, refuse_password
from crmsync.crms.salesforce.client import Client
from crmsync.crms.salesforce.fields import Fields, is_standard
from crmsync.crms.salesforce.org import Org
from crmsync.crms.salesforce.read import Reader
from crmsync.crms.salesforce.settings import Settings
from crmsync.crms.salesforce.write import UPDATE_RECORDS, Writer
from crmsync.records import Answer, Cursor, FieldState, Finding, Listed, Page, Result, Source, Write

__all__ = ["Salesforce", "Settings", "connect"]


def connect(config: CrmConfig) -> "Salesforce":
    """The org that a part of the config describes. Nothing is sent yet. Raises BadConfig."""
    refuse_password(config)
    refuse_standard(config, is_standard)
    return Salesforce(config, read_options(Settings, config))


class Salesforce:
    """One Salesforce org; see `crmsync.crm.Crm` for what each method promises."""

    def __init__(self, config: CrmConfig, settings: Settings) -> None:
        self.name, self.parallel, self.ahead = config.name, config.parallel, UPDATE_RECORDS
        self._client = Client(config, settings)
        self._org = org = Org(self._client)
        self._reader = Reader(org, config, settings)
        self._by_id = ById(self._reader)
        self._writer = Writer(self._client, config, settings)
        self._fields = Fields(org, config)
        self._check = Check(org, config, settings, reader=self._reader, fields=self._fields)

    @property
    def calls(self) -> int:
        """HTTP requests so far, logins and retries included."""
        return self._client.door.meter.calls

    def counts(self) -> Mapping[str, int]:
        """Query jobs, and large reads that had to do without."""
        return self._reader.jobs.counts

    def now(self) -> int:
        """The CRM's own clock, in micros, to the second."""
        return self._client.door.now()

    def account(self) -> str:
        """The org's id, 18 characters."""
        return self._client.door.identity().org

    def place(self) -> str:
        """By the organisation's own record."""
        return self._org.place

    def allowance(self) -> tuple[int, int]:
        """By the header that each answer carries."""
        meter = self._client.door.meter
        return max(meter.allowed - meter.used, 0), meter.allowed

    def streams(self) -> Sequence[str]:
        """Stages, users, contacts, deals, then what belongs to deals."""
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
        """Our fields as Salesforce shows them now."""
        return self._writer.read_back(crm_ids)

    def push(self, writes: Sequence[Write]) -> Iterator[Answer]:
        """Sends new values."""
        return self._writer.push(writes)

    def batches(self, writes: Sequence[Write]) -> Iterator[Sequence[Write]]:
        """The writes, cut to what one call takes."""
        return self._writer.batches(writes)

    def fields(self) -> list[FieldState]:
        """The target fields as they are."""
        return self._fields.states()

    def create_fields(self) -> list[str]:
        """Makes and grants the target fields that are missing."""
        return self._fields.create()

    def check(self) -> Iterator[Finding]:
        """What a person should know before the first pull."""
        return self._check.findings()
