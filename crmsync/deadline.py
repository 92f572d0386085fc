"""A call to somebody whom our own work must not wait for."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue


def within(limit_s: float, act: Callable[[], bool]) -> bool:
    """Whether an act says yes in time; one that doesn't end is left behind, names that nobody resolves included."""
    answers: SimpleQueue[bool] = SimpleQueue()
    threading.Thread(target=lambda: answers.put(act()), daemon=True).start()
    try:
        return answers.get(timeout=limit_s)
    except Empty:
        return False
