"""The permission set that lets the integration user, and whoever else is given it, see and write the target fields.

A field that is made over the API is seen by nobody, its maker included, until a permission set grants it.
"""

from collections.abc import Iterable, Iterator, Sequence

from crmsync.crms.salesforce.client import Client, Json
from crmsync.crms.salesforce.org import DEAL
from crmsync.crms.salesforce.refusals import Refused
from crmsync.crms.salesforce.values import quoted, soql
from crmsync.errors import BadConfig

SET_NAME = "crmsync"
DUPLICATES = ("DUPLICATE_DEVELOPER_NAME", "DUPLICATE_VALUE")
RIGHTS = {"PermissionsRead": True, "PermissionsEdit": True}


def api_name(target: str) -> str:
    """A field's name as rights are given to it."""
    return f"{DEAL}.{target}"


class Permissions:
    """Who may see and write our fields."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def readers(self, targets: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """By field, the permission sets and profiles that may read it; nothing where the user may not look into the set-up."""
        if not targets:
            return {}
        names = ", ".join(quoted(api_name(target)) for target in targets)
        found: dict[str, list[str]] = {}
        try:
            where = f"PermissionsRead = true AND Field IN ({names})"
            for row in self.client.records(soql(["Field", "Parent.Label"], "FieldPermissions", where=where)):
                found.setdefault(row["Field"].partition(".")[2], []).append(row["Parent"]["Label"])
        except BadConfig as error:
            if error.code != "E203":
                raise
            return {}
        return {target: tuple(sorted(labels)) for target, labels in found.items()}

    def grant(self, targets: Sequence[str]) -> Iterator[str]:
        """Grants the fields in a set of our own and gives that to the integration user; one line for each thing done."""
        label = {"Name": SET_NAME, "Label": SET_NAME, "Description": "Sees and writes the fields of crmsync"}
        if self._make("PermissionSet", label):
            yield f"permission set {SET_NAME}: made"
        set_id = self._first("PermissionSet", f"Name = {quoted(SET_NAME)}")
        for target in targets:
            if self._give(set_id, target):
                yield f"permission set {SET_NAME}: may read and edit {api_name(target)}"
        assignment = {"AssigneeId": self.client.door.identity().user, "PermissionSetId": set_id}
        if self._make("PermissionSetAssignment", assignment):
            yield f"permission set {SET_NAME}: given to the integration user"

    def _give(self, set_id: str, target: str) -> bool:
        right = {"ParentId": set_id, "SobjectType": DEAL, "Field": api_name(target), **RIGHTS}
        if self._make("FieldPermissions", right):
            return True
        where = f"ParentId = {quoted(set_id)} AND Field = {quoted(api_name(target))}"
        poor = self._first("FieldPermissions", f"{where} AND PermissionsEdit = false")
        if poor:
            self.client.write(f"sobjects/FieldPermissions/{poor}", RIGHTS)
        return bool(poor)

    def _make(self, entity: str, record: Json) -> bool:
        """Makes a record; False if it was there."""
        try:
            self.client.ask(f"sobjects/{entity}", record)
        except Refused as refused:
            if refused.code in DUPLICATES:
                return False
            raise
        return True

    def _first(self, entity: str, where: str) -> str:
        """The id of a record that a condition holds for, "" if there is none."""
        rows: Iterable[Json] = self.client.records(soql(["Id"], entity, where=where))
        return next((str(row["Id"]) for row in rows), "")
