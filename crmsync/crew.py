"""Work of which the processor is the limit, in processes of its own: for many deals only, since starting one costs a second."""

import multiprocessing
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar, cast

from crmsync.errors import RetryLater

T = TypeVar("T")


def shares(items: Sequence[T], count: int) -> list[Sequence[T]]:
    """The items for so many to work on, dealt out in turn."""
    return [items[number::count] for number in range(count)]


def together(work: Callable[..., Iterator[T]], shares: Sequence[tuple[Any, ...]]) -> Iterator[T]:
    """What the work on each share yields, in a process for each share, as it comes. A fault of one is raised here.

    A process whose parent is gone ends with its next item. `work` has to be a function of a module. Raises RetryLater E604 when
    a process was killed.
    """
    start = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        under_way: list[Connection] = []
        for share in shares:
            ours, theirs = start.Pipe()
            process = start.Process(target=_send, args=(theirs, work), daemon=True)
            process.start()
            theirs.close()
            stack.callback(process.join)
            stack.callback(process.terminate)
            under_way.append(stack.enter_context(ours))
            with _alive():
                ours.send(share)  # not as an argument: a process that never came up would be waited for without end
        while under_way:
            for each in cast(list[Connection], wait(under_way)):
                with _alive():
                    item = each.recv()
                if item is None:
                    under_way.remove(each)
                elif isinstance(item, Exception):
                    raise item
                else:
                    yield item


@contextmanager
def _alive() -> Iterator[None]:
    """The other end of a connection has to be there for what the block sends or receives."""
    try:
        yield
    except (EOFError, OSError):
        what = "a process that shared the work was killed, most likely for want of memory"
        raise RetryLater("E604", what, remedy="free some memory; the next run does the work anew") from None


def _send(to: Connection, work: Callable[..., Iterator[object]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches children too, but is for the parent to answer
    with to, suppress(BrokenPipeError):
        try:
            for item in work(*to.recv()):
                to.send(item)
        except Exception as fault:  # noqa: BLE001 - raised again where the items are taken
            fault.add_note(traceback.format_exc())  # which doesn't travel by itself
            to.send(fault)
        to.send(None)
