"""Reading ahead, so that waits for a CRM's answers overlap: by a bounded number of threads, in an order that can be relied on.

A thread that waits for an answer can't be broken off. When nobody takes its items any more it ends with that answer, and until then
it holds up no exit.
"""

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


def side_by_side(sources: Sequence[Iterable[T]], *, threads: int) -> Iterator[T]:
    """The items of all sources as they come, each source's in its own order; the first fault of any ends it.

    No more than two items a thread are read and not yet taken. With one thread, the caller's own, a source follows the other.
    """
    if threads == 1:
        yield from chain.from_iterable(sources)
        return
    waiting, room, stop = iter(sources), Semaphore(threads), Event()
    came: SimpleQueue[T | Future[None]] = SimpleQueue()

    def read() -> None:
        while (source := next(waiting, None)) is not None:
            for item in source:
                came.put(item)
                room.acquire()
                if stop.is_set():
                    return

    readers = [_begun(read) for _ in range(min(threads, len(sources)))]
    try:
        yield from _until_all_ended(readers, came, room)
    finally:
        stop.set()
        room.release(threads)


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


def _until_all_ended(
    readers: list[Future[None]], came: "SimpleQueue[T | Future[None]]", room: Semaphore
) -> Iterator[T]:
    """What readers put into a queue; each reader's own end comes by the same way."""
    for reader in readers:
        reader.add_done_callback(came.put)
    ended = 0
    while ended < len(readers):
        item = came.get()
        if isinstance(item, Future):
            item.result()
            ended += 1
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

    def run() -> None:
        try:
            begun.set_result(work())
        except BaseException as fault:  # noqa: BLE001 - raised again where the result is asked for
            begun.set_exception(fault)

    Thread(target=run, daemon=True).start()
    return begun
