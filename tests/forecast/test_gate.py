"""The gate's first form."""

import numpy as np
import pytest

from crmsync.forecast.gate import judge

WON = np.array([1.0, 0.0] * 50)
GOOD, BASE = np.where(WON > 0, 0.7, 0.3), np.full(100, 0.5)


@pytest.mark.parametrize(("block", "used"), [(True, False), (False, True)])
def test_gate_blocks_a_loser_only_when_asked(block: bool, used: bool) -> None:
    """A fit that is no better than a baseline is named, and kept from scoring where the model's TOML says so."""
    verdict = judge(BASE, BASE, GOOD, won=WON, weight=np.ones(100), block=block)
    assert verdict.used is used
    assert verdict.text.endswith("no better than the base rate and the stage rate")


def test_gate_lets_a_better_fit_through() -> None:
    """Better than both in log loss and Brier: used."""
    verdict = judge(GOOD, BASE, BASE, won=WON, weight=np.ones(100), block=True)
    assert verdict.used
    assert verdict.text.endswith("better than both")


def test_gate_without_later_deals_blocks_only_when_asked() -> None:
    """Nothing to compare on: said so, and blocked where the model's TOML wants proof."""
    none = np.zeros(0)
    assert [judge(none, none, none, won=none, weight=none, block=block).used for block in (True, False)] == [
        False,
        True,
    ]
