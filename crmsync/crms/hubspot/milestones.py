"""The steps of plans: rows of a custom object, flagged tasks, or date properties of the deal itself -> milestones and their facts.

A promise is each day that the due property ever held, known when HubSpot stamped it. Done is the instant that the done property
holds (or, of a status, when it became COMPLETED), known by the stamp; clearing it reopens the step.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from crmsync.config import CrmConfig, MilestoneSource
from crmsync.crms.hubspot.portal import DEALS, TASKS, Portal
from crmsync.crms.hubspot.values import Row, Version, day, instant
from crmsync.errors import BadConfig
from crmsync.records import FactRecord, Kind, MilestoneRecord, Page, Phase, Side, fact

TASK_DUE, TASK_STATUS = "hs_timestamp", "hs_task_status"
DONE_WORDS = {"completed", "done", "true", "yes"}
BUYER_WORDS = {"buyer", "customer", "true", "yes", "1"}
SELLER_WORDS = {"seller", "vendor", "false", "no", "0"}
ONE_SAVE = 5_000_000  # micros: what a person saves at once may be stamped a moment apart
TIMED = ("date", "datetime")


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was done (`at` says when, None: open again), and when HubSpot learnt it."""

    at: int | None
    known_at: int
    user: str


class Steps:
    """How one milestone source is read. `index` is its place in the config."""

    def __init__(self, source: MilestoneSource, portal: Portal, config: CrmConfig, *, index: int) -> None:
        self.source, self.portal, self.config = source, portal, config
        self.key = f"milestones.{index}"
        task = source.object == TASKS
        self.due_on = source.due_on or (TASK_DUE if task else "")
        self.done_at = source.done_at or (TASK_STATUS if task else "")
        self.on_deal = source.object == DEALS
        self.literal_side = self.on_deal and source.side in ("buyer", "seller")
        self._flag, self._flagged = self._condition(source.where)

    def _condition(self, where: str) -> tuple[str, str]:
        name, sign, value = (part.strip(" '\"") for part in where.partition("="))
        if where and not (sign and name and value):
            raise BadConfig(
                "E103",
                f"where: {where!r} can't be read",
                where=self.config.where(f"{self.key}.where"),
                remedy='write it as where = "property = value"',
            )
        return name, value.lower()

    def check_properties(self, kind: str) -> None:
        """Raises BadConfig when a configured property of the object isn't there."""
        self.portal.require(kind, self.properties(), key=self.key)

    def properties(self) -> list[str]:
        """What is read of a row."""
        name = "" if self.on_deal else self.source.name
        side = "" if self.literal_side else self.source.side
        return [part for part in (name, side, self._flag, *self.histories()) if part]

    def histories(self) -> list[str]:
        """What is read with its history."""
        return [name for name in (self.due_on, self.done_at) if name]

    def counts(self, row: Row) -> bool:
        """Whether a row of the object is a step of a plan."""
        return not self._flag or row.get(self._flag).lower() == self._flagged

    def add(self, row: Row, page: Page, *, deal: str, kind: str) -> None:
        """Puts a step into a page. Raises ValueError when it can't be read."""
        promises = list(self._promises(row))
        done = list(self._done(row, kind))
        if self.on_deal and not promises and not done:
            return  # this deal has no such step
        known = [at for at, _ in promises] + [change.known_at for change in done]
        created_at = min(known) if self.on_deal else row.created_at
        if not promises or promises[0][0] > created_at + ONE_SAVE:
            promises.insert(0, (created_at, 0))
        step = MilestoneRecord(
            source=self.source.object,
            crm_id=f"{row.id}/{self.due_on or self.done_at}" if self.on_deal else row.id,
            deal=deal,
            name=self.source.name if self.on_deal else row.get(self.source.name),
            side=self._side(row),
            due_on=promises[-1][1] or None,
            done_at=done[-1].at if done else None,
            created_at=created_at,
            modified_at=row.modified_at,
        )
        page.milestones.append(step)
        page.facts += self._facts(step, promises, done)

    def _side(self, row: Row) -> Side:
        text = self.source.side if self.literal_side else row.get(self.source.side)
        word = text.strip().lower()
        return Side.BUYER if word in BUYER_WORDS else Side.SELLER if word in SELLER_WORDS else Side.UNKNOWN

    def _promises(self, row: Row) -> Iterator[tuple[int, int]]:
        """(known at, day) at each change of the due day; day 0 where it was cleared."""
        last = 0
        for version, on in _read(row.versions(self.due_on), lambda text: day(text, self.portal.zone)):
            if on != last:
                yield version.at, on
            last = on

    def _done(self, row: Row, kind: str) -> Iterator[Done]:
        """Each time that the step was done, set to another instant, or reopened."""
        versions = row.versions(self.done_at)
        timed = bool(versions) and self.portal.properties(kind).get(self.done_at, {}).get("type") in TIMED
        last = 0
        for version, at in _read(versions, instant if timed else lambda text: int(text.lower() in DONE_WORDS)):
            if at != last:
                yield Done((at if timed else version.at) if at else None, version.at, version.user)
            last = at

    def _facts(self, step: MilestoneRecord, promises: list[tuple[int, int]], done: list[Done]) -> Iterator[FactRecord]:
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
            yield told(at, known_at=change.known_at, phase=phase, person=self.portal.person(change.user))


def _read(versions: list[Version], read: Callable[[str], int]) -> Iterator[tuple[Version, int]]:
    """The versions as numbers, 0 for blank. An old one that can't be read is left out; the present one raises ValueError."""
    for version in versions:
        try:
            number = read(version.text) if version.text else 0
        except ValueError:
            if version is versions[-1]:
                raise
            continue
        yield version, number
