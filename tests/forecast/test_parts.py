"""The parts of scores as JSON."""

import json
from dataclasses import replace

import numpy as np

from crmsync.forecast.logistic import Fit, sigmoid
from crmsync.forecast.parts import as_json
from crmsync.forecast.points import points, tenths
from crmsync.forecast.score import score
from tests.forecast.conftest import Past


def test_parts_are_written_as_the_json_library_would(rich: Past, rich_fit: Fit) -> None:
    """Every part that isn't 0 stands under its name, in both units, to the last digit."""
    scores = score(rich_fit, rich.history, rich.history.deals, as_of=rich.now)
    told = points(scores.base, scores.contributions).tolist()
    base = int(tenths(sigmoid(np.array([scores.base])))[0])
    for written, row, shown in zip(as_json(scores), scores.contributions.tolist(), told, strict=True):
        some = {part: (value, tenth) for part, value, tenth in zip(scores.parts, row, shown, strict=True) if value}
        log_odds, rounded = ({part: pair[unit] for part, pair in some.items()} for unit in (0, 1))
        body = {"base": scores.base, "parts": log_odds, "base_tenths": base, "tenths": rounded}
        assert written == json.dumps(body, separators=(",", ":"))


def test_score_without_parts_is_its_base(rich: Past, rich_fit: Fit) -> None:
    """Where nothing adds anything, both are empty."""
    scores = score(rich_fit, rich.history, rich.history.deals[:2], as_of=rich.now)
    bare = replace(scores, base=0.0, parts=(), contributions=np.zeros((2, 0)))
    assert as_json(bare) == ['{"base":0.0,"parts":{},"base_tenths":500,"tenths":{}}'] * 2
