"""When promised steps will be done."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bench import worlds
from bench.forecast import recipe
from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.clock import parse_instant
from crmsync.forecast.dataset import open_deals
from crmsync.forecast.fit import train
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit
from crmsync.forecast.on_time import Promise, sentence
from crmsync.forecast.outlook import SHARES, Outlook, outlook
from crmsync.forecast.plans import told_of_plans
from crmsync.forecast.score import score
from crmsync.forecast.spells import DONE, spells
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS

NOW = parse_instant("2026-09-21")
AT = NOW - 60 * DAY


@pytest.fixture(scope="module")
def world() -> worlds.Past:
    """A world of 1,000 deals, with its whole future."""
    return worlds.made(generate(law=LAWS["milestones"], now=NOW, deals=1_000, seed=302))


@pytest.fixture(scope="module")
def then(world: worlds.Past) -> History:
    """What was known 60 days ago."""
    return world.known_by(AT).history


@pytest.fixture(scope="module")
def fit(then: History) -> Fit:
    """Learnt from that."""
    return train(then, recipe(), as_of=AT)


def ahead(fit: Fit, history: History, deals: Any) -> Outlook:
    """The outlook of 60 days ago."""
    return outlook(history, score(fit, history, deals, as_of=AT))


def ends(world: worlds.Past) -> Iterator[tuple[tuple[int, int], int]]:
    """When each step was next done after 60 days ago, the latest first."""
    found = spells(world.history, by=NOW + 3_000 * DAY)
    rows = np.flatnonzero((found.how == DONE) & (found.ended >= AT // DAY))
    rows = rows[np.argsort(-found.ended[rows], kind="stable")]
    deal = world.history.deals[found.deal]
    return zip(
        zip(deal[rows].tolist(), found.step[rows].tolist(), strict=True), found.ended[rows].tolist(), strict=True
    )


def test_ranges_hold(world: worlds.Past, then: History, fit: Fit) -> None:
    """Of the steps that got done four in five were done within their 80 % range, half by their median."""
    made, known = ahead(fit, then, open_deals(then, as_of=AT)), dict(ends(world))
    steps = zip(made.deal.tolist(), made.step.tolist(), strict=True)
    day = np.array([known.get(step, -1) for step in steps])
    done = day > 0
    inside = (day >= made.days[:, 0]) & (day <= made.days[:, -1])
    assert inside[done].mean() == pytest.approx(0.8, abs=0.08)
    assert (day <= made.days[:, SHARES.index(0.5)])[done].mean() == pytest.approx(0.5, abs=0.1)
    assert made.chance.mean() == pytest.approx(done.mean(), abs=0.12)  # some 70 deals


def test_outlook_is_orderly(then: History, fit: Fit) -> None:
    """Days rise with their shares and none lies behind; one promise of each deal decides, and the chances sum to 1."""
    made = ahead(fit, then, open_deals(then, as_of=AT))
    assert (np.diff(made.days, axis=1) >= 0).all()
    assert made.days.min() >= AT // DAY
    sums = np.bincount(np.unique(made.deal, return_inverse=True)[1], weights=made.decides)
    np.testing.assert_allclose(sums, 1.0)


def test_outlook_of_one_deal_is_that_of_all(then: History, fit: Fit) -> None:
    """Batch and single scoring agree, whatever else is scored and however many steps go at once."""
    deals = open_deals(then, as_of=AT)
    whole = ahead(fit, then, deals)
    for deal in deals[:: len(deals) // 5].tolist():
        one, here = ahead(fit, then, [deal]), whole.deal == deal
        np.testing.assert_array_equal(one.days, whole.days[here])
        np.testing.assert_allclose(one.decides, whole.decides[here], rtol=1e-12)


def test_facts_known_later_change_no_outlook(world: worlds.Past, then: History, fit: Fit) -> None:
    """The whole past and the past as it was known then give the same columns of a score."""
    deals = open_deals(then, as_of=AT)
    late, early = (told_of_plans(score(fit, each, deals, as_of=AT), each) for each in (world.history, then))
    assert late == early


def test_older_fit_tells_nothing_of_promises(then: History, fit: Fit) -> None:
    """A fit that was made before slips were learnt scores as ever, without promises."""
    assert len(ahead(replace(fit, slips=None), then, open_deals(then, as_of=AT))) == 0


def test_later_promise_decides(then: History, fit: Fit) -> None:
    """Most often the step that decides is the one that is promised last."""
    made = ahead(fit, then, open_deals(then, as_of=AT))
    deals = np.unique(made.deal)
    decides = [made.due[made.deal == deal][made.decides[made.deal == deal].argmax()] for deal in deals]
    last = [made.due[made.deal == deal].max() for deal in deals]
    assert np.mean(np.equal(decides, last)) > 0.7


PROMISE = Promise("Legal review", due_on=20_010, likely_on=20_020)


@pytest.mark.parametrize(
    ("close_on", "chance", "said"),
    [
        (19_990, 0.0, "The CRM's close date, 2024-09-24, has passed."),
        (
            20_015,
            0.1,
            "is unlikely: 10 of 100 ways of winning end by then. Legal review, promised for 2024-10-14, will",
        ),
        (20_030, 0.6, "is possible: 60 of 100 ways of winning end by then."),
    ],
)
def test_sentence_says_what_stands_in_the_way(close_on: int, chance: float, said: str) -> None:
    """A date that has passed, one that the deciding promise puts in doubt, and one that may hold."""
    assert said in sentence(close_on, chance, today=20_000, decides=PROMISE)
