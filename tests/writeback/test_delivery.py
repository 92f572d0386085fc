"""People edit between planning and pushing, and between the reading and the writing of a push, in every order that is found.

On Salesforce nobody's value is lost; on HubSpot a value is lost only in that last moment, and its receipt names it.
`python -m tests.writeback.people 2000` tries as many ways as that.
"""

from collections import Counter
from pathlib import Path

import pytest

from crmsync.errors import Stopped
from crmsync.writeback.delivery import conserve
from tests.crms.twins import TWINS
from tests.writeback.people import meet

MACHINES = 50


@pytest.mark.parametrize("kind", TWINS)
def test_push_never_loses_a_persons_value_silently(kind: str, tmp_path: Path) -> None:
    """Whatever the order of planning, editing and pushing; only HubSpot has a moment in which one is gone over, and named."""
    met = meet(kind, tmp_path, machines=MACHINES)
    assert (met.pushes > 0, met.moments > 0) == (True, True)
    assert met.named == 0 if kind == "salesforce" else met.named == met.moments


@pytest.mark.parametrize(("written", "failed"), [(1, 0), (2, 1)])
def test_conserve_counts_each_value_once(written: int, failed: int) -> None:
    """A value without an outcome, and one with two, is a defect that is told."""
    with pytest.raises(Stopped) as caught:
        conserve(Counter(planned=2, written=written, failed=failed))
    assert caught.value.code == "E505"
