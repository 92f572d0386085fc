"""pull: everything that changed in a CRM since the last time -> deal, milestone, person, stage, fact, held, cursor, quarantine."""

from dataclasses import asdict

from crmsync.crm import Crm
from crmsync.records import Cursor, Page
from crmsync.store import accounts, pulled
from crmsync.store.engine import Store
from crmsync.watch import Watch


def pull(store: Store, crm: Crm, *, run_id: int, watch: Watch) -> dict[str, int]:
    """Reads each stream from where it stopped, a page and its cursor at a time. Gives what was read and changed."""
    total = pulled.Stored()
    began = crm.now()
    accounts.remember(store, crm.name, crm.account(), run_id=run_id)
    for stream in crm.streams():
        for page in crm.pull(stream, since=pulled.cursor(store, crm.name, stream)):
            stored = pulled.save_page(store, crm.name, page, run_id=run_id)
            total.add(stored)
            watch.say(stream, stored.read)
            watch.checkpoint()
    pulled.save_page(store, crm.name, Page(pulled.CLOCK, Cursor(stamp=began)), run_id=run_id)
    return asdict(total)
