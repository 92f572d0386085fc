"""Reading ahead: orders and bounds that hold, faults that come where they belong, and no thread that is left behind."""

import threading
import time
from collections import deque
from collections.abc import Iterator

import pytest

from crmsync.ahead import beside, in_order, side_by_side
from crmsync.errors import RetryLater

THREADS = 3


def numbers(first: int, until: int, taken: list[int] | None = None) -> Iterator[int]:
    """Numbers, each noted when it is read."""
    for number in range(first, until):
        if taken is not None:
            taken.append(number)
        yield number


def slowly(first: int, until: int) -> Iterator[int]:
    """Numbers that take their time."""
    for number in range(first, until):
        time.sleep(0.02)
        yield number


def broken(until: int) -> Iterator[int]:
    """Numbers, then a fault."""
    yield from range(until)
    raise RetryLater("E201", "the list broke off")


def until_a_fault(items: Iterator[object]) -> list[object]:
    """What came before the fault that has to come."""
    came: list[object] = []
    with pytest.raises(RetryLater):
        deque(map(came.append, items), maxlen=0)
    return came


def until_it_is(condition: threading.Event) -> None:
    """Waits for another thread, which must come."""
    assert condition.wait(10)


def test_beside_does_both_at_the_same_time() -> None:
    """Two pieces of work that wait for each other both come to their end."""
    one, two = threading.Event(), threading.Event()

    def meet(mine: threading.Event, other: threading.Event) -> str:
        mine.set()
        until_it_is(other)
        return "met"

    assert beside(lambda: meet(one, two), lambda: meet(two, one), threads=2) == ("met", "met")


@pytest.mark.parametrize("threads", [1, THREADS])
def test_beside_raises_the_first_ones_fault(threads: int) -> None:
    """Of two that fail, however long it takes."""

    def fail(what: str) -> None:
        deque(slowly(0, 3 if what == "first" else 0), maxlen=0)
        raise RetryLater("E201", what)

    with pytest.raises(RetryLater, match="first"):
        beside(lambda: fail("first"), lambda: fail("second"), threads=threads)


@pytest.mark.parametrize("threads", [1, THREADS])
def test_side_by_side_gives_each_sources_items_in_order(threads: int) -> None:
    """Nothing is lost, nothing comes twice, and each source keeps its order."""
    came = list(
        side_by_side([[numbers(0, 50), numbers(100, 150), numbers(200, 250), numbers(300, 350)]], threads=threads)
    )
    by_source = [[item for item in came if item // 100 == source] for source in range(4)]
    assert by_source == [list(range(100 * source, 100 * source + 50)) for source in range(4)]


def test_side_by_side_reads_sources_at_the_same_time() -> None:
    """Two sources that wait for each other both come to their end."""
    one, two = threading.Event(), threading.Event()

    def meeting(mine: threading.Event, other: threading.Event) -> Iterator[str]:
        mine.set()
        until_it_is(other)
        yield "met"

    assert list(side_by_side([[meeting(one, two), meeting(two, one)]], threads=2)) == ["met", "met"]


def test_side_by_side_reads_no_further_than_two_items_a_thread() -> None:
    """However slowly items are taken, memory holds few."""
    taken: list[int] = []
    items = side_by_side([[numbers(0, 1_000, taken)]], threads=THREADS)
    next(items)
    time.sleep(0.2)
    assert len(taken) <= 2 * THREADS
    items.close()  # type: ignore[attr-defined]


def test_side_by_side_gives_what_came_before_a_fault() -> None:
    """A source's fault is raised behind its own items."""
    assert until_a_fault(side_by_side([[broken(4)]], threads=THREADS)) == [0, 1, 2, 3]


@pytest.mark.parametrize("threads", [1, THREADS])
def test_side_by_side_gives_rounds_one_after_the_other(threads: int) -> None:
    """Nothing of a later round comes before the end of an earlier one, however long that takes."""
    rounds = [[slowly(0, 3), numbers(10, 13)], [numbers(20, 22)], [numbers(30, 33), numbers(40, 43)]]
    came = list(side_by_side(rounds, threads=threads))
    by_round = [sorted(part) for part in (came[:6], came[6:8], came[8:])]
    assert by_round == [[0, 1, 2, 10, 11, 12], [20, 21], [30, 31, 32, 40, 41, 42]]


def test_side_by_side_reads_later_rounds_meanwhile() -> None:
    """The first round ends only when the second is being read."""
    later = threading.Event()

    def first() -> Iterator[str]:
        until_it_is(later)
        yield "first"

    def second() -> Iterator[str]:
        later.set()
        yield "second"

    assert list(side_by_side([[first()], [second()]], threads=2)) == ["first", "second"]


def test_side_by_side_gives_earlier_rounds_before_a_later_ones_fault() -> None:
    """A fault waits for its turn."""
    assert until_a_fault(side_by_side([[slowly(0, 3)], [broken(0)]], threads=THREADS)) == [0, 1, 2]


def test_side_by_side_ends_its_threads_when_nobody_takes_more() -> None:
    """A reader that waits for room ends too."""
    before = set(threading.enumerate())
    items = side_by_side([[numbers(0, 1_000), numbers(0, 1_000)]], threads=2)
    next(items)
    ours = set(threading.enumerate()) - before
    items.close()  # type: ignore[attr-defined]
    for thread in ours:
        thread.join(10)
    assert not any(thread.is_alive() for thread in ours)


@pytest.mark.parametrize("threads", [1, THREADS])
def test_in_order_keeps_the_order_of_its_items(threads: int) -> None:
    """The first items take longest and come first all the same."""

    def slow_at_first(number: int) -> int:
        time.sleep(0.02 / (number + 1))
        return number

    assert list(in_order(numbers(0, 20), slow_at_first, threads=threads)) == list(range(20))


@pytest.mark.parametrize("threads", [1, THREADS])
def test_in_order_gives_what_came_before_its_sources_fault(threads: int) -> None:
    """A list that breaks off brings all that it listed before."""
    assert until_a_fault(in_order(broken(4), str, threads=threads)) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("threads", [1, THREADS])
def test_in_order_gives_nothing_behind_a_fault(threads: int) -> None:
    """A page that fails ends it: a later one, stored, would carry the cursor past what is missing."""

    def failing(number: int) -> int:
        if number == 4:
            raise RetryLater("E201", "this page doesn't come")
        return number

    assert until_a_fault(in_order(numbers(0, 20), failing, threads=threads)) == [0, 1, 2, 3]
