"""What changed a deal's score, from a store."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from crmsync.errors import BadConfig
from crmsync.forecast.changes import CAUSES
from crmsync.forecast.fit import train
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit
from crmsync.forecast.points import tenths
from crmsync.forecast.recipe import Recipe
from crmsync.forecast.score import score
from crmsync.store import fits
from crmsync.store.engine import Store
from crmsync.views.changed import SHOWN, Act, Changed, Part, between, lines
from crmsync.workspace import ModelSpec
from tests.forecast.conftest import random_past
from tests.store.rows import T0, deal, pull, run
from tests.views.conftest import DAY

FEATURES = ("age", "step_done", "buyer_idle")
SPEC = ModelSpec(name="close", file=Path("close.toml"), features=FEATURES)


@dataclass(frozen=True)
class Lived:
    """A past, the fit that is in use, and two instants at which deal 1 was open."""

    history: History
    fit: Fit
    from_at: int
    to_at: int


@pytest.fixture(scope="module")
def lived() -> Lived:
    """Ten days of deal 1."""
    past = random_past(deals=80, seed=3)
    fit = train(past.history, Recipe(FEATURES, penalties=(0.03,)), as_of=past.now)
    begun = int(past.history.seen_at[past.history.facts.deal == 1][0])
    return Lived(past.history, fit, begun + 5 * DAY, begun + 15 * DAY)


@pytest.fixture
def stored(store: Store, lived: Lived) -> Store:
    """A store with that deal, and the fit as one that was used all the time."""
    told = {"model": "close", "run_id": run(store, "train"), "as_of": T0, "digest": lived.fit.digest, "verdict": ""}
    fits.save(store, **told, used=True, body=lived.fit.to_json())
    pull(store, deals=[deal()])
    return store


def test_change_leads_from_one_printed_score_to_the_other(stored: Store, lived: Lived) -> None:
    """The parts sum to what the two scores differ by, and bear all that came in between."""
    history, span = lived.history, {"from_at": lived.from_at, "to_at": lived.to_at}
    found = between(stored, SPEC, history, "D1", **span)
    before, after = (score(lived.fit, history, [1], as_of=at).probability for at in span.values())
    assert sum(part.tenths for part in found.parts) == tenths(after)[0] - tenths(before)[0]
    assert [part.cause for part in found.parts] == list(CAUSES)
    came = (history.seen_at > lived.from_at) & (history.seen_at <= lived.to_at) & (history.facts.deal == 1)
    assert sum(len(part.acts) for part in found.parts) == came.sum() > 0


@pytest.mark.parametrize(("begin", "end", "code"), [(-9, 9, "E132"), (0, 400, "E132"), (0, 0, "E122")])
def test_change_is_refused_where_the_deal_had_no_score(
    stored: Store, lived: Lived, begin: int, end: int, code: str
) -> None:
    """Before its beginning, after its end, and between an instant and itself there is nothing to split."""
    at = lived.from_at
    with pytest.raises(BadConfig, match=code):
        between(stored, SPEC, lived.history, "D1", from_at=at + begin * DAY, to_at=at + end * DAY)


def test_change_lines_add_up_and_cut_a_long_list_of_facts() -> None:
    """Causes and their sum stand in points; of many acts the newest are shown, and the others counted."""
    acts = [Act(T0 - number * DAY, "email (buyer)") for number in range(SHOWN + 2)]
    parts = [Part("time passed", -21, []), Part("buyer did", 46, acts)]
    row = {"name": "Ten seats", "crm": "main", "crm_id": "D1", "deal_id": 1}
    found = Changed(row, T0, T0 + DAY, 0.1, 0.125, parts)
    shown = lines(found)
    assert [line.split("  ")[1].strip() for line in (shown[4], shown[5], shown[-1])] == ["-2.1", "+4.6", "+2.5"]
    assert shown[-2].strip() == "... and 2 more; --all shows them"
    assert len(lines(found, everything=True)) == len(shown) + 1
