"""The fields of Opportunity that results go to: are they there, can they be written, who sees them, and making what is missing."""

from collections.abc import Iterator
from typing import Any

from crmsync.config import CrmConfig
from crmsync.crms.salesforce.client import Client, Json
from crmsync.crms.salesforce.org import DEAL, Org
from crmsync.crms.salesforce.permissions import DUPLICATES, SET_NAME, Permissions, api_name
from crmsync.crms.salesforce.refusals import LostAnswer, Refused
from crmsync.errors import BadConfig, RetryLater
from crmsync.records import RESULT_TYPES, RESULT_WORDS, FieldState, Result, ValueType

LAYOUT = (
    "to do by a person: put the fields on the page layouts in Salesforce under "
    "Setup > Object Manager > Opportunity > Page Layouts",
    f"to do by a person: assign the permission set {SET_NAME} to the sellers who should see the fields, "
    "under Setup > Permission Sets",
)

# what a result needs -> how the field is made
METADATA: dict[ValueType, Json] = {
    ValueType.PERCENT: {"type": "Percent", "precision": 5, "scale": 1},  # holds 63.2 for 63.2 %, and up to 9,999.9
    ValueType.MONEY: {"type": "Currency", "precision": 18, "scale": 2},
    ValueType.DATE: {"type": "Date"},
    ValueType.TEXT: {"type": "Text", "length": 255},
    ValueType.INSTANT: {"type": "DateTime"},
}
# what a result needs -> the types, as describe names them, of a field that holds it
HOLDERS: dict[ValueType, tuple[str, ...]] = {
    ValueType.PERCENT: ("percent", "double"),
    ValueType.MONEY: ("currency", "double"),
    ValueType.DATE: ("date",),
    ValueType.TEXT: ("string", "textarea", "picklist"),
    ValueType.INSTANT: ("datetime",),
}
LABELS: dict[Result, str] = {
    Result.PROBABILITY: "Win Probability",
    Result.EXPECTED_AMOUNT: "Expected Amount",
    Result.CLOSE_DATE: "Predicted Close Date",
    Result.CLOSE_DATE_P20: "Predicted Close Date, Early",
    Result.CLOSE_DATE_P80: "Predicted Close Date, Late",
    Result.WON_IN_PERIOD: "Win Probability This Period",
    Result.RISK: "Forecast Risk",
    Result.CATEGORY: "Proposed Forecast Category",
    Result.KIND: "Kind of Score",
    Result.REASONS: "Why This Score",
    Result.MILESTONES: "Milestones Done",
    Result.NEXT_STEP: "Buyer's Next Step",
    Result.NEXT_STEP_ON: "Buyer's Next Step Due",
    Result.DECIDING_STEP: "Step That Decides the Close",
    Result.DECIDING_STEP_ON: "Step That Decides, Predicted",
    Result.CHANGE_7D: "Change in 7 Days (Points)",
    Result.SCORED_AT: "Scored At",
    Result.RUN_ID: "Forecast Run",
}

LONGEST = dict.fromkeys((Result.REASONS, Result.NEXT_STEP, Result.DECIDING_STEP), 255)  # characters
SHORT = 20  # of all other texts
DIGITS = {ValueType.PERCENT: (3, 1), ValueType.MONEY: (9, 2)}  # before and after the point


def is_standard(name: str) -> bool:
    """Whether a field of Opportunity is Salesforce's own."""
    return not name.endswith("__c")


class Fields:
    """The target fields of one org."""

    def __init__(self, org: Org, config: CrmConfig) -> None:
        self.org, self.targets = org, dict(config.fields)
        self.client: Client = org.client
        self.permissions = Permissions(self.client)
        self.where = config.where("fields")

    def states(self) -> list[FieldState]:
        """Every configured target as the integration user sees it now."""
        self.org.forget()
        known = self.org.fields(DEAL)
        readers = self.permissions.readers(list(self.targets.values()))
        return [
            _state(result, target, known.get(target), seen_by=readers.get(target, ()))
            for result, target in self.targets.items()
        ]

    def create(self) -> list[str]:
        """Makes and grants what is missing; one line for each thing done or left to a person. Twice is as good as once."""
        states = [state for state in self.states() if not state.exists or not state.writable]
        if not states:
            return []
        try:
            done = [line for state in states if not state.exists for line in self._make(state)]
            done += self.permissions.grant([state.target for state in states])
        except Refused as refused:
            remedy = "correct the name, or let an administrator make the field and run crmsync check"
            raise self.client.bad(refused, where=self.where, remedy=remedy) from None
        except LostAnswer as lost:
            raise RetryLater(
                "E201", lost.what, where=self.where, remedy="run this again: what is there stays"
            ) from None
        left = {state.target: state.problem for state in self.states() if state.problem}
        done += [f"field {api_name(target)}: read back, still not right: {problem}" for target, problem in left.items()]
        return [*done, *LAYOUT]

    def _make(self, state: FieldState) -> Iterator[str]:
        if not state.target.endswith("__c"):
            what = f"{state.target} is no custom field of {DEAL} and can't be made"
            raise BadConfig("E203", what, where=self.where, remedy="end the field's name with __c")
        try:
            self.client.ask("tooling/sobjects/CustomField", _definition(state))
            yield f"field {api_name(state.target)}: made"
        except Refused as refused:
            if refused.code not in DUPLICATES:
                raise
            yield f"field {api_name(state.target)}: was there already, but hidden from the integration user"


def _definition(state: FieldState) -> Json:
    label = LABELS[state.result]
    kind: dict[str, Any] = METADATA[RESULT_TYPES[state.result]]
    if state.result is Result.REASONS:
        kind = {"type": "TextArea"}  # 255 characters too, shown on several lines
    words = f"Written by crmsync: {label.lower()}"
    return {"FullName": api_name(state.target), "Metadata": {"label": label, "description": words, **kind}}


def _state(result: Result, target: str, found: Json | None, *, seen_by: tuple[str, ...]) -> FieldState:
    if found is None:
        problem = "it isn't there, or is hidden from the integration user"
        return FieldState(
            result, target, LABELS[result], exists=False, writable=False, problem=problem, seen_by=seen_by
        )
    wanted = HOLDERS[RESULT_TYPES[result]]
    writable = bool(found.get("updateable")) and not found.get("calculated")
    problem = ""
    if found.get("calculated"):
        problem = "it is a formula"
    elif not writable:
        problem = "the integration user may not edit it"
    elif found.get("type") not in wanted:
        problem = f"its type is {found.get('type')}, {result.value} needs {wanted[0]}"
    else:
        problem = _too_tight(result, found)
    label = str(found.get("label") or target)
    return FieldState(result, target, label, exists=True, writable=writable, problem=problem, seen_by=seen_by)


def _too_tight(result: Result, found: Json) -> str:
    """What a field of the right type can't hold of a result, "" where it holds all of it."""
    kind, words = RESULT_TYPES[result], RESULT_WORDS.get(result, ())
    if found.get("unique"):
        return "no two deals may have the same value in it"
    if found.get("nillable") is False:
        return "it is required, so that a value couldn't be cleared"
    if found.get("type") == "picklist":
        listed = {str(one.get("value")) for one in found.get("picklistValues") or () if one.get("active", True)}
        missing = [word for word in words if word not in listed]
        return "" if words and not missing else f"its list lacks {', '.join(missing) or 'whatever may come'}"
    if kind in DIGITS:
        before, after = DIGITS[kind]
        scale = int(found.get("scale") or 0)
        if scale < after:
            return f"it keeps {scale} decimals, {result.value} has {after}"
        return (
            "" if int(found.get("precision") or 0) - scale >= before else f"it has room for less than {before} digits"
        )
    longest = LONGEST.get(result, SHORT)
    if kind is ValueType.TEXT and int(found.get("length") or 0) < longest:
        return f"it holds {found.get('length')} characters, {result.value} has up to {longest}"
    return ""
