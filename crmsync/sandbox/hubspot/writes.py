"""Writing records over the API: one at a time, in batches, and merges."""

from typing import Any

import numpy as np

from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.hubspot.display import API_WRITER, Shape
from crmsync.sandbox.hubspot.errors import invalid, missing_object, no_record
from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.hubspot.linking import Linking
from crmsync.sandbox.hubspot.merges import merge
from crmsync.sandbox.hubspot.reads import Reads, batch_answer, scatter
from crmsync.sandbox.hubspot.saves import Saves, must
from crmsync.sandbox.hubspot.values import accept
from crmsync.sandbox.hubspot.wire import ids_of, read_inputs, read_object

INPUTS = 100


class Writes:
    """The handlers of changes."""

    def __init__(self, reads: Reads, linking: Linking) -> None:
        self.reads, self.portal, self.linking = reads, reads.portal, linking
        self.saves = Saves(reads.portal)
        self.owners = frozenset(str(owner["id"]) for owner in reads.portal.owners)

    def writable(self, name: str) -> Kind:
        """An object type that the token may write."""
        kind = self.portal.kind(name)
        self.portal.scopes.require([f"{kind.schema.scope}.write"])
        return kind

    def update(self, request: Request, *, kind: str, crm_id: str) -> Response:
        """PATCH objects/TYPE/ID."""
        found = self.writable(kind)
        with self.portal.lock:
            values = accept(found, read_object(request).get("properties"), owners=self.owners)
            row = must(self.saves.target(found, crm_id), no_record(crm_id))
            completed = self.saves.completed(found, row, values)
            self.saves.update(found, row, completed, who=API_WRITER)
        return Response(body=self._shown(found, [row], list(values))[0])

    def create(self, request: Request, *, kind: str) -> Response:
        """POST objects/TYPE."""
        found = self.writable(kind)
        row = self._create(found, read_object(request))
        return Response(201, self._shown(found, [row], list(found.schema.properties))[0])

    def _create(self, kind: Kind, body: dict[str, Any]) -> int:
        with self.portal.lock:
            values = accept(kind, body.get("properties") or {}, owners=self.owners)
            completed = self.saves.completed(kind, None, values)
            ends = self.linking.read_ends(kind, body.get("associations") or [])
            row = self.saves.create(kind, completed, who=API_WRITER)
            for end in ends:
                self.linking.make(end, row, who=API_WRITER)
            return row

    def archive(self, _request: Request, *, kind: str, crm_id: str) -> Response:
        """DELETE objects/TYPE/ID: 204 also for a record that isn't there."""
        return self._archived(kind, [crm_id])

    def batch_archive(self, request: Request, *, kind: str) -> Response:
        """POST objects/TYPE/batch/archive."""
        return self._archived(kind, ids_of(read_inputs(read_object(request), INPUTS)))

    def _archived(self, name: str, ids: list[str]) -> Response:
        kind = self.writable(name)
        with self.portal.lock:
            for crm_id in ids:
                row = self.saves.target(kind, crm_id)
                if row is not None:
                    self.saves.archive(kind, row, who=API_WRITER)
        return Response(204)

    def batch_update(self, request: Request, *, kind: str) -> Response:
        """POST objects/TYPE/batch/update. A bad value fails all of it, a missing id only itself."""
        found = self.writable(kind)
        inputs = read_inputs(read_object(request), INPUTS)
        ids = _distinct_ids(inputs)
        with self.portal.lock:
            accepted = [accept(found, each.get("properties"), owners=self.owners) for each in inputs]
            rows = [self.saves.target(found, crm_id) for crm_id in ids]
            planned = [
                (row, self.saves.completed(found, row, values))
                for row, values in zip(rows, accepted, strict=True)
                if row is not None
            ]
            for row, completed in planned:
                self.saves.update(found, row, completed, who=API_WRITER)
        missing = [crm_id for crm_id, row in zip(ids, rows, strict=True) if row is None]
        errors = [missing_object(found.schema.single.upper()).row(missing)] if missing else []
        names = list(dict.fromkeys(name for values in accepted for name in values))
        shuffled = sorted({row for row, _ in planned}, key=scatter)
        return batch_answer(self._shown(found, shuffled, names), errors, now=self.portal.clock.now())

    def batch_create(self, request: Request, *, kind: str) -> Response:
        """POST objects/TYPE/batch/create. Nothing is made when one of them is wrong."""
        found = self.writable(kind)
        inputs = read_inputs(read_object(request), INPUTS)
        with self.portal.lock:
            for each in inputs:
                self.saves.completed(found, None, accept(found, each.get("properties") or {}, owners=self.owners))
                self.linking.read_ends(found, each.get("associations") or [])
            rows = [self._create(found, each) for each in inputs]
        names = list(dict.fromkeys(name for each in inputs for name in each.get("properties") or {}))
        return batch_answer(self._shown(found, rows, names), [], now=self.portal.clock.now(), status=201)

    def merge(self, request: Request, *, kind: str) -> Response:
        """POST objects/TYPE/merge."""
        found = self.writable(kind)
        body = read_object(request)
        with self.portal.lock:
            ids = [str(body.get(key) or "") for key in ("primaryObjectId", "objectIdToMerge")]
            primary, other = (must(self.saves.target(found, crm_id), no_record(crm_id)) for crm_id in ids)
            row = merge(self.portal, found, primary, other, who=API_WRITER)
        return Response(body=self._shown(found, [row], list(found.schema.properties))[0])

    def _shown(self, kind: Kind, rows: list[int], names: list[str]) -> list[dict[str, Any]]:
        shape = Shape(names)
        return self.reads.display.show(kind, np.array(rows, dtype=np.int64), self.portal.clock.now(), shape)


def _distinct_ids(inputs: list[dict[str, Any]]) -> list[str]:
    """The ids of a batch of updates. Raises 400 for one that comes twice, and for ids that aren't record ids."""
    ids = ids_of(inputs)
    if len(set(ids)) < len(ids):
        twice = sorted({crm_id for crm_id in ids if ids.count(crm_id) > 1})
        raise invalid(f"Duplicate IDs found in batch input: {twice}. IDs must be unique")
    if any(each.get("idProperty") for each in inputs):
        raise invalid("idProperty names a non-unique property")
    return ids
