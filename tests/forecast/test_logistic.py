"""A fit as JSON, and its sums."""

import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from crmsync.errors import BadConfig
from crmsync.forecast import logistic
from crmsync.forecast.logistic import Fit, from_json, sigmoid
from crmsync.forecast.score import score
from tests.forecast.conftest import Past


def resealed(fit: Fit, **changes: Any) -> str:
    """The fit's JSON with changes and a digest that fits them."""
    body = {**json.loads(fit.to_json()), **changes}
    body.pop("digest")
    return json.dumps({**body, "digest": logistic._digest(body)})


def test_fit_survives_its_json(rich_fit: Fit) -> None:
    """Written and read it is the same fit."""
    assert from_json(rich_fit.to_json()) == rich_fit


def test_fit_of_an_older_version_knows_no_slips(rich_fit: Fit) -> None:
    """A fit that was stored before promises were learnt is read as ever, and is the same bytes again."""
    old = replace(rich_fit, slips=None).sealed()
    assert '"slips"' not in old.to_json()
    assert from_json(old.to_json()) == old


def test_contributions_sum_to_the_log_odds(rich: Past, rich_fit: Fit) -> None:
    """Base and parts give the probability, to 1e-9, and no part is left out."""
    scores = score(rich_fit, rich.history, rich.history.deals, as_of=rich.now)
    total = scores.base + scores.contributions.sum(axis=1)
    np.testing.assert_allclose(np.log(scores.probability / (1 - scores.probability)), total, rtol=0, atol=1e-9)
    assert len(scores.parts) == scores.contributions.shape[1]


@pytest.mark.parametrize("place", range(0, 100, 7))
def test_fit_altered_by_one_digit_is_refused(rich_fit: Fit, place: int) -> None:
    """Any digit changed: the digest says so. But for a sixteenth one, which may leave the number as it is."""
    text = rich_fit.to_json()
    spots = [digit.start() for digit in re.finditer(r"(?<![\d.]{16})\d", text)]
    spot = spots[place * len(spots) // 100]
    with pytest.raises(BadConfig, match=r"E41[12]"):
        from_json(f"{text[:spot]}{(int(text[spot]) + 1) % 10}{text[spot + 1 :]}")


@pytest.mark.parametrize(
    "text", ["", "null", "[1]", "{}", '{"schema":99,"terms":[]}', "\x80\x04cposix\nsystem\n", "[" * 100_000]
)
def test_what_is_no_fit_is_refused(text: str) -> None:
    """Whatever isn't a fit is one line with a code."""
    with pytest.raises(BadConfig, match="E411"):
        from_json(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_number_that_is_none_is_refused(rich_fit: Fit, number: str) -> None:
    """NaN and infinity are no coefficients."""
    text = rich_fit.to_json().replace(f'"base":{rich_fit.formula.base}', f'"base":{number}')
    with pytest.raises(BadConfig, match="E414"):
        from_json(text)


def test_unknown_feature_is_refused_by_name(rich_fit: Fit) -> None:
    """A fit of another version, with a feature that isn't here, is refused."""
    terms = [{**json.loads(rich_fit.to_json())["terms"][0], "feature": "moon_phase"}]
    with pytest.raises(BadConfig, match=r"E413 .*moon_phase"):
        from_json(resealed(rich_fit, terms=terms))


def test_fit_whose_pace_has_other_terms_is_refused(rich_fit: Fit) -> None:
    """The columns of chance and pace are made once for both."""
    pace = json.loads(rich_fit.to_json())["pace"]
    with pytest.raises(BadConfig, match=r"E411 .*differ in terms"):
        from_json(resealed(rich_fit, pace={**pace, "terms": pace["terms"][1:]}))


@pytest.mark.parametrize("changes", [{"base": "one"}, {"trained": {}}, {"timing": 3}, {"terms": [{"feature": "age"}]}])
def test_fit_of_another_shape_is_refused(rich_fit: Fit, changes: dict[str, Any]) -> None:
    """Numbers that aren't where they belong are refused."""
    with pytest.raises(BadConfig, match="E411"):
        from_json(resealed(rich_fit, **changes))


def test_sigmoid_does_not_overflow() -> None:
    """Far out it is 0 and 1, without a warning."""
    assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0, 0.5, 1]
