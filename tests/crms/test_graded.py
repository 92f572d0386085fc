"""Fields of the CRM that speak of a deal's chance: dated facts, with the history that the CRM keeps and none that it doesn't."""

import pytest

from crmsync.clock import iso
from crmsync.errors import BadConfig
from crmsync.records import FactRecord, Kind, said
from crmsync.sandbox.http import Server
from tests.crms.hubspot_replies import CREATED, PROPERTIES, Replies, row
from tests.crms.hubspot_replies import crm as hubspot
from tests.crms.hubspot_replies import pull as hubspot_pull
from tests.crms.salesforce_org import of, org, pull
from tests.sandbox.salesforce.conftest import DEAL_WON, Local


def shown(facts: list[FactRecord], deal: str) -> list[tuple[str, str, int]]:
    """Instant, name and value of what was said of a deal."""
    return [(iso(fact["at"])[:16], fact["name"], fact["value"]) for fact in facts if fact["deal"] == deal]


@pytest.mark.parametrize("text", ["1e16", "1e999999", "-1e17", "NaN", "sNaN", "Infinity"])
def test_number_that_no_column_holds_is_told_as_a_word(text: str) -> None:
    """It stops no pull."""
    told = said("1", 0, source="deals", field="score", text=text, person="")
    assert (told["name"], told["value"]) == (f"score: {text}", 0)


def test_salesforce_tells_what_its_history_keeps(local: Local) -> None:
    """Probability and category at each stage's own stamp, by number and by word."""
    room = org(local, graded=("Probability", "ForecastCategory"))
    told = shown(of(pull(room, "Opportunity"), Kind.SAID), local.ids[DEAL_WON])
    assert [(at, name) for at, name, _ in told if name.startswith("Forecast")][-1:] == [
        ("2026-09-10T15:30", "ForecastCategory: Closed")
    ]
    numbers = [(at, value) for at, name, value in told if name == "Probability"]
    assert [at for at, _ in numbers] == ["2026-03-02T09:00", "2026-04-01T09:00", "2026-09-10T15:30"]
    assert numbers[-1][1] == 100_000


def test_salesforce_dates_what_has_no_history_by_the_last_change(local: Local) -> None:
    """A field without history says nothing before the record's last change: its past isn't made up."""
    room = org(local, graded=("ForecastCategoryName",))
    page = pull(room, "Opportunity")
    changed = {deal["crm_id"]: deal["modified_at"] for deal in page.deals}
    assert {fact["deal"]: fact["at"] for fact in of(page, Kind.SAID)} == changed


def test_graded_field_that_is_not_there_is_named(local: Local) -> None:
    """A name that the org doesn't know is refused before anything is read."""
    with pytest.raises(BadConfig, match=r"Einstein__c"):
        pull(org(local, graded=("Einstein__c",)), "Opportunity")


WORDS, NUMBER = "hs_manual_forecast_category", "vendor_score"


@pytest.fixture
def replies() -> Replies:
    """A deal with a category that has a history, and a score that has none."""
    laid = Replies()
    laid.lay(f"{PROPERTIES}/deals", {"results": [{"name": name, "type": "string"} for name in (WORDS, NUMBER)]})
    said = [("2026-02-01T08:00:00Z", "COMMIT"), ("2026-01-05T09:00:00Z", "PIPELINE")]
    history = {"dealstage": [(CREATED, "new")], WORDS: said}
    record = row("1", {"createdate": CREATED, NUMBER: "62"}, history=history)
    laid.rows("deals", {**record, "updatedAt": "2026-03-01T08:00:00.000Z"})
    return laid


def test_hubspot_tells_each_version_and_makes_up_none(replies: Replies) -> None:
    """Words at their stamps; a score without history from the last change on."""
    server = Server(replies)
    server.start()
    page = hubspot_pull(hubspot(server, graded=(WORDS, NUMBER)), "deals")
    server.stop()
    assert sorted(shown([fact for fact in page.facts if fact["kind"] == Kind.SAID], "1")) == [
        ("2026-01-05T09:00", f"{WORDS}: PIPELINE", 0),
        ("2026-02-01T08:00", f"{WORDS}: COMMIT", 0),
        ("2026-03-01T08:00", NUMBER, 62_000),
    ]
