"""What holds for the whole portal: its details, owners and custom object types."""

from typing import Any

from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.hubspot.errors import Refused, no_record
from crmsync.sandbox.hubspot.moments import instant_text
from crmsync.sandbox.hubspot.portal import Portal
from crmsync.sandbox.hubspot.schema import ObjectType
from crmsync.sandbox.hubspot.wire import flag, whole

Json = dict[str, Any]


class Account:
    """The handlers of what is read whole."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self._made = instant_text(portal.past.world.start_at)

    def details(self, _request: Request) -> Response:
        """GET account-info/details."""
        currencies = [code for code in self.portal.past.world.currencies if code != self.portal.past.home_currency]
        offset = self.portal.past.zone.utcoffset(None)
        return Response(
            body={
                "portalId": self.portal.portal_id,
                "accountType": "STANDARD",
                "timeZone": self.portal.time_zone,
                "companyCurrency": self.portal.past.home_currency,
                "additionalCurrencies": currencies,
                "utcOffsetMilliseconds": int(offset.total_seconds() * 1000) if offset else 0,
                "uiDomain": "app.hubspot.com",
                "dataHostingLocation": "na1",
            }
        )

    def owners(self, request: Request) -> Response:
        """GET owners: those who are active, or those who left."""
        self.portal.scopes.require(["crm.objects.owners.read"])
        archived = flag(request, "archived")
        email = request.query.get("email", [""])[-1]
        after, limit = whole(request, "after", 0), whole(request, "limit", 100)
        found = [
            owner
            for owner in self.portal.owners
            if owner["archived"] is archived and (not email or owner["email"] == email)
        ]
        left = [owner for owner in found if int(owner["id"]) > after]
        more = {"paging": {"next": {"after": left[limit - 1]["id"]}}} if len(left) > limit else {}
        return Response(body={"results": left[:limit], **more})

    def owner(self, request: Request, *, crm_id: str) -> Response:
        """GET owners/ID, by the owner's id or, with idProperty=userId, by the user's."""
        self.portal.scopes.require(["crm.objects.owners.read"])
        key = "userIdIncludingInactive" if request.query.get("idProperty", ["id"])[-1] == "userId" else "id"
        for owner in self.portal.owners:
            if str(owner[key]) == crm_id and owner["archived"] is flag(request, "archived"):
                return Response(body=owner)
        raise no_record(crm_id)

    def schemas(self, request: Request) -> Response:
        """GET crm-object-schemas/schemas: the custom object types."""
        self.portal.scopes.require(["crm.schemas.custom.read"])
        shown = [] if flag(request, "archived") else [self._schema(each) for each in self.portal.custom()]
        return Response(body={"results": shown})

    def schema(self, _request: Request, *, kind: str) -> Response:
        """GET crm-object-schemas/schemas/TYPE."""
        self.portal.scopes.require(["crm.schemas.custom.read"])
        found = self.portal.kind(kind).schema
        if not found.full_name:
            raise Refused("OBJECT_NOT_FOUND", f"Unable to infer object type from: {kind}", status=404)
        return Response(body=self._schema(found))

    def _schema(self, found: ObjectType) -> Json:
        label = found.name.replace("_", " ").capitalize()
        return {
            "id": found.type_id.removeprefix("2-"),
            "objectTypeId": found.type_id,
            "fullyQualifiedName": found.full_name,
            "name": found.name,
            "labels": {"singular": label, "plural": f"{label}s"},
            "primaryDisplayProperty": found.primary,
            "secondaryDisplayProperties": [],
            "requiredProperties": [found.primary],
            "searchableProperties": [found.primary],
            "properties": [prop.show() for prop in found.properties.values()],
            "associations": [],
            "archived": False,
            "createdAt": self._made,
            "updatedAt": self._made,
        }
