"""Which records belong together, over the API."""

from typing import Any

from tests.sandbox.hubspot.conftest import ANN_USER, DEAL_BARE, DEAL_OPEN, DEAL_WON, Local

DATED = "/crm/associations/2026-09"


def _linked(local: Local, kind: str, to: str, crm_id: str) -> list[dict[str, Any]]:
    found = local.post(f"{DATED}/{kind}/{to}/batch/read", {"inputs": [{"id": crm_id}]})["results"]
    return list(found[0]["to"]) if found else []


def test_contact_carries_its_role_as_a_label(local: Local) -> None:
    """The plain association, and the label that people gave."""
    (link,) = _linked(local, "deals", "contacts", local.ids[DEAL_WON])
    assert [each["label"] for each in link["associationTypes"]] == [None, "Decision Maker"]


def test_company_is_the_primary_one(local: Local) -> None:
    """A deal's company shows type 341 and, labelled Primary, type 5."""
    (link,) = _linked(local, "deals", "companies", local.ids[DEAL_WON])
    assert [(each["typeId"], each["label"]) for each in link["associationTypes"]] == [(341, None), (5, "Primary")]


def test_second_company_is_not_the_primary_one(local: Local) -> None:
    """From neither side."""
    company = local.app.create("companies", {"name": "Second"}, who=ANN_USER)
    local.app.associate("deals", local.ids[DEAL_WON], "companies", company, who=ANN_USER)
    seen = [
        _linked(local, "deals", "companies", local.ids[DEAL_WON])[1],
        _linked(local, "companies", "deals", company)[0],
    ]
    assert [[each["label"] for each in link["associationTypes"]] for link in seen] == [[None], [None]]


def test_both_families_and_both_directions_agree(local: Local) -> None:
    """From a deal's task back to the deal, by version 4 and by type ids."""
    task = _linked(local, "deals", "0-27", local.ids[DEAL_OPEN])[0]["toObjectId"]
    back = local.post("/crm/v4/associations/0-27/deal/batch/read", {"inputs": [{"id": task}]})["results"][0]["to"]
    assert [link["toObjectId"] for link in back] == [int(local.ids[DEAL_OPEN])]


def test_record_without_any_is_an_error_not_a_result(local: Local) -> None:
    """207, where the results leave it out."""
    inputs = [{"id": local.ids[place]} for place in (DEAL_OPEN, DEAL_BARE)]
    answer = local.send("POST", f"{DATED}/deals/tasks/batch/read", {"inputs": inputs})
    told = answer.json()
    assert (answer.status_code, [row["from"]["id"] for row in told["results"]]) == (207, [local.ids[DEAL_OPEN]])
    assert told["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"


def test_associations_of_a_record_page_by_500(local: Local) -> None:
    """Each input goes on by its own `after`."""
    for _ in range(501):
        made = local.app.create("calls", {"hs_timestamp": "2026-11-02"}, who=ANN_USER)
        local.app.associate("deals", local.ids[DEAL_OPEN], "calls", made, who=ANN_USER)
    path, crm_id = f"{DATED}/deals/calls/batch/read", local.ids[DEAL_OPEN]
    first = local.post(path, {"inputs": [{"id": crm_id}]})["results"][0]
    after = first["paging"]["next"]["after"]
    rest = local.post(path, {"inputs": [{"id": crm_id, "after": after}]})["results"][0]
    assert (len(first["to"]), len(rest["to"]), "paging" in rest) == (500, 1, False)


def test_archived_records_are_no_longer_associated(local: Local) -> None:
    """A plan's removed step doesn't hang on its deal any more."""
    assert [link["toObjectId"] % 10 for link in _linked(local, "deals", "milestone", local.ids[DEAL_WON])] == [1]


def test_association_comes_and_goes(local: Local) -> None:
    """Made over the API, taken away by a person; both are logged."""
    contact = local.get("/crm/v3/objects/contacts")["results"][0]["id"]
    body = {"inputs": [{"from": {"id": local.ids[DEAL_BARE]}, "to": {"id": contact}, "types": []}]}
    assert local.send("POST", "/crm/v4/associations/deals/contacts/batch/create", body).status_code == 201
    assert len(_linked(local, "deals", "contacts", local.ids[DEAL_BARE])) == 1
    local.app.dissociate("deals", local.ids[DEAL_BARE], "contacts", contact, who=ANN_USER)
    assert _linked(local, "deals", "contacts", local.ids[DEAL_BARE]) == []
    assert [(effect.old, effect.new) for effect in local.effects.since()] == [(None, contact), (contact, None)]


def test_labels_name_every_type_id(local: Local) -> None:
    """What a client checks its table of ids against."""
    told = local.get("/crm/v4/associations/deals/contacts/labels")["results"]
    assert [(each["typeId"], each["label"]) for each in told] == [(3, None), (101, "Decision Maker")]
