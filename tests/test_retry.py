"""The one policy of trying again."""

from collections.abc import Iterator
from time import monotonic

import pytest
import stamina

from crmsync.errors import RetryLater
from crmsync.retry import ATTEMPTS, FIRST_WAIT_S, LONGEST_WAIT_S, PATIENCE_S, CallError, call, pause_s


class Flaky:
    """A call that fails in the given ways, one after the other, and then succeeds."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.tries = 0

    def __call__(self) -> str:
        """One attempt."""
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


@pytest.fixture
def at_once() -> Iterator[None]:
    """Tries again without any wait."""
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


def passing(wait_s: float | None = None) -> CallError:
    """A failure that may pass."""
    return CallError("503", passing=True, wait_s=wait_s)


def test_call_gives_the_answer(at_once: None) -> None:
    """A call that succeeds is made once."""
    attempt = Flaky()
    assert (call(attempt, where="main"), attempt.tries) == ("answer", 1)


def test_call_tries_again_after_a_passing_failure(at_once: None) -> None:
    """A CRM that is down for a moment doesn't end the run."""
    attempt = Flaky(passing(), passing())
    assert (call(attempt, where="main"), attempt.tries) == ("answer", 3)


def test_call_gives_up_in_the_end(at_once: None) -> None:
    """A failure that stays is told with the number of tries, and the next run goes on."""
    attempt = Flaky(*(passing() for _ in range(ATTEMPTS)))
    with pytest.raises(RetryLater, match=rf"E201 main: 503 \(tried {ATTEMPTS} times\) -> wait"):
        call(attempt, where="main")
    assert attempt.tries == ATTEMPTS


@pytest.mark.parametrize("failure", [CallError("403", passing=False), KeyError("a slip of ours")])
def test_call_lets_any_other_failure_through(at_once: None, failure: Exception) -> None:
    """What can't pass isn't tried again: a person has to look."""
    attempt = Flaky(failure)
    with pytest.raises(type(failure)) as found:
        call(attempt, where="main")
    assert (found.value, attempt.tries) == (failure, 1)


def test_call_lets_a_failure_through_that_follows_a_passing_one(at_once: None) -> None:
    """The last failure decides."""
    with pytest.raises(CallError, match="403"):
        call(Flaky(passing(), CallError("403", passing=False)), where="main")


def test_call_waits_as_long_as_the_crm_asks() -> None:
    """The wait that the CRM names is kept."""
    began = monotonic()
    call(Flaky(passing(0.2)), where="main")
    assert monotonic() - began >= 0.2


@pytest.mark.parametrize("tries", range(1, ATTEMPTS))
def test_pause_is_anything_up_to_a_limit_that_doubles(tries: int) -> None:
    """Full jitter: waits are spread from nothing to the limit, so that clients that failed together don't come back together."""
    limit = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (tries - 1))
    pauses = [pause_s(tries) for _ in range(2_000)]
    assert 0 <= min(pauses) < limit / 50
    assert limit * 49 / 50 < max(pauses) <= limit


def test_call_goes_away_when_the_crm_asks_for_a_long_wait() -> None:
    """A run doesn't sleep for hours: it says how long the CRM wants to be left alone, and the next one goes on."""
    attempt = Flaky(passing(PATIENCE_S + 480))
    with pytest.raises(RetryLater, match=r"tried once.*wait 600 s, as the CRM asks"):
        call(attempt, where="main")
    assert attempt.tries == 1
