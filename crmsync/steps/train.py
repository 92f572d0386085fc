"""train: the facts known by an instant -> a fit, with the gate's verdict on it.

The only step that reaches scikit-learn, and only when it runs: its import costs seconds.
"""

from crmsync import past
from crmsync.errors import BadConfig, Stopped
from crmsync.forecast import logistic
from crmsync.forecast.logistic import Fit
from crmsync.store import deals, fits
from crmsync.store.engine import Store
from crmsync.workspace import ModelSpec


def train(store: Store, spec: ModelSpec, *, run_id: int, as_of: int | None = None) -> dict[str, int]:
    """Learns from what was known at the instant (None: at the newest pull) and stores the fit. Gives what it learnt from.

    Raises Stopped when there is too little to learn from (E401, E402), the training fails (E403, E404), or the gate keeps the
    fit from being used (E408): it is stored all the same, and the one in use stays. Raises BadConfig E410 when no pull has reached
    the instant.
    """
    from crmsync.forecast import fit as training

    at = past.instant(store, spec, as_of=as_of)
    history = past.history(store, known_by=at, crms=spec.population.crms)
    in_use, segments = _in_use(store, spec, at), deals.segments(store)
    made = training.train(history, past.recipe(spec), as_of=at, in_use=in_use, segments=segments)
    fits.save(
        store,
        model=spec.name,
        run_id=run_id,
        as_of=at,
        digest=made.digest,
        used=made.gate.used,
        verdict=made.gate.text,
        body=made.to_json(),
    )
    if not made.gate.used:
        raise Stopped(
            "E408", f"the new fit isn't used: {made.gate.text}", remedy="crmsync status; the fit in use stays"
        )
    learnt = made.trained
    return {"deals": learnt.deals, "won": learnt.deals_won, "snapshots": learnt.snapshots}


def _in_use(store: Store, spec: ModelSpec, at: int) -> Fit | None:
    """The fit that scores at present, if there is one that this version can read: another one is what `train` replaces."""
    row = fits.newest_used(store, spec.name, as_of=at)
    if row is None:
        return None
    try:
        return logistic.from_json(row.body, where=f"fit {row.fit_id}")
    except BadConfig:
        return None
