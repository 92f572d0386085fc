"""deleted/ and updated/."""

import datetime as dt

import pytest
from simple_salesforce import Salesforce

from tests.sandbox.salesforce.conftest import DEAL_BARE, DEAL_OPEN, Local


def window(start: str, end: str) -> tuple[dt.datetime, dt.datetime]:
    """A window as the client library wants it."""
    return tuple(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC) for text in (start, end))  # type: ignore[return-value]


def test_deleted_lists_what_went_within_the_window(local: Local, sf: Salesforce) -> None:
    """Id and instant of each deletion, and how far the answer reaches."""
    sf.Opportunity.delete(local.ids[DEAL_BARE])
    local.clock.set(forward_s=600)
    answer = sf.Opportunity.deleted(*window("2026-11-02 11:00", "2026-11-02 12:05"))
    assert answer["deletedRecords"] == [{"id": local.ids[DEAL_BARE], "deletedDate": "2026-11-02T12:00:00.000+0000"}]
    assert answer["latestDateCovered"] == "2026-11-02T12:05:00.000+0000"
    assert answer["earliestDateAvailable"] == "2026-10-18T12:10:00.000+0000"


def test_updated_lists_what_was_made_or_changed(local: Local, sf: Salesforce) -> None:
    """Ids of records whose stamp lies in the window."""
    sf.Opportunity.update(local.ids[DEAL_OPEN], {"NextStep": "x"})
    local.clock.set(forward_s=600)
    answer = sf.Opportunity.updated(*window("2026-11-02 11:59", "2026-11-02 12:10"))
    assert answer == {"ids": [local.ids[DEAL_OPEN]], "latestDateCovered": "2026-11-02T12:10:00.000+0000"}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-02T12:00:10Z", "2026-11-02T12:00:50Z"),
        ("2026-09-01T00:00:00Z", "2026-11-02T12:00:00Z"),
        ("yesterday", "2026-11-02T12:00:00Z"),
    ],
)
def test_window_must_be_a_minute_and_not_too_old(local: Local, sf: Salesforce, start: str, end: str) -> None:
    """Seconds are cut, so a window within a minute is none; the log reaches back 30 days."""
    answer = local.get(sf, "sobjects/Opportunity/deleted/", params={"start": start, "end": end})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_REPLICATION_DATE")
