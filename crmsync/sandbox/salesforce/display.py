"""Shows records as JSON: their own fields, their parents and their children, as a query selected them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from crmsync.sandbox.columns import UNKNOWN, Ints
from crmsync.sandbox.salesforce.errors import malformed_query
from crmsync.sandbox.salesforce.reader import Step
from crmsync.sandbox.salesforce.schema import Field
from crmsync.sandbox.salesforce.syntax import Query
from crmsync.sandbox.salesforce.table import Table

if TYPE_CHECKING:
    from crmsync.sandbox.salesforce.query import Planner

Record = dict[str, Any]


@dataclass(slots=True)
class Child:
    """A subquery for the children of each record."""

    parent: Table
    table: Table
    reference: Field
    shape: "Shape"
    query: Query


@dataclass(slots=True)
class Shape:
    """What to show of a record: its own fields, its parents and its children, in the order of the query."""

    table: Table
    fields: dict[str, None] = field(default_factory=dict)
    parents: dict[str, tuple[Step, "Shape"]] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    order: dict[str, None] = field(default_factory=dict)


class Display:
    """Shows the rows of a planner's queries. `root` is the address that records are below."""

    def __init__(self, planner: "Planner", root: str) -> None:
        self.planner, self.root = planner, root

    def show(self, shape: Shape, rows: Ints) -> list[Record]:
        """Records as JSON, one for each row."""
        table = shape.table
        columns: dict[str, list[Any]] = dict(table.columns(list(shape.fields), rows, self.planner.reader.now))
        for name, (step, inner) in shape.parents.items():
            columns[name] = self._show_parents(table, step, inner, rows)
        for name, child in shape.children.items():
            columns[name] = self._show_children(child, rows)
        address = f"{self.root}/sobjects/{table.name}/"
        ids = columns.get("Id") or table.column("Id", rows, self.planner.reader.now)
        attributes = [{"type": table.name, "url": f"{address}{crm_id}"} for crm_id in ids]
        names = ["attributes", *shape.order]
        ordered = [attributes, *(columns[name] for name in shape.order)]
        return [dict(zip(names, values, strict=True)) for values in zip(*ordered, strict=True)]

    def _show_parents(self, table: Table, step: Step, inner: Shape, rows: Ints) -> list[Record | None]:
        found: list[Record | None] = [None] * len(rows)
        for target in step.targets:
            parents = self.planner.reader.parent_rows(table, step.reference, target, rows)
            places = np.flatnonzero(parents != UNKNOWN)
            distinct, inverse = np.unique(parents[places], return_inverse=True)
            shown = self.show(inner, distinct) if len(step.targets) == 1 else self._show_names(target, inner, distinct)
            for place, number in zip(places.tolist(), inverse.tolist(), strict=True):
                found[place] = shown[number]
        return found

    def _show_names(self, target: Table, inner: Shape, rows: Ints) -> list[Record]:
        """Parents by a reference that may name different objects: shown as the object Name."""
        columns = target.columns(["Id", "Name"], rows, self.planner.reader.now)
        address = f"{self.root}/sobjects/{target.name}/"
        made = []
        for crm_id, name in zip(columns["Id"], columns["Name"], strict=True):
            values = {"Id": crm_id, "Name": name, "Type": target.name}
            attributes = {"type": "Name", "url": f"{address}{crm_id}"}
            made.append({"attributes": attributes, **{field: values[field] for field in inner.order}})
        return made

    def _show_children(self, child: Child, rows: Ints) -> list[Record | None]:
        """For each row its children as a query result of their own, None where there are none."""
        everything = child.table.rows(self.planner.reader.now, deleted=self.planner.reader.deleted)
        parents = self.planner.reader.parent_rows(child.table, child.reference, child.parent, everything)
        mine = np.isin(parents, rows)
        free = Query(child.query.selected, child.query.entity, where=child.query.where, order=child.query.order)
        found = self.planner.rows(free, child.table, everything[mine])
        of = self.planner.reader.parent_rows(child.table, child.reference, child.parent, found)
        shown: dict[int, list[Record]] = {}
        for parent, record in zip(of.tolist(), self.show(child.shape, found), strict=True):
            shown.setdefault(parent, []).append(record)
        start = child.query.offset
        end = None if child.query.limit is None else start + child.query.limit
        return [_child_result(shown.get(row, [])[start:end]) for row in rows.tolist()]


def _child_result(records: list[Record]) -> Record | None:
    return {"totalSize": len(records), "done": True, "records": records} if records else None


def add_field(shape: Shape, steps: tuple[Step, ...], name: str) -> None:
    """Puts a field into a shape, making the parents on the way to it."""
    if not steps:
        if name in shape.fields:
            raise malformed_query(f"duplicate field selected: {name}")
        shape.fields[name] = None
        shape.order[name] = None
        return
    step = steps[0]
    relationship = step.reference.relationship or step.reference.name
    if relationship not in shape.parents:
        shape.parents[relationship] = (step, Shape(step.targets[0]))
        shape.order[relationship] = None
    add_field(shape.parents[relationship][1], steps[1:], name)
