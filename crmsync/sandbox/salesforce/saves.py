"""Saves: what the org does by itself besides storing the values that it was given."""

from collections.abc import Mapping

from crmsync.sandbox.records import Value
from crmsync.sandbox.salesforce.catalogue import TASK_DONE
from crmsync.sandbox.salesforce.deals import KEPT_IN_HISTORY
from crmsync.sandbox.salesforce.moments import day_of, day_text, instant_text
from crmsync.sandbox.salesforce.org import Org
from crmsync.sandbox.salesforce.plans import TRACKED
from crmsync.sandbox.salesforce.table import Table

_CASCADING = ("Opportunity", "Milestone__c", "PermissionSet")  # whose children go with them
_FOLLOWED = {  # fields whose change makes the org do something, and those that it looks at then
    "Opportunity": (*KEPT_IN_HISTORY, "ForecastCategoryName", "HasOpportunityLineItem"),
    "Milestone__c": TRACKED,
    "Task": ("Status",),
}
_STAGED = ("Probability", "ForecastCategoryName")  # what a stage brings with it
_SHOWN_IN_HISTORY = (*KEPT_IN_HISTORY, "ExpectedRevenue", "ForecastCategory", "CurrencyIsoCode")


class Saves:
    """Changes of valid values, one at a time. `who` is the id of the user who makes them."""

    def __init__(self, org: Org) -> None:
        self.org = org

    def update(self, table: Table, row: int, values: Mapping[str, Value], *, who: str) -> None:
        """Saves values of a record, with everything that the org adds in the same save."""
        with self.org.lock:
            now = self.org.clock.now()
            if not any(field in values for field in _FOLLOWED.get(table.name, ())):
                table.records.write(row, values, at=now, who=who)
                return
            before = table.values(row, now, _FOLLOWED[table.name])
            table.records.write(row, self._completed(table, before, values, now), at=now, who=who)
            self._keep_history(table, row, before, now, who)

    def create(self, table: Table, values: Mapping[str, Value], *, who: str) -> str:
        """Makes a record and gives its id."""
        with self.org.lock:
            now = self.org.clock.now()
            row = table.records.make(self._completed(table, {}, values, now), at=now, who=who)
            self._keep_history(table, row, {}, now, who)
            return table.records.make_id(row)

    def delete(self, table: Table, row: int, *, who: str) -> None:
        """Puts a record into the recycle bin, and its children with it."""
        with self.org.lock:
            now = self.org.clock.now()
            for child, child_row in self._children(table, row, now):
                if child.records.deleted(child_row) > now:
                    child.records.delete(child_row, at=now, who=who, logged=False)
            table.records.delete(row, at=now, who=who)

    def restore(self, table: Table, row: int, *, who: str) -> None:
        """Takes a record out of the recycle bin, and the children that went with it."""
        with self.org.lock:
            now, gone_at = self.org.clock.now(), table.records.deleted(row)
            for child, child_row in self._children(table, row, now):
                if child.records.deleted(child_row) == gone_at:
                    child.records.restore(child_row, at=now, who=who, logged=False)
            table.records.restore(row, at=now, who=who)

    def _children(self, table: Table, row: int, now: int) -> list[tuple[Table, int]]:
        if table.name not in _CASCADING:
            return []
        reader = self.org.reader("", now=now)
        found: list[tuple[Table, int]] = []
        for entity, reference in table.schema.children.values():
            child = self.org.tables[entity]
            rows = child.records.rows(now)
            parents = reader.parent_rows(child, child.schema.fields[reference], table, rows)
            for child_row in rows[parents == row].tolist():
                found.append((child, child_row))
                found.extend(self._children(child, child_row, now))
        return found

    def _completed(
        self, table: Table, before: Mapping[str, Value], values: Mapping[str, Value], now: int
    ) -> dict[str, Value]:
        """The values of a save with what the org adds to them or ignores."""
        if table.name == "Opportunity":
            return self._completed_deal(before, dict(values), now)
        if table.name == "Task" and values.get("Status") != before.get("Status"):
            done = values.get("Status") == TASK_DONE
            return {**values, "CompletedDateTime": instant_text(now) if done else None}
        return dict(values)

    def _completed_deal(self, before: Mapping[str, Value], values: dict[str, Value], now: int) -> dict[str, Value]:
        """A new stage brings its probability and category; winning pulls in a close date that lies in the future."""
        if before.get("HasOpportunityLineItem"):
            values.pop("Amount", None)  # silently: the products' sum counts
        stage = self.org.past.stage_by_name.get(str(values.get("StageName")))
        if stage is None:
            return values
        if stage.name == before.get("StageName"):
            return {"StageName": stage.name, **{field: before[field] for field in _STAGED}, **values}
        today = day_text(day_of(now))
        if stage.won and str(values.get("CloseDate", before.get("CloseDate"))) > today:
            values["CloseDate"] = today
        return {"StageName": stage.name, **values}

    def _keep_history(self, table: Table, row: int, before: Mapping[str, Value], now: int, who: str) -> None:
        """Rows of the history objects for what a save changed."""
        if table.name == "Opportunity":
            self._keep_deal_history(table, row, before, now, who)
        elif table.name == "Milestone__c":
            self._keep_milestone_history(table, row, before, now, who)

    def _keep_deal_history(self, table: Table, row: int, before: Mapping[str, Value], now: int, who: str) -> None:
        after = table.values(row, now, _SHOWN_IN_HISTORY)
        if all(before.get(field) == after[field] for field in KEPT_IN_HISTORY):
            return
        self.org.past.edited.add(row)
        previous = {"PrevAmount": before.get("Amount"), "PrevCloseDate": before.get("CloseDate")}
        values = {**after, **previous, "OpportunityId": table.records.make_id(row)}
        self.org.tables["OpportunityHistory"].records.make(values, at=now, who=who, logged=False)

    def _keep_milestone_history(self, table: Table, row: int, before: Mapping[str, Value], now: int, who: str) -> None:
        history = self.org.tables["Milestone__History"].records
        parent = {"ParentId": table.records.make_id(row)}
        if not before:
            history.make({**parent, "Field": "created", "DataType": "Text"}, at=now, who=who, logged=False)
            return
        after = table.values(row, now, TRACKED)
        for field in TRACKED:
            if before[field] != after[field]:
                kind = "Date" if table.schema.fields[field].type == "date" else "DateTime"
                values = {"Field": field, "DataType": kind, "OldValue": before[field], "NewValue": after[field]}
                history.make({**parent, **values}, at=now, who=who, logged=False)
