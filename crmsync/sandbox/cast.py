"""Who takes part in a world: the seller's people, and a few people at each of the buyers' accounts. Nobody real."""

from collections.abc import Iterator

import numpy as np

from crmsync.sandbox.columns import CONTACT_PERSON, USER, Ints, Person
from crmsync.sandbox.working_time import Floats

ROLES = ("Champion", "Decision Maker", "Economic Buyer", "Technical Evaluator", "Procurement")
_DEALS_PER_OWNER, _MOST_OWNERS, _FEWEST_OWNERS = 120, 400, 6
_DEALS_PER_ACCOUNT = 3
_OWNERS_STREAM = 77  # keeps the owners' odds apart from all other draws of a seed


def owner_count(deals: int) -> int:
    """How many sellers a company of this size has."""
    return min(max(deals // _DEALS_PER_OWNER, _FEWEST_OWNERS), _MOST_OWNERS)


def account_count(deals: int) -> int:
    """How many customers there are."""
    return max(deals // _DEALS_PER_ACCOUNT, 1)


def owner_odds(seed: int, *, owners: int, spread: float) -> Floats:
    """How much better than average each owner wins, in log-odds."""
    return spread * np.random.default_rng([seed, _OWNERS_STREAM]).standard_normal(owners)


def contact_of(account: Ints, role: Ints, *, owners: int) -> Ints:
    """The person who has a role at an account."""
    return owners + account * len(ROLES) + role


def people(*, owners: int, accounts: int) -> list[Person]:
    """The owners, then each account's people by role."""
    return [*_owners(owners), *_contacts(accounts)]


def _owners(count: int) -> Iterator[Person]:
    for number in range(1, count + 1):
        yield Person(f"Seller {number}", f"seller{number}@seller.example", USER)


def _contacts(accounts: int) -> Iterator[Person]:
    for account in range(accounts):
        for role in ROLES:
            short = role.split()[0].lower()
            yield Person(
                f"{role} {account + 1}", f"{short}@account{account + 1}.example", CONTACT_PERSON, account=account
            )
