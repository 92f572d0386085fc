"""What an analyst opens: the store's tables as DataFrames, and dated examples with the features that the model sees.

    import crmsync
    book = crmsync.open()          # the config as every command finds it
    book.deal, book.score          # a table
    book.snapshots("age", "plan_done")
    book.backtest("2026-01-05", "2026-06-29")
    book.cards("2026-01-05", "2026-06-29")   # what fields of the CRM say of a deal's chance, beside the model
    book.team(), book.track()      # the team's number, and how its ranges held
    book.categories()              # the proposed category of each open deal beside the CRM's
    book.waterfall("2026-06-01", "2026-06-29")
    book.change("Ten seats", "2026-06-01", "2026-06-29")   # what changed one deal's score
    book.claim("view", at_least=4, said=0.97)
    book.stalls()
    book.keeping(), book.moves()   # how both sides keep their promises, and each date that was moved

Reads only. pandas is imported here, in `as_frames` and in `store.frames`, nowhere else.
"""

from collections.abc import Iterable
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from crmsync import config as configs
from crmsync import past, workspace
from crmsync.calendars import month, quarter
from crmsync.clock import MICROS_PER_DAY, iso, parse_instant, to_date
from crmsync.forecast import claims, stalls
from crmsync.forecast.backtest import Span
from crmsync.forecast.dataset import STILL_OPEN, Ends, examples, open_deals, snapshots
from crmsync.forecast.design import Table
from crmsync.forecast.facts import Which
from crmsync.forecast.history import History
from crmsync.forecast.rollup import Shock
from crmsync.forecast.score import score
from crmsync.records import Kind, Phase
from crmsync.store import frames, scores
from crmsync.store.engine import Store, open_store
from crmsync.views import backtest as backtests
from crmsync.views import categories, changed, promises, reasons, waterfall
from crmsync.views.as_frames import feature_columns, forecasts, frame
from crmsync.views.team import TEAM, Tracked, lines, track
from crmsync.words import many
from crmsync.workspace import ModelSpec

DEFAULT_MODEL = "close"


class Workbook:
    """One workspace, read as frames. A table's name as an attribute gives its frame, read anew each time."""

    def __init__(self, config: configs.Config, store: Store) -> None:
        self.config, self.store = config, store
        self._tracks: dict[tuple[int, str], tuple[list[Tracked], Shock]] = {}

    def __getattr__(self, table: str) -> pd.DataFrame:
        try:
            found = frames.frame(self.store, table)
        except KeyError:
            raise AttributeError(f"no table {table!r}") from None
        if table != "score":
            return found
        texts = list(reasons.texts(self.store, found.to_dict("records")))
        return found.assign(reasons=texts).drop(columns=list(reasons.KEPT))

    @property
    def scores(self) -> pd.DataFrame:
        """The newest score of each open deal, with the deal's name and ids: what the job wrote."""
        return pd.DataFrame(reasons.told(self.store, frames.rows(self.store, scores.newest_of_open())))

    @cached_property
    def history(self) -> History:
        """All facts, as the features see them."""
        return past.history(self.store)

    def snapshots(self, *features: str, model: str = DEFAULT_MODEL) -> pd.DataFrame:
        """A row for each week of each deal's open life: deal_id, at, won (1, 0, missing while open), and features as numbers.

        Features that are texts (a stage) come as texts; those with a column per name (steps done) as `feature:name`.
        """
        (spec, until), history = _now(self, model), self.history
        found = snapshots(history, by=until, every_days=spec.population.every_days)
        won = Ends.of(history, by=until).won[found.deal].astype(float)
        table = Table(history.as_of(history.deals[found.deal], found.at))
        columns: dict[str, Any] = {
            "deal_id": history.deals[found.deal],
            "at": pd.to_datetime(found.at, unit="us", utc=True),
            "won": np.where(won == STILL_OPEN, np.nan, won),
        }
        for feature in features:
            columns.update(feature_columns(feature, table.column(feature), history))
        return pd.DataFrame(columns)

    def backtest(
        self, start: str, end: str, *, every_days: int = 7, refit_days: int = 28, model: str = DEFAULT_MODEL
    ) -> pd.DataFrame:
        """Each open deal on each past date: probability, stage rate, base rate, close dates, the CRM's own close date, and the end.

        Every date is scored by a fit that saw only what was known by then, made anew when the newest is `refit_days` old.
        """
        from crmsync.forecast.backtest import backtest

        spec, until = _now(self, model)
        history = _history(self, spec)
        ends, span = Ends.of(history, by=until), Span(parse_instant(start), parse_instant(end), every_days)
        found = backtest(history, past.recipe(spec), span, refit_days=refit_days)
        parts = [forecasts(scores, ends) for scores in found]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def cards(self, start: str, end: str, *, every_days: int = 28, model: str = DEFAULT_MODEL) -> pd.DataFrame:
        """Each field that the config names as `graded` beside the model, on the same deals of past dates.

        A row for each way to read a field; columns `theirs_` and `ours_` are the figures of `evaluate.Quality`. Without such
        a field there is no row.
        """
        span = Span(parse_instant(start), parse_instant(end), every_days)
        graded = backtests.run(self.store, _now(self, model)[0], span).graded
        return pd.json_normalize([asdict(card) for card in graded], sep="_")

    def track(self, *, periods: int = 6, model: str = DEFAULT_MODEL) -> pd.DataFrame:
        """What was said of the last periods of the model's horizon and what came, in minor units, by as-of date and currency."""
        return frame(self._tracked(periods, model)[0])

    def team(
        self, *, monthly: bool = False, ahead: int = 0, periods: int = 6, model: str = DEFAULT_MODEL
    ) -> pd.DataFrame:
        """What open deals bring in this fiscal quarter (or month, or one ahead), by owner and currency, in minor units.

        `owner` is empty for the whole team. The shock that deals share is learnt from so many past periods.
        """
        spec, at = _now(self, model)
        begins_on, ends_on = _period(at // MICROS_PER_DAY, spec, monthly=monthly, ahead=ahead)
        history = _history(self, spec)
        fit = waterfall.fit_of(self.store, spec, history, at=at)
        deals = open_deals(history, created_from=past.recipe(spec).created_from, as_of=at)
        found = score(fit, history, deals, as_of=at)
        shock = self._tracked(periods, model)[1]
        told = frame(lines(history, found, begins_on=begins_on, ends_on=ends_on, shock=shock))
        return told.assign(owner=_people(self, told.owner), ends_on=pd.Timestamp(to_date(ends_on)))

    def categories(self) -> pd.DataFrame:
        """The category that is proposed for each open deal beside the word in each `graded` field of the CRM that holds one."""
        return frame(categories.proposed(self.store, self.history))

    def waterfall(self, start: str, end: str, *, until: str = "", model: str = DEFAULT_MODEL) -> pd.DataFrame:
        """What moved the weighted forecast between two dates: a row for each deal and cause, in minor units.

        The parts of a currency and `before` sum to `after` exactly. `until`: of what is won by that day.
        """
        until_on = parse_instant(until) // MICROS_PER_DAY if until else None
        dates = {"from_at": parse_instant(start), "to_at": parse_instant(end)}
        spec = _now(self, model)[0]
        found = waterfall.between(self.store, spec, _history(self, spec), until_on=until_on, **dates)
        parts = [frame(each.parts).assign(before=each.before, after=each.after) for each in found]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def change(self, deal: str, start: str, end: str, *, model: str = DEFAULT_MODEL) -> pd.DataFrame:
        """What changed one deal's score between two dates: for each cause its points, which sum to the change, and its acts."""
        dates = {"from_at": parse_instant(start), "to_at": parse_instant(end)}
        spec = _now(self, model)[0]
        found = changed.between(self.store, spec, _history(self, spec), deal, **dates)
        return pd.DataFrame(
            {
                "cause": [part.cause for part in found.parts],
                "points": [part.tenths / 10 for part in found.parts],
                "acts": [[f"{iso(act.at)[:10]} {act.what}" for act in part.acts] for part in found.parts],
            }
        )

    def claim(
        self, kind: str, *, name: str = "", at_least: int = 1, said: float, model: str = DEFAULT_MODEL
    ) -> claims.Answer:
        """A saying such as "4 views: 97 %" held against all closed deals at equal age; of a milestone: that it is done."""
        spec, until = _now(self, model)
        phases = (Phase.DONE, Phase.HAPPENED) if Kind[kind.upper()] is Kind.MILESTONE else ()
        claim = claims.Claim(_saying(kind, name, at_least), Which((Kind[kind.upper()],), phases), said, at_least, name)
        every = spec.population.every_days
        sample = examples(self.history, snapshots(self.history, by=until, every_days=every), by=until)
        return claims.answer(self.history, sample, claim, every_days=every)

    def stalls(self, *, by: Literal["owner", "step"] = "owner", model: str = DEFAULT_MODEL) -> pd.DataFrame:
        """Owners or steps by how much more of their promises stall than of the team's; show only those that are `shown`."""
        found = stalls.promises(self.history, by=_now(self, model)[1])
        told = frame(stalls.by_owner(found) if by == "owner" else stalls.by_step(found))
        names = _people(self, told.group) if by == "owner" else [self.history.labels[number] for number in told.group]
        return told.assign(
            group=names, shown=[not low <= 0 <= high for low, high in zip(told.low, told.high, strict=True)]
        )

    def keeping(self) -> pd.DataFrame:
        """How each side kept its promises, as counts, and the share kept of those that were due."""
        found = promises.ledger(self.store, history=self.history).keeping
        return frame(found).assign(rate=pd.Series([each.rate for each in found], dtype="float64"))

    def moves(self) -> pd.DataFrame:
        """Each promised date that was moved: by whom, how far, in time or after its day; the newest first."""
        found = frame(promises.ledger(self.store, history=self.history).moves)
        for name in [column for column in map(str, found.columns) if column.endswith("_on")]:
            found[name] = pd.to_datetime(found[name], unit="D")
        return found

    def _tracked(self, periods: int, model: str) -> tuple[list[Tracked], Shock]:
        """Past periods, scored once for each number of them."""
        if (periods, model) not in self._tracks:
            spec, until = _now(self, model)
            self._tracks[periods, model] = track(_history(self, spec), past.recipe(spec), until=until, periods=periods)
        return self._tracks[periods, model]


def _now(book: Workbook, model: str) -> tuple[ModelSpec, int]:
    """A model and the newest instant that it can speak of."""
    spec = workspace.model(book.config.file.resolve().parent, model)
    return spec, past.newest(book.store, spec.population.crms)


def _history(book: Workbook, spec: ModelSpec) -> History:
    """The facts of the deals that a model is of."""
    crms = spec.population.crms
    return past.history(book.store, crms=crms) if crms else book.history


def _period(today: int, spec: ModelSpec, *, monthly: bool, ahead: int) -> tuple[int, int]:
    """The first and the last day of the period that is so many after the present one."""
    for _ in range(ahead + 1):
        held = month(today) if monthly else quarter(today, first_month=spec.target.fiscal_year_starts)
        today = held[1] + 1
    return held


def _saying(kind: str, name: str, at_least: int) -> str:
    """What a claim is about: `12 views`, `Security review done`."""
    if kind != Kind.MILESTONE.name.lower():
        return many(at_least, f"{name} {kind}".strip())
    return f"{name} done" if name and at_least == 1 else f"{many(at_least, 'step')} done"


def _people(book: Workbook, ids: Iterable[int]) -> list[str]:
    """Names of people; of the whole team an empty one."""
    names = {TEAM: "", 0: "(nobody)", **book.person.set_index("person_id")["name"].to_dict()}
    return [names.get(each, f"person {each}") for each in ids]


def open_workbook(config: str | Path | None = None) -> Workbook:
    """The workspace whose config is given, else $CRMSYNC_CONFIG, else ./config.toml. Raises BadConfig."""
    found = configs.load(None if config is None else Path(config))
    return Workbook(found, open_store(found.store))
