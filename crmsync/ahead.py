"""Reading ahead, so that waits for a CRM's answers overlap: by a bounded number of threads, in an order that can be relied on.

A thread that waits for an answer can't be broken off. When nobody takes its items any more it ends with that answer, and until then
it holds up no exit.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import chain
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
from typing import TypeVar

from crmsync.errors import CrmsyncError

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(rounds: Sequence[Sequence[Iterable[T]]], *, threads: int) -> Iterator[T]:
    """The items of all sources: those of a round behind those of the rounds before, each source's in its own order.

    Later rounds are read while earlier ones are given. The first fault, in that order, ends it. No more than two items a thread are
    read and not yet taken. With one thread, the caller's own, a source follows the other.
    """
    sources = [(number, source) for number, sources in enumerate(rounds) for source in sources]
    if threads == 1:
        yield from chain.from_iterable(source for _, source in sources)
        return
    waiting, stop = iter(sources), Event()
    came: SimpleQueue[tuple[int, T | Future[None], Semaphore]] = SimpleQueue()

    def pour(number: int, source: Iterable[T], room: Semaphore) -> None:
        for item in source:
            came.put((number, item, room))
            room.acquire()
            if stop.is_set():
                return

    def read(room: Semaphore) -> None:
        while not stop.is_set() and (taken := next(waiting, None)) is not None:
            came.put((taken[0], _done(partial(pour, *taken, room)), room))

    rooms = [Semaphore() for _ in sources[:threads]]
    for room in rooms:
        _begun(partial(read, room))
    try:
        yield from _by_rounds([len(sources) for sources in rounds], came)
    finally:
        stop.set()
        for room in rooms:
            room.release()


def in_order(source: Iterable[T], work: Callable[[T], R], *, threads: int) -> Iterator[R]:
    """What becomes of each item, in the order of the items, so many of them at work at once.

    A fault of the source comes after what becomes of the items before it.
    """
    if threads == 1:
        yield from map(work, source)
        return
    under_way: list[Future[R]] = []
    for begun in _all_begun(source, work):
        under_way.append(begun)
        if len(under_way) == threads:
            yield under_way.pop(0).result()
    yield from (begun.result() for begun in under_way)


def beside(one: Callable[[], T], other: Callable[[], R], *, threads: int) -> tuple[T, R]:
    """What two pieces of work give, done at the same time. Of two faults the first one's is raised."""
    if threads == 1:
        return one(), other()
    first, second = _begun(one), _begun(other)  # the caller's own thread only waits, so that a signal can break it off
    return first.result(), second.result()


def _by_rounds(unended: list[int], came: "SimpleQueue[tuple[int, T | Future[None], Semaphore]]") -> Iterator[T]:
    """What readers put into a queue, round by round; each source's own end comes by the same way. `unended`: sources, by round."""
    kept: list[deque[tuple[T | Future[None], Semaphore]]] = [deque() for _ in unended]
    for number, early in enumerate(kept):
        while unended[number]:
            if not early:
                of, item, room = came.get()
                kept[of].append((item, room))
                continue
            item, room = early.popleft()
            if isinstance(item, Future):
                item.result()
                unended[number] -= 1
            else:
                yield item
                room.release()


def _all_begun(source: Iterable[T], work: Callable[[T], R]) -> "Iterator[Future[R]]":
    """Work begun on each item; a foreseen fault of the source stands in its place among them."""
    try:
        for item in source:
            yield _begun(partial(work, item))
    except CrmsyncError as fault:
        failed: Future[R] = Future()
        failed.set_exception(fault)
        yield failed


def _begun(work: Callable[[], R]) -> "Future[R]":
    """Work in a thread of its own."""
    begun: Future[R] = Future()
    Thread(target=_do, args=(begun, work), daemon=True).start()
    return begun


def _done(work: Callable[[], R]) -> "Future[R]":
    """Work that this thread has done."""
    done: Future[R] = Future()
    _do(done, work)
    return done


def _do(future: "Future[R]", work: Callable[[], R]) -> None:
    try:
        future.set_result(work())
    except BaseException as fault:  # noqa: BLE001 - raised again where the result is asked for
        future.set_exception(fault)
