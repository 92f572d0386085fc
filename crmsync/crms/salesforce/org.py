"""What holds for the whole org: its currency and stages, its objects and their fields. Asked once."""

from collections.abc import Iterable
from threading import RLock

from crmsync.crms.salesforce.client import Client, Json
from crmsync.crms.salesforce.values import soql
from crmsync.errors import BadConfig
from crmsync.once import alone, forget, once
from crmsync.records import StageRecord

DEAL, TASK, EVENT, EMAIL = "Opportunity", "Task", "Event", "EmailMessage"
STAGE, USER, CONTACT, CONTACT_ROLE = "OpportunityStage", "User", "Contact", "OpportunityContactRole"
CURRENCY = "CurrencyIsoCode"
PIPELINE = ""  # an org has one list of stages; sales processes only choose among them


class Org:
    """The org that a login belongs to."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.locks: dict[str, RLock] = {}
        self._described: dict[str, Json] = {}

    @property
    def currency(self) -> str:
        """The org's own currency, "" where it doesn't tell: that of every deal where only one is in use."""
        return str(self._organization.get("DefaultCurrencyIsoCode") or "")

    @property
    def place(self) -> str:
        """ "sandbox" or "production", "" where it doesn't tell."""
        told = self._organization.get("IsSandbox")
        return "" if told is None else "sandbox" if told else "production"

    @once
    def _organization(self) -> Json:
        return next(iter(self.client.records(soql(["FIELDS(STANDARD)"], "Organization"))), {})

    @once
    def stages(self) -> dict[str, StageRecord]:
        """The stages by API name, retired ones included: old deals still hold them."""
        fields = ("ApiName", "MasterLabel", "SortOrder", "IsClosed", "IsWon", "DefaultProbability")
        rows = self.client.records(soql(fields, STAGE, tail="ORDER BY SortOrder"))
        return {str(row["ApiName"]): _stage(row) for row in rows}

    def reread_stages(self) -> list[StageRecord]:
        """The stages as they are now."""
        forget(self, "stages")
        return list(self.stages.values())

    def describe(self, entity: str, *, key: str = "") -> Json:
        """An object as Salesforce describes it to our user. Raises BadConfig when there is none."""
        with alone(self, entity):
            return self._describe(entity, key=key)

    def _describe(self, entity: str, *, key: str) -> Json:
        if entity not in self._described:
            try:
                self._described[entity] = self.client.get(f"sobjects/{entity}/describe") or {}
            except BadConfig as error:
                if error.code != "E203" or not key:
                    raise
                what = f"Salesforce has no object {entity!r}, or the integration user may not see it"
                remedy = f"correct {key}, or give the user the right to read it"
                raise BadConfig("E203", what, where=self.client.config.where(key), remedy=remedy) from None
        return self._described[entity]

    def fields(self, entity: str, *, key: str = "") -> dict[str, Json]:
        """The fields of an object that our user sees, by name."""
        return {field["name"]: field for field in self.describe(entity, key=key).get("fields") or ()}

    def several_currencies(self) -> bool:
        """Whether each deal has a currency of its own."""
        return CURRENCY in self.fields(DEAL)

    def forget(self) -> None:
        """Fields or rights have just been made."""
        self._described.clear()

    def require(self, entity: str, names: Iterable[str], *, key: str, remedy: str = "") -> None:
        """Raises BadConfig for a configured field that isn't there, or that our user isn't shown: the two look the same."""
        known = self.fields(entity, key=key)
        for name in names:
            if name not in known:
                what = f"Salesforce has no field {name!r} on {entity}, or the integration user may not see it"
                where = self.client.config.where(key)
                remedy = remedy or f"correct {key}, or grant the field in a permission set"
                raise BadConfig("E203", what, where=where, remedy=remedy)

    def child(self, entity: str, child: str, *, key: str) -> tuple[str, str]:
        """The relationship from an object to the children of another, such as its history, and the child's field behind it.

        Raises BadConfig when there is none.
        """
        listed = self.describe(entity, key=key).get("childRelationships") or ()
        for one in listed:
            if one.get("childSObject") == child and one.get("relationshipName"):
                return str(one["relationshipName"]), str(one.get("field") or "ParentId")
        what = f"{entity} has no history {child!r}, or the integration user may not see it"
        remedy = "switch field history tracking on for it, or leave the key out"
        raise BadConfig("E203", what, where=self.client.config.where(key), remedy=remedy)


def _stage(row: Json) -> StageRecord:
    percent = float(row.get("DefaultProbability") or 0)
    return StageRecord(
        pipeline=PIPELINE,
        crm_id=str(row["ApiName"]),
        label=str(row.get("MasterLabel") or row["ApiName"]),
        position=int(row.get("SortOrder") or 0),
        closed=bool(row["IsClosed"]),
        won=bool(row["IsWon"]),
        probability=percent / 100 if 0 <= percent <= 100 else 0.0,  # NaN isn't
    )
