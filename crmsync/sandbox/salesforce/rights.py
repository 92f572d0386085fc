"""Who may see and change what: the profile that all API users share, and what permission sets add to it."""

import threading
from collections.abc import Iterable

from crmsync.sandbox.salesforce.schema import Field
from crmsync.sandbox.salesforce.table import Table

ACTIONS = ("read", "create", "edit", "delete")


class Rights:
    """The profile gives everything but fields that were made over the API; `take` and `give` change it for tests.

    Permission sets are records, so that what a client sets up over the API counts from the next request on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: set[tuple[str, str]] = set()  # (object or object.field, action)
        self._tables: dict[str, Table] = {}
        self._granted: tuple[tuple[int, ...], dict[str, set[tuple[str, str]]]] | None = None

    def watch(self, tables: dict[str, Table]) -> None:
        """Names the tables that hold permission sets."""
        names = ("PermissionSet", "FieldPermissions", "ObjectPermissions", "PermissionSetAssignment")
        self._tables = {name: tables[name] for name in names}

    def take(self, name: str, actions: Iterable[str] = ACTIONS) -> None:
        """Takes rights away from the profile: to an object ("Task") or to a field ("Opportunity.Amount": read, edit)."""
        with self._lock:
            self._taken |= {(name, action) for action in actions}

    def give(self, name: str, actions: Iterable[str] = ACTIONS) -> None:
        """Gives back what was taken."""
        with self._lock:
            self._taken -= {(name, action) for action in actions}

    def can(self, user: str, entity: str, action: str) -> bool:
        """Whether a user may do something with an object's records."""
        return (entity, action) not in self._taken or (entity, action) in self._grants(user)

    def readable(self, user: str, entity: str, field: Field) -> bool:
        """Whether a user sees a field."""
        return self._field(user, entity, field, "read")

    def editable(self, user: str, entity: str, field: Field) -> bool:
        """Whether a user may write a field that can be written at all."""
        return self._field(user, entity, field, "edit") and self._field(user, entity, field, "read")

    def customizes(self) -> bool:
        """Whether API users may make fields ("Customize Application")."""
        return ("CustomField", "create") not in self._taken

    def _field(self, user: str, entity: str, field: Field, action: str) -> bool:
        name = f"{entity}.{field.name}"
        from_profile = field.granted and (name, action) not in self._taken
        return from_profile or (name, action) in self._grants(user)

    def _grants(self, user: str) -> set[tuple[str, str]]:
        """What permission sets give to a user."""
        key = tuple(table.records.version for table in self._tables.values())
        with self._lock:
            if self._granted is None or self._granted[0] != key:
                self._granted = (key, self._collect())
            return self._granted[1].get(user, set())

    def _collect(self) -> dict[str, set[tuple[str, str]]]:
        in_set: dict[str, set[tuple[str, str]]] = {}
        for row in _rows(self._tables["FieldPermissions"]):
            for action in ("read", "edit"):
                if row.get(f"Permissions{action.title()}"):
                    in_set.setdefault(str(row["ParentId"]), set()).add((str(row["Field"]), action))
        for row in _rows(self._tables["ObjectPermissions"]):
            for action in ACTIONS:
                if row.get(f"Permissions{action.title()}"):
                    in_set.setdefault(str(row["ParentId"]), set()).add((str(row["SobjectType"]), action))
        found: dict[str, set[tuple[str, str]]] = {}
        for row in _rows(self._tables["PermissionSetAssignment"]):
            found.setdefault(str(row["AssigneeId"]), set()).update(in_set.get(str(row["PermissionSetId"]), set()))
        return found


def _rows(table: Table) -> list[dict[str, object]]:
    """The records that are there now, each with its values."""
    always = 2**62  # rights don't wait for the clock
    rows = table.records.rows(always)
    return [dict(table.records.values(row, always)) for row in rows[~table.sweep.gone(rows, always)].tolist()]
