"""The steps of plans: rows of a custom object, flagged tasks, or date fields of the deal itself -> milestones and their facts.

Where the object's history is kept, a promise is each day that the due field ever held, known when Salesforce stamped it; done is
the instant that the done field holds, and clearing it reopens the step. Without a history only the present values are there:
nobody can say since when a step has been promised for its present day, so it counts as promised for it from the first pull on, and
before as a step without a day. A later pull that finds it changed tells a move as of that change; a tick that was taken back
between two pulls stays unseen.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import NamedTuple

from crmsync.clock import parse_instant
from crmsync.config import CrmConfig, MilestoneSource
from crmsync.crms.salesforce.org import DEAL, TASK, Org
from crmsync.crms.salesforce.values import Child, Row, Save, Version, day
from crmsync.errors import BadConfig, SkipRecord
from crmsync.records import FactRecord, GoneRecord, Kind, MilestoneRecord, Page, Phase, Side, fact

TASK_DUE, TASK_DONE, TASK_DEAL = "ActivityDate", "CompletedDateTime", "WhatId"
DONE_WORDS = {"completed", "done", "closed", "true", "yes"}
BUYER_WORDS = {"buyer", "customer", "true", "yes", "1"}
SELLER_WORDS = {"seller", "vendor", "false", "no", "0"}
TIMED = ("date", "datetime")
CHANGES = ("Id", "Field", "OldValue", "NewValue", "CreatedDate", "CreatedById", "IsDeleted")


class Done(NamedTuple):
    """A step that was done (`at` says when, None: open again), and when Salesforce learnt it."""

    at: int | None
    known_at: int
    user: str


class Steps:
    """How one milestone source is read. `index` is its place in the config."""

    def __init__(self, source: MilestoneSource, org: Org, config: CrmConfig, *, index: int) -> None:
        self.source, self.org, self.config = source, org, config
        self.key = f"milestones.{index}"
        task = source.object == TASK
        self.on_deal = source.object == DEAL
        self.due_on = source.due_on or (TASK_DUE if task else "")
        self.done_at = source.done_at or (TASK_DONE if task else "")
        self.deal = "Id" if self.on_deal else source.deal or (TASK_DEAL if task else "")
        self.literal_side = self.on_deal and source.side in ("buyer", "seller")

    def select(self) -> list[str]:
        """What is read of a row. Raises BadConfig when something configured isn't there."""
        if not self.deal:
            what, where = "the field that names the deal is missing", self.config.where(self.key)
            raise BadConfig("E103", f"{self.key}: {what}", where=where, remedy='add deal = "Opportunity__c"')
        side = "" if self.literal_side else self.source.side
        name = "" if self.on_deal else self.source.name
        listed = [part for part in (self.deal, name, side, self.due_on, self.done_at) if part]
        self.org.require(self.source.object, listed, key=self.key)
        if self.done_at and not self._timed and not self.source.history:
            what = (
                f"{self.done_at} is neither a date nor an instant, and without a history nobody knows when it changed"
            )
            where = self.config.where(f"{self.key}.done_at")
            raise BadConfig("E203", what, where=where, remedy="name a date, or the object's history")
        return listed

    @cached_property
    def history(self) -> Child | None:
        """What Salesforce keeps of each change, None where the config names no history. Raises BadConfig where there is none."""
        if not self.source.history:
            return None
        relationship, parent = self.org.child(self.source.object, self.source.history, key=f"{self.key}.history")
        return Child(relationship, self.source.history, parent, CHANGES)

    @cached_property
    def _timed(self) -> bool:
        return self.org.fields(self.source.object).get(self.done_at, {}).get("type") in TIMED

    def add(self, row: Row, page: Page, *, began: int, since: int) -> None:
        """Puts a step into a page. Raises SkipRecord or ValueError.

        `began`: Salesforce's clock when this read began; `since`: an earlier one has read up to there, 0 for the first.
        """
        if not row.get(self.deal):
            raise SkipRecord("E206", "it is a step of a plan, but belongs to no deal")
        saves = row.saves(self.history.relationship) if self.history else []
        promises, done = list(self._promises(row, saves, began, since)), list(self._done(row, saves))
        if self.on_deal and not promises and not done:
            if not row.get(self.due_on) and self._again(row, since):  # the deal may have had such a step before
                gone = GoneRecord(source=DEAL, crm_id=self._id(row), gone_at=row.modified_at, survivor="")
                page.gone.append(gone)
            return
        known = [at for at, _ in promises] + [change.known_at for change in done]
        created_at = min(known) if self.on_deal and self.source.history else row.created_at
        if not self.on_deal and not self._again(row, since) and (not promises or promises[0][0] > created_at):
            promises.insert(0, (created_at, 0))
        step = self._record(row, done, created_at=created_at)
        page.milestones.append(step)
        page.facts += self._facts(step, promises, done)

    def _id(self, row: Row) -> str:
        return f"{row.id}/{self.due_on or self.done_at}" if self.on_deal else row.id

    def _record(self, row: Row, done: Sequence[Done], *, created_at: int) -> MilestoneRecord:
        due = row.get(self.due_on)
        return MilestoneRecord(
            source=self.source.object,
            crm_id=self._id(row),
            deal=row.get(self.deal),
            name=self.source.name if self.on_deal else row.get(self.source.name),
            side=self._side(row),
            due_on=day(due) if due else None,
            done_at=done[-1].at if done else None,
            created_at=created_at,
            modified_at=row.modified_at,
        )

    def _side(self, row: Row) -> Side:
        text = self.source.side if self.literal_side else row.get(self.source.side)
        word = text.strip().lower()
        return Side.BUYER if word in BUYER_WORDS else Side.SELLER if word in SELLER_WORDS else Side.UNKNOWN

    def _versions(self, row: Row, saves: Sequence[Save], name: str, *, first_at: int) -> list[Version]:
        """The values of a field, oldest first; the first one, which no history row holds, as of `first_at`."""
        mine = [(at, save) for at, save in saves if save.get("Field") == name]
        first = mine[0][1].get("OldValue") if mine else row.get(name)
        moves = [Version(at, save.get("NewValue"), save.get("CreatedById")) for at, save in mine]
        return [Version(first_at, first, ""), *moves]

    def _promises(self, row: Row, saves: Sequence[Save], began: int, since: int) -> Iterator[tuple[int, int]]:
        """(known at, day) at each change of the due day; day 0 where it was cleared."""
        again = self._again(row, since)
        if again and self.on_deal and row.get("LastModifiedById") == self.org.client.door.identity().user:
            return  # our own write has moved the deal's stamp
        last = 0
        versions = self._versions(row, saves, self.due_on, first_at=self._promised_at(row, began, since))
        for version, on in _read(versions, day):
            if on != last or (again and not self.on_deal):
                yield version.at, on
            last = on

    def _promised_at(self, row: Row, began: int, since: int) -> int:
        """Since when the first day that is told counts."""
        if self.source.history:
            return row.created_at
        return row.modified_at if since else began

    def _again(self, row: Row, since: int) -> bool:
        """Whether an earlier pull has seen the step, and no history tells what changed since."""
        return not self.source.history and row.created_at < since

    def _done(self, row: Row, saves: Sequence[Save]) -> Iterator[Done]:
        """Each time that the step was done, set to another instant, or reopened."""
        timed, kept = self._timed, bool(self.source.history)
        last = 0
        versions = self._versions(row, saves, self.done_at, first_at=row.created_at if kept else row.modified_at)
        for version, at in _read(versions, parse_instant if timed else _ticked):
            if at != last:
                known_at = at if self.done_at == TASK_DONE and not kept else version.at
                yield Done((at if timed else version.at) if at else None, known_at, version.user)
            last = at

    def _facts(
        self, step: MilestoneRecord, promises: Sequence[tuple[int, int]], done: Sequence[Done]
    ) -> Iterator[FactRecord]:
        told = partial(
            fact,
            step["deal"],
            source=step["source"],
            source_id=step["crm_id"],
            kind=Kind.MILESTONE,
            name=step["name"],
            side=step["side"],
        )
        for at, on in promises:
            yield told(at, phase=Phase.PLANNED, value=on)
        for change in done:
            phase = Phase.REOPENED if change.at is None else Phase.DONE
            at = change.known_at if change.at is None else change.at
            yield told(at, known_at=change.known_at, phase=phase, person=change.user)


def _ticked(text: str) -> int:
    return int(text.lower() in DONE_WORDS)


def _read(versions: Sequence[Version], read: Callable[[str], int]) -> Iterator[tuple[Version, int]]:
    """The versions as numbers, 0 for blank. An old one that can't be read is left out; the present one raises ValueError."""
    for version in versions:
        try:
            number = read(version.text) if version.text else 0
        except ValueError:
            if version is versions[-1]:
                raise
            continue
        yield version, number
