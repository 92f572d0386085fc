"""The local Salesforce as one thing: an org over a world, its HTTP side, and what people do at their screens."""

from collections.abc import Iterator, Mapping

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.columns import World
from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.records import EffectLog, Value
from crmsync.sandbox.salesforce.auth import Auth, ConnectedApp
from crmsync.sandbox.salesforce.errors import not_found
from crmsync.sandbox.salesforce.gateway import Gateway
from crmsync.sandbox.salesforce.limits import Limits
from crmsync.sandbox.salesforce.org import Org
from crmsync.sandbox.salesforce.past import INTEGRATION_USER
from crmsync.sandbox.salesforce.rest import Rest, row_of
from crmsync.sandbox.salesforce.rights import Rights
from crmsync.sandbox.salesforce.table import Table
from crmsync.sandbox.salesforce.values import Writer

USERNAME = "integration@local.example"
DAILY_CALLS, DAILY_JOBS = 100_000, 10_000


class SalesforceApp:
    """One org over a world's Salesforce deals.

    `connected` says who may log in and how, `daily_calls` how many requests a day the org allows and `daily_jobs` how many query
    jobs. `rights` takes rights away from API users and gives them back.
    """

    def __init__(
        self,
        world: World,
        clock: SandboxClock,
        effects: EffectLog,
        *,
        connected: ConnectedApp | None = None,
        username: str = USERNAME,
        daily_calls: int = DAILY_CALLS,
        daily_jobs: int = DAILY_JOBS,
    ) -> None:
        self.clock = clock
        self.org = Org(world, clock, effects, username=username)
        self.user = self.org.past.user_id(INTEGRATION_USER)  # whom the connected app's sessions run as
        self.auth = Auth(
            connected or ConnectedApp(), clock, org_id=self.org.org_id, user_of=self.org.active_user, run_as=self.user
        )
        self._rest = Rest(self.org)
        limits = Limits(clock, daily_calls=daily_calls, daily_jobs=daily_jobs)
        self._gateway = Gateway(self.org, self.auth, limits, self._rest)

    @property
    def rights(self) -> Rights:
        """What API users may see and change."""
        return self.org.rights

    def answer(self, request: Request) -> Response:
        """Handles one request."""
        return self._gateway.answer(request)

    def ids(self) -> Iterator[tuple[int, str]]:
        """For each deal of the world that this org shows: its row there, and its id here."""
        make_id = self.org.tables["Opportunity"].records.make_id
        for row, deal in enumerate(self.org.past.deals.tolist()):
            yield deal, make_id(row)

    def edit(self, entity: str, crm_id: str, values: Mapping[str, Value], *, who: str) -> None:
        """What a person changes on the screen, by the same rules as the API's. `who` is a user's id. Raises Refused."""
        table, row = self._record(entity, crm_id)
        self._rest.save(table, row, values, writer=Writer(who, limited=False))

    def create(self, entity: str, values: Mapping[str, Value], *, who: str) -> str:
        """What a person makes on the screen; gives its id. Raises Refused."""
        return self._rest.create(self._table(entity), values, writer=Writer(who, limited=False))

    def delete(self, entity: str, crm_id: str, *, who: str) -> None:
        """What a person deletes on the screen. Raises Refused."""
        table, row = self._record(entity, crm_id)
        self._rest.saves.delete(table, row, who=who)

    def restore(self, entity: str, crm_id: str, *, who: str) -> None:
        """What a person takes out of the recycle bin. Raises Refused."""
        table, row = self._record(entity, crm_id)
        self._rest.saves.restore(table, row, who=who)

    def add_products(self, crm_id: str) -> None:
        """Gives a deal products: from now on its Amount is their sum, and writes to it are ignored without a word."""
        table, row = self._record("Opportunity", crm_id)
        flag = {"HasOpportunityLineItem": True}
        table.records.write(row, flag, at=self.clock.now(), who=self.user, logged=False)

    def _table(self, entity: str) -> Table:
        if entity not in self.org.tables:
            raise not_found()
        return self.org.tables[entity]

    def delay(self, entity: str, crm_id: str, *, until: int) -> None:
        """A record's transaction is long: nobody sees it before an instant, then with the stamps that it has. Raises Refused."""
        table, row = self._record(entity, crm_id)
        table.records.late[row] = until

    def _record(self, entity: str, crm_id: str) -> tuple[Table, int]:
        table = self._table(entity)
        return table, row_of(table, crm_id, self.clock.now())
