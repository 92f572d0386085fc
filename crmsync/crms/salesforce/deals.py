"""An opportunity with its history -> DealRecord, its dated facts, and what stands in our own fields.

Salesforce keeps the past of stage, amount and close date by itself, one row for each save. It keeps none of the owner: the present
one counts as the owner since the creation.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from crmsync.config import CrmConfig
from crmsync.crms.salesforce.org import CURRENCY, DEAL, PIPELINE, Org
from crmsync.crms.salesforce.settings import Settings
from crmsync.crms.salesforce.values import Child, Row, Save, Version, day, from_crm
from crmsync.errors import SkipRecord
from crmsync.money import to_minor
from crmsync.records import (
    OURSELVES,
    DealRecord,
    FactRecord,
    HeldRecord,
    Kind,
    Page,
    Phase,
    Result,
    StageRecord,
    fact,
    said,
)

HISTORIES, HISTORY, DEAL_OF_HISTORY = "OpportunityHistories", "OpportunityHistory", "OpportunityId"
IN_HISTORY = ("Probability", "ForecastCategory")  # of the fields that may be graded: what each row of the history has
STAGE, AMOUNT, CLOSE, OWNER = "StageName", "Amount", "CloseDate", "OwnerId"
SHOWN = ("Name", "AccountId", OWNER, STAGE, AMOUNT, CLOSE, "IsClosed", "IsWon", "CreatedById", "LastModifiedById")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A deal that closed (won or lost), or was opened again (None)."""

    at: int
    won: bool | None


class Deals:
    """How deals of one org are read."""

    def __init__(self, org: Org, config: CrmConfig, settings: Settings) -> None:
        self.org, self.config, self.segment = org, config, settings.segment
        self.targets, self.graded = dict(config.fields), config.graded

    def select(self, *, held: bool) -> list[str]:
        """What is read of a deal; `held`: our own fields too. Raises BadConfig when a configured field isn't there."""
        if held:
            remedy = f"crmsync fields --create --crm {self.config.name}"
            self.org.require(DEAL, self.targets.values(), key="fields", remedy=remedy)
        if self.segment:
            self.org.require(DEAL, [self.segment], key="segment")
        currency = [CURRENCY] if self.org.several_currencies() else []
        self.org.require(DEAL, self.graded, key="graded")
        own = self.targets.values() if held else ()
        segment = [self.segment] if self.segment else []
        return [*SHOWN, *currency, *segment, *self.graded, *own]

    def history(self) -> Child:
        """What Salesforce keeps of each save."""
        currency = [CURRENCY] if self.org.several_currencies() else []
        graded = [name for name in self.graded if name in IN_HISTORY]
        past = ("Id", STAGE, AMOUNT, CLOSE, *currency, *graded, "CreatedDate", "CreatedById", "IsDeleted")
        return Child(HISTORIES, HISTORY, DEAL_OF_HISTORY, past)

    def add(self, row: Row, page: Page) -> None:
        """Puts a deal into a page. Raises SkipRecord or ValueError when it can't be used."""
        saves = _saves(row)
        if not row.get(STAGE):
            raise SkipRecord("E206", "it has no stage")
        stages = _changes(saves, STAGE)
        outcomes = list(self._outcomes(row, stages))
        facts = list(self._facts(row, saves, stages))
        for outcome in outcomes:
            phase = Phase.REOPENED if outcome.won is None else Phase.DONE
            facts.append(_about(row)(outcome.at, kind=Kind.OUTCOME, phase=phase, value=int(outcome.won or False)))
        record, held = self._record(row, outcomes), list(self._held(row))
        page.deals.append(record)
        page.facts += facts
        page.held += held

    def _record(self, row: Row, outcomes: Sequence[Outcome]) -> DealRecord:
        amount, close, currency = row.get(AMOUNT), row.get(CLOSE), self._currency(row)
        closed = row.true("IsClosed")
        return DealRecord(
            crm_id=row.id,
            name=row.get("Name"),
            account=row.get("AccountId"),
            owner=row.get(OWNER),
            pipeline=PIPELINE,
            segment=row.get(self.segment) if self.segment else "",
            stage=row.get(STAGE),
            amount_minor=to_minor(amount, currency) if amount else None,
            currency=currency,
            close_on=day(close) if close else None,
            created_at=row.created_at,
            modified_at=row.modified_at,
            closed_at=outcomes[-1].at if closed and outcomes else None,
            won=row.true("IsWon") if closed else None,
        )

    def _currency(self, row: Row) -> str:
        return row.get(CURRENCY) or self.org.currency

    def _facts(self, row: Row, saves: Sequence[Save], stages: Sequence[Version]) -> Iterator[FactRecord]:
        told = _about(row)
        yield told(row.created_at, kind=Kind.CREATED)
        for version in stages:
            yield told(version.at, kind=Kind.STAGE, name=version.text, person=version.user)
        yield from self._amounts(row, saves)
        for version in _changes(saves, CLOSE):
            yield told(
                version.at, kind=Kind.CLOSE_ON, value=day(version.text) if version.text else 0, person=version.user
            )
        yield told(row.created_at, kind=Kind.OWNER, person=row.get(OWNER))
        yield from self._said(row, saves)

    def _said(self, row: Row, saves: Sequence[Save]) -> Iterator[FactRecord]:
        """What graded fields said after each save; of one that the history hasn't, only what it says now, from this change on."""
        for field in self.graded:
            now = Version(row.modified_at, row.get(field), row.get("LastModifiedById"))
            for version in _changes(saves, field) if field in IN_HISTORY else [now]:
                if version.text:
                    yield said(row.id, version.at, source=DEAL, field=field, text=version.text, person=version.user)

    def _amounts(self, row: Row, saves: Sequence[Save]) -> Iterator[FactRecord]:
        """The amount at each change of it or of its currency; 0 when it was cleared. Before the first there is none."""
        told, last = _about(row), ("", "")
        for at, save in saves:
            now = (save.get(AMOUNT), self._currency(save))
            if now != last and (now[0] or last[0]):
                value = to_minor(now[0], now[1]) if now[0] else 0
                yield told(at, kind=Kind.AMOUNT, name=now[1], value=value, person=save.get("CreatedById"))
            last = now

    def _outcomes(self, row: Row, stages: Sequence[Version]) -> Iterator[Outcome]:
        """When the deal closed and was opened again. By what the stages are now: a stage that is gone counts as open."""
        closed = won = False
        for version in stages:
            is_closed, is_won = self._meaning(row, version.text)
            if is_closed and (not closed or won != is_won):
                yield Outcome(version.at, won=is_won)
            if closed and not is_closed:
                yield Outcome(version.at, won=None)
            closed, won = is_closed, is_won

    def _meaning(self, row: Row, name: str) -> tuple[bool, bool]:
        """Whether a stage is closed, and won; of the present one the deal itself tells."""
        if name == row.get(STAGE):
            return row.true("IsClosed"), row.true("IsWon")
        stage: StageRecord | None = self.org.stages.get(name)
        return (stage["closed"], stage["won"]) if stage else (False, False)

    def _held(self, row: Row) -> Iterator[HeldRecord]:
        """Salesforce doesn't tell who set a single field: who changed the record last, and when, stands for it."""
        by = row.get("LastModifiedById")
        marked = row.get(self.targets.get(Result.RUN_ID, ""))
        by = OURSELVES if marked and by == self.org.client.door.identity().user else by
        deal, at = row.id, row.modified_at
        for result, target in self.targets.items():
            text = row.get(target)
            value = from_crm(result, text) if text else None
            yield {"deal": deal, "result": str(result), "value": value, "set_by": by, "set_at": at}


def _about(row: Row) -> partial[FactRecord]:
    """A maker of facts about a deal itself."""
    return partial(fact, row.id, source=DEAL, source_id=row.id)


def _saves(row: Row) -> list[Save]:
    """A deal's saves, none older than the deal; without history it has been from the start what it is now."""
    made_at = row.created_at
    return [(max(made_at, at), save) for at, save in row.saves(HISTORIES)] or [(made_at, row)]


def _changes(saves: Sequence[Save], name: str) -> list[Version]:
    """What a field was after each save that changed it."""
    found: list[Version] = []
    last = None
    for at, save in saves:
        text = save.get(name)
        if text != last:
            found.append(Version(at, text, save.get("CreatedById")))
        last = text
    return found
