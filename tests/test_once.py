"""What is asked once."""

import time
from threading import Event, RLock, Thread

from crmsync.once import forget, once


class Account:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.locks: dict[str, RLock] = {}
        self.asked = 0
        self.begun, self.other = Event(), Event()

    @once
    def details(self) -> int:
        """How often it was asked by then."""
        time.sleep(0.01)
        self.asked += 1
        return self.asked

    @once
    def slow(self) -> bool:
        """Whether the other one was asked for meanwhile."""
        self.begun.set()
        return self.other.wait(10)

    @once
    def quick(self) -> bool:
        """Lets the slow one end."""
        self.other.set()
        return True


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


def test_once_computes_two_different_ones_at_the_same_time() -> None:
    """One that takes long holds up nobody who asks for another."""
    account, told = Account(), list[bool]()
    thread = Thread(target=lambda: told.append(account.slow))
    thread.start()
    assert account.begun.wait(10)
    assert account.quick
    thread.join()
    assert told == [True]


def test_forget_waits_until_it_is_computed() -> None:
    """Whoever is about to take a value gets it, though another thread forgets it at the same time."""
    account, told = Account(), list[bool]()
    taking = Thread(target=lambda: told.append(account.slow))
    taking.start()
    assert account.begun.wait(10)
    forgetting = Thread(target=forget, args=(account, "slow"))
    forgetting.start()
    forgetting.join(0.1)
    waited = forgetting.is_alive()
    account.other.set()
    taking.join()
    forgetting.join()
    assert (waited, told, "slow" in account.__dict__) == (True, [True], False)
