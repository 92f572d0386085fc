"""Pushing: new values of our own fields in batches, with one answer per deal.

HubSpot answers a batch in one of four ways: all done; 207, where some ids have errors; refused whole for one bad value (nothing
is written: the batch is halved until the bad row stands alone); or not at all, and nobody knows until the fields are read back.
"""

from collections.abc import Iterator, Sequence

from crmsync.config import CrmConfig
from crmsync.crms.hubspot.batches import read
from crmsync.crms.hubspot.client import Client, Json, LostAnswer, Refused
from crmsync.crms.hubspot.portal import DEALS
from crmsync.crms.hubspot.values import from_crm, to_crm
from crmsync.records import Answer, Result, Write

UPDATE_INPUTS = 100


class Writer:
    """Writes to one account. Only properties that the config names as targets ever go out."""

    def __init__(self, client: Client, config: CrmConfig) -> None:
        self.client, self.targets = client, dict(config.fields)

    def batches(self, writes: Sequence[Write]) -> Iterator[Sequence[Write]]:
        """The writes, cut to what one call takes."""
        return (writes[start : start + UPDATE_INPUTS] for start in range(0, len(writes), UPDATE_INPUTS))

    def push(self, writes: Sequence[Write]) -> Iterator[Answer]:
        """Sends writes; one answer each."""
        for batch in self.batches(writes):
            yield from self._send(batch)

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
        return {
            row.id: {result: from_crm(result, row.get(target)) for result, target in self.targets.items()}
            for row in rows
            if row.id in wanted
        }


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
