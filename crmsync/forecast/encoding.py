"""From a feature's values to columns of numbers, by what was learnt from the training snapshots.

An encoding is plain data: it goes into the fit's JSON and works the same in training, batch and single scoring.
"""

from dataclasses import dataclass

import numpy as np

from crmsync.forecast.columns import Column, Counts, Labels, Money, Names, Numbers, Slopes, Steps
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.recipe import Recipe

REST = ""  # the level in which the rare and the unknown ones stand together


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a feature's values become columns.

    kind `number`: the value; `counts`: its logarithm, and the value; both held within `knots`, the least and the most that was
    learnt from, so that nobody lifts a score by a thousand visits, nor a typo in a date. `names`: one column for each of `levels`,
    held to `knots`, the most of each. `steps`: one column for each of `knots`; `money`: the value over `knots[i]`, the median of
    currency `levels[i]`; `labels` and `slopes`: one column for each of `levels`. `missing`: a column more, which says that the
    value is unknown.
    """

    kind: str
    levels: tuple[str, ...] = ()
    knots: tuple[float, ...] = ()
    missing: bool = False

    @property
    def width(self) -> int:
        """How many columns."""
        if self.kind in ("number", "money", "counts"):
            return 1 + (self.kind == "counts") + self.missing
        return len(self.knots if self.kind == "steps" else self.levels) + self.missing


def learn(column: Column, pairs: Ints, deals: Ints, labels: tuple[str, ...], recipe: Recipe) -> Encoding:
    """What there is to learn of a feature, without outcomes, from these pairs and their deals."""
    match column:
        case Numbers(values):
            return Encoding("number", knots=_span(values[pairs]), missing=bool(np.isnan(values[pairs]).any()))
        case Counts(values):
            return Encoding("counts", knots=_span(values[pairs]), missing=bool(np.isnan(values[pairs]).any()))
        case Steps(values):
            return Encoding("steps", knots=_knots(values[pairs], recipe), missing=bool(np.isnan(values[pairs]).any()))
        case Money(minor, currency):
            return _money(minor[pairs], currency[pairs], labels)
        case Labels(ids):
            return Encoding("labels", levels=_levels(_deals_by_id(ids[pairs], deals), labels, recipe))
        case Slopes(ids, _):
            return Encoding("slopes", levels=_levels(_deals_by_id(ids[pairs], deals), labels, recipe))
        case Names():
            levels = _levels(column.deals_by_name(pairs), labels, recipe)
            known = {text: number for number, text in enumerate(labels)}
            found = _by_name(column, pairs, [known.get(level, -1) for level in levels])
            return Encoding("names", levels=levels, knots=tuple(found.max(axis=0, initial=0.0).tolist()))


def matrix(column: Column, encoding: Encoding, pairs: Ints, label_ids: dict[str, int]) -> Floats:
    """The columns for these pairs, shape (pairs, width)."""
    ids = [label_ids.get(level, -1) for level in encoding.levels]
    match column:
        case Numbers(values, log):
            chosen = _within(values[pairs], encoding)
            return _with_missing([_log(chosen) if log else chosen], encoding)
        case Counts(values):
            return _with_missing(_counted(_within(values[pairs], encoding), encoding), encoding)
        case Steps(values):
            return _steps(values[pairs], encoding)
        case Money(minor, currency):
            return _with_missing([_over_median(minor[pairs], currency[pairs], ids, encoding)], encoding)
        case Labels(found):
            return _one_hot(found[pairs], ids, encoding.levels)
        case Slopes(found, values):
            return _one_hot(found[pairs], ids, encoding.levels) * np.nan_to_num(values[pairs])[:, None]
        case Names():
            return _names(column, pairs, ids, encoding)


def _span(values: Floats) -> tuple[float, ...]:
    """The least and the most of the known values; empty without any."""
    known = values[~np.isnan(values)]
    return (float(known.min()), float(known.max())) if len(known) else ()


def _within(values: Floats, encoding: Encoding) -> Floats:
    """The values within what was learnt from; a fit of an older version has no bounds."""
    if not encoding.knots:
        return values
    least, most = encoding.knots
    return np.clip(values, least, most)


def _log(values: Floats) -> Floats:
    return np.log1p(np.maximum(values, 0.0))


def _counted(values: Floats, encoding: Encoding) -> list[Floats]:
    """The logarithm, and the value itself but in a fit of an older version, which has only the former."""
    return [_log(values), values] if encoding.kind == "counts" else [_log(values)]


def _with_missing(values: list[Floats], encoding: Encoding) -> Floats:
    """The columns of a number, nan kept for the reader to fill with the mean, and the one that says so."""
    columns = values + ([np.isnan(values[0]).astype(np.float64)] if encoding.missing else [])
    return np.stack(columns, axis=1)


def _steps(values: Floats, encoding: Encoding) -> Floats:
    reached = (values[:, None] >= np.asarray(encoding.knots)[None, :]).astype(np.float64)
    unknown = np.isnan(values)[:, None].astype(np.float64)
    return np.hstack([reached, unknown]) if encoding.missing else reached


def _knots(values: Floats, recipe: Recipe) -> tuple[float, ...]:
    """Thresholds at equal shares of the known values; the least value is no threshold."""
    known = values[~np.isnan(values)]
    if not len(known):
        return ()
    shares = np.arange(1, recipe.knots + 1) / (recipe.knots + 1)
    found = np.unique(np.quantile(known, shares, method="higher"))
    return tuple(found[found > known.min()].tolist())


def _money(minor: Floats, currency: Ints, labels: tuple[str, ...]) -> Encoding:
    """The median of each currency, and last that of all amounts, for a currency that isn't known."""
    known = minor > 0
    codes = sorted((labels[code], code) for code in np.unique(currency[known]).tolist() if labels[code] != REST)
    medians = [float(np.median(minor[known & (currency == code)])) for _, code in codes]
    overall = float(np.median(minor[known])) if known.any() else 1.0
    levels = (*(text for text, _ in codes), REST)
    return Encoding("money", levels=levels, knots=(*medians, overall), missing=not bool(known.all()))


def _over_median(minor: Floats, currency: Ints, ids: list[int], encoding: Encoding) -> Floats:
    median = np.full(len(minor), encoding.knots[-1])
    for code, value in zip(ids[:-1], encoding.knots, strict=False):
        median = np.where((currency == code) & (code >= 0), value, median)
    over: Floats = np.log(np.where(minor > 0, minor, np.nan) / median)
    return over


def _deals_by_id(ids: Ints, deals: Ints) -> dict[int, int]:
    """For each label: how many different deals bore it."""
    different, place = np.unique(deals, return_inverse=True)
    borne = np.unique(ids.astype(np.int64) * len(different) + place)
    found, counts = np.unique(borne // max(len(different), 1), return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


def _levels(deals_by_id: dict[int, int], labels: tuple[str, ...], recipe: Recipe) -> tuple[str, ...]:
    """The labels that enough deals bear, in order of their text; REST comes last."""
    common = sorted(
        (-deals, labels[number])
        for number, deals in deals_by_id.items()
        if number >= 0 and deals >= recipe.rare_deals and labels[number] != REST
    )
    return (*sorted(text for _, text in common[: recipe.max_levels]), REST)


def _one_hot(found: Ints, ids: list[int], levels: tuple[str, ...]) -> Floats:
    """One column per level; what isn't a level is REST."""
    hot = np.zeros((len(found), len(levels)))
    known = [(place, code) for place, code in enumerate(ids) if levels[place] != REST]
    for place, code in known:
        hot[:, place] = (found == code) & (code >= 0)
    hot[:, -1] = 1.0 - hot[:, :-1].sum(axis=1)
    return hot


def _by_name(column: Names, pairs: Ints, ids: list[int]) -> Floats:
    """One column per level; the last one, REST, holds what the others leave of the whole."""
    named = [column.column(code)[pairs] if code >= 0 else np.zeros(len(pairs)) for code in ids[:-1]]
    rest = column.column(None)[pairs] - np.sum(named, axis=0) if named else column.column(None)[pairs]
    return np.stack([*named, np.where(rest > 1e-9, rest, 0.0)], axis=1)


def _names(column: Names, pairs: Ints, ids: list[int], encoding: Encoding) -> Floats:
    """As columns of numbers; a fit of an older version has no bounds."""
    values = _by_name(column, pairs, ids)
    if encoding.knots:
        values = np.minimum(values, encoding.knots)
    if column.seen:
        return (values > 0).astype(np.float64)
    return _log(values) if column.log else values
