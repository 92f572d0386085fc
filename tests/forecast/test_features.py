"""The battery that every registered feature passes."""

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.design import Table
from crmsync.forecast.facts import Floats
from crmsync.forecast.features import ALL, FEATURES
from crmsync.forecast.history import History
from crmsync.forecast.recipe import Recipe
from crmsync.records import Result
from tests.forecast.conftest import START, Past

INSTANTS = 1_000
GROUPS = 20


def values(past: Past, history: History, at: int, names: tuple[str, ...] = ALL) -> Floats:
    """Every column of these features for all deals at an instant, encoded as learnt from the whole past."""
    deals = np.unique(past.facts.deal)
    whole = Table(past.history.as_of(deals, past.now))
    terms = whole.learn(Recipe(names, rare_deals=1), np.arange(len(deals)))
    return Table(history.as_of(deals, at)).matrix(terms, np.arange(len(deals)))


@pytest.mark.parametrize("seed", range(GROUPS))
def test_features_cannot_look_ahead(rich: Past, seed: int) -> None:
    """Deleting all that became known after an instant changes no feature of ten deals at it, bit by bit: 1,000 instants."""
    rng = np.random.default_rng(seed)
    some = rng.choice(np.unique(rich.facts.deal), 10, replace=False)
    part = Past(rich.facts.take(np.isin(rich.facts.deal, some)), rich.labels, rich.now)
    terms = Table(part.history.as_of(some, part.now)).learn(Recipe(ALL, rare_deals=1), np.arange(10))
    for day in rng.uniform(5, 360, INSTANTS // GROUPS):
        at = int((START + day) * DAY)
        seen = np.maximum(part.facts.at, part.facts.known_at) <= at
        then = History(part.facts.take(seen), part.labels)
        before, after = (Table(each.as_of(some, at)).matrix(terms, np.arange(10)) for each in (then, part.history))
        np.testing.assert_array_equal(before, after)


def test_features_do_not_depend_on_the_order_of_facts(rich: Past) -> None:
    """Facts in another order give the same values, to the last bit."""
    shuffled = rich.facts.take(np.random.default_rng(1).permutation(len(rich.facts)))
    at = rich.now - 100 * DAY
    np.testing.assert_array_equal(values(rich, History(shuffled, rich.labels), at), values(rich, rich.history, at))


@pytest.mark.parametrize("name", ALL)
def test_feature_is_finite_or_unknown(rich: Past, name: str) -> None:
    """No feature is infinite, before, during or after a deal's life."""
    assert not any(np.isinf(values(rich, rich.history, (START + day) * DAY, (name,))).any() for day in (-9, 180, 900))


@pytest.mark.parametrize("name", ALL)
def test_feature_has_a_sentence_for_sellers(name: str) -> None:
    """The first line of its docstring fits into a reason."""
    assert 4 < len(FEATURES[name].sentence) <= 60


def test_features_cover_four_families() -> None:
    """At least 25 features, of the four families."""
    assert len(ALL) >= 25
    assert {feature.family for feature in FEATURES.values()} == {"deal", "stage", "promises", "engagement"}


def test_features_never_read_our_own_fields() -> None:
    """No feature bears the name of a result that we write to a CRM."""
    assert not {result.value for result in Result} & set(ALL)
