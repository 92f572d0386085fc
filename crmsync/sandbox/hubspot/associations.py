"""Associations over the API (version 4 and dated): read in batches or of one record, made, and taken away."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.hubspot.display import API_WRITER
from crmsync.sandbox.hubspot.errors import Refused, invalid, no_record
from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.hubspot.links import Links
from crmsync.sandbox.hubspot.reads import Reads, batch_answer
from crmsync.sandbox.hubspot.wire import ids_of, read_inputs, read_object, whole
from crmsync.sandbox.records import Effect

INPUTS, PAGE = 1_000, 500
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class End:
    """The other end of an association that is to be made."""

    links: Links
    end: int  # which end the record that it is made from is
    kind: Kind  # the other record's type
    row: int
    label: str


class Associations:
    """The handlers of associations, and making them."""

    def __init__(self, reads: Reads) -> None:
        self.reads, self.portal = reads, reads.portal

    def batch_read(self, request: Request, *, kind: str, to: str) -> Response:
        """POST associations/FROM/TO/batch/read: 500 a record and page; a record without any is an error, not a result."""
        first, second = self.reads.readable(kind), self.reads.readable(to)
        inputs = read_inputs(read_object(request), INPUTS)
        now = self.portal.clock.now()
        results, errors = [], []
        for crm_id, told in zip(ids_of(inputs), inputs, strict=True):
            page = self._page(first, crm_id, second, after=str(told.get("after") or ""))
            if page["to"]:
                results.append({"from": {"id": crm_id}, **page})
            else:
                errors.append(_none_found(first, crm_id, second))
        return batch_answer(results, errors, now=now)

    def of_one(self, request: Request, *, kind: str, crm_id: str, to: str) -> Response:
        """GET objects/TYPE/ID/associations/TO."""
        first, second = self.reads.readable(kind), self.reads.readable(to)
        limit = min(whole(request, "limit", PAGE), PAGE)
        page = self._page(first, crm_id, second, after=request.query.get("after", [""])[-1], limit=limit)
        return Response(body={"results": page.pop("to"), **page})

    def _page(self, kind: Kind, crm_id: str, other: Kind, *, after: str, limit: int = PAGE) -> Json:
        """Some associations of a record; `after` is the id of the last one of the page before."""
        now = self.portal.clock.now()
        row = kind.row(crm_id, now)
        found = self.portal.links_between(kind, other)
        if found is None or row is None or not kind.is_live(row, now):
            return {"to": []}
        links, end = found
        linked = self.portal.linked(kind, row, other, now)
        first_row = linked[0].row if linked else -1  # a deal's first company is its primary one
        left = [link for link in linked if not after.isdigit() or link.row + other.first > int(after)]
        shown = [
            {
                "toObjectId": link.row + other.first,
                "associationTypes": links.types(link, end=end, primary=link.row == first_row or end == 1),
            }
            for link in left[:limit]
        ]
        more = {"paging": {"next": {"after": str(shown[-1]["toObjectId"])}}} if len(left) > limit else {}
        return {"to": shown, **more}

    def labels(self, _request: Request, *, kind: str, to: str) -> Response:
        """GET associations/FROM/TO/labels."""
        found = self.portal.links_between(self.reads.readable(kind), self.reads.readable(to))
        return Response(body={"results": found[0].all_types(end=found[1]) if found else []})

    def batch_create(self, request: Request, *, kind: str, to: str) -> Response:
        """POST associations/FROM/TO/batch/create."""
        return self._batch(request, kind, to, cut=False)

    def batch_archive(self, request: Request, *, kind: str, to: str) -> Response:
        """POST associations/FROM/TO/batch/archive."""
        return self._batch(request, kind, to, cut=True)

    def _batch(self, request: Request, kind: str, to: str, *, cut: bool) -> Response:
        first, second = self.reads.readable(kind), self.reads.readable(to)
        self.portal.scopes.require([f"{each.schema.scope}.write" for each in (first, second)])
        made = []
        with self.portal.lock:
            for told in read_inputs(read_object(request), INPUTS):
                ids = [str((told.get("from") or {}).get("id"))]
                listed = told.get("to") or []
                others = [str(each.get("id")) for each in (listed if isinstance(listed, list) else [listed])]
                label = self._label(first, second, told.get("types") or [])
                for other in others:
                    self.change(first, ids[0], second, other, cut=cut, label=label, who=API_WRITER)
                    made.append(
                        {"fromObjectId": int(ids[0]), "toObjectId": int(other), "labels": [label] if label else []}
                    )
        if cut:
            return Response(204)
        return batch_answer(made, [], now=self.portal.clock.now(), status=201)

    def change(
        self, kind: Kind, crm_id: str, other: Kind, other_id: str, *, who: str, cut: bool = False, label: str = ""
    ) -> None:
        """Associates two records, or takes their association away. Raises 400 or 404."""
        now = self.portal.clock.now()
        found = self.portal.links_between(kind, other)
        if found is None:
            raise invalid(f"{kind.name} and {other.name} can't be associated")
        row, other_row = _live_row(kind, crm_id, now), _live_row(other, other_id, now)
        end = End(*found, other, other_row, label)
        if not cut:
            self.make(end, row, who=who)
            return
        end.links.cut(*_pair(end, row), at=now)
        self._note(kind, crm_id, end, old=other_id, new=None, who=who)

    def make(self, end: End, row: int, *, who: str) -> None:
        """Associates a record with another one."""
        end.links.make(*_pair(end, row), at=self.portal.clock.now(), label=end.label)
        kind = self.portal.kinds[end.links.kind.second if end.end else end.links.kind.first]
        self._note(kind, kind.records.make_id(row), end, old=None, new=end.kind.records.make_id(end.row), who=who)

    def _note(self, kind: Kind, crm_id: str, end: End, *, old: str | None, new: str | None, who: str) -> None:
        effect = Effect(self.portal.clock.now(), "hubspot", kind.name, crm_id, f"-> {end.kind.name}", old, new, who)
        self.portal.effects.add(effect)

    def read_ends(self, kind: Kind, told: list[Any]) -> list[End]:
        """The `associations` of a new record. Raises 400 or 404."""
        ends = []
        for each in told:
            types = each.get("types") or [] if isinstance(each, Mapping) else []
            found = self._by_type(kind, types)
            if found is None:
                raise invalid("There was a problem with the request. The association type isn't there")
            links, end, other = found
            crm_id = str((each.get("to") or {}).get("id"))
            row = _live_row(other, crm_id, self.portal.clock.now())
            ends.append(End(links, end, other, row, self._label(kind, other, types)))
        return ends

    def _by_type(self, kind: Kind, types: list[Json]) -> tuple[Links, int, Kind] | None:
        wanted = {each.get("associationTypeId") for each in types}
        for links in self.portal.links:
            names = (links.kind.first, links.kind.second)
            if kind.name in names:
                end = names.index(kind.name)
                if wanted & {each["typeId"] for each in links.all_types(end=end)}:
                    return links, end, self.portal.kinds[names[1 - end]]
        return None

    def _label(self, kind: Kind, other: Kind, types: list[Json]) -> str:
        """The label that people made among some association types, "" if there is none."""
        found = self.portal.links_between(kind, other)
        if found is None:
            return ""
        known = {each["typeId"]: each for each in found[0].all_types(end=found[1])}
        for each in types:
            named = known.get(each.get("associationTypeId"), {})
            if named.get("category") == "USER_DEFINED" and named.get("label"):
                return str(named["label"])
        return ""


def _pair(end: End, row: int) -> tuple[int, int]:
    return (end.row, row) if end.end else (row, end.row)


def _live_row(kind: Kind, crm_id: str, now: int) -> int:
    row = kind.row(crm_id, now)
    if row is None or not kind.is_live(row, now):
        raise no_record(crm_id)
    return row


def _none_found(kind: Kind, crm_id: str, other: Kind) -> Json:
    message = f"No {other.schema.single} is associated with {kind.schema.single} {crm_id}."
    told = Refused("OBJECT_NOT_FOUND", message)
    context = {
        "fromObjectId": [crm_id],
        "fromObjectType": [kind.schema.type_id],
        "toObjectType": [other.schema.type_id],
    }
    return {**told.row([]), "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND", "context": context}
