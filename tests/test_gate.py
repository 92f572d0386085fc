"""Calls under way: never more than allowed, and one where an allowance nears its end."""

import time
from collections.abc import Callable
from threading import Lock, Thread

import pytest

from crmsync.gate import MOST, Gate, overtaken

CALLS, ALLOWED = 12, 8


def busiest(gate: Gate, spent: Callable[[int], bool]) -> int:
    """How many calls were under way at once, at most, while many threads called."""
    under_way = most = 0
    lock = Lock()

    def call() -> None:
        nonlocal under_way, most
        with gate.call(spent):
            with lock:
                under_way += 1
                most = max(most, under_way)
            time.sleep(0.01)
            with lock:
                under_way -= 1

    threads = [Thread(target=call) for _ in range(CALLS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return most


@pytest.mark.parametrize("most", [1, 3])
def test_gate_lets_so_many_calls_be_under_way(most: int) -> None:
    """As many as the config says, and all of them where as many want to."""
    assert busiest(Gate(most), lambda _more: False) == most


def test_gate_lets_one_call_be_under_way_near_the_end_of_an_allowance() -> None:
    """What is told of an allowance doesn't know of calls under way: the last ones wait for each other."""
    assert busiest(Gate(3), lambda more: more > 0) == 1


def test_allowance_isnt_overrun_by_calls_under_way() -> None:
    """Of many threads that each look before they call, as many calls are made as are allowed, and no more."""
    gate, lock, used = Gate(4), Lock(), 0

    def spent(more: int) -> bool:
        return used + more >= ALLOWED

    def call() -> None:
        nonlocal used
        with gate.call(spent):
            if spent(0):
                return
            time.sleep(0.005)
            with lock:
                used += 1

    threads = [Thread(target=call) for _ in range(CALLS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert used == ALLOWED


@pytest.mark.parametrize(("used", "known", "older"), [(7, 8, True), (8, 8, False), (9, 8, False), (1, 1 + MOST, False)])
def test_count_that_overlapping_answers_bring_late_is_known(used: int, known: int, older: bool) -> None:
    """A count that is a little lower comes from an earlier answer; one that is much lower, from a new day."""
    assert overtaken(used, known) is older
