"""The plan that a push would send."""

from collections.abc import Mapping
from typing import Literal

import pytest

from crmsync.config import Config, CrmConfig, PushConfig
from crmsync.records import Result
from crmsync.store import outbox
from crmsync.store.engine import Store
from crmsync.views.plan import lines, plan
from crmsync.writeback import digest
from tests.store.rows import CRM, T0, run

TARGETS = {Result.PROBABILITY: "P__c"}


def config(*, first: Literal["approve", "send"] = "approve", targets: Mapping[Result, str] = TARGETS) -> Config:
    """One CRM, and whether its first plan waits."""
    main = CrmConfig(name=CRM, kind="salesforce", fields=dict(targets))
    return Config(crm={CRM: main}, push=PushConfig(first=first))


@pytest.fixture
def named(told: Store) -> str:
    """The digest of a plan of one value."""
    value = {"crm": CRM, "crm_id": "D1", "target": "P__c", "old": None, "new": "67.9"}
    rest = {"score_id": 1, "deal_id": 1, "result": Result.PROBABILITY, "reason": "first"}
    found = digest.of([value], digest.rules(config().crm[CRM], PushConfig()))
    outbox.plan(told, [{**value, **rest, "run_id": run(told, "stage"), "digest": found}])
    return found


def test_plan_shows_old_and_new_and_the_digest_to_approve(told: Store, named: str) -> None:
    """What a person has to look at before a first push."""
    assert lines(plan(told, config(), CRM)) == [
        "D1  P__c: (blank) -> 67.9",
        "P__c: 1 value",
        "push main (dry run): 1 value in 1 deal; the first plan for main waits for approval: 1 value in 1 deal"
        f" -> crmsync push --crm main --approve {named}",
    ]


@pytest.mark.usefixtures("named")
def test_plan_that_nothing_stops_asks_for_no_approval(told: Store) -> None:
    """Where the config lets the first plan out, a plain push sends it."""
    (*_, last) = lines(plan(told, config(first="send"), CRM))
    assert last == "push main (dry run): 1 value in 1 deal -> crmsync push --crm main"


def test_plan_of_another_config_says_so(told: Store, named: str) -> None:
    """What a push would refuse is told with what to do instead of the digest to approve."""
    (*_, last) = lines(plan(told, config(targets={Result.PROBABILITY: "Other__c"}), CRM))
    assert last.endswith("planned by another config: a push refuses it -> crmsync stage --crm main")
    assert named not in last


@pytest.mark.usefixtures("named")
def test_plan_leaves_out_what_was_sent(told: Store) -> None:
    """A value with a receipt isn't shown again."""
    (row,) = outbox.newest_plan(told, CRM)
    outbox.note(told, [(row.outbox_id, outbox.DONE, "")], run_id=1, now=T0)
    assert lines(plan(told, config(), CRM)) == ["push main (dry run): nothing waits"]
