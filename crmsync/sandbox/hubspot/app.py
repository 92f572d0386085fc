"""The local HubSpot as one thing: a portal over a world, its HTTP side, and what people do at their screens."""

from collections.abc import Iterator, Mapping

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.columns import World
from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.hubspot.catalogue import DEALS
from crmsync.sandbox.hubspot.errors import no_record
from crmsync.sandbox.hubspot.gateway import Gateway
from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.hubspot.limits import Limits
from crmsync.sandbox.hubspot.merges import merge
from crmsync.sandbox.hubspot.portal import Portal
from crmsync.sandbox.hubspot.saves import must
from crmsync.sandbox.hubspot.scopes import Scopes
from crmsync.sandbox.hubspot.values import accept
from crmsync.sandbox.records import EffectLog, Value

TOKEN = "local-token"  # noqa: S105 - opens nothing but the local HubSpot
PORTAL_ID = 4_400_001
DAILY_CALLS, CALLS_PER_10S, SEARCHES_PER_S = 1_000_000, 190, 5  # of an Enterprise account


class HubSpotApp:
    """One portal over a world's HubSpot deals.

    `time_zone` is the account's, whose days its people see. `portal.index_lag_s` makes the search index lie behind.
    """

    def __init__(
        self,
        world: World,
        clock: SandboxClock,
        effects: EffectLog,
        *,
        token: str = TOKEN,
        portal_id: int = PORTAL_ID,
        time_zone: str = "UTC",
        daily_calls: int = DAILY_CALLS,
        calls_per_10s: int = CALLS_PER_10S,
        searches_per_s: int = SEARCHES_PER_S,
    ) -> None:
        self.clock = clock
        self.portal = Portal(world, clock, effects, portal_id=portal_id, time_zone=time_zone)
        limits = Limits(
            clock,
            self.portal.past.zone,
            daily_calls=daily_calls,
            calls_per_10s=calls_per_10s,
            searches_per_s=searches_per_s,
        )
        self._gateway = Gateway(self.portal, limits, token=token)

    @property
    def scopes(self) -> Scopes:
        """What the token may do."""
        return self.portal.scopes

    def answer(self, request: Request) -> Response:
        """Handles one request."""
        return self._gateway.answer(request)

    def ids(self) -> Iterator[tuple[int, str]]:
        """For each deal of the world that this portal shows: its row there, and its id here."""
        make_id = self.portal.kinds[DEALS].records.make_id
        for row, deal in enumerate(self.portal.past.deals.tolist()):
            yield deal, make_id(row)

    def edit(self, kind: str, crm_id: str, values: Mapping[str, Value], *, who: str) -> None:
        """What a person changes on the screen, by the same rules as the API's. `who` is a user's id. Raises Refused."""
        found, row = self._record(kind, crm_id)
        saves = self._gateway.writes.saves
        with self.portal.lock:
            saves.update(
                found,
                row,
                saves.completed(found, row, accept(found, values, owners=self._gateway.writes.owners)),
                who=who,
            )

    def create(self, kind: str, values: Mapping[str, Value], *, who: str) -> str:
        """What a person makes on the screen; gives its id. Raises Refused."""
        found = self.portal.kind(kind)
        saves = self._gateway.writes.saves
        with self.portal.lock:
            row = saves.create(
                found, saves.completed(found, None, accept(found, values, owners=self._gateway.writes.owners)), who=who
            )
        return found.records.make_id(row)

    def delete(self, kind: str, crm_id: str, *, who: str) -> None:
        """What a person archives on the screen. Raises Refused."""
        found, row = self._record(kind, crm_id)
        self._gateway.writes.saves.archive(found, row, who=who)

    def restore(self, kind: str, crm_id: str, *, who: str) -> None:
        """What a person takes out of the archive. Raises Refused."""
        found = self.portal.kind(kind)
        row = must(found.row(crm_id, self.clock.now()), no_record(crm_id))
        self._gateway.writes.saves.restore(found, row, who=who)

    def delay(self, kind: str, crm_id: str, *, until: int) -> None:
        """A record's transaction is long: nobody sees it before an instant, then with the stamps that it has. Raises Refused."""
        found, row = self._record(kind, crm_id)
        found.records.late[row] = until

    def merge(self, kind: str, primary: str, other: str, *, who: str) -> str:
        """Two records become one under a new id, which it gives. Raises Refused."""
        found, row = self._record(kind, primary)
        _, other_row = self._record(kind, other)
        return found.records.make_id(merge(self.portal, found, row, other_row, who=who))

    def associate(self, kind: str, crm_id: str, to: str, to_id: str, *, who: str, label: str = "") -> None:
        """Two records are associated on the screen. Raises Refused."""
        ends = self.portal.kind(kind), self.portal.kind(to)
        self._gateway.associations.linking.change(ends[0], crm_id, ends[1], to_id, who=who, label=label)

    def dissociate(self, kind: str, crm_id: str, to: str, to_id: str, *, who: str) -> None:
        """An association is taken away on the screen. Raises Refused."""
        ends = self.portal.kind(kind), self.portal.kind(to)
        self._gateway.associations.linking.change(ends[0], crm_id, ends[1], to_id, who=who, cut=True)

    def _record(self, kind: str, crm_id: str) -> tuple[Kind, int]:
        found = self.portal.kind(kind)
        return found, must(self._gateway.writes.saves.target(found, crm_id), no_record(crm_id))
