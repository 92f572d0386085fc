"""What scores are sums of."""

import pytest

from crmsync.store import fits, parts
from crmsync.store.engine import Store
from crmsync.store.parts import Parts
from tests.store.rows import T0

SUM = Parts(0.1 + 0.2, ("age", "step_done:Prüfung"))


@pytest.fixture
def fit_id(store: Store) -> int:
    """A stored fit."""
    return fits.save(store, model="close", run_id=1, as_of=T0, digest="d", used=True, verdict="", body="{}")


def test_parts_of_a_fit_are_kept_once(store: Store, fit_id: int) -> None:
    """Each run finds the number of the first, with every digit and name as they were."""
    numbers = {parts.number(store, fit_id, SUM) for _ in range(3)}
    assert [parts.known(store)[number] for number in numbers] == [SUM]


def test_parts_that_are_called_otherwise_leave_the_old_names_to_old_scores(store: Store, fit_id: int) -> None:
    """A newer program that calls a part of the same fit by another name changes nothing of what stands in the store."""
    old = parts.number(store, fit_id, SUM)
    parts.number(store, fit_id, Parts(SUM.base, ("life", "step_done:Prüfung")))
    assert parts.known(store)[old] == SUM
