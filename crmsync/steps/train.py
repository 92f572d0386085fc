"""train: the facts known by an instant -> a fit, with the gate's verdict on it.

The only step that reaches scikit-learn, and only when it runs: its import costs seconds.
"""

from crmsync import past
from crmsync.clock import MICROS_PER_DAY
from crmsync.errors import BadConfig, Stopped
from crmsync.forecast import challenge, logistic
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit
from crmsync.store import deals, fits
from crmsync.store.engine import Store
from crmsync.store.fits import FitRow
from crmsync.workspace import ModelSpec


def train(store: Store, spec: ModelSpec, *, run_id: int, as_of: int | None = None) -> dict[str, int]:
    """Learns from what was known at the instant (None: at the newest pull) and stores the fit. Gives what it learnt from.

    Where the model's TOML asks for it, a fit that passed the gate is a challenger at first, and one that has stood beside the fit
    in use for long enough takes over. Raises Stopped when there is too little to learn from (E401, E402), the training fails (E403,
    E404), or the gate keeps the fit from being used (E408): it is stored all the same, and the one in use stays. Raises BadConfig
    E410 when no pull has reached the instant.
    """
    from crmsync.forecast import fit as training

    at = past.instant(store, spec, as_of=as_of)
    history = past.history(store, known_by=at, crms=spec.population.crms)
    in_use, segments = _readable(fits.newest_used(store, spec.name, as_of=at)), deals.segments(store)
    promoted = None if in_use is None else _promoted(store, spec, history, in_use, run_id=run_id, at=at)
    in_use = promoted or in_use
    made = training.train(history, past.recipe(spec), as_of=at, in_use=in_use, segments=segments)
    waits = made.gate.used and in_use is not None and spec.gate.challenge_days > 0
    before = challenge.WAITING if waits else ""
    _save(store, spec, made, run_id=run_id, used=made.gate.used and not waits, before=before)
    if not made.gate.used:
        what = f"the new fit isn't used: {made.gate.text}"
        stays = "the fit in use stays" if in_use else "until one passes no deal gets a score"
        raise Stopped("E408", what, remedy=f"crmsync card --model {spec.name}; {stays}")
    learnt = made.trained
    counts = {"deals": learnt.deals, "won": learnt.deals_won, "snapshots": learnt.snapshots}
    return counts | ({"challengers": 1} if waits else {}) | ({"promoted": 1} if promoted else {})


def _promoted(store: Store, spec: ModelSpec, history: History, champion: Fit, *, run_id: int, at: int) -> Fit | None:
    """The newest challenger that has waited for long enough, which takes over unless it is worse on what came since."""
    until, after = at - spec.gate.challenge_days * MICROS_PER_DAY, champion.trained.as_of
    row = fits.newest_waiting(store, spec.name, verdict=challenge.WAITING, after=after, as_of=until)
    challenger = _readable(row) if spec.gate.challenge_days else None
    if challenger is None:
        return None
    better, why = challenge.compare(history, past.recipe(spec), challenger, champion, by=at)
    if better:
        _save(store, spec, challenger, run_id=run_id, used=True, before=f"took over after its challenge ({why}): ")
    return challenger if better else None


def _save(store: Store, spec: ModelSpec, fit: Fit, *, run_id: int, used: bool, before: str) -> None:
    fits.save(
        store,
        model=spec.name,
        run_id=run_id,
        as_of=fit.trained.as_of,
        digest=fit.digest,
        used=used,
        verdict=before + fit.gate.text,
        body=fit.to_json(),
    )


def _readable(row: FitRow | None) -> Fit | None:
    """A stored fit, if this version can read it: another one is what `train` replaces."""
    try:
        return None if row is None else logistic.from_json(row.body)
    except BadConfig:
        return None
