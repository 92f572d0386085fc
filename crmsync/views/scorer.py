"""Which fit of a model scores, which one stands beside it or was held back, and what had drifted at the newest training."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from crmsync.forecast.challenge import WAITING
from crmsync.forecast.features import FEATURES
from crmsync.forecast.grades import of_late
from crmsync.store import fits, runs
from crmsync.store.engine import Store
from crmsync.store.fits import FitRow
from crmsync.store.runs import EARLY
from crmsync.views.cells import moment


@dataclass(frozen=True, slots=True)
class Scorer:
    """The fit of a model that scores, None before the first, and what the gate said of a newer one that doesn't."""

    model: str
    fit_id: int | None = None
    as_of: int | None = None
    kind: str = ""  # what its scores are called
    verdict: str = ""
    challenger: str = ""  # the verdict on a newer one that stands beside it
    refused: str = ""  # the verdict on a newer one that was held back
    too_few: bool = False  # nothing is learnt yet, and the newest training found too few outcomes
    drift: tuple[str, ...] = ()  # at the newest training, whatever became of it: inputs by name, outcomes


def scorer(store: Store, model: str) -> Scorer:
    """Looks a model up."""
    newest = fits.newest(store, model)
    if newest is None:
        trained = runs.last(store, "train", model)
        return Scorer(model, too_few=trained is not None and trained.status == EARLY)
    newer = "" if newest.used else newest.verdict
    found = Scorer(model, drift=_drift(_gate(newest)))
    found = replace(found, challenger=newer) if newer.startswith(WAITING) else replace(found, refused=newer)
    used = fits.newest_used(store, model)
    if used is None:
        return found
    return replace(found, fit_id=used.fit_id, as_of=used.as_of, kind=_gate(used).get("kind", ""), verdict=used.verdict)


def _gate(row: FitRow) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row.body).get("gate", {})
    return found


def _drift(gate: Mapping[str, Any]) -> tuple[str, ...]:
    moved = [f"{_sentence(name)} (index {value:.2f})" for name, value in gate.get("drift", {}).items()]
    told = [f"open deals differ from those of the year before: {', '.join(moved)}"] if moved else []
    late = of_late(gate.get("grades", {}))
    return (*told, *([late] if late else []))


def _sentence(name: str) -> str:
    return f"'{FEATURES[name].sentence}'" if name in FEATURES else f"the {name}"


def scorer_lines(found: Scorer) -> Iterator[str]:
    """Which fit scores, and what somebody has to look at."""
    yield _in_use(found)
    if found.challenger:
        yield f"[ok] fit {found.model}: beside it stands a {found.challenger}"
    for what in found.drift:
        yield f"[warn] drift {found.model}: {what} -> crmsync card --model {found.model}"
    if found.refused and found.fit_id is not None:
        remedy = f"crmsync backtest --model {found.model}"
        yield f"[warn] fit {found.model}: a newer one was held back: {found.refused} -> {remedy}"


def _in_use(found: Scorer) -> str:
    if found.fit_id is not None and found.as_of is not None:
        what = f"fit {found.fit_id} ({found.kind})"
        return f"[ok] fit {found.model}: {what}, as of {moment(found.as_of)}: {found.verdict}"
    if found.refused:
        told = f"none may score, the newest was held back: {found.refused}"
        return f"[warn] fit {found.model}: {told} -> crmsync card --model {found.model}"
    if found.too_few:
        return f"[ok] fit {found.model}: none yet, too few deals have closed; scores go by stated rules, as points"
    return f"[warn] fit {found.model}: none yet -> crmsync train --model {found.model}"
