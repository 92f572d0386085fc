"""What a score says of a deal's plan: when each promise will be kept, which one decides, whether the CRM's date holds."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.channels import CLOSE_ON
from crmsync.forecast.facts import Ints
from crmsync.forecast.history import History
from crmsync.forecast.on_time import Promise, on_time, sentence
from crmsync.forecast.outlook import FIRST, LAST, MEDIAN, Outlook, outlook
from crmsync.forecast.score import Scores
from crmsync.forecast.slips import Kept

DECIMALS = 3


def told_of_plans(scores: Scores, history: History, kept: Kept | None = None) -> dict[str, list[Any]]:
    """Columns of table `score`, in the order of the scores."""
    ahead = outlook(history, scores, kept)
    begin, end = (np.searchsorted(ahead.deal, scores.deal, side=side) for side in ("left", "right"))
    decides = _deciding(ahead, begin, end, history)
    return {
        **_on_time(scores, decides),
        "deciding_step": [None if promise is None else promise.name for promise in decides],
        "deciding_step_on": [None if promise is None else promise.likely_on for promise in decides],
        "promises": _as_json(ahead, begin, end),
    }


def _deciding(ahead: Outlook, begin: Ints, end: Ints, history: History) -> list[Promise | None]:
    """The promise of each deal that most likely is kept last, of equal ones the first."""
    ranked, some = np.lexsort((-ahead.decides, ahead.deal)), begin < end
    chosen = ahead.take(ranked[begin[some]])
    names = [history.labels[name] for name in chosen.name.tolist()]
    promises = map(Promise, names, chosen.due.tolist(), chosen.days[:, MEDIAN].tolist())
    return [next(promises) if there else None for there in some.tolist()]


def _on_time(scores: Scores, decides: Sequence[Promise | None]) -> dict[str, list[Any]]:
    """Of the CRM's close date, where there is one."""
    close_on, today = scores.table.asof.of(CLOSE_ON).latest_value(), scores.as_of // MICROS_PER_DAY
    days, shares = np.nan_to_num(close_on).astype(np.int64).tolist(), on_time(scores, close_on).tolist()
    chances = [None if nowhere else share for nowhere, share in zip(np.isnan(close_on).tolist(), shares, strict=True)]
    texts = [
        None if chance is None else sentence(day, chance, today=today, decides=promise)
        for day, chance, promise in zip(days, chances, decides, strict=True)
    ]
    return {"on_time": chances, "on_time_text": texts}


def _as_json(ahead: Outlook, begin: Ints, end: Ints) -> list[str]:
    """What isn't known of the promised steps of each deal from their own rows, written out as `json.dumps` would."""
    chance, decides = ([round(each, DECIMALS) for each in column.tolist()] for column in (ahead.chance, ahead.decides))
    days = ahead.days[:, [FIRST, MEDIAN, LAST]].tolist()
    promises = [
        f'{{"step":{step},"from_on":{first},"likely_on":{middle},"until_on":{last},"chance":{share!r},"decides":{part!r}}}'
        for step, (first, middle, last), share, part in zip(ahead.step.tolist(), days, chance, decides, strict=True)
    ]
    return [f"[{','.join(promises[first:last])}]" for first, last in zip(begin.tolist(), end.tolist(), strict=True)]
