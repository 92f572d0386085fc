"""Pushing: new values of our own fields in batches, with one answer per deal.

HubSpot answers a batch in one of four ways: all done; 207, where some ids have errors; refused whole for one bad value (nothing
is written: the batch is halved until the bad row stands alone); or not at all, and nobody knows until the fields are read back.

HubSpot has no conditional write. A value that a person sets between our reading and our writing is overwritten; the histories, read
after the write, tell it, and the answer names it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from crmsync.config import CrmConfig
from crmsync.crms.hubspot.batches import read
from crmsync.crms.hubspot.client import Client
from crmsync.crms.hubspot.portal import DEALS
from crmsync.crms.hubspot.refusals import Json, LostAnswer, Refused
from crmsync.crms.hubspot.settings import Settings
from crmsync.crms.hubspot.values import Row, from_crm, to_crm
from crmsync.records import Answer, Result, Write

UPDATE_INPUTS = 100


class Writer:
    """Writes to one account. Only properties that the config names as targets ever go out."""

    def __init__(self, client: Client, config: CrmConfig, settings: Settings) -> None:
        self.client, self.settings, self.targets = client, settings, dict(config.fields)
        # what deals showed when they were read back, until they are written
        self._seen: dict[str, dict[Result, str | None]] = {}

    def batches(self, writes: Sequence[Write]) -> Iterator[Sequence[Write]]:
        """The writes, cut to what one call takes."""
        return (writes[start : start + UPDATE_INPUTS] for start in range(0, len(writes), UPDATE_INPUTS))

    def push(self, writes: Sequence[Write]) -> Iterator[Answer]:
        """Sends writes; one answer each. What was read back before is looked at again afterwards."""
        for batch in self.batches(writes):
            answers = list(self._send(batch))
            seen = {write.crm_id: self._seen.pop(write.crm_id, None) for write in batch}
            done = {answer.crm_id for answer in answers if answer.done}
            looked = [write for write in batch if write.crm_id in done and seen[write.crm_id] is not None]
            lost = self._overrun(looked, seen) if looked and self.settings.verify else {}
            yield from (replace(answer, lost=lost.get(answer.crm_id, ())) for answer in answers)

    def _overrun(
        self, writes: Sequence[Write], seen: Mapping[str, dict[Result, str | None] | None]
    ) -> dict[str, tuple[tuple[Result, str], ...]]:
        """The values that stood there just before ours and weren't what was read back, by deal."""
        targets = [
            self.targets[result] for result in dict.fromkeys(result for write in writes for result in write.values)
        ]
        ids = [write.crm_id for write in writes]
        rows = {row.id: row for row in read(self.client, DEALS, ids, properties=targets, histories=targets)}
        found: dict[str, tuple[tuple[Result, str], ...]] = {}
        for write in (write for write in writes if write.crm_id in rows):
            was = seen[write.crm_id] or {}
            before = {result: self._before(rows[write.crm_id], result, value) for result, value in write.values.items()}
            lost = [(result, text) for result, text in before.items() if text is not None and text != was.get(result)]
            if lost:
                found[write.crm_id] = tuple(lost)
        return found

    def _before(self, row: Row, result: Result, value: str | None) -> str | None:
        """What a field showed before it took this value last; None for blank, or where that isn't told."""
        texts = [from_crm(result, version.text) for version in row.versions(self.targets[result])]
        places = [place for place, text in enumerate(texts) if text == value]
        return texts[places[-1] - 1] if places and places[-1] else None

    def _send(self, batch: Sequence[Write]) -> Iterator[Answer]:
        path = self.client.paths.objects(DEALS, "batch/update")
        try:
            told = self.client.write(path, {"inputs": [self._input(write) for write in batch]})
        except LostAnswer as lost:
            yield from (Answer(write.crm_id, done=False, error=lost.what, unclear=True) for write in batch)
        except Refused as refused:
            if len(batch) == 1:
                yield Answer(batch[0].crm_id, done=False, error=refused.what)
                return
            middle = len(batch) // 2
            yield from self._send(batch[:middle])
            yield from self._send(batch[middle:])
        else:
            yield from _answers(batch, told)

    def _input(self, write: Write) -> Json:
        values = {self.targets[result]: to_crm(value) for result, value in write.values.items()}
        return {"id": write.crm_id, "properties": values}

    def read_back(self, crm_ids: Sequence[str]) -> dict[str, dict[Result, str | None]]:
        """Our fields as HubSpot shows them now; a deal that is gone, or was merged into another, is left out."""
        asked = list(dict.fromkeys(crm_ids))
        rows = read(self.client, DEALS, asked, properties=list(self.targets.values()))
        wanted = set(asked)
        found = {
            row.id: {result: from_crm(result, row.get(target)) for result, target in self.targets.items()}
            for row in rows
            if row.id in wanted
        }
        self._seen.update(found)
        return found


def _answers(batch: Sequence[Write], told: Json) -> Iterator[Answer]:
    """One answer per write. What the reply leaves out may or may not have been written."""
    done = {str(row["id"]) for row in told.get("results") or ()}
    errors: dict[str, str] = {}
    for error in told.get("errors") or ():
        text = f"{error.get('category') or ''} {error.get('message') or ''}".strip()
        errors.update({str(crm_id): text for crm_id in (error.get("context") or {}).get("ids") or ()})
    for write in batch:
        if write.crm_id in errors:
            yield Answer(write.crm_id, done=False, error=errors[write.crm_id])
        elif write.crm_id in done:
            yield Answer(write.crm_id, done=True)
        else:
            yield Answer(write.crm_id, done=False, error="HubSpot's reply leaves this deal out", unclear=True)
