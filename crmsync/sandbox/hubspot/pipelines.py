"""The deal pipelines and their stages."""

from typing import Any

from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.hubspot.catalogue import DEALS
from crmsync.sandbox.hubspot.errors import no_record
from crmsync.sandbox.hubspot.moments import instant_text
from crmsync.sandbox.hubspot.past import Pipeline, StageRow
from crmsync.sandbox.hubspot.portal import Portal
from crmsync.sandbox.hubspot.wire import flag

Json = dict[str, Any]


class Pipelines:
    """The handlers of pipelines."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self._made = instant_text(portal.past.world.start_at)

    def listed(self, request: Request, *, kind: str) -> Response:
        """GET pipelines/TYPE. None is archived; only deals have any."""
        found = self._pipelines(kind)
        shown = [] if flag(request, "archived") else [self._show(place, each) for place, each in enumerate(found)]
        return Response(body={"results": shown})

    def one(self, _request: Request, *, kind: str, crm_id: str) -> Response:
        """GET pipelines/TYPE/ID."""
        return Response(body=self._one(kind, crm_id))

    def stages(self, _request: Request, *, kind: str, crm_id: str) -> Response:
        """GET pipelines/TYPE/ID/stages."""
        return Response(body={"results": self._one(kind, crm_id)["stages"]})

    def _pipelines(self, name: str) -> list[Pipeline]:
        kind = self.portal.kind(name)
        self.portal.scopes.require([f"{kind.schema.scope}.read"])
        return self.portal.past.pipelines if kind.name == DEALS else []

    def _one(self, kind: str, crm_id: str) -> Json:
        for place, pipeline in enumerate(self._pipelines(kind)):
            if pipeline.crm_id == crm_id:
                return self._show(place, pipeline)
        raise no_record(crm_id)

    def _show(self, place: int, pipeline: Pipeline) -> Json:
        return {
            "id": pipeline.crm_id,
            "label": pipeline.label,
            "displayOrder": place,
            "archived": False,
            "createdAt": self._made,
            "updatedAt": self._made,
            "stages": [self._show_stage(number, stage) for number, stage in enumerate(pipeline.stages)],
        }

    def _show_stage(self, place: int, stage: StageRow) -> Json:
        """A stage; its metadata are texts."""
        return {
            "id": stage.crm_id,
            "label": stage.label,
            "displayOrder": place,
            "metadata": {"isClosed": str(stage.closed).lower(), "probability": str(stage.probability)},
            "archived": False,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            "createdAt": self._made,
            "updatedAt": self._made,
        }
