"""Writes of several deals in one call, each only if nobody changed the deal since it was read: Salesforce's composite resource."""

from collections.abc import Iterator
from email.utils import format_datetime
from typing import Any

from crmsync.clock import to_datetime
from crmsync.crms.salesforce.client import QUIET
from crmsync.crms.salesforce.org import DEAL
from crmsync.crms.salesforce.refusals import told
from crmsync.records import Answer

MOST = 25  # requests in one call, which counts as one against the allowance
STALE = 412
REFERENCE = "deal"  # what begins with a letter is a name in every version of the API
Json = dict[str, Any]


def part(crm_id: str, values: Json, *, since: int | None, version: str) -> Json:
    """One request of a call. `since`: the deal's stamp as it was read; None writes whatever has changed meanwhile."""
    url = f"/services/data/v{version}/sobjects/{DEAL}/{crm_id}"
    headers = dict(QUIET)
    if since is not None:
        unmodified = format_datetime(to_datetime(since).replace(microsecond=0), usegmt=True)
        headers["If-Unmodified-Since"] = unmodified
    return {
        "method": "PATCH",
        "url": url,
        "referenceId": f"{REFERENCE}{crm_id}",
        "httpHeaders": headers,
        "body": values,
    }


def answers(reply: Any) -> list[Answer]:
    """What the reply says of each deal; one that it leaves out, or fails on, may or may not have been written."""
    listed = reply.get("compositeResponse") if isinstance(reply, dict) else None
    return [*_read(listed if isinstance(listed, list) else [])]


def _read(listed: list[Any]) -> Iterator[Answer]:
    for row in (row for row in listed if isinstance(row, dict)):
        crm_id = str(row.get("referenceId") or "").removeprefix(REFERENCE)
        status = int(row.get("httpStatusCode") or 0)
        if 200 <= status < 300:
            yield Answer(crm_id, done=True)
        elif 400 <= status < 500:
            code, words = told(row.get("body"))
            yield Answer(crm_id, done=False, error=f"{code} {words}".strip() or str(status), stale=status == STALE)
