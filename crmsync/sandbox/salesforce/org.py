"""The org: its tables made from a world, who may see them, and the one lock that saves take."""

import threading

import numpy as np

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.columns import World
from crmsync.sandbox.records import EffectLog
from crmsync.sandbox.salesforce.activities import event_table, task_table
from crmsync.sandbox.salesforce.catalogue import objects
from crmsync.sandbox.salesforce.deal_changes import IN_OWNER, deal_changes
from crmsync.sandbox.salesforce.deals import contact_role_table, history_table, opportunity_table
from crmsync.sandbox.salesforce.past import SYSTEM_USER, Past
from crmsync.sandbox.salesforce.people import (
    account_table,
    contact_table,
    currency_table,
    organization_table,
    stage_table,
    user_table,
)
from crmsync.sandbox.salesforce.plans import milestone_tables
from crmsync.sandbox.salesforce.reader import Reader
from crmsync.sandbox.salesforce.rights import Rights
from crmsync.sandbox.salesforce.schema import SObject
from crmsync.sandbox.salesforce.table import Table
from crmsync.sandbox.salesforce.touches import email_table, visit_table

_EMPTY = ("PermissionSet", "FieldPermissions", "ObjectPermissions", "PermissionSetAssignment")


class Org:
    """All state of the local Salesforce."""

    def __init__(self, world: World, clock: SandboxClock, effects: EffectLog, *, username: str) -> None:
        self.clock, self.username = clock, username
        self.lock = threading.RLock()  # one save at a time
        self.objects = objects()
        self.past = past = Past(world, effects, self.objects)
        changes = deal_changes(past)
        owners = changes.first[IN_OWNER]
        opportunities = opportunity_table(past, changes)
        made = [
            opportunities,
            history_table(past, changes, opportunities),
            contact_role_table(past),
            *milestone_tables(past),
            task_table(past, owners),
            event_table(past, owners),
            email_table(past),
            visit_table(past),
            account_table(past),
            contact_table(past),
            user_table(past, username),
            stage_table(past),
            currency_table(past),
            organization_table(past),
            *(self.empty_table(self.objects[name]) for name in _EMPTY),
        ]
        self.tables = {table.name: table for table in made}
        self.rights = Rights()
        self.rights.watch(self.tables)
        self.org_id = past.ids("Organization").make(0)

    def empty_table(self, schema: SObject) -> Table:
        """An object whose records are all made over the API."""
        records = self.past.records(schema, created_at=np.zeros(0, dtype=np.int64), fixed={})
        return Table(schema, records, system_user=self.past.user_id(SYSTEM_USER))

    def picklist(self, entity: str, field: str) -> list[str] | None:
        """The values of a picklist that the org itself defines; None where the field's own list counts."""
        if (entity, field) == ("Opportunity", "StageName"):
            return [stage.name for stage in self.past.stages]
        if field == "CurrencyIsoCode":
            return list(self.past.world.currencies)
        return None

    def reader(self, user: str, *, now: int | None = None, deleted: bool = False) -> Reader:
        """What a user sees now."""
        at = self.clock.now() if now is None else now
        return Reader(self.tables, self.rights, user=user, now=at, deleted=deleted)

    def active_user(self, username: str) -> str | None:
        """The id of an active user by login name."""
        users = self.tables["User"]
        now = self.clock.now()
        rows = users.rows(now, deleted=False)
        columns = users.columns(["Username", "IsActive", "Id"], rows, now)
        for name, active, crm_id in zip(columns["Username"], columns["IsActive"], columns["Id"], strict=True):
            if name == username and active:
                return str(crm_id)
        return None
