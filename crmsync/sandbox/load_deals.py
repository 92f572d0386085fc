"""`deals.csv` of a world directory as columns."""

import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.columns import NEVER, PLAN_NONE, UNKNOWN, USER, Deals, Person, Words
from crmsync.sandbox.csv_rows import BadWorld, Table, read_day, read_instant

REQUIRED = ("deal_id", "created_at", "amount", "closed_at", "won")
OPTIONAL = ("name", "currency", "owner", "account", "close_on", "pipeline", "segment")
INSTANT_REMEDY = "write an instant with its zone, such as 2026-01-31T08:00:00Z"
DAY_REMEDY = "write a date, such as 2026-01-31"
DEFAULT_CURRENCY, DEFAULT_PIPELINE = "EUR", "Sales"
_OUTCOMES = {"true": 1, "1": 1, "yes": 1, "false": 0, "0": 0, "no": 0}
_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "ISK": 0, "BHD": 3, "KWD": 3, "TND": 3, "JOD": 3, "OMR": 3}
_LARGEST = 1e15  # an amount beyond this isn't one
_MOST_LABELS = np.iinfo(np.int16).max  # that columns of labels can hold; names of deals come after them


@dataclass(slots=True)
class Users:
    """The users that files name, each once."""

    people: list[Person] = field(default_factory=list)
    _index: dict[str, int] = field(default_factory=dict)

    def index(self, name: str) -> int:
        """The number of a user, who is added when new; UNKNOWN for nobody."""
        if not name:
            return UNKNOWN
        found = self._index.get(name)
        if found is None:
            found = self._index[name] = len(self.people)
            self.people.append(Person(name, f"user{found + 1}@seller.example", USER))
        return found


@dataclass(slots=True)
class LoadedDeals:
    """Deals by creation, and what their file says beside."""

    deals: Deals
    row_of: dict[str, int]  # by deal_id
    accounts: int
    currencies: dict[str, float]


def load_deals(folder: Path, *, words: Words, users: Users) -> LoadedDeals:
    """Reads the deals. Raises BadWorld."""
    table = Table(folder, "deals", required=REQUIRED, optional=OPTIONAL)
    lines: dict[str, int] = {}
    accounts: dict[str, int] = {}
    rows = []
    for cells in table.rows():
        deal_id = cells[0]
        if not deal_id or deal_id in lines:
            what = f"deal_id {deal_id!r} stands in line {lines[deal_id]} too" if deal_id else "no deal_id"
            raise table.bad(what, remedy="give each deal an id of its own")
        lines[deal_id] = table.line
        rows.append(_row(table, cells, words=words, users=users, accounts=accounts))
    if len(words) > _MOST_LABELS:
        what = f"more than {_MOST_LABELS} currencies, pipelines and segments"
        raise BadWorld(str(table.path), what, remedy="put free text into another column")
    rows.sort(key=lambda row: int(row["created_at"]))  # stable: deals of one instant keep their order
    deals = _columns(rows, words)
    row_of = {str(row["deal_id"]): number for number, row in enumerate(rows)}
    codes = Counter(str(row["code"]) for row in rows)
    currencies = dict.fromkeys([code for code, _ in codes.most_common()] or [DEFAULT_CURRENCY], 1.0)
    return LoadedDeals(deals, row_of, len(accounts), currencies)


def _row(table: Table, cells: list[str], *, words: Words, users: Users, accounts: dict[str, int]) -> dict[str, Any]:
    deal_id, created, amount, closed, won, name, currency, owner, account, close_on, pipeline, segment = cells
    created_at = table.parse("created_at", created, read_instant, remedy=INSTANT_REMEDY)
    closed_at, outcome = _closing(table, closed, won, created_at=created_at)
    code = currency.upper() or DEFAULT_CURRENCY
    return {
        "deal_id": deal_id,
        "code": code,
        "created_at": created_at,
        "closed_at": closed_at,
        "won": outcome,
        "amount_minor": _minor(table, amount, code),
        "currency": words.index(code),
        "owner": users.index(owner),
        "account": accounts.setdefault(account, len(accounts)) if account else UNKNOWN,
        "close_on": table.parse("close_on", close_on, read_day, remedy=DAY_REMEDY) if close_on else UNKNOWN,
        "pipeline": words.index(pipeline or DEFAULT_PIPELINE),
        "segment": words.index(segment) if segment else UNKNOWN,
        "name": name,
    }


def _closing(table: Table, closed: str, won: str, *, created_at: int) -> tuple[int, int]:
    """When and how a deal closed. One without an outcome is open, and one with an outcome must say when."""
    if not won:
        if closed:
            raise table.bad("closed_at without won", remedy="say true or false in won, or leave both empty")
        return NEVER, UNKNOWN
    outcome = _OUTCOMES.get(won.lower())
    if outcome is None:
        raise table.bad(f"won {won!r} can't be read", remedy="write true, false, or nothing for an open deal")
    if not closed:
        raise table.bad("won without closed_at", remedy="say when it was closed, or leave both empty")
    closed_at = table.parse("closed_at", closed, read_instant, remedy=INSTANT_REMEDY)
    if closed_at < created_at:
        raise table.bad("closed_at is before created_at", remedy="correct one of the two")
    return closed_at, outcome


def _minor(table: Table, amount: str, code: str) -> int:
    if not amount:
        return UNKNOWN
    number = table.parse("amount", amount, float, remedy="write a number such as 12500.00, without a currency sign")
    if not math.isfinite(number) or not 0 <= number < _LARGEST:
        raise table.bad(f"amount {amount!r} is out of range", remedy="write a sum of money that is not negative")
    return round(number * 10.0 ** _DIGITS.get(code, 2))


def _columns(rows: list[dict[str, Any]], words: Words) -> Deals:
    def column(name: str, kind: type) -> NDArray[Any]:
        return np.array([row[name] for row in rows], dtype=kind)

    return Deals(
        created_at=column("created_at", np.int64),
        closed_at=column("closed_at", np.int64),
        won=column("won", np.int8),
        amount_minor=column("amount_minor", np.int64),
        currency=column("currency", np.int16),
        owner=column("owner", np.int32),
        account=column("account", np.int32),
        close_on=column("close_on", np.int64),
        pipeline=column("pipeline", np.int16),
        segment=column("segment", np.int16),
        crm=np.zeros(len(rows), dtype=np.int8),
        plan=np.full(len(rows), PLAN_NONE, dtype=np.int8),
        name=np.array([words.index(row["name"]) if row["name"] else UNKNOWN for row in rows], dtype=np.int32),
        outside_id=[str(row["deal_id"]) for row in rows],
    )
