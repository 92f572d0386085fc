"""Why a score changed."""

import numpy as np

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.changes import CAUSES, change
from crmsync.forecast.facts import Which
from crmsync.forecast.fit import train
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit
from crmsync.forecast.points import tenths
from crmsync.forecast.score import score
from crmsync.records import Kind, Side
from tests.forecast.conftest import RECIPE, START, Past, write


def test_change_sums_to_the_printed_change(rich: Past, rich_fit: Fit) -> None:
    """For each deal the causes sum to the two printed scores' difference, and the ends are the scores themselves."""
    history, then = rich.history, rich.now - 30 * DAY
    old_fit = train(history, RECIPE, as_of=then)
    deals = history.deals[:40]
    ends = [score(old_fit, history, deals, as_of=then), score(rich_fit, history, deals, as_of=rich.now)]
    for place, deal in enumerate(deals.tolist()):
        found = change(old_fit, rich_fit, history, deal=deal, from_at=then, to_at=rich.now)
        before, after = (tenths(end.probability[place : place + 1])[0] for end in ends)
        assert (sum(found.tenths), len(found.tenths)) == (after - before, len(CAUSES))


def test_change_without_facts_is_time(rich: Past, rich_fit: Fit) -> None:
    """Where nothing happened, only time passed."""
    history = rich.history
    quiet = [
        deal
        for deal in history.deals.tolist()
        if history.seen_at[history.facts.deal == deal].max() < rich.now - 9 * DAY
    ]
    found = change(rich_fit, rich_fit, history, deal=quiet[0], from_at=rich.now - 7 * DAY, to_at=rich.now)
    assert found.tenths[1:] == (0,) * 5


def test_change_leads_to_its_facts(rich: Past, rich_fit: Fit) -> None:
    """What the buyer did is listed as the buyer's acts of that time."""
    facts = rich.facts
    row = np.flatnonzero(Which((Kind.EMAIL,), (), (Side.BUYER,)).mask(facts))[0]
    at = int(max(facts.at[row], facts.known_at[row]))
    found = change(rich_fit, rich_fit, rich.history, deal=int(facts.deal[row]), from_at=at - 1, to_at=at)
    assert found.facts[CAUSES.index("buyer did")].kind.tolist() == [Kind.EMAIL]


def test_change_calls_a_field_of_the_crm_an_edit(rich: Past, rich_fit: Fit) -> None:
    """What the CRM's own probability said anew is nothing that a seller did with the buyer."""
    day = rich.now // DAY - START
    said = {"deal": int(rich.history.deals[0]), "day": day - 1, "kind": Kind.SAID, "person": 1}
    history = History(write(said), rich.labels)
    found = change(rich_fit, rich_fit, history, deal=said["deal"], from_at=rich.now - 2 * DAY, to_at=rich.now)
    assert [len(facts) for facts in found.facts] == [0, 0, 0, 0, 1]
