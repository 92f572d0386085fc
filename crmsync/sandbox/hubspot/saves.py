"""Changes of records: what the portal does by itself besides storing the values that it was given."""

from collections.abc import Mapping

from crmsync.sandbox.hubspot.catalogue import DEALS, MEETINGS, TASK_DONE, TASK_OPEN, TASKS
from crmsync.sandbox.hubspot.errors import Refused, invalid, invalid_property
from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.hubspot.moments import instant_text
from crmsync.sandbox.hubspot.past import StageRow
from crmsync.sandbox.hubspot.portal import Portal
from crmsync.sandbox.records import Value

_ENGAGEMENTS = ("tasks", "calls", "meetings", "emails")
_STAGED = ("pipeline", "dealstage")
STARTS = "hs_meeting_start_time"


class Saves:
    """Changes of accepted values. `who` is the id of the user who makes them."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        pipelines = portal.past.pipelines
        self._stages = {stage.crm_id: (p.crm_id, stage) for p in pipelines for stage in p.stages}
        self._opening = {
            p.crm_id: next((stage.crm_id for stage in p.stages if not stage.closed), p.stages[0].crm_id)
            for p in pipelines
        }

    def completed(self, kind: Kind, row: int | None, values: Mapping[str, str]) -> dict[str, str]:
        """The values of a save with what the portal adds; `row` None is a new record. Raises 400 for what doesn't go together."""
        now = self.portal.clock.now()
        if kind.name == DEALS:
            return self._completed_deal(kind, row, dict(values), now)
        if row is None and kind.name in _ENGAGEMENTS and not values.get("hs_timestamp"):
            raise invalid("Some required properties were not set.", context={"properties": ["hs_timestamp"]})
        if kind.name == TASKS and (row is None or "hs_task_status" in values):
            status = values.get("hs_task_status") or TASK_OPEN
            done = instant_text(now) if status == TASK_DONE else ""
            return {**values, "hs_task_status": status, "hs_task_completion_date": done}
        if kind.name == MEETINGS and "hs_timestamp" in values:
            return {STARTS: values["hs_timestamp"], **values}
        return dict(values)

    def _completed_deal(self, kind: Kind, row: int | None, values: dict[str, str], now: int) -> dict[str, str]:
        """Closing sets the close date and the forecast category, unless the same save names others."""
        before: dict[str, Value] = {} if row is None else kind.values(row, now, _STAGED)
        if row is None:
            values = self._new_deal(values)
        if not any(name in values for name in _STAGED):
            return values
        after = {**before, **values}
        pipeline, stage = self._stages.get(str(after["dealstage"]), ("", None))
        if stage is None or pipeline != after["pipeline"]:
            message = f"{after['dealstage']} is not a stage of the pipeline {after['pipeline']}"
            raise invalid_property("dealstage", "INVALID_OPTION", message)
        if stage.crm_id == before.get("dealstage"):
            return values
        return {**self._brought(stage, str(before.get("dealstage")), now), **values}

    def _new_deal(self, values: dict[str, str]) -> dict[str, str]:
        pipeline = values.get("pipeline") or next(iter(self._opening))
        defaults = {
            "pipeline": pipeline,
            "dealstage": self._opening[pipeline],
            "deal_currency_code": self.portal.past.home_currency,
        }
        return {**defaults, **values}

    def _brought(self, stage: StageRow, before: str, now: int) -> dict[str, str]:
        """What a new stage brings with it."""
        if stage.closed:
            category = "CLOSED" if stage.won else "OMIT"
            return {"closedate": instant_text(now), "hs_manual_forecast_category": category}
        was_closed = before in self._stages and self._stages[before][1].closed
        return {"hs_manual_forecast_category": "PIPELINE"} if was_closed or before == "None" else {}

    def update(self, kind: Kind, row: int, completed: Mapping[str, str], *, who: str) -> None:
        """Saves values of a record."""
        kind.records.write(row, completed, at=self.portal.clock.now(), who=who)

    def create(self, kind: Kind, completed: Mapping[str, str], *, who: str) -> int:
        """Makes a record and gives its row."""
        return kind.records.make(completed, at=self.portal.clock.now(), who=who)

    def archive(self, kind: Kind, row: int, *, who: str) -> None:
        """Archives a record; it can be restored. Its stamp stays as it is."""
        kind.records.delete(row, at=self.portal.clock.now(), who=who)

    def restore(self, kind: Kind, row: int, *, who: str) -> None:
        """Takes a record out of the archive."""
        kind.records.restore(row, at=self.portal.clock.now(), who=who)

    def target(self, kind: Kind, crm_id: str) -> int | None:
        """The row of a live record that an id leads to, None if there is none."""
        row = kind.row(crm_id, self.portal.clock.now())
        return row if row is not None and kind.is_live(row, self.portal.clock.now()) else None


def must(row: int | None, refused: Refused) -> int:
    """The row, or the error when there is none."""
    if row is None:
        raise refused
    return row
