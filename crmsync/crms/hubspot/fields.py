"""The deal properties that results go to: are they there, can they be written, and making those that are missing."""

from collections.abc import Iterator

from crmsync.config import CrmConfig
from crmsync.crms.hubspot.portal import DEALS, Portal
from crmsync.crms.hubspot.refusals import Json, Refused
from crmsync.crms.hubspot.settings import Settings
from crmsync.errors import BadConfig
from crmsync.records import RESULT_TYPES, FieldState, Result, ValueType

GROUP_LABEL = "crmsync forecast"
EVERYONE = "everyone who sees deals, unless the portal restricts the property"
LAYOUT = "to do by a person: show the properties to sellers in HubSpot under Settings > Objects > Deals > Record customization"
CONFLICT = 409

# what a result needs -> HubSpot's type, and the control that people see
TYPES: dict[ValueType, tuple[str, str]] = {
    ValueType.PERCENT: ("number", "number"),  # 0 to 100: HubSpot's own percent format would show 63.2 as 6,320 %
    ValueType.MONEY: ("number", "number"),
    ValueType.DATE: ("date", "date"),
    ValueType.TEXT: ("string", "text"),
    ValueType.INSTANT: ("datetime", "date"),
}
LABELS: dict[Result, str] = {
    Result.PROBABILITY: "Win probability (%)",
    Result.EXPECTED_AMOUNT: "Expected amount",
    Result.CLOSE_DATE: "Predicted close date",
    Result.CLOSE_DATE_P20: "Predicted close date, early",
    Result.CLOSE_DATE_P80: "Predicted close date, late",
    Result.WON_IN_PERIOD: "Win probability this period (%)",
    Result.RISK: "Forecast risk",
    Result.CATEGORY: "Proposed forecast category",
    Result.KIND: "Kind of score",
    Result.REASONS: "Why this score",
    Result.MILESTONES: "Milestones done",
    Result.NEXT_STEP: "Buyer's next step",
    Result.NEXT_STEP_ON: "Buyer's next step due",
    Result.DECIDING_STEP: "Step that decides the close",
    Result.DECIDING_STEP_ON: "Step that decides, predicted",
    Result.CHANGE_7D: "Change in 7 days (points)",
    Result.SCORED_AT: "Scored at",
    Result.RUN_ID: "Forecast run",
}

OWN_PREFIXES = ("hs_", "hubspot_")
OWN = {
    "amount", "amount_in_home_currency", "closedate", "createdate", "days_to_close", "deal_currency_code", "dealname", "dealstage",
    "dealtype", "description", "pipeline",
}  # fmt: skip


def is_standard(name: str) -> bool:
    """Whether a deal property is HubSpot's own, as far as its name tells; `check` asks HubSpot."""
    return name in OWN or name.startswith(OWN_PREFIXES)


class Fields:
    """The target properties of one account."""

    def __init__(self, portal: Portal, config: CrmConfig, settings: Settings) -> None:
        self.portal, self.client = portal, portal.client
        self.targets, self.group = dict(config.fields), settings.property_group
        self.where, self.forced = config.where("fields"), config.standard_fields

    def states(self) -> list[FieldState]:
        """Every configured target as HubSpot defines it now."""
        self.portal.forget_properties()
        known = self.portal.properties(DEALS)
        return [
            _state(result, target, known.get(target), forced=target in self.forced)
            for result, target in self.targets.items()
        ]

    def create(self) -> list[str]:
        """Makes the missing properties in a group of their own; one line for each thing done or left to a person."""
        missing = [state for state in self.states() if not state.exists]
        if not missing:
            return []
        done = list(self._make_group())
        for state in missing:
            made = self._make("", self._definition(state))
            done.append(f"property {state.target} on deals: {'made' if made else 'was there already'}")
        self.portal.forget_properties()
        hidden = [state.target for state in missing if state.target not in self.portal.properties(DEALS)]
        done += [
            f"property {name} on deals: HubSpot doesn't show it yet; run this again in a minute" for name in hidden
        ]
        return [*done, LAYOUT]

    def _make_group(self) -> Iterator[str]:
        if self._make("groups", {"name": self.group, "label": GROUP_LABEL, "displayOrder": -1}):
            yield f"property group {self.group} on deals: made"

    def _make(self, action: str, definition: Json) -> bool:
        """Makes a property or group; False if it was there."""
        try:
            self.client.ask(self.client.paths.properties(DEALS, action), definition)
        except Refused as refused:
            if refused.status == CONFLICT:
                return False
            remedy = "correct the name, or make the property by hand and run crmsync check"
            raise BadConfig("E203", refused.what, where=self.where, remedy=remedy) from None
        return True

    def _definition(self, state: FieldState) -> Json:
        kind, control = TYPES[RESULT_TYPES[state.result]]
        definition = {
            "name": state.target,
            "label": LABELS[state.result],
            "type": kind,
            "fieldType": "textarea" if state.result is Result.REASONS else control,
            "groupName": self.group,
            "description": f"Written by crmsync: {LABELS[state.result].lower()}",
        }
        if RESULT_TYPES[state.result] is ValueType.MONEY:
            definition["numberDisplayHint"] = "currency"
        return definition


def _state(result: Result, target: str, found: Json | None, *, forced: bool) -> FieldState:
    if found is None:
        return FieldState(result, target, LABELS[result], exists=False, writable=False, problem="it isn't there")
    wanted, _ = TYPES[RESULT_TYPES[result]]
    fixed = (found.get("modificationMetadata") or {}).get("readOnlyValue") or found.get("calculated")
    problem = ""
    if fixed:
        problem = "HubSpot computes it or keeps it read-only"
    elif found.get("type") != wanted:
        problem = f"its type is {found.get('type')}, {result.value} needs {wanted}"
    elif found.get("hubspotDefined") and not forced:
        problem = "it is HubSpot's own, which standard_fields doesn't name"
    elif found.get("hasUniqueValue"):
        problem = "no two deals may have the same value in it"
    return FieldState(
        result,
        target,
        found.get("label") or target,
        exists=True,
        writable=not fixed,
        problem=problem,
        seen_by=(EVERYONE,),
    )
