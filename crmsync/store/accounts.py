"""Which account of a CRM a store holds, so that a sandbox and a production are never mixed up."""

from crmsync.errors import BadConfig
from crmsync.records import Cursor, Page
from crmsync.store import pulled
from crmsync.store.engine import Store

ACCOUNT = "account"  # the cursor that names it


def known(store: Store, crm: str) -> str:
    """The account's id as the first pull found it, "" before."""
    found = pulled.cursor(store, crm, ACCOUNT)
    return "" if found is None else found.crm_id


def remember(store: Store, crm: str, account: str, *, run_id: int) -> None:
    """Keeps the account of a first pull."""
    if account and not known(store, crm):
        pulled.save_page(store, crm, Page(ACCOUNT, Cursor(crm_id=account)), run_id=run_id)


def require(store: Store, crm: str, account: str) -> None:
    """Raises BadConfig E207 when another account answers than the one that the store holds."""
    ours = known(store, crm)
    if account and ours and account != ours:
        what = f"account {account} answers, but the store holds deals of {ours}: are sandbox and production mixed up?"
        remedy = f"let [crm.{crm}] reach {ours} again, or give the other account a name or a store of its own"
        raise BadConfig("E207", what, where=crm, remedy=remedy)
