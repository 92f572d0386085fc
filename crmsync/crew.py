"""Work of which the processor is the limit, in processes of its own: for many deals only, since starting one costs a second."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar, cast

from crmsync.errors import CrmsyncError

T = TypeVar("T")


def together(work: Callable[..., Iterator[T]], shares: Sequence[tuple[Any, ...]]) -> Iterator[T]:
    """What the work on each share yields, in a process for each share, as it comes. A known fault of one is raised here.

    A process whose parent is gone ends with its next item. `work` has to be a function of a module.
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
            ours.send(share)  # not as an argument: a process that never came up would be waited for without end
        while under_way:
            for each in cast(list[Connection], wait(under_way)):
                item = each.recv()  # raises EOFError where one ends without a word: it was killed
                if item is None:
                    under_way.remove(each)
                elif isinstance(item, CrmsyncError):
                    raise item
                else:
                    yield item


def _send(to: Connection, work: Callable[..., Iterator[object]]) -> None:
    with to, suppress(BrokenPipeError):
        try:
            for item in work(*to.recv()):
                to.send(item)
        except CrmsyncError as fault:
            to.send(fault)
        to.send(None)
