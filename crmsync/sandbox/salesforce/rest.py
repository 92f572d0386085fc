"""Single records over REST: read, make, change, delete."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import numpy as np

from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.salesforce.description import visible_table
from crmsync.sandbox.salesforce.errors import Refused, deleted, malformed_id, no_access, not_found
from crmsync.sandbox.salesforce.ids import well_formed
from crmsync.sandbox.salesforce.moments import SECOND
from crmsync.sandbox.salesforce.org import Org
from crmsync.sandbox.salesforce.saves import Saves
from crmsync.sandbox.salesforce.setup import check_setup
from crmsync.sandbox.salesforce.table import Table
from crmsync.sandbox.salesforce.values import Writer, accept, parse_fields
from crmsync.sandbox.salesforce.wire import ApiCall, only, read_object


class Rest:
    """The handlers of single records."""

    def __init__(self, org: Org) -> None:
        self.org, self.saves = org, Saves(org)

    def get(self, call: ApiCall, *, name: str, crm_id: str) -> Response:
        """GET sobjects/X/ID, with ?fields=A,B for some of the fields."""
        only(call.request, "fields")
        table = visible_table(self.org, call.user, name)
        reader = self.org.reader(call.user)
        row = self._there(table, crm_id)
        if table.records.deleted(row) <= reader.now:
            raise deleted()
        wanted = ",".join(call.request.query.get("fields", [])).split(",") if "fields" in call.request.query else None
        names = (
            [each.name for each in reader.fields(table)]
            if wanted is None
            else [reader.field(table, each.strip()).name for each in wanted]
        )
        columns = table.columns(names, np.array([row]), reader.now)
        shown_id = table.records.make_id(row)
        attributes = {"type": table.name, "url": f"/services/data/v{call.version}/sobjects/{table.name}/{shown_id}"}
        return Response(body={"attributes": attributes, **{each: columns[each][0] for each in names}, "Id": shown_id})

    def update(self, call: ApiCall, *, name: str, crm_id: str) -> Response:
        """PATCH sobjects/X/ID. With If-Unmodified-Since only when the record is no younger: 412."""
        only(call.request)
        table = visible_table(self.org, call.user, name)
        fields = read_object(call.request)
        _refuse_id(fields)
        row = self._there(table, crm_id)
        with self.org.lock:
            self._check_unmodified(call.request, table, row)
            self.save(table, row, fields, writer=Writer(call.user))
        return Response(204)

    def save(self, table: Table, row: int, body: Mapping[str, Any], *, writer: Writer) -> None:
        """Checks and saves an update of one record."""
        parsed = parse_fields(self.org, table, _without_attributes(body), writer=writer)
        if not table.schema.can_update or (writer.limited and not self.org.rights.can(writer.user, table.name, "edit")):
            raise no_access("insufficient access rights on object id")
        with self.org.lock:
            if table.records.deleted(row) <= self.org.clock.now():
                raise deleted()
            values = accept(self.org, table, parsed, writer=writer)
            self.saves.update(table, row, values, who=writer.user)

    def make(self, call: ApiCall, *, name: str) -> Response:
        """POST sobjects/X."""
        only(call.request)
        table = visible_table(self.org, call.user, name)
        crm_id = self.create(table, read_object(call.request), writer=Writer(call.user))
        return Response(201, {"id": crm_id, "success": True, "errors": []})

    def create(self, table: Table, body: Mapping[str, Any], *, writer: Writer) -> str:
        """Checks and makes one record."""
        _refuse_id(body)
        parsed = parse_fields(self.org, table, _without_attributes(body), writer=writer)
        if not table.schema.writable or (writer.limited and not self.org.rights.can(writer.user, table.name, "create")):
            raise Refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be inserted: {table.name}")
        with self.org.lock:
            values = accept(self.org, table, parsed, writer=writer, creating=True)
            check_setup(self.org, table, values)
            return self.saves.create(table, values, who=writer.user)

    def remove(self, call: ApiCall, *, name: str, crm_id: str) -> Response:
        """DELETE sobjects/X/ID: into the recycle bin."""
        only(call.request)
        table = visible_table(self.org, call.user, name)
        row = self._there(table, crm_id)
        if not (table.schema.can_delete and self.org.rights.can(call.user, table.name, "delete")):
            raise no_access("insufficient access rights on object id")
        if table.records.deleted(row) <= self.org.clock.now():
            raise deleted()
        self.saves.delete(table, row, who=call.user)
        return Response(204)

    def _there(self, table: Table, crm_id: str) -> int:
        """The row of a record that exists, in the recycle bin or not."""
        if not well_formed(crm_id):
            raise not_found(f"Provided external ID field does not exist or is not accessible: {crm_id}")
        row = table.row(crm_id, self.org.clock.now())
        if row is None:
            raise not_found("Provided external ID field does not exist or is not accessible")
        return row

    def _check_unmodified(self, request: Request, table: Table, row: int) -> None:
        since = request.headers.get("if-unmodified-since")
        if since is None:
            return
        try:
            limit = int(parsedate_to_datetime(since).timestamp())
        except ValueError:
            raise Refused("INVALID_HEADER", f"If-Unmodified-Since: {since}") from None
        if table.records.stamp(row, self.org.clock.now()) // SECOND > limit:
            raise Refused("PRECONDITION_FAILED", "The record has been modified since the given date", status=412)


def _without_attributes(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "attributes"}


def _refuse_id(body: Mapping[str, Any]) -> None:
    if named := [name for name in body if name.lower() == "id"]:
        raise Refused(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "cannot specify Id in an insert call" if named[0] == "Id" else "cannot specify id in this call",
            fields=["Id"],
        )


def row_of(table: Table, crm_id: object, now: int) -> int:
    """The row that an id in a body names. Raises MALFORMED_ID, or what is said of a record that isn't there or is deleted."""
    if not isinstance(crm_id, str) or not well_formed(crm_id) or not crm_id.startswith(table.schema.prefix):
        raise malformed_id(f"{table.name} ID", crm_id)
    row = table.row(crm_id, now)
    if row is None:
        raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    return row
