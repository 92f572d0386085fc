"""A runner as a process of its own, told what to do line by line: `take`, `write`, `give`, each answered by a line.

python -m tests.store.rival URL LEASE_S
"""

import sys
from contextlib import ExitStack

from crmsync.clock import system_clock
from crmsync.config import StoreConfig
from crmsync.errors import CrmsyncError
from crmsync.store import runs
from crmsync.store.engine import Store, open_store
from crmsync.store.lease import Lease


def obey(order: str, store: Store, lease: Lease, held: ExitStack) -> str:
    """Does what it is told; gives what came of it."""
    try:
        if order == "take":
            held.enter_context(lease)
        elif order == "write":
            runs.begin(store, job="", step="pull", target="", now=system_clock())
        else:
            held.close()
    except CrmsyncError as fault:
        return fault.code
    return "done"


def main(url: str, lease_s: float) -> None:
    """Answers until its stdin ends."""
    store = open_store(StoreConfig(url=url))
    lease = Lease(store, system_clock, lease_s=lease_s)
    with ExitStack() as held:
        print("ready", flush=True)
        for order in sys.stdin:
            print(obey(order.strip(), store, lease, held), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
