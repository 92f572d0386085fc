"""The lives of promises."""

from collections.abc import Callable

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.history import History
from crmsync.forecast.spells import CLOSED, DONE, GONE, MOVED, OPEN, SAME, Spells, spells
from crmsync.records import Kind, Phase
from tests.forecast.conftest import START, Past
from tests.forecast.test_ledger import STEP, done, promised

Make = Callable[..., History]
CREATED = {"day": 0, "kind": Kind.CREATED}


def told(history: History, day: float) -> Spells:
    """As known on a day."""
    return spells(history, by=round((START + day) * DAY))


def test_spells_end_as_the_facts_say(past: Make) -> None:
    """A promise given once more, moved, and kept is three spells, each with the day of its end."""
    found = told(past(CREATED, promised(0, 5), promised(1, 5), promised(4, 9), done(8)), 20)
    assert found.how.tolist() == [SAME, MOVED, DONE]
    assert (found.ended - START).tolist() == [1, 4, 8]
    assert found.next_due[1] - START == 9


def test_open_promise_lives_on(past: Make) -> None:
    """What isn't settled by the instant is open, whatever came later."""
    found = told(past(CREATED, promised(0, 5), done(8)), 7)
    assert (found.how.tolist(), found.ended.tolist()) == ([OPEN], [START + 7])


def test_end_of_the_deal_ends_its_promises(past: Make) -> None:
    """A tick that is saved with the closing, or after it, keeps no promise."""
    closing = {"day": 6, "kind": Kind.OUTCOME, "phase": Phase.DONE, "value": 1}
    assert told(past(CREATED, promised(0, 5), closing, done(6)), 20).how.tolist() == [CLOSED]


def test_removed_step_and_date_taken_away_are_gone(past: Make) -> None:
    """Nothing is promised any more."""
    removed = {**STEP, "day": 3, "phase": Phase.REMOVED}
    assert told(past(CREATED, promised(0, 5), removed), 9).how.tolist() == [GONE]
    assert told(past(CREATED, promised(0, 5), promised(3, -START)), 9).how.tolist() == [GONE]


def test_facts_known_later_change_no_spell(rich: Past) -> None:
    """Removing what was seen after an instant leaves all spells as they are."""
    for days in (40, 170, 300):
        at = (START + days) * DAY
        seen = (rich.facts.at <= at) & (rich.facts.known_at <= at)
        then = spells(History(rich.facts.take(seen), rich.labels), by=at)
        now = spells(rich.history, by=at)
        assert len(then) == len(now) > 0
        assert all((getattr(then, name) == getattr(now, name)).all() for name in ("step", "due", "ended", "how"))
