"""Where the store and the forecast meet: stored facts as the history that features may ask, and a model's TOML as a recipe."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Self

import numpy as np
from numpy.typing import NDArray

from crmsync.clock import iso, parse_instant, to_day
from crmsync.errors import BadConfig
from crmsync.forecast.book import KINDS, Book, Page
from crmsync.forecast.companies import Companies
from crmsync.forecast.history import Facts, History
from crmsync.forecast.recipe import Recipe
from crmsync.forecast.slips import Slips
from crmsync.forecast.workdays import WEEKDAYS, Workdays
from crmsync.records import Kind
from crmsync.store import frames, pulled
from crmsync.store.engine import Store
from crmsync.workspace import Calendar, ModelSpec

DEALS_AT_ONCE = 5_000  # so many that their facts fit a processor's cache
DEALS_A_PAGE = 10_000  # of whose facts a third is read


def history(store: Store, *, known_by: int | None = None, crms: Sequence[str] = ()) -> History:
    """The facts of all deals, or those that the CRMs knew by an instant, or those of some CRMs only."""
    found = _named(frames.facts(store, known_by=known_by, crms=crms), pulled.stage_labels(store))
    return History(*found, companies=companies(store))


def batches(store: Store, crms: Sequence[str] = (), *, at_once: int = DEALS_A_PAGE) -> list[list[int]]:
    """All deals by their numbers, so many at a time."""
    with frames.reading(store, crms=crms) as reader:
        every = reader.deals().tolist()
    return [every[start : start + at_once] for start in range(0, max(len(every), 1), at_once)]


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at: as of which instant, of which CRMs (none named: of all), and which deals are one company's."""

    at: int
    crms: tuple[str, ...]
    companies: Companies

    @classmethod
    def of(cls, store: Store, at: int, crms: tuple[str, ...] = ()) -> Self:
        """With the companies as they are stored."""
        return cls(at, crms, companies(store))


def pages(store: Store, batches: Sequence[list[int]], view: View, slips: Slips | None) -> Iterator[Page]:
    """Of the deals of each batch, what has to be known to score others; `slips`: of the fit that will."""
    with frames.reading(store, known_by=view.at, crms=view.crms) as reader:
        for some in batches:
            whole = History(*_named(reader.facts(kinds=KINDS, deals=some), {}), companies=view.companies)
            yield Page.of(whole, np.array(some, dtype=np.int64), slips, by=view.at)


def parts(store: Store, batches: Sequence[list[int]], view: View, book: Book) -> Iterator[History]:
    """The facts of each batch, as a history that knows of all deals what it has to."""
    stages = pulled.stage_labels(store)
    with frames.reading(store, known_by=view.at, crms=view.crms) as reader:
        for some in batches:
            facts = _named(reader.facts(deals=some), stages)
            yield History(*facts, load=book.load, outcomes=book.outcomes, companies=view.companies)


def companies(store: Store) -> Companies:
    """Which deals are one company's."""
    return Companies(*frames.companies(store))


def _named(found: frames.FactColumns, stages: Mapping[str, str]) -> tuple[Facts, tuple[str, ...]]:
    facts = Facts(*(getattr(found, column.name) for column in fields(Facts)))
    name, labels = _stages_by_label(facts, found.labels, stages)
    return replace(facts, name=name), labels


def _stages_by_label(
    facts: Facts, labels: tuple[str, ...], stage_labels: Mapping[str, str]
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """The facts' names with stages by what people call them instead of by id, so that two CRMs' stages of one name are one.

    Whether a label is written in capitals or not makes no difference. A stage that is renamed is another one to a fit until
    the next training.
    """
    shown: dict[str, str] = {}
    for label in sorted(stage_labels.values()):
        shown.setdefault(label.casefold(), label)
    of_id = {text: number for number, text in enumerate(labels)}
    numbers, more = dict(of_id), list[str]()
    becomes = np.arange(len(labels), dtype=np.int32)
    for crm_id, label in sorted(stage_labels.items()):
        if label and crm_id in of_id:
            text = shown[label.casefold()]
            if text not in numbers:
                numbers[text] = len(labels) + len(more)
                more.append(text)
            becomes[of_id[crm_id]] = numbers[text]
    return np.where(facts.kind == Kind.STAGE, becomes[facts.name], facts.name), (*labels, *more)


def newest(store: Store, crms: Sequence[str] = ()) -> int:
    """The CRM's clock at the newest complete pull: the latest instant that a score can speak of. Raises BadConfig before any."""
    seen = pulled.complete_until(store, crms)
    if seen is None:
        raise BadConfig("E407", "nothing has been pulled yet", remedy="crmsync pull")
    return seen


def instant(store: Store, spec: ModelSpec, *, as_of: int | None, option: str = "--as-of") -> int:
    """The instant to learn or score at; None: the newest pull. Raises BadConfig E410 for one that no pull has reached.

    A score that is dated ahead would count as the newest one until that day comes, and hide every true one.
    """
    seen = newest(store, spec.population.crms)
    if as_of is None:
        return seen
    if as_of > seen:
        what = f"nothing is known yet of {iso(as_of)}: the newest pull reaches {iso(seen)}"
        raise BadConfig("E410", what, where=option, remedy="an earlier instant, or crmsync pull")
    return as_of


def recipe(spec: ModelSpec) -> Recipe:
    """What a model's TOML declares, as the forecast takes it."""
    from_on = spec.population.from_on
    return Recipe(
        features=spec.features,
        penalties=spec.penalty.grid,
        every_days=spec.population.every_days,
        created_from=parse_instant(from_on) if from_on else 0,
        min_closed=spec.gate.min_closed,
        min_each=spec.gate.min_each,
        horizon_days=spec.target.horizon_days,
        block=spec.gate.block,
        workdays=_workdays(spec.calendar),
    )


def _workdays(calendar: Calendar) -> Workdays:
    buyer, seller = (
        tuple(sorted(to_day(date.fromisoformat(day)) for day in days))
        for days in (calendar.buyer_holidays, calendar.seller_holidays)
    )
    return Workdays(tuple(sorted(WEEKDAYS.index(name) for name in set(calendar.weekend))), buyer, seller)
