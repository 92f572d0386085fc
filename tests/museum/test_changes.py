"""Changes of what the records are: their fields, their ids, what they hang on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crmsync.errors import BadConfig
from crmsync.store import deals, runs
from tests.crms.stores import opened, pull_into, reconcile_into
from tests.crms.twins import Twin, twin
from tests.museum.exhibits import HOUR_S, contacts, count, open_deals, rows

TARGET = {"salesforce": "Crmsync_Probability__c", "hubspot": "crmsync_probability"}

LONG: dict[str, dict[str, int]] = {"salesforce": {"length": 255}, "hubspot": {}}


def schema(room: Twin) -> dict[str, Any]:
    """The fields of deals as the local CRM defines them, to change."""
    if room.local.hubspot:
        return room.local.hubspot.portal.kinds["deals"].schema.properties
    assert room.local.salesforce is not None
    return room.local.salesforce.org.tables["Opportunity"].schema.fields  # type: ignore[return-value]


def test_museum_schema_change_loss(live: Twin, tmp_path: Path) -> None:
    """A field that is added, removed or retyped between two pulls costs no deal; one that can't be read now is told."""
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        before, deal = count(store, live), open_deals(store, live)[0]
        live.forward(HOUR_S)
        fields, amount = schema(live), live.names.amount
        fields["new_field"] = replace(fields[amount], name="new_field")
        fields[amount] = replace(fields[amount], type="string", **LONG[live.kind])
        live.edit(live.names.deals, deal, {amount: "a lot"})
        pull_into(store, live.crm)
        aside = [(row[1], row[2]) for row in runs.quarantined(store)]
        assert (count(store, live), aside) == (before, [("deal", 1)])


def test_museum_schema_change_in_the_middle_of_a_read(live: Twin, tmp_path: Path) -> None:
    """One of our fields that is removed while it is read ends the run with its name, and nothing reads as blank."""
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        before = rows(store, "held")
        live.forward(HOUR_S)
        live.edit(live.names.deals, open_deals(store, live)[0], {live.names.amount: 1})
        del schema(live)[TARGET[live.kind]]
        with pytest.raises(BadConfig, match=f"E203.*{TARGET[live.kind]}"):
            pull_into(store, live.crm)
        assert rows(store, "held") == before


def test_museum_merge_new_id(hub: Twin, tmp_path: Path) -> None:
    """Two deals that became a third between the read and the write: nothing is written by the old ids, and one deal is left."""
    assert hub.local.hubspot is not None
    with opened(tmp_path) as store:
        pull_into(store, hub.crm)
        before, (one, two, *_) = count(store, hub), open_deals(store, hub)
        survivor = hub.local.hubspot.merge("deals", one, two, who=hub.who)
        assert hub.crm.read_back([one, two]) == {}
        pull_into(store, hub.crm)
        assert {deals.find(store, old)[-1].crm_id for old in (one, two)} == {survivor}
        assert (count(store, hub), survivor in open_deals(store, hub)) == (before - 1, True)


def test_museum_association_dropped(hub: Twin, tmp_path: Path) -> None:
    """Reading anew never loses a link, and finds one that was made without a stamp."""
    assert hub.local.hubspot is not None
    with opened(tmp_path) as store:
        pull_into(store, hub.crm)
        before = contacts(store)
        deal = open_deals(store, hub)[0]
        contact = next(person for _, person in sorted(before) if (deal, person) not in before)
        hub.forward(HOUR_S)
        hub.local.hubspot.associate("deals", deal, "contacts", contact, who=hub.who)
        pull_into(store, hub.crm)
        unseen = contacts(store)
        reconcile_into(store, hub.crm)
        assert (unseen, contacts(store)) == (before, before | {(deal, contact)})


def test_museum_association_dropped_of_a_step(hub: Twin, tmp_path: Path) -> None:
    """A step of a plan that was put to another deal without a stamp is that deal's after the next reconcile."""
    with opened(tmp_path) as store:
        pull_into(store, hub.crm)
        known = open_deals(store, hub)
        step = next(row for row in rows(store, "milestone") if row["source"] == "milestone" and row["deal"] in known)
        other = next(deal for deal in known if deal != step["deal"])
        hub.cut(step["crm_id"], step["deal"])
        hub.join(step["crm_id"], other)
        reconcile_into(store, hub.crm)
        found = [row["deal"] for row in rows(store, "milestone") if row["crm_id"] == step["crm_id"]]
    assert found == [other]


def test_museum_association_dropped_with_every_page(tmp_path: Path) -> None:
    """The links that come along with a list are those that a question by id gives, row by row."""
    with twin("hubspot", tmp_path) as room, opened(tmp_path) as store:
        pull_into(store, room.crm)
        listed = [(row["deal"], row["crm_id"]) for row in rows(store, "milestone")]
        reconcile_into(store, room.crm)
        assert [(row["deal"], row["crm_id"]) for row in rows(store, "milestone")] == listed
