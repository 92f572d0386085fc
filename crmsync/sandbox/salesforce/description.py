"""What there is: resources, objects, fields."""

from typing import Any

from crmsync.sandbox.http import Response
from crmsync.sandbox.salesforce.errors import not_found
from crmsync.sandbox.salesforce.org import Org
from crmsync.sandbox.salesforce.schema import SObject
from crmsync.sandbox.salesforce.table import Table
from crmsync.sandbox.salesforce.wire import ApiCall, only


def visible_table(org: Org, user: str, name: str) -> Table:
    """An object named in an address, in its exact case. Raises 404."""
    table = org.tables.get(name)
    if table is None or not org.rights.can(user, name, "read"):
        raise not_found()
    return table


class Description:
    """The handlers of describe and of the lists above it."""

    def __init__(self, org: Org) -> None:
        self.org = org

    def resources(self, call: ApiCall) -> Response:
        """GET /services/data/vNN.0: what there is below."""
        only(call.request)
        base = f"/services/data/v{call.version}"
        names = ("sobjects", "query", "queryAll", "limits", "tooling", "composite")
        identity = f"https://{call.request.headers.get('host', '')}/id/{self.org.org_id}/{call.user}"
        return Response(body={**{name: f"{base}/{name}" for name in names}, "identity": identity})

    def sobjects(self, call: ApiCall) -> Response:
        """GET sobjects: every object that the user may read."""
        only(call.request)
        listed = [
            table.schema.summary(call.version, rights=self._rights(call.user, table.name))
            for table in self.org.tables.values()
            if self.org.rights.can(call.user, table.name, "read")
        ]
        return Response(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})

    def basic(self, call: ApiCall, *, name: str) -> Response:
        """GET sobjects/X: the object, without its fields."""
        only(call.request)
        table = visible_table(self.org, call.user, name)
        summary = table.schema.summary(call.version, rights=self._rights(call.user, table.name))
        return Response(body={"objectDescribe": summary, "recentItems": []})

    def describe(self, call: ApiCall, *, name: str) -> Response:
        """GET sobjects/X/describe: the object with the fields that the user sees."""
        only(call.request)
        table = visible_table(self.org, call.user, name)
        schema, rights = table.schema, self.org.rights
        fields = [
            each.describe(
                editable=schema.can_update and rights.editable(call.user, schema.name, each),
                values=self.org.picklist(schema.name, each.name),
            )
            for each in self.org.reader(call.user).fields(table)
        ]
        more = {"fields": fields, "childRelationships": _children(schema), "recordTypeInfos": [_MASTER]}
        return Response(body={**schema.summary(call.version, rights=self._rights(call.user, schema.name)), **more})

    def _rights(self, user: str, entity: str) -> dict[str, bool]:
        return {action: self.org.rights.can(user, entity, action) for action in ("create", "edit", "delete")}


_MASTER = {
    "active": True,
    "available": True,
    "defaultRecordTypeMapping": True,
    "developerName": "Master",
    "master": True,
    "name": "Master",
    "recordTypeId": "012000000000000AAA",
    "urls": {},
}


def _children(schema: SObject) -> list[dict[str, Any]]:
    return [
        {
            "childSObject": entity,
            "field": reference,
            "relationshipName": name,
            "cascadeDelete": schema.name == "Opportunity",
        }
        for name, (entity, reference) in schema.children.items()
    ]
