"""The figures that a fit is born with."""

import numpy as np
import pytest

from crmsync.forecast.grades import OF_LATE, Parted, grades, of_late, thirds
from crmsync.forecast.logistic import Fit

RNG = np.random.default_rng(3)
CHANCE = RNG.uniform(0.05, 0.95, 3_000)
WON = (RNG.random(3_000) < CHANCE).astype(np.float64)
DEAL = np.repeat(np.arange(1_500), 2)


def test_grades_of_the_calibrated_have_slope_1() -> None:
    """Bins count every snapshot once, and what is said there comes."""
    told = grades(CHANCE, WON, np.arange(3_000), {})
    assert told["slope"] == pytest.approx(1, abs=0.1)
    assert sum(each["snapshots"] for each in told["bins"]) == 3_000
    assert max(abs(each["predicted"] - each["won"]) for each in told["bins"]) < 0.08


def test_grades_show_the_gap_of_a_group() -> None:
    """A group that is won less often than said shows by how much, with its error; groups without a name or too few deals don't."""
    group = np.where(DEAL < 700, 1, np.where(DEAL < 1_400, 2, np.where(DEAL < 1_410, 3, 4)))
    won = np.where((group == 1) & (RNG.random(3_000) < 0.5), 0.0, WON)
    first, second = grades(CHANCE, won, DEAL, {"segment": Parted(group, {1: "poor", 2: "fair", 3: "small"})})["groups"]
    assert (first["group"], second["group"]) == ("poor", "fair")
    assert first["gap"] > 5 * first["gap_se"]
    assert abs(second["gap"]) < 3 * second["gap_se"]


def test_grades_of_nothing_are_empty() -> None:
    """Without later deals there is nothing to tell."""
    assert grades(CHANCE[:0], WON[:0], DEAL[:0], {}) == {}


@pytest.mark.parametrize(("gap", "error", "told"), [(-0.1, 0.033, True), (-0.1, 0.034, False), (0.049, 0.001, False)])
def test_outcomes_of_late_are_told_beyond_luck(gap: float, error: float, *, told: bool) -> None:
    """A gap is worth a word from 5 points on, and only beyond three standard errors."""
    late = {
        "by": "closed",
        "group": OF_LATE,
        "deals": 80,
        "predicted": 0.4,
        "won": 0.4 - gap,
        "gap": gap,
        "gap_se": error,
    }
    assert bool(of_late({"groups": [late]})) == told


def test_thirds_part_the_known_values() -> None:
    """Low, middle, high, as many of each; an unknown value is in none."""
    found = thirds(np.append(np.arange(30.0), np.nan))
    named = [found.names.get(number, "") for number in found.group.tolist()]
    assert named == ["low"] * 10 + ["middle"] * 10 + ["high"] * 10 + [""]


def test_fit_bears_its_grades(rich_fit: Fit) -> None:
    """They stand in the fit, and so under its digest."""
    told = rich_fit.gate.grades
    assert told["deals"] == rich_fit.gate.deals
    assert {"stage", "owner", "age"} <= {each["by"] for each in told["groups"]}
