"""The proposed category beside the CRM's."""

from crmsync import past
from crmsync.records import said
from crmsync.store.engine import Store
from crmsync.views.categories import Proposed, proposed
from crmsync.views.explain import explain
from crmsync.views.explained import lines
from tests.store.rows import T0, pull, save, score
from tests.views.conftest import DAY

SAID = {"source": "Opportunity", "person": ""}
WORDS = [
    said("D1", T0, field="ForecastCategory", text="Pipeline", **SAID),
    said("D1", T0 + DAY, field="ForecastCategory", text="Commit", **SAID),
    said("D1", T0 + DAY, field="Probability", text="40", **SAID),
    said("D1", T0 + 4 * DAY, field="ForecastCategory", text="Closed", **SAID),
]


def test_proposed_stands_beside_what_the_crm_said_then(told: Store) -> None:
    """The word of the score's own instant, not a later one; a number is no category, and a deal without a score has none."""
    pull(told, stream="said", facts=WORDS)
    assert proposed(told, past.history(told)) == [Proposed(1, 0.679, "Pipeline", "ForecastCategory", "Commit")]


def test_proposed_is_nothing_by_rules(told: Store) -> None:
    """Points propose no category, whatever the CRM says."""
    pull(told, stream="said", facts=WORDS)
    save(told, score(1, as_of=T0 + 3 * DAY, kind="rules", probability=None, points=45, category=""))
    assert proposed(told, past.history(told)) == []


def test_explain_tells_the_category_beside_the_crms_words(told: Store) -> None:
    """What every field said at the score, and nothing of the CRM where it says nothing."""
    assert "proposed category Pipeline" in lines(explain(told, "D1"))
    pull(told, stream="said", facts=WORDS)
    assert explain(told, "D1").says == {"ForecastCategory": "Commit", "Probability": "40"}
    assert "proposed category Pipeline; in the CRM: ForecastCategory Commit, Probability 40" in lines(
        explain(told, "D1")
    )
