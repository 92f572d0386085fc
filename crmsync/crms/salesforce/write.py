"""Pushing: new values of our own fields in batches, with one answer per deal.

Salesforce answers a well-formed batch with one row per deal, some done and some refused; refuses it whole for one field or value
that it can't read (nothing is written: the batch is halved until the bad row stands alone); or doesn't answer, and nobody knows
until the fields are read back.

A deal that was read back is written only if nobody changed it since (`If-Unmodified-Since`, to the second), unless the config says
`conditional = false`.
"""

import time
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any

from crmsync.config import CrmConfig
from crmsync.crms.salesforce import composite
from crmsync.crms.salesforce.client import Client, Json
from crmsync.crms.salesforce.org import DEAL
from crmsync.crms.salesforce.refusals import LOCKED, LostAnswer, Refused
from crmsync.crms.salesforce.settings import Settings
from crmsync.crms.salesforce.values import Row, from_crm, to_crm
from crmsync.records import Answer, Result, Write

UPDATE_RECORDS, READ_RECORDS = 200, 2_000
LOCK_TRIES, LOCK_WAIT_S = 3, 0.5  # a deal that somebody else is saving is free again soon
COLLECTIONS = "composite/sobjects"
STAMP = "SystemModstamp"
SILENT = "Salesforce's reply leaves this deal out"


class Writer:
    """Writes to one org. Only fields that the config names as targets ever go out."""

    def __init__(self, client: Client, config: CrmConfig, settings: Settings) -> None:
        self.client, self.settings, self.targets = client, settings, dict(config.fields)
        self._alone = Lock()
        self._seen: dict[str, int] = {}  # the stamp of each deal that was read back and not written since

    def batches(self, writes: Sequence[Write]) -> Iterator[Sequence[Write]]:
        """The writes, cut to what one call takes."""
        size = composite.MOST if self.settings.conditional else UPDATE_RECORDS
        return (writes[start : start + size] for start in range(0, len(writes), size))

    def push(self, writes: Sequence[Write]) -> Iterator[Answer]:
        """Sends writes; one answer each. Deals that are locked are sent again, a few times."""
        for batch in self.batches(writes):
            answers = list(self._send(batch))
            locked = {answer.crm_id for answer in answers if answer.error.startswith(LOCKED)}
            yield from (answer for answer in answers if answer.crm_id not in locked)
            if locked:
                yield from self._unlocked([write for write in batch if write.crm_id in locked])
            for write in batch:
                self._seen.pop(write.crm_id, None)

    def _unlocked(self, waiting: Sequence[Write]) -> Iterator[Answer]:
        """Sends deals again that were locked, by one thread at a time: our own batches may have locked each other's accounts."""
        with self._alone:
            for left in reversed(range(LOCK_TRIES - 1)):
                time.sleep(LOCK_WAIT_S)
                answers = {answer.crm_id: answer for answer in self._send(waiting)}
                waiting = [write for write in waiting if left and answers[write.crm_id].error.startswith(LOCKED)]
                again = {write.crm_id for write in waiting}
                yield from (answer for answer in answers.values() if answer.crm_id not in again)
                if not waiting:
                    return

    def _send(self, batch: Sequence[Write]) -> Iterator[Answer]:
        try:
            answers = self._compose(batch) if self.settings.conditional else self._collect(batch)
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
            told = {answer.crm_id: answer for answer in answers}
            for write in batch:
                yield told.get(write.crm_id) or Answer(write.crm_id, done=False, error=SILENT, unclear=True)

    def _compose(self, batch: Sequence[Write]) -> list[Answer]:
        """One call, each deal by its own condition."""
        version = self.settings.api_version
        parts = [
            composite.part(write.crm_id, self._values(write), since=self._seen.get(write.crm_id), version=version)
            for write in batch
        ]
        return composite.answers(self.client.compose({"allOrNone": False, "compositeRequest": parts}))

    def _collect(self, batch: Sequence[Write]) -> list[Answer]:
        """One call, whatever has changed meanwhile."""
        named = {"attributes": {"type": DEAL}}
        records = [{**named, "id": write.crm_id, **self._values(write)} for write in batch]
        told = self.client.write(COLLECTIONS, {"allOrNone": False, "records": records})
        rows = told if isinstance(told, list) and len(told) == len(batch) else []
        return [_answer(write, row) for write, row in zip(batch, rows, strict=False) if row]

    def _values(self, write: Write) -> Json:
        return {self.targets[result]: to_crm(result, value) for result, value in write.values.items()}

    def read_back(self, crm_ids: Sequence[str]) -> dict[str, dict[Result, str | None]]:
        """Our fields as Salesforce shows them now; a deal that is gone is left out."""
        asked = list(dict.fromkeys(crm_ids))
        found: dict[str, dict[Result, str | None]] = {}
        for start in range(0, len(asked), READ_RECORDS):
            body = {"ids": asked[start : start + READ_RECORDS], "fields": ["Id", STAMP, *self.targets.values()]}
            for record in self.client.post(f"{COLLECTIONS}/{DEAL}", body) or ():
                if record is not None:
                    row = Row(record)
                    self._seen[row.id] = row.modified_at
                    found[row.id] = {result: from_crm(result, row.get(name)) for result, name in self.targets.items()}
        return found


def _answer(write: Write, row: dict[str, Any]) -> Answer:
    """What a row of a collection's reply says of a deal."""
    if row.get("success"):
        return Answer(write.crm_id, done=True)
    return Answer(write.crm_id, done=False, error="; ".join(map(_words, row.get("errors") or ())) or "refused")


def _words(error: dict[str, Any]) -> str:
    return f"{error.get('statusCode') or ''} {error.get('message') or ''}".strip()
