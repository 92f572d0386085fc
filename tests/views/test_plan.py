"""The plan that a push would send."""

from crmsync.store import outbox
from crmsync.store.engine import Store
from crmsync.views.plan import lines, plan
from tests.store.rows import CRM, T0


def test_plan_shows_old_and_new_and_the_digest_to_approve(told: Store) -> None:
    """What a person has to look at before a first push."""
    assert lines(plan(told, CRM)) == [
        "D1  P__c: (blank) -> 67.9",
        "P__c: 1 values",
        "push main (dry run): 1 values in 1 deals; crmsync push --crm main --approve d1",
    ]


def test_plan_leaves_out_what_was_sent(told: Store) -> None:
    """A value with a receipt isn't shown again."""
    outbox.note(told, [(1, outbox.DONE, "")], run_id=1, now=T0)
    assert lines(plan(told, CRM)) == ["push main (dry run): nothing waits"]
