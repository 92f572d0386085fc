"""The daily allowance of calls."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from simple_salesforce.exceptions import SalesforceRefusedRequest

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.salesforce.limits import Tally
from tests.sandbox.salesforce.conftest import Local
from tests.sandbox.salesforce.world import NOW

COUNT = "SELECT COUNT() FROM Opportunity"


class Slow(SandboxClock):
    """A clock that other threads overtake."""

    def now(self) -> int:
        """The present, a while later."""
        time.sleep(0.001)
        return super().now()


def test_each_answer_tells_how_much_is_used(local: Local) -> None:
    """Every call of the REST API counts, logins don't."""
    sf = local.login()
    sf.query(COUNT)
    assert sf.api_usage["api-usage"] == (1, 100_000)
    assert sf.limits()["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_998}


def test_errors_count_too(local: Local) -> None:
    """A refused request was a request."""
    sf = local.login()
    answer = local.get(sf, "nowhere")
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=1/100000"


def test_allowance_runs_out_and_comes_back_with_the_clock(serve: Callable[..., Local]) -> None:
    """Beyond the allowance calls are refused; a day later on the sandbox clock they aren't."""
    local = serve(daily_calls=2)
    sf = local.login()
    sf.query(COUNT)
    sf.query(COUNT)
    with pytest.raises(SalesforceRefusedRequest) as refused:
        sf.query(COUNT)
    assert refused.value.content == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]
    local.clock.set(forward_s=24 * 3_600)
    assert local.login().query(COUNT)["totalSize"] == 4


def test_allowance_is_kept_by_calls_that_come_at_once() -> None:
    """Of many threads as many get through as there are calls left."""
    tally = Tally(Slow(NOW), most=20)
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: tally.take(), range(60)))
    assert (sum(taken), tally.used()) == (20, 20)
