"""Associations over the API (version 4 and dated): read in batches or of one record, made, and taken away."""

from typing import Any

from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.hubspot.display import API_WRITER
from crmsync.sandbox.hubspot.errors import Refused
from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.hubspot.linking import Linking
from crmsync.sandbox.hubspot.links import Links
from crmsync.sandbox.hubspot.reads import Reads, batch_answer
from crmsync.sandbox.hubspot.wire import ids_of, read_inputs, read_object, whole

INPUTS, PAGE = 1_000, 500
Json = dict[str, Any]


class Associations:
    """The handlers of associations."""

    def __init__(self, reads: Reads) -> None:
        self.reads, self.portal = reads, reads.portal
        self.linking = Linking(reads.portal)

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
        left = [link for link in linked if not after.isdigit() or link.row + other.first > int(after)]
        shown = [
            {
                "toObjectId": link.row + other.first,
                "associationTypes": links.types(link, end=end, primary=self._is_primary(links, row, link.row, end)),
            }
            for link in left[:limit]
        ]
        more = {"paging": {"next": {"after": str(shown[-1]["toObjectId"])}}} if len(left) > limit else {}
        return {"to": shown, **more}

    def _is_primary(self, links: Links, row: int, other: int, end: int) -> bool:
        """Whether an association is the first of its record at the first end: a deal's first company is its primary one."""
        if links.kind.primary is None:
            return False
        first, second = (other, row) if end else (row, other)
        kinds = self.portal.kinds
        linked = self.portal.linked(kinds[links.kind.first], first, kinds[links.kind.second], self.portal.clock.now())
        return linked[0].row == second

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
                label = self.linking.label(first, second, told.get("types") or [])
                for other in others:
                    self.linking.change(first, ids[0], second, other, cut=cut, label=label, who=API_WRITER)
                    made.append(
                        {"fromObjectId": int(ids[0]), "toObjectId": int(other), "labels": [label] if label else []}
                    )
        if cut:
            return Response(204)
        return batch_answer(made, [], now=self.portal.clock.now(), status=201)


def _none_found(kind: Kind, crm_id: str, other: Kind) -> Json:
    message = f"No {other.schema.single} is associated with {kind.schema.single} {crm_id}."
    told = Refused("OBJECT_NOT_FOUND", message)
    context = {
        "fromObjectId": [crm_id],
        "fromObjectType": [kind.schema.type_id],
        "toObjectType": [other.schema.type_id],
    }
    return {**told.row([]), "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND", "context": context}
