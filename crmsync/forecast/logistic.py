"""A fit: numbers that make a probability and its reasons by plain numpy. Nothing to unpickle, nothing to execute.

    log-odds = base + sum over columns of coefficient * (value - mean)

`base` is the log-odds of the average training snapshot, and a column whose value isn't known adds nothing.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np

from crmsync.errors import BadConfig
from crmsync.forecast.design import Table, Term
from crmsync.forecast.encoding import Encoding
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.features import FEATURES
from crmsync.forecast.gate import Verdict
from crmsync.forecast.slips import Slips
from crmsync.forecast.timing import Logit, Timing

SCHEMA = 2
MAX_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Trained:
    """What a fit has learnt from."""

    as_of: int  # micros: nothing later was known
    from_at: int  # first and last snapshot
    until_at: int
    deals: int
    deals_won: int
    snapshots: int
    base_rate: float  # weighted share of won
    penalty: float  # C chosen
    stage_rates: dict[str, float]  # the CRM's way to forecast, for comparison: share won by stage


@dataclass(frozen=True, slots=True)
class Weighed:
    """A term with the numbers of its columns."""

    term: Term
    means: tuple[float, ...]
    coefficients: tuple[float, ...]

    def added(self, columns: Floats) -> Floats:
        """What each column adds, shape (width, pairs); nothing where its value isn't known."""
        means, coefficients = (np.array(numbers)[:, None] for numbers in (self.means, self.coefficients))
        told = (columns - means) * coefficients
        return np.where(np.isnan(told), 0.0, told)


@dataclass(frozen=True, slots=True)
class Formula:
    """Terms and base: what a probability is made of."""

    terms: tuple[Weighed, ...]
    base: float

    @property
    def parts(self) -> list[str]:
        """The reasons, each once, in the order of the features."""
        return list(dict.fromkeys(part for weighed in self.terms for part in weighed.term.parts))

    def contributions(self, table: Table, pairs: Ints) -> Floats:
        """What each part adds to the log-odds, shape (pairs, parts); base and row sum are the log-odds."""
        (added,) = contributions((self,), table, pairs)
        return added

    def probability(self, contributions: Floats) -> Floats:
        """From contributions to probabilities, shape (pairs,)."""
        return sigmoid(self.base + contributions.sum(axis=1))


def contributions(formulas: Sequence[Formula], table: Table, pairs: Ints) -> list[Floats]:
    """The contributions by each of some formulas of the same terms, whose columns are made once for all, a term at a time."""
    place = {part: number for number, part in enumerate(formulas[0].parts)}
    sums = [np.zeros((len(place), len(pairs))) for _ in formulas]
    for alike in zip(*(formula.terms for formula in formulas), strict=True):
        term = alike[0].term
        block = table.block(term, pairs).T
        for weighed, added in zip(alike, sums, strict=True):
            for part, told in zip(term.parts, weighed.added(block), strict=True):
                added[place[part]] += told
    return [added.T for added in sums]


@dataclass(frozen=True, slots=True)
class Fit:
    """A trained model. `digest` is the SHA-256 of its own canonical JSON without the digest."""

    formula: Formula
    pace: Formula  # log-odds of ending soon, won or lost; see `fit`
    trained: Trained
    horizon_days: int
    timing: Timing
    gate: Verdict
    slips: Slips | None = None  # how promises slip; None in a fit of an older version
    digest: str = ""

    def sealed(self) -> Self:
        """The same fit with its digest."""
        return replace(self, digest=_digest(_body(self)))

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, so that equal fits are equal bytes."""
        return _canonical({**_body(self), "digest": self.digest})


def sigmoid(log_odds: Floats) -> Floats:
    """1 / (1 + exp(-x)) without overflow."""
    small = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1.0, small) / (1.0 + small)


def from_json(text: str, *, where: str = "") -> Fit:
    """Reads a fit. Raises BadConfig: E411 no fit of this version, E412 altered, E413 unknown feature, E414 bad number."""
    body = _parse(text, where)
    digest = body.pop("digest", None)
    if digest != _digest(body):
        raise BadConfig("E412", "the fit was altered: its digest differs", where=where, remedy="crmsync train")
    told = [*body["terms"], *body["pace"]["terms"]]
    unknown = sorted({str(term["feature"]) for term in told} - set(FEATURES))
    if unknown:
        raise BadConfig(
            "E413", f"the fit knows a feature that isn't here: {unknown[0]}", where=where, remedy="crmsync train"
        )
    try:
        fit = _fit(body, str(digest))
    except (KeyError, TypeError, ValueError) as fault:
        raise BadConfig("E411", f"not a fit: {fault!r}", where=where, remedy="crmsync train") from None
    if [each.term for each in fit.formula.terms] != [each.term for each in fit.pace.terms]:
        raise BadConfig("E411", "not a fit: chance and pace differ in terms", where=where, remedy="crmsync train")
    weighed = (*fit.formula.terms, *fit.pace.terms)
    if any(not each.term.encoding.width == len(each.means) == len(each.coefficients) for each in weighed):
        raise BadConfig("E411", "not a fit: columns and coefficients differ", where=where, remedy="crmsync train")
    return fit


def _parse(text: str, where: str) -> dict[str, Any]:
    def refuse(constant: str) -> float:
        raise BadConfig("E414", f"a number of the fit is {constant}", where=where, remedy="crmsync train")

    if len(text) > MAX_BYTES:
        raise BadConfig("E411", "not a fit: too long", where=where, remedy="crmsync train")
    try:
        body = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise BadConfig("E411", "not a fit: no JSON", where=where, remedy="crmsync train") from None
    if not isinstance(body, dict) or body.get("schema") != SCHEMA or not _has_terms(body):
        raise BadConfig("E411", f"not a fit of schema {SCHEMA}", where=where, remedy="crmsync train")
    return body


def _has_terms(body: dict[str, Any]) -> bool:
    pace = body.get("pace")
    return isinstance(body.get("terms"), list) and isinstance(pace, dict) and isinstance(pace.get("terms"), list)


def _fit(body: dict[str, Any], digest: str) -> Fit:
    timing = body["timing"]
    return Fit(
        formula=_formula(body["terms"], body["base"]),
        pace=_formula(body["pace"]["terms"], body["pace"]["base"]),
        trained=Trained(**body["trained"]),
        horizon_days=int(body["horizon_days"]),
        timing=Timing(ends=_logit(timing["ends"]), wins=_logit(timing["wins"])),
        gate=Verdict.from_json(body["gate"]),
        slips=None if body.get("slips") is None else Slips.from_json(body["slips"]),
        digest=digest,
    )


def _formula(terms: list[dict[str, Any]], base: float) -> Formula:
    return Formula(tuple(_weighed(term) for term in terms), float(base))


def _logit(body: dict[str, Any]) -> Logit:
    return Logit(tuple(body["means"]), tuple(body["slopes"]), float(body["base"]))


def _weighed(body: dict[str, Any]) -> Weighed:
    encoding = Encoding(str(body["kind"]), tuple(body["levels"]), tuple(body["knots"]), bool(body["missing"]))
    return Weighed(Term(FEATURES[body["feature"]], encoding), tuple(body["means"]), tuple(body["coefficients"]))


def _body(fit: Fit) -> dict[str, Any]:
    slips = {} if fit.slips is None else {"slips": fit.slips.to_json()}
    return {
        "schema": SCHEMA,
        "terms": _terms(fit.formula),
        "base": fit.formula.base,
        "pace": {"terms": _terms(fit.pace), "base": fit.pace.base},
        "trained": asdict(fit.trained),
        "horizon_days": fit.horizon_days,
        "timing": asdict(fit.timing),
        "gate": asdict(fit.gate),
        **slips,
    }


def _terms(formula: Formula) -> list[dict[str, Any]]:
    return [
        {
            "feature": weighed.term.feature.name,
            **asdict(weighed.term.encoding),
            "means": weighed.means,
            "coefficients": weighed.coefficients,
        }
        for weighed in formula.terms
    ]


def _canonical(body: dict[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(body).encode()).hexdigest()
