"""What is asked once."""

import time
from threading import RLock, Thread

from crmsync.once import forget, once


class Account:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.lock, self.asked = RLock(), 0

    @once
    def details(self) -> int:
        """How often it was asked by then."""
        time.sleep(0.01)
        self.asked += 1
        return self.asked


def test_once_is_computed_by_one_of_many_threads() -> None:
    """Threads that ask at the same time all get the one answer."""
    account, told = Account(), []
    threads = [Thread(target=lambda: told.append(account.details)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (told, account.asked) == ([1] * 5, 1)


def test_once_is_computed_anew_when_it_was_forgotten() -> None:
    """Then it is asked again; what was never asked is no fault."""
    account = Account()
    first = account.details
    forget(account, "details", "other")
    assert (first, account.details) == (1, 2)


def test_forget_waits_until_it_is_computed() -> None:
    """Whoever is about to take a value gets it, though another thread forgets it at the same time."""
    account = Account()
    with account.lock:
        thread = Thread(target=forget, args=(account, "details"))
        thread.start()
        thread.join(0.1)
        waited = thread.is_alive()
    thread.join()
    assert waited
