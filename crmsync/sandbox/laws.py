"""Laws: what a world's outcomes hang on, as numbers.

Each deal is to be won or lost from its first day, and has a pace; nobody sees either. Everything that people do is a
process whose rate, per working day, depends on these two and on what is already visible. So what the visible tells about
the outcome is exactly what the rates say (see `truth`), and a law is nothing but numbers.
"""

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, NamedTuple, TypeVar

from crmsync.sandbox.columns import AMOUNT, BUYER, CALL, EMAIL, MEETING, SELLER, VIEW, WORK

AGE_EDGES = (10.0, 30.0, 65.0, 130.0)  # working days: where the rates of engagement change with the deal's age
PHASES = 3  # of a promise: long before its day, near it, overdue
NEAR_DAYS = 5.0  # working days before a promised day's end that count as near


class Pair(NamedTuple):
    """A rate per working day of deals that will be lost, and of those that will be won."""

    lost: float
    won: float


@dataclass(frozen=True, slots=True)
class StageRates:
    """How a deal leaves an open stage."""

    forward: Pair
    skip: Pair
    back: Pair
    close: Pair


@dataclass(frozen=True, slots=True)
class PromiseRates:
    """What becomes of a promised date, by phase; `reopen` is of a step that is done."""

    done: tuple[Pair, Pair, Pair]
    move: tuple[Pair, Pair, Pair]
    remove: tuple[Pair, Pair, Pair]
    reopen: Pair


@dataclass(frozen=True, slots=True)
class Pulse:
    """Acts that come at random. `by_age` are the rates between AGE_EDGES."""

    kind: int
    side: int
    by_age: tuple[Pair, Pair, Pair, Pair, Pair]
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Law:
    """All that a world hangs on. Odds are in log-odds against the win rate."""

    name: str
    text: str
    win_rate: float
    owner_spread: float  # standard deviation of the owners' log-odds
    segments: tuple[float, float, float]  # log-odds of small, mid-size and large customers
    amount_slope: float  # log-odds per e-fold of the amount, against its segment's middle
    paces: tuple[float, ...]  # how many times as long a deal waits in its stages
    pace_shares: tuple[float, ...]
    stages: tuple[StageRates, ...]
    plan_share: float  # deals that get a plan if they live long enough
    plan_start: Pair
    buyer_steps: PromiseRates
    seller_steps: PromiseRates
    close_date: PromiseRates  # the seller's expected close date: it only moves
    joins: tuple[Pair, ...]  # further people of the buyer joining, by role
    pulses: tuple[Pulse, ...]
    later: "Law | None" = (
        None  # the law of deals from the middle of the past on; the same kinds of acts, plans as often
    )


_Part = TypeVar("_Part")


def level(part: _Part) -> _Part:
    """The same rates for deals to be won and lost, wherever they differ: the part tells nothing any more."""
    return _leveled(part)  # type: ignore[no-any-return]


def _leveled(part: Any) -> Any:
    if isinstance(part, Pair):
        middle = (part.lost + part.won) / 2
        return Pair(middle, middle)
    if isinstance(part, tuple):
        return tuple(_leveled(each) for each in part)
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{each.name: _leveled(getattr(part, each.name)) for each in fields(part)})
    return part


def _phases(early: Pair, near: Pair, overdue: Pair) -> tuple[Pair, Pair, Pair]:
    return early, near, overdue


def _fading(rate: Pair, lost: tuple[float, ...], won: tuple[float, ...]) -> tuple[Pair, Pair, Pair, Pair, Pair]:
    """Rates by age: a deal that will be lost goes quiet sooner."""
    first, second, third, fourth, fifth = (Pair(rate.lost * x, rate.won * y) for x, y in zip(lost, won, strict=True))
    return first, second, third, fourth, fifth


_COOLING, _LASTING = (1.0, 0.95, 0.85, 0.7, 0.55), (1.0, 1.0, 0.95, 0.85, 0.7)
_BUSY = (1.4, 1.0, 0.8, 0.6, 0.4)
_GROWING = (0.4, 0.8, 1.2, 1.6, 2.0)
_NEVER = Pair(0.0, 0.0)
_VIEWS = Pulse(VIEW, BUYER, _fading(Pair(0.060, 0.070), _COOLING, _LASTING))
_PULSES = (
    Pulse(CALL, SELLER, _fading(Pair(0.035, 0.035), _BUSY, _BUSY), ("Call", "Follow-up call")),
    Pulse(MEETING, SELLER, _fading(Pair(0.030, 0.045), _COOLING, _LASTING), ("Meeting", "Demo", "Workshop")),
    Pulse(EMAIL, SELLER, _fading(Pair(0.060, 0.060), _BUSY, _BUSY), ("Our e-mail",)),
    Pulse(EMAIL, BUYER, _fading(Pair(0.040, 0.065), _COOLING, _LASTING), ("Buyer's e-mail",)),
    _VIEWS,
    Pulse(WORK, SELLER, _fading(Pair(0.020, 0.020), _BUSY, _BUSY), ("Prepare offer", "Update notes", "Research")),
    Pulse(AMOUNT, SELLER, _fading(Pair(0.005, 0.007), _BUSY, _BUSY)),
)
_JOINS = (Pair(0.014, 0.020), Pair(0.009, 0.014), Pair(0.012, 0.015), Pair(0.007, 0.009))

_DEFAULT = Law(
    name="milestones",
    text="Promises and milestones matter, stages and owners a little; engagement tells nothing",
    win_rate=0.3,
    owner_spread=0.15,
    segments=(0.15, 0.0, -0.25),
    amount_slope=-0.15,
    paces=(1.0,),
    pace_shares=(1.0,),
    stages=(
        StageRates(Pair(0.050, 0.085), Pair(0.004, 0.008), _NEVER, Pair(0.0150, 0.0010)),
        StageRates(Pair(0.048, 0.075), Pair(0.004, 0.007), Pair(0.008, 0.004), Pair(0.0130, 0.0020)),
        StageRates(Pair(0.045, 0.065), Pair(0.003, 0.005), Pair(0.009, 0.005), Pair(0.0130, 0.0040)),
        StageRates(Pair(0.045, 0.060), _NEVER, Pair(0.010, 0.006), Pair(0.0160, 0.0120)),
        StageRates(_NEVER, _NEVER, Pair(0.010, 0.006), Pair(0.0250, 0.0350)),
    ),
    plan_share=0.75,
    plan_start=Pair(0.08, 0.12),
    buyer_steps=PromiseRates(
        done=_phases(Pair(0.010, 0.018), Pair(0.055, 0.125), Pair(0.035, 0.085)),
        move=_phases(Pair(0.004, 0.003), Pair(0.034, 0.018), Pair(0.075, 0.045)),
        remove=_phases(Pair(0.0006, 0.0004), Pair(0.0006, 0.0004), Pair(0.003, 0.002)),
        reopen=Pair(0.0016, 0.0008),
    ),
    seller_steps=PromiseRates(
        done=_phases(Pair(0.015, 0.018), Pair(0.110, 0.130), Pair(0.085, 0.095)),
        move=_phases(Pair(0.003, 0.003), Pair(0.020, 0.018), Pair(0.050, 0.045)),
        remove=_phases(Pair(0.0005, 0.0005), Pair(0.0005, 0.0005), Pair(0.002, 0.002)),
        reopen=Pair(0.0010, 0.0008),
    ),
    close_date=PromiseRates(
        done=_phases(_NEVER, _NEVER, _NEVER),
        move=_phases(Pair(0.004, 0.004), Pair(0.035, 0.030), Pair(0.090, 0.080)),
        remove=_phases(_NEVER, _NEVER, _NEVER),
        reopen=_NEVER,
    ),
    joins=level(_JOINS),
    pulses=level(_PULSES),
)


def _with_views(pulses: tuple[Pulse, ...], views: Pulse) -> tuple[Pulse, ...]:
    return tuple(views if pulse.kind == VIEW else pulse for pulse in pulses)


_QUIET = level(
    replace(
        _DEFAULT,
        name="nothing",
        text="Nothing that the CRM shows tells anything: the truth is the base rate at every instant",
        owner_spread=0.0,
        segments=(0.0, 0.0, 0.0),
        amount_slope=0.0,
    )
)

_NO_MILESTONES = replace(
    _DEFAULT,
    name="no-milestones",
    text="The plan tells nothing; stages, engagement, age and owners do",
    plan_start=level(_DEFAULT.plan_start),
    buyer_steps=level(_DEFAULT.buyer_steps),
    seller_steps=level(_DEFAULT.seller_steps),
    joins=_JOINS,
    pulses=_PULSES,
)

_AFTER_DRIFT = replace(
    _DEFAULT,
    name="after-drift",
    win_rate=0.2,
    segments=(-0.25, 0.0, 0.3),
    buyer_steps=replace(
        _DEFAULT.buyer_steps,
        done=_phases(Pair(0.012, 0.016), Pair(0.070, 0.105), Pair(0.045, 0.070)),
        move=_phases(Pair(0.004, 0.003), Pair(0.030, 0.021), Pair(0.068, 0.052)),
    ),
)

LAWS: dict[str, Law] = {
    law.name: law
    for law in (
        _DEFAULT,
        _NO_MILESTONES,
        replace(
            _DEFAULT,
            name="views-by-age",
            text="Visits to the plan's room grow with a deal's age and tell nothing about winning",
            pulses=_with_views(
                _DEFAULT.pulses,
                replace(_VIEWS, by_age=_fading(Pair(0.08, 0.08), _GROWING, _GROWING)),
            ),
        ),
        _QUIET,
        replace(
            _DEFAULT,
            name="drift",
            text="From the middle of the past on fewer deals are won, and promises tell less than before",
            later=_AFTER_DRIFT,
        ),
        replace(
            _DEFAULT,
            name="heavy-tails",
            text="Cycles have a heavy tail: a few deals take ten times as long as most",
            paces=(0.4, 0.8, 1.6, 3.2, 6.4, 12.8),
            pace_shares=(0.30, 0.35, 0.19, 0.10, 0.04, 0.02),
        ),
        replace(_DEFAULT, name="no-owners", text="As milestones, but no owner differs", owner_spread=0.0),
    )
}
DEFAULT_LAW = _DEFAULT
