"""What every room promises beside reading (`crmsync.crm.Crm`): its own fields, writes, faults and counts."""

from collections.abc import Iterator
from typing import Any

import pytest
import stamina
from pydantic import SecretStr

from crmsync import config as configs
from crmsync import crm as crms
from crmsync.errors import BadConfig, RetryLater
from crmsync.records import DEAL_SOURCE, Answer, Result, Write
from tests.crms.twins import Twin

VALUES: dict[Result, str | None] = {
    Result.PROBABILITY: "63.2",
    Result.EXPECTED_AMOUNT: "12500.00",
    Result.CLOSE_DATE: "2026-12-01",
    Result.REASONS: "The buyer's step is done & dated",
    Result.SCORED_AT: "2026-06-01T02:00:00Z",
}
WRONG_SECRET = {"salesforce": "client_secret", "hubspot": "token"}
ADDRESS = {"salesforce": "instance_url", "hubspot": "base_url"}


@pytest.fixture
def impatient() -> Iterator[None]:
    """Retries come at once, and at most three times."""
    with stamina.set_testing(True, attempts=3):
        yield


READS = ("/search", "/batch/read", "/oauth2/token")  # what is posted and changes nothing


def some(room: Twin, count: int) -> list[Write]:
    """Writes to so many deals."""
    ids = sorted(room.ids())[:count]
    assert len(ids) == count
    return [Write(crm_id, dict(VALUES)) for crm_id in ids]


def test_pushed_values_are_read_back(live: Twin) -> None:
    """The CRM shows each value as the canonical text that was sent; a field that nothing was written to is blank."""
    (write,) = some(live, 1)
    assert list(live.crm.push([write])) == [Answer(write.crm_id, done=True)]
    shown = live.crm.read_back([write.crm_id])[write.crm_id]
    assert shown == {result: VALUES.get(result) for result in live.config.fields}


def test_cleared_value_is_blank(live: Twin) -> None:
    """None empties a field."""
    (write,) = some(live, 1)
    list(live.crm.push([write]))
    list(live.crm.push([Write(write.crm_id, dict.fromkeys(VALUES))]))
    assert set(live.crm.read_back([write.crm_id])[write.crm_id].values()) == {None}


def test_deal_that_is_gone_is_left_out_of_read_back(live: Twin) -> None:
    """Nobody takes its fields for blank."""
    gone, there = some(live, 2)
    live.delete(live.names.deals, gone.crm_id)
    assert list(live.crm.read_back([gone.crm_id, there.crm_id])) == [there.crm_id]


def test_many_writes_go_out_in_batches_with_an_answer_each(many: Twin) -> None:
    """250 writes are cut to what a call takes, none is lost, and every deal is answered once."""
    writes = some(many, 250)
    batches = list(many.crm.batches(writes))
    before = many.crm.calls
    answers = [answer for batch in batches for answer in many.crm.push(batch)]
    assert [write for batch in batches for write in batch] == writes
    assert sorted(answer.crm_id for answer in answers if answer.done) == [write.crm_id for write in writes]
    assert many.crm.calls - before == len(batches)


def test_write_to_a_deal_that_is_gone_fails_alone(live: Twin) -> None:
    """The others in its batch are done."""
    writes = some(live, 3)
    live.delete(live.names.deals, writes[1].crm_id)
    done = {answer.crm_id: answer.done for answer in live.crm.push(writes)}
    assert [done[write.crm_id] for write in writes] == [True, False, True]


def test_pulled_deals_show_what_we_wrote(live: Twin) -> None:
    """A pull after a push holds the value, beside who set it."""
    (write,) = some(live, 1)
    live.pull()
    list(live.crm.push([write]))
    held = {row["result"]: row for row in live.pull().held if row["deal"] == write.crm_id}
    assert (held["probability"]["value"], held["probability"]["set_at"]) == ("63.2", live.local.clock.now())


def test_fields_are_made_once(live: Twin) -> None:
    """After `create_fields` every target is there and writable; a second time makes nothing."""
    assert {state.problem for state in live.crm.fields()} == {""}
    assert [line for line in live.crm.create_fields() if "made" in line] == []


def test_check_finds_nothing_wrong_once_the_fields_are_there(live: Twin) -> None:
    """Every finding is fine."""
    found = list(live.crm.check())
    assert ({finding.level for finding in found}, len(found) > 3) == ({"ok"}, True)


def test_clock_and_account_are_the_crms_own(live: Twin) -> None:
    """`now` is the CRM's clock, and a second account can't be taken for the first."""
    assert (live.crm.now(), bool(live.crm.account())) == (live.local.clock.now(), True)


def test_unknown_field_is_named(live: Twin) -> None:
    """A target that isn't there stops the pull with a remedy, before anything is stored."""
    config = live.config.model_copy(update={"fields": {Result.RISK: "No_Such_Field__c"}})
    with pytest.raises(BadConfig, match="No_Such_Field__c") as caught:
        next(iter(crms.connect(config).pull(live.names.deals, since=None)))
    assert (caught.value.code, caught.value.remedy) == ("E203", f"crmsync fields --create --crm {live.config.name}")


def test_wrong_secret_is_told_without_showing_it(live: Twin) -> None:
    """The key in the config is named, the secret isn't."""
    wrong: dict[str, Any] = {WRONG_SECRET[live.kind]: SecretStr("wrong-secret-4711")}
    with pytest.raises(BadConfig) as caught:
        list(live.connect(**wrong).listed(DEAL_SOURCE))
    assert (caught.value.code, "wrong-secret-4711" in str(caught.value)) == ("E202", False)


@pytest.mark.usefixtures("impatient")
def test_crm_that_is_down_is_tried_again_later(live: Twin) -> None:
    """Nobody answers at the address: the next run goes on."""
    away = {ADDRESS[live.kind]: live.served.server.url.replace(str(live.served.server.port), "1")}
    with pytest.raises(RetryLater) as caught:
        list(live.connect(**away).listed(DEAL_SOURCE))
    assert (caught.value.code, caught.value.exit_code) == ("E201", 75)


@pytest.mark.usefixtures("impatient")
def test_calls_are_counted_as_the_server_counts_them(live: Twin) -> None:
    """Retries and logins included."""
    crm = live.connect()
    before = live.served.server.requests
    live.served.server.faults.read({"faults": [{"kind": "status", "status": 503, "at": 2}]})
    list(crm.listed(DEAL_SOURCE))
    for stream in crm.streams():
        list(crm.pull(stream, since=None))
    assert live.served.server.faults.struck == 1
    assert crm.calls == live.served.server.requests - before


def test_account_and_allowance_are_told(live: Twin) -> None:
    """Which account it is, whether it is one to try things in, and how many calls a day has, for `check` to compare."""
    account = live.crm.account()
    assert [finding.what for finding in live.crm.check() if finding.code == "C202" and account in finding.what]
    left, most = live.crm.allowance()
    assert (live.crm.place() in ("sandbox", "production"), 0 < left <= most) == (True, True)


def test_crm_that_may_only_be_read_is_only_read(live: Twin) -> None:
    """Check and a full pull need no right to write: nothing that changes anything is sent, and no target is looked for."""
    file = live.config.file
    file.write_text(file.read_text().replace("kind =", "read_only = true\nkind =", 1))
    (account,) = configs.load(file).crm.values()
    quiet = crms.connect(account)
    before = live.served.server.requests
    levels = {finding.code: finding.level for finding in quiet.check()}
    pages = [page for stream in quiet.streams() for page in quiet.pull(stream, since=None)]
    sent = [(entry.method, entry.path) for entry in live.served.server.journal if entry.number > before]
    assert [each for each in sent if each[0] != "GET" and not each[1].endswith(READS)] == []
    assert (set(levels.values()), sum(len(page.held) for page in pages)) == ({"ok"}, 0)
    assert sum(len(page.deals) for page in pages) > 0
