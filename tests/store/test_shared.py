"""What several writers of one PostgreSQL store share: its schema and its labels."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

from crmsync.config import StoreConfig
from crmsync.store.engine import Store, open_store
from crmsync.store.numbers import Numbers

FIRST, SECOND = "Security review", "Legal review"


def test_open_store_makes_the_tables_once_for_many_who_come_at_the_same_moment(postgresql_url: str) -> None:
    """Services that are started together on an empty database all come up."""
    together = Barrier(3)

    def come() -> str:
        together.wait()
        store = open_store(StoreConfig(url=postgresql_url))
        store.close()
        return "open"

    with ThreadPoolExecutor(3) as many:
        assert [each.result() for each in [many.submit(come) for _ in range(3)]] == ["open"] * 3


def test_labels_of_two_pulls_in_opposite_orders_are_kept_once(postgresql_url: str) -> None:
    """Two pulls that meet the same new texts at the same time wait for each other, and then agree on their numbers."""
    with ThreadPoolExecutor(1) as another:
        ours, theirs = (open_store(StoreConfig(url=postgresql_url)) for _ in range(2))
        begun = Event()
        with ours.write() as connection:
            mine = Numbers("main")
            mine.know_labels(connection, {FIRST})
            other = another.submit(_learn, theirs, begun)
            begun.wait()
            mine.know_labels(connection, {SECOND})
        assert other.result() == mine.labels
    ours.close()
    theirs.close()


def _learn(store: Store, begun: Event) -> dict[str, int]:
    with store.write() as connection:
        known = Numbers("hub")
        begun.set()
        for text in (SECOND, FIRST):
            known.know_labels(connection, {text})
    return known.labels
