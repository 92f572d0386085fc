"""The parts of scores as JSON."""

import json

import numpy as np
import pytest

from crmsync.forecast.logistic import Fit, sigmoid
from crmsync.forecast.parts import as_bytes, as_json, from_bytes
from crmsync.forecast.points import points, tenths
from crmsync.forecast.score import score
from tests.forecast.conftest import Past


def test_parts_are_written_as_the_json_library_would(rich: Past, rich_fit: Fit) -> None:
    """Every part that isn't 0 stands under its name, in both units, to the last digit."""
    scores = score(rich_fit, rich.history, rich.history.deals, as_of=rich.now)
    told = points(scores.base, scores.contributions).tolist()
    base = int(tenths(sigmoid(np.array([scores.base])))[0])
    texts = as_json(scores.base, scores.parts, scores.contributions)
    for written, row, shown in zip(texts, scores.contributions.tolist(), told, strict=True):
        some = {part: (value, tenth) for part, value, tenth in zip(scores.parts, row, shown, strict=True) if value}
        log_odds, rounded = ({part: pair[unit] for part, pair in some.items()} for unit in (0, 1))
        body = {"base": scores.base, "parts": log_odds, "base_tenths": base, "tenths": rounded}
        assert written == json.dumps(body, separators=(",", ":"))


def test_score_without_parts_is_its_base() -> None:
    """Where nothing adds anything, both are empty."""
    assert as_json(0.0, (), np.zeros((2, 0))) == ['{"base":0.0,"parts":{},"base_tenths":500,"tenths":{}}'] * 2


@pytest.mark.parametrize("parts", [0, 3])
def test_parts_come_back_from_the_store_bit_by_bit(parts: int) -> None:
    """Eight bytes for each part of each score, the same on every machine."""
    added = np.random.default_rng(1).normal(size=(2, parts))
    kept = as_bytes(added)
    assert [len(each) for each in kept] == [8 * parts] * 2
    np.testing.assert_array_equal(from_bytes(kept, parts), added)
