"""Plots as inline SVG, for the report. matplotlib is imported when the first one is drawn."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from crmsync.forecast.evaluate import reliability
from crmsync.forecast.facts import Floats

INK, SOFT = "#1f2933", "#9aa5b1"
COLOURS = {"base rate": "#cbd2d9", "stage rate": "#f0b429", "model": "#2186eb", "truth": "#3ebd93"}


def losses_by_law(laws: Mapping[str, Mapping[str, float]]) -> str:
    """Log loss of each way of forecasting, for each law: shorter is better."""
    figure, axes = _figure(7.5, 0.62 * len(laws) + 0.8)
    ways = list(next(iter(laws.values())))
    height = 0.8 / len(ways)
    for number, way in enumerate(ways):
        places = [row + number * height for row in range(len(laws))]
        axes.barh(places, [found[way] for found in laws.values()], height * 0.92, color=COLOURS[way], label=way)
    axes.set_yticks([row + 0.3 for row in range(len(laws))], list(laws))
    axes.invert_yaxis()
    axes.set_xlabel("log loss on later deals")
    axes.legend(frameon=False, ncols=len(ways), loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return _svg(figure)


def calibration(probability: Floats, won: Floats) -> str:
    """Predicted against true shares, with the number of predictions in each bin."""
    bins = reliability(probability, won)
    return reliability_line(*zip(*((row.predicted, row.won, row.snapshots) for row in bins), strict=True))


def reliability_line(predicted: Sequence[float], won: Sequence[float], snapshots: Sequence[int]) -> str:
    """The same from its bins."""
    figure, axes = _figure(4.4, 4.0)
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1)
    axes.plot(predicted, won, "o-", color=COLOURS["model"])
    for said, came, count in zip(predicted, won, snapshots, strict=True):
        axes.annotate(f"{count:,}", (said, came), textcoords="offset points", xytext=(6, -10))
    axes.set_xlabel("predicted chance")
    axes.set_ylabel("share won")
    return _svg(figure)


def against_truth(truth: Floats, probability: Floats) -> str:
    """Each prediction against the truth of that deal on that day."""
    figure, axes = _figure(4.4, 4.0)
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1)
    axes.scatter(truth, probability, s=5, alpha=0.35, color=COLOURS["model"], linewidths=0, rasterized=True)
    axes.set_xlabel("truth")
    axes.set_ylabel("model")
    return _svg(figure)


def bars(labels: Sequence[str], values: Sequence[float], axis: str) -> str:
    """Horizontal bars, the first one on top; those below zero in another colour."""
    figure, axes = _figure(7.5, 0.28 * len(labels) + 0.8)
    colours = [COLOURS["model"] if value >= 0 else COLOURS["stage rate"] for value in values]
    axes.barh(np.arange(len(labels)), values, 0.72, color=colours)
    axes.set_yticks(np.arange(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_xlabel(axis)
    return _svg(figure)


def columns(labels: Sequence[str], values: Sequence[float], axis: str) -> str:
    """Upright bars in the order given."""
    figure, axes = _figure(7.5, 2.8)
    axes.bar(np.arange(len(labels)), values, 0.72, color=COLOURS["model"])
    axes.set_xticks(np.arange(len(labels)), labels)
    axes.set_ylabel(axis)
    return _svg(figure)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=9)
    return figure, axes


def _svg(figure: Any) -> str:
    """The figure without the XML head; text stays text."""
    import matplotlib as mpl

    target = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "crmsync", "font.family": "sans-serif"}):
        figure.savefig(target, format="svg", metadata={"Date": None})
    text = target.getvalue()
    return text[text.index("<svg") :]
