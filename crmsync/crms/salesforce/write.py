"""Pushing: new values of our own fields in batches, with one answer per deal.

Salesforce answers a well-formed batch with one row per deal, some done and some refused; refuses it whole for one field or value
that it can't read (nothing is written: the batch is halved until the bad row stands alone); or doesn't answer, and nobody knows
until the fields are read back.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from crmsync.config import CrmConfig
from crmsync.crms.salesforce.client import Client, Json
from crmsync.crms.salesforce.org import DEAL
from crmsync.crms.salesforce.refusals import LOCKED, LostAnswer, Refused
from crmsync.crms.salesforce.values import Row, from_crm, to_crm
from crmsync.records import Answer, Result, Write

UPDATE_RECORDS, READ_RECORDS = 200, 2_000
LOCK_TRIES, LOCK_WAIT_S = 3, 0.5  # a deal that somebody else is saving is free again soon
COLLECTIONS = "composite/sobjects"
SILENT = "Salesforce's reply leaves this deal out"


class Writer:
    """Writes to one org. Only fields that the config names as targets ever go out."""

    def __init__(self, client: Client, config: CrmConfig) -> None:
        self.client, self.targets = client, dict(config.fields)

    def batches(self, writes: Sequence[Write]) -> Iterator[Sequence[Write]]:
        """The writes, cut to what one call takes."""
        return (writes[start : start + UPDATE_RECORDS] for start in range(0, len(writes), UPDATE_RECORDS))

    def push(self, writes: Sequence[Write]) -> Iterator[Answer]:
        """Sends writes; one answer each. Deals that are locked are sent again, a few times."""
        for batch in self.batches(writes):
            waiting, tries = batch, LOCK_TRIES
            while waiting:
                tries -= 1
                answers = {answer.crm_id: answer for answer in self._send(waiting)}
                waiting = [write for write in waiting if tries and answers[write.crm_id].error.startswith(LOCKED)]
                again = {write.crm_id for write in waiting}
                yield from (answer for answer in answers.values() if answer.crm_id not in again)
                if waiting:
                    time.sleep(LOCK_WAIT_S)

    def _send(self, batch: Sequence[Write]) -> Iterator[Answer]:
        records = [self._record(write) for write in batch]
        try:
            told = self.client.write(COLLECTIONS, {"allOrNone": False, "records": records})
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
            yield from _answers(batch, told if isinstance(told, list) else [])

    def _record(self, write: Write) -> Json:
        values = {self.targets[result]: to_crm(result, value) for result, value in write.values.items()}
        return {"attributes": {"type": DEAL}, "id": write.crm_id, **values}

    def read_back(self, crm_ids: Sequence[str]) -> dict[str, dict[Result, str | None]]:
        """Our fields as Salesforce shows them now; a deal that is gone is left out."""
        asked = list(dict.fromkeys(crm_ids))
        found: dict[str, dict[Result, str | None]] = {}
        for start in range(0, len(asked), READ_RECORDS):
            body = {"ids": asked[start : start + READ_RECORDS], "fields": ["Id", *self.targets.values()]}
            for record in self.client.post(f"{COLLECTIONS}/{DEAL}", body) or ():
                if record is not None:
                    row = Row(record)
                    found[row.id] = {result: from_crm(result, row.get(name)) for result, name in self.targets.items()}
        return found


def _answers(batch: Sequence[Write], told: Sequence[Json]) -> Iterator[Answer]:
    """One answer per write, by their order. What the reply leaves out may or may not have been written."""
    for place, write in enumerate(batch):
        row = told[place] if len(told) == len(batch) else {}
        if row.get("success"):
            yield Answer(write.crm_id, done=True)
        elif row:
            yield Answer(write.crm_id, done=False, error="; ".join(map(_words, row.get("errors") or ())) or "refused")
        else:
            yield Answer(write.crm_id, done=False, error=SILENT, unclear=True)


def _words(error: dict[str, Any]) -> str:
    return f"{error.get('statusCode') or ''} {error.get('message') or ''}".strip()
