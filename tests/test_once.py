"""What is asked once."""

import time
from threading import RLock, Thread

from crmsync.once import once


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
    """Without its entry it is asked again."""
    account = Account()
    first = account.details
    del account.__dict__["details"]
    assert (first, account.details) == (1, 2)
