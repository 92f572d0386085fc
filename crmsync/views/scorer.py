"""Which fit of a model scores, what has drifted since it learnt, and what the gate held back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from crmsync.forecast.features import FEATURES
from crmsync.forecast.grades import of_late
from crmsync.store import fits
from crmsync.store.engine import Store
from crmsync.views.cells import moment


@dataclass(frozen=True, slots=True)
class Scorer:
    """The fit of a model that scores, None before the first; `refused`: the gate's words on a newer one that it held back."""

    model: str
    fit_id: int | None
    as_of: int | None
    verdict: str
    refused: str
    kind: str = ""  # what the fit's scores are called
    drift: tuple[str, ...] = ()  # what has drifted: inputs by name, outcomes


def scorer(store: Store, model: str) -> Scorer:
    """Looks a model up."""
    used, newest = fits.newest_used(store, model), fits.newest(store, model)
    refused = "" if newest is None or newest.used else newest.verdict
    if used is None:
        return Scorer(model, None, None, "", refused)
    return Scorer(model, used.fit_id, used.as_of, used.verdict, refused, *_of_gate(used.body))


def _of_gate(body: str) -> tuple[str, tuple[str, ...]]:
    """What a stored fit's scores are called, and what had drifted when it was made."""
    gate = json.loads(body).get("gate", {})
    moved = [f"{_sentence(name)} (index {value:.2f})" for name, value in gate.get("drift", {}).items()]
    told = [f"open deals differ from those of the year before: {', '.join(moved)}"] if moved else []
    late = of_late(gate.get("grades", {}))
    return gate.get("kind", ""), (*told, *([late] if late else []))


def _sentence(name: str) -> str:
    return f"'{FEATURES[name].sentence}'" if name in FEATURES else f"the {name}"


def scorer_lines(found: Scorer) -> Iterator[str]:
    """Which fit scores, and what somebody has to look at."""
    if found.fit_id is None or found.as_of is None:
        yield f"[warn] fit {found.model}: none yet -> crmsync train --model {found.model}"
    else:
        what = f"fit {found.fit_id} ({found.kind})"
        yield f"[ok] fit {found.model}: {what}, as of {moment(found.as_of)}: {found.verdict}"
    for what in found.drift:
        yield f"[warn] drift {found.model}: {what} -> crmsync card --model {found.model}"
    if found.refused:
        remedy = f"crmsync backtest --model {found.model}"
        yield f"[warn] fit {found.model}: a newer one was held back: {found.refused} -> {remedy}"
