"""Figures of a replay as lines of text: chances beside their rivals, dates beside the median, the chance of winning soon."""

from collections.abc import Iterator

import numpy as np

from bench.replay import Replay
from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.dataset import STILL_OPEN
from crmsync.forecast.evaluate import expected_calibration_error, quality, standard_error
from crmsync.forecast.facts import Floats, Ints

DRAWS = 1000
HORIZON_DAYS = 28
HEAD = f"{'':14}{'AUC':>7}{'log loss':>10}{'se':>7}{'Brier':>8}{'se':>7}{'ECE':>7}{'slope':>7}{'icept':>7}"


def chances(made: Replay) -> Iterator[str]:
    """One line for each method, on the snapshots whose deals have closed."""
    closed = made.won != STILL_OPEN
    won, deal = made.won[closed].astype(np.float64), made.deal[closed]
    yield f"{closed.sum()} snapshots of {len(np.unique(deal))} closed deals, {won.mean():.3f} won; {(~closed).sum()} still open"
    yield HEAD
    for name, values in made.chance.items():
        if np.isnan(values).all():
            continue
        p = values[closed]
        q = quality(p, won, deal)
        yield (
            f"{name:14}{q.auc:7.3f}{q.log_loss:10.4f}{q.log_loss_se:7.4f}{q.brier:8.4f}{q.brier_se:7.4f}"
            f"{q.ece:7.3f}{q.slope:7.2f}{q.intercept:7.2f}"
        )
    model = made.chance["model"][closed]
    for rival in ("boosting", "base_rate"):
        if not np.isnan(made.chance[rival]).all():
            yield _difference(model, made.chance[rival][closed], won, deal, rival)
    low, high = ece_of_the_calibrated(model, deal)
    yield f"ECE of a calibrated model with these chances on these deals: {low:.3f} to {high:.3f} (95 %)"


def _difference(model: Floats, rival: Floats, won: Floats, deal: Ints, name: str) -> str:
    """Paired: the same snapshots, the error by deal."""
    apart = -(np.log(np.where(won > 0, model, 1 - model)) - np.log(np.where(won > 0, rival, 1 - rival)))
    square = (model - won) ** 2 - (rival - won) ** 2
    return (
        f"model less {name}: log loss {apart.mean():+.4f} (se {standard_error(apart, deal):.4f}), "
        f"Brier {square.mean():+.4f} (se {standard_error(square, deal):.4f})"
    )


def ece_of_the_calibrated(chance: Floats, deal: Ints) -> tuple[float, float]:
    """The 95 % range of ECE when the chances are right: outcomes are drawn by deal, one number for all its snapshots."""
    rng = np.random.default_rng(0)
    _, place = np.unique(deal, return_inverse=True)
    draws = [
        expected_calibration_error(chance, (rng.random(place.max() + 1)[place] < chance).astype(np.float64))
        for _ in range(DRAWS)
    ]
    return float(np.quantile(draws, 0.025)), float(np.quantile(draws, 0.975))


def dates(made: Replay) -> Iterator[str]:
    """Days to the win: error and coverage on what was won, plain and weighted for what was still open."""
    won = made.won == 1
    if not won.any():
        return
    days, found, deal = np.floor(made.days[won]), made.quantiles[won], made.deal[won]
    weight = watching_weights(made)[won]
    inside = ((days <= found[:, 2]) & (days >= found[:, 0])).astype(np.float64)
    apart = found[:, 1] - days
    for label, each in (("won so far", np.ones(len(days))), ("weighted for the still open", weight)):
        below = [float(np.average(days <= found[:, place], weights=each)) for place in range(3)]
        shares = ", ".join(f"{share:.3f}" for share in below)
        yield (
            f"{label:30} median error {_weighted_median(np.abs(apart), each):6.2f} days, "
            f"bias {np.average(apart, weights=each):+6.2f} (median {_weighted_median(apart, each):+.2f}), "
            f"P20..P80 covers {np.average(inside, weights=each):.3f}; won by P20, P50, P80: {shares} "
            f"(se {standard_error((days <= found[:, 1]).astype(np.float64), deal):.3f})"
        )
    yield f"  {'always the median of the won':28} median error {np.median(np.abs(days - np.median(days))):6.2f} days"


def _weighted_median(values: Floats, weight: Floats) -> float:
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def watching_weights(made: Replay) -> Floats:
    """1 / the share of snapshots that were watched for as long as this one took to end; 0 for the still open."""
    watched = np.sort(made.watched)
    share = 1 - np.searchsorted(watched, made.days - 1e-9) / len(watched)
    return np.where(made.won == STILL_OPEN, 0.0, 1 / np.maximum(share, 1 / len(watched)))


def soon(made: Replay) -> Iterator[str]:
    """The chance of being won within 28 days on snapshots watched that long, by tenths."""
    full = made.watched >= HORIZON_DAYS
    if not full.any():
        return
    came = ((made.won == 1) & (made.days <= HORIZON_DAYS))[full].astype(np.float64)
    chance, deal = np.clip(made.soon[full], 1e-6, 1 - 1e-6), made.deal[full]
    q = quality(chance, came, deal)
    se = standard_error(came - chance, deal)
    until = np.datetime_as_string(np.datetime64(int(made.at[full].max()) // MICROS_PER_DAY, "D"))
    low, high = ece_of_the_calibrated(chance, deal)
    yield (
        f"won_28d on {full.sum()} snapshots up to {until}: said {chance.mean():.3f}, came {came.mean():.3f} (se {se:.3f}); "
        f"AUC {q.auc:.3f}, Brier {q.brier:.4f}, slope {q.slope:.2f}, intercept {q.intercept:+.2f}, "
        f"ECE {q.ece:.3f} (calibrated: {low:.3f} to {high:.3f})"
    )
