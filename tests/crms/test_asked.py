"""What the config names after the first pull: it is read of every record, once, and not only of those that change later."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crmsync import crm as crms
from crmsync.config import CrmConfig
from crmsync.crm import Crm
from crmsync.errors import RetryLater
from crmsync.records import DEAL_SOURCE, Page, Result
from crmsync.store import dump, listing, pulled
from crmsync.store.engine import Store
from tests.crms.stores import opened, pull_into
from tests.crms.test_conformance import Breaking
from tests.crms.twins import Twin

GRADED = {"salesforce": ("Probability",), "hubspot": ("hs_deal_stage_probability",)}


def whole(room: Twin) -> CrmConfig:
    """The room's config with a graded field besides."""
    return room.config.model_copy(update={"graded": GRADED[room.kind]})


def without_graded(config: CrmConfig) -> CrmConfig:
    """Before a field was graded."""
    return config.model_copy(update={"graded": ()})


def without_segment(config: CrmConfig) -> CrmConfig:
    """Before a segment was named."""
    return config.model_copy(update={"options": {**config.options, "segment": ""}})


def without_days(config: CrmConfig) -> CrmConfig:
    """Before the steps of the custom object had a field for the promised day."""
    first, *others = config.milestones
    return config.model_copy(update={"milestones": (first.model_copy(update={"due_on": ""}), *others)})


def without_risk(config: CrmConfig) -> CrmConfig:
    """Before one of our own results had a field."""
    fields = {result: target for result, target in config.fields.items() if result is not Result.RISK}
    return config.model_copy(update={"fields": fields})


EARLIER = (without_graded, without_segment, without_days)


def missing(store: Store, crm: Crm, folder: Path) -> set[str]:
    """What a pull into a new store has and this store hasn't."""
    with opened(folder, "fresh") as fresh:
        pull_into(fresh, crm)
        return set(dump.lines(fresh)) - set(dump.lines(store))


@pytest.mark.parametrize("earlier", EARLIER)
def test_what_is_named_later_is_read_of_every_record(
    live: Twin, tmp_path: Path, earlier: Callable[[CrmConfig], CrmConfig]
) -> None:
    """The store then has what a new one has, and only the streams concerned are read in full."""
    later = crms.connect(whole(live))
    with opened(tmp_path) as store:
        pull_into(store, crms.connect(earlier(whole(live))))
        counts = pull_into(store, later)
        assert (missing(store, later, tmp_path), counts["reread"]) == (set(), 1)


def test_full_read_for_a_new_field_comes_once(live: Twin, tmp_path: Path) -> None:
    """The pull after it reads what changed."""
    earlier = crms.connect(without_graded(live.config))
    with opened(tmp_path) as store:
        pull_into(store, earlier)
        later = crms.connect(whole(live))
        assert ["reread" in pull_into(store, later) for _ in range(3)] == [True, False, False]


def test_target_that_is_named_later_reads_nothing_in_full(live: Twin, tmp_path: Path) -> None:
    """What stands in our own fields is read by the reconcile."""
    with opened(tmp_path) as store:
        pull_into(store, crms.connect(without_risk(live.config)))
        assert "reread" not in pull_into(store, live.crm)


def test_cursor_of_an_older_store_counts_as_made_today(live: Twin, tmp_path: Path) -> None:
    """An upgrade reads nothing again, and what is named after it is read of every record."""
    earlier = crms.connect(without_graded(live.config))
    with opened(tmp_path) as store:
        pull_into(store, earlier)
        for stream in live.crm.streams():
            cursor = pulled.cursor(store, live.crm.name, stream)
            assert cursor is not None
            pulled.save_page(store, live.crm.name, Page(stream, replace(cursor, asked="")), run_id=1)
        again = ["reread" in pull_into(store, crm) for crm in (earlier, crms.connect(whole(live)))]
        assert again == [False, True]


def test_full_read_for_a_new_field_goes_on_where_it_broke_off(many: Twin, tmp_path: Path) -> None:
    """What was read in full before the break isn't begun again, and nothing is left out."""
    later = crms.connect(whole(many).model_copy(update={"parallel": 1}))
    people, changed, one = 3, 1, 1  # pages: people and stages, what changed of the deals, and the first of all deals
    earlier = crms.connect(without_graded(many.config))
    with opened(tmp_path) as store:
        pull_into(store, earlier)
        with pytest.raises(RetryLater):
            pull_into(store, later, watch=Breaking(people + changed + one))
        counts = pull_into(store, later)
        assert "reread" not in counts
        assert missing(store, later, tmp_path) == set()


def test_full_read_for_a_new_field_tells_who_left(live: Twin, tmp_path: Path) -> None:
    """A full read lists the living: what left since the last pull is told all the same."""
    deal = next(live.ids())
    earlier = crms.connect(without_graded(live.config))
    with opened(tmp_path) as store:
        pull_into(store, earlier)
        live.forward(3_600.0)
        live.delete(live.names.deals, deal)
        pull_into(store, crms.connect(whole(live)))
        assert deal not in listing.live(store, live.crm.name, DEAL_SOURCE)
