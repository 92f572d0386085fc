"""A deal's row with its property histories -> DealRecord, its dated facts, and what stands in our own fields."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from crmsync.config import CrmConfig
from crmsync.crms.hubspot.portal import DEALS, Portal
from crmsync.crms.hubspot.settings import Settings
from crmsync.crms.hubspot.values import Row, Version, changes, day, from_crm, instant
from crmsync.errors import SkipRecord
from crmsync.money import to_minor
from crmsync.records import (
    DEAL_SOURCE,
    OURSELVES,
    DealRecord,
    FactRecord,
    GoneRecord,
    HeldRecord,
    Kind,
    Page,
    Phase,
    Result,
    fact,
    said,
)

STAGE, AMOUNT, CLOSE, OWNER, CURRENCY = "dealstage", "amount", "closedate", "hubspot_owner_id", "deal_currency_code"
CREATED, MERGED = "createdate", "hs_merged_object_ids"
SHOWN = ("dealname", "pipeline", CREATED, "hs_createdate", MERGED)
DATED = (STAGE, AMOUNT, CLOSE, OWNER)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A deal that closed (won or lost), or was opened again (None)."""

    at: int
    won: bool | None


class Deals:
    """How deals of one account are read."""

    def __init__(self, portal: Portal, config: CrmConfig, settings: Settings) -> None:
        self.portal, self.config, self.segment = portal, config, settings.segment
        self.targets, self.graded = dict(config.fields), config.graded

    def check_properties(self) -> None:
        """Raises BadConfig when a configured property that deals are read by isn't there."""
        if self.segment:
            self.portal.require(DEALS, [self.segment], key="segment")

    def properties(self) -> list[str]:
        """What is read of a deal."""
        return [*SHOWN, *([self.segment] if self.segment else []), *self.histories()]

    def histories(self) -> list[str]:
        """What is read with its history. Raises BadConfig when one of our own fields isn't there yet."""
        remedy = f"crmsync fields --create --crm {self.config.name}"
        self.portal.require(DEALS, self.targets.values(), key="fields", remedy=remedy)
        self.portal.require(DEALS, self.graded, key="graded")
        # Where only one currency is in use, HubSpot leaves it out of its answers.
        return [*DATED, CURRENCY, *self.graded, *self.targets.values()]

    def add(self, row: Row, page: Page, *, account: str) -> None:
        """Puts a deal into a page. Raises SkipRecord or ValueError when it can't be used."""
        stage = self.portal.stage(row.get(STAGE))
        if stage is None:
            raise SkipRecord("E206", f"its stage {row.get(STAGE)!r} is in no pipeline")
        facts, outcomes = list(self._facts(row)), list(self._outcomes(row))
        for outcome in outcomes:
            phase = Phase.REOPENED if outcome.won is None else Phase.DONE
            facts.append(_about(row)(outcome.at, kind=Kind.OUTCOME, phase=phase, value=int(outcome.won or False)))
        amount, close = row.get(AMOUNT), row.get(CLOSE)
        currency = row.get(CURRENCY) or self.portal.currency
        record = DealRecord(
            crm_id=row.id,
            name=row.get("dealname"),
            account=account,
            owner=row.get(OWNER),
            pipeline=row.get("pipeline") or stage["pipeline"],
            segment=row.get(self.segment) if self.segment else "",
            stage=stage["crm_id"],
            amount_minor=to_minor(amount, currency) if amount else None,
            currency=currency,
            close_on=day(close, self.portal.zone) if close else None,
            created_at=created_at(row),
            modified_at=row.modified_at,
            closed_at=outcomes[-1].at if stage["closed"] and outcomes else None,
            won=stage["won"] if stage["closed"] else None,
        )
        held = list(self._held(row))
        page.deals.append(record)
        page.facts += facts
        page.held += held
        page.gone += _merged(row)

    def _facts(self, row: Row) -> Iterator[FactRecord]:
        told, person = _about(row), self.portal.person
        yield told(created_at(row), kind=Kind.CREATED, known_at=row.created_at)
        for version in changes(row.versions(STAGE)):
            yield told(version.at, kind=Kind.STAGE, name=version.text, person=person(version.user))
        yield from self._amounts(row)
        for version in changes(row.versions(CLOSE)):
            if (on := self._day(version)) is not None:
                yield told(version.at, kind=Kind.CLOSE_ON, value=on, person=person(version.user))
        for version in changes(row.versions(OWNER)):
            yield told(version.at, kind=Kind.OWNER, person=version.text)
        yield from self._said(row)

    def _said(self, row: Row) -> Iterator[FactRecord]:
        """What graded properties said, as far as HubSpot remembers; of one without history only what it says now, from now on."""
        for field in self.graded:
            now = Version(row.modified_at, row.get(field))
            for version in changes(row.versions(field)) if row.remembers(field) else [now]:
                if version.text:
                    person = self.portal.person(version.user)
                    yield said(row.id, version.at, source=DEALS, field=field, text=version.text, person=person)

    def _day(self, version: Version) -> int | None:
        """The close date of a version: 0 when it was cleared, None when an old one can't be read."""
        try:
            return day(version.text, self.portal.zone) if version.text else 0
        except ValueError:
            return None

    def _amounts(self, row: Row) -> Iterator[FactRecord]:
        """The amount at each change of it or of its currency; 0 when it was cleared. An old one that is no number is left out."""
        amounts, currencies, told = row.versions(AMOUNT), row.versions(CURRENCY), _about(row)
        last = None
        for at in sorted({version.at for version in (*amounts, *currencies)}):
            amount = _as_of(amounts, at)
            if amount is None:
                continue
            currency = (_as_of(currencies, at) or currencies[0]).text if currencies else ""
            now = (amount.text, currency or self.portal.currency)
            if now == last:
                continue
            last = now
            try:
                value = to_minor(now[0], now[1]) if now[0] else 0
            except ValueError:
                continue
            yield told(at, kind=Kind.AMOUNT, name=now[1], value=value, person=self.portal.person(amount.user))

    def _outcomes(self, row: Row) -> Iterator[Outcome]:
        """When the deal closed and was opened again. By what the stages are now: a stage that is gone counts as open."""
        closed: bool | None = None  # before the first stage that HubSpot still remembers nothing is known
        won = False
        for version in changes(row.versions(STAGE)):
            stage = self.portal.stages.get(version.text)
            if stage is not None and stage["closed"]:
                if not closed or won != stage["won"]:
                    yield Outcome(version.at, won=stage["won"])
                closed, won = True, stage["won"]
            else:
                if closed:
                    yield Outcome(version.at, won=None)
                closed = False

    def _held(self, row: Row) -> Iterator[HeldRecord]:
        mark = _newest(row, self.targets.get(Result.RUN_ID, ""))
        for result, target in self.targets.items():
            last = _newest(row, target)
            yield HeldRecord(
                deal=row.id,
                result=result.value,
                value=from_crm(result, row.get(target)),
                set_by=OURSELVES if _same_hand(last, mark) else self.portal.person(last.user) or last.source,
                set_at=last.at,
            )


def _about(row: Row) -> partial[FactRecord]:
    """A maker of facts about a deal itself."""
    return partial(fact, row.id, source=DEALS, source_id=row.id)


def _newest(row: Row, target: str) -> Version:
    versions = row.versions(target)
    return versions[-1] if versions else Version(row.created_at, "")


def _same_hand(version: Version, mark: Version) -> bool:
    """Whether the app that set a value is the one that set the mark of a run, which is ours alone."""
    return bool(mark.app) and (version.user, version.source, version.app) == (mark.user, mark.source, mark.app)


def created_at(row: Row) -> int:
    """When the deal came into being by its createdate, which an import may have set back."""
    text = row.get(CREATED)
    return instant(text) if text else row.created_at


def _as_of(versions: list[Version], at: int) -> Version | None:
    return next((version for version in reversed(versions) if version.at <= at), None)


def _merged(row: Row) -> Iterator[GoneRecord]:
    """The deals that were merged into this one."""
    for crm_id in row.get(MERGED).split(";"):
        if crm_id.strip() and crm_id.strip() != row.id:
            yield GoneRecord(source=DEAL_SOURCE, crm_id=crm_id.strip(), gone_at=row.modified_at, survivor=row.id)
