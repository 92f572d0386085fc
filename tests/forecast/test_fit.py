"""Training."""

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.errors import BadConfig, Stopped
from crmsync.forecast import fit as training
from crmsync.forecast.columns import Column, Numbers
from crmsync.forecast.dataset import examples
from crmsync.forecast.evaluate import quality
from crmsync.forecast.feature import Feature
from crmsync.forecast.features import FEATURES
from crmsync.forecast.fit import Training, train
from crmsync.forecast.history import AsOf, History
from crmsync.forecast.logistic import Fit
from crmsync.forecast.recipe import Recipe
from crmsync.forecast.score import score
from crmsync.records import Kind
from tests.forecast.conftest import RECIPE, Past, random_past


def test_fit_is_the_same_bytes_again(rich: Past, rich_fit: Fit) -> None:
    """The same facts give the same JSON."""
    assert train(rich.history, RECIPE, as_of=rich.now).to_json() == rich_fit.to_json()


def test_fit_does_not_depend_on_the_order_of_facts(rich: Past, rich_fit: Fit) -> None:
    """Facts in another order give the same JSON."""
    shuffled = rich.facts.take(np.random.default_rng(5).permutation(len(rich.facts)))
    assert train(History(shuffled, rich.labels), RECIPE, as_of=rich.now).to_json() == rich_fit.to_json()


def test_fit_knows_nothing_later(rich: Past) -> None:
    """A fit as of an instant is the fit of the facts known by then."""
    as_of = rich.now - 90 * DAY
    seen = np.maximum(rich.facts.at, rich.facts.known_at) <= as_of
    early = train(History(rich.facts.take(seen), rich.labels), RECIPE, as_of=as_of)
    assert Training(rich.history, RECIPE, until=rich.now).fit(as_of).to_json() == early.to_json()


def test_fit_beats_the_baselines_where_there_is_signal(rich_fit: Fit) -> None:
    """On later deals of a past with signal the model beats base rate and stage rate."""
    assert rich_fit.gate.log_loss < min(rich_fit.gate.log_loss_base, rich_fit.gate.log_loss_stage) - 0.02
    assert "better than both" in rich_fit.gate.text


def test_fit_stays_near_the_base_rate_on_noise() -> None:
    """Where nothing matters, new deals are predicted hardly worse than by the base rate (mean of five pasts)."""
    excess = []
    for seed in range(5):
        past = random_past(deals=300, seed=100 + seed, signal=0.0)
        tried = Training(past.history, RECIPE, until=past.now)
        split = past.now - 120 * DAY
        fit, later = tried.fit(split), examples(past.history, tried.found, by=past.now)
        later = later.take(later.at >= split)
        probability = fit.formula.probability(fit.formula.contributions(tried.table, later.rows))
        base = np.full(len(later), fit.trained.base_rate)
        losses = [quality(found, later.won, later.deal).log_loss for found in (probability, base)]
        excess.append(losses[0] - losses[1])
    assert np.mean(excess) < 0.02


def test_training_and_scoring_agree(rich: Past, rich_fit: Fit) -> None:
    """A deal has one probability in training, in a batch and alone, to 1e-12."""
    found = Training(rich.history, RECIPE, until=rich.now)
    at = int(found.found.at.max())
    rows = np.flatnonzero(found.found.at == at)
    ids = rich.history.deals[found.found.deal[rows]]
    trained = rich_fit.formula.probability(rich_fit.formula.contributions(found.table, rows))
    batch = score(rich_fit, rich.history, ids, as_of=at).probability
    alone = [score(rich_fit, rich.history, [deal], as_of=at).probability[0] for deal in ids]
    np.testing.assert_allclose([batch, alone], [trained, trained], rtol=0, atol=1e-12)


def test_fit_refuses_too_few_deals(rich: Past) -> None:
    """Fewer closed deals than asked: refused by name."""
    with pytest.raises(Stopped, match=r"E401 .*too few closed deals"):
        train(rich.history, Recipe(("age",), min_closed=10_000), as_of=rich.now)


def test_fit_refuses_a_single_class(rich: Past) -> None:
    """Only lost deals: refused by name."""
    facts = rich.facts.take(~((rich.facts.kind == Kind.OUTCOME) & (rich.facts.value == 1)))
    with pytest.raises(Stopped, match=r"E402 .* 0 won"):
        train(History(facts, rich.labels), RECIPE, as_of=rich.now)


def test_fit_refuses_not_to_converge(rich: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that doesn't converge gives no fit."""
    monkeypatch.setattr(training, "MAX_ITERATIONS", 1)
    with pytest.raises(Stopped, match="E403"):
        train(rich.history, RECIPE, as_of=rich.now)


def test_fit_refuses_what_is_not_finite(rich: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """A feature with an infinite value is named."""

    def endless(asof: AsOf) -> Column:
        return Numbers(np.full(len(asof), np.inf))

    monkeypatch.setitem(FEATURES, "endless", Feature("endless", "deal", "endless", "number", "Endless", endless))
    with pytest.raises(Stopped, match="E404 the feature 'endless'"):
        train(rich.history, Recipe(("age", "endless")), as_of=rich.now)


def test_fit_refuses_an_unknown_feature(rich: Past) -> None:
    """A name that is no feature is refused with the list of those that are."""
    with pytest.raises(BadConfig, match=r"E405 no feature 'agee'.*age"):
        train(rich.history, Recipe(("agee",)), as_of=rich.now)
