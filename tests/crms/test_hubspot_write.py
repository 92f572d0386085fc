"""Writing to HubSpot: one answer per deal, whatever the reply; and the properties that hold our values."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import stamina

from crmsync.errors import BadConfig
from crmsync.records import Answer, Result, Write
from crmsync.sandbox.http import Request, Response, Server
from tests.crms.hubspot_replies import ACCOUNT, DETAILS, OBJECTS, PROPERTIES, Replies, crm, row

FIELDS = {Result.PROBABILITY: "score", Result.CLOSE_DATE: "close_guess", Result.EXPECTED_AMOUNT: "worth"}
UPDATE = f"{OBJECTS}/deals/batch/update"
GROUPS = f"{PROPERTIES}/deals/groups"


@pytest.fixture
def replies() -> Replies:
    """What the server answers."""
    return Replies()


@pytest.fixture
def server(replies: Replies) -> Iterator[Server]:
    """A HubSpot that answers what is laid out, and retries without waiting."""
    served = Server(replies)
    served.start()
    with stamina.set_testing(True, attempts=2):
        yield served
    served.stop()


def push(server: Server, *ids: str) -> list[Answer]:
    """Pushes one value to each of these deals."""
    hubspot = crm(server, fields=FIELDS)
    return list(hubspot.push([Write(crm_id, {Result.PROBABILITY: "63.2"}) for crm_id in ids]))


def sent(replies: Replies) -> list[list[str]]:
    """The ids of each update that arrived."""
    updates = [request.json()["inputs"] for request in replies.requests if request.path == UPDATE]
    return [[one["id"] for one in update] for update in updates]


def test_push_reads_a_mixed_reply_row_by_row(server: Server, replies: Replies) -> None:
    """207: some done, some refused with HubSpot's own words; what the reply leaves out is unclear, not done."""
    error = {"category": "OBJECT_NOT_FOUND", "message": "no such deal", "context": {"ids": ["2"]}}
    replies.lay(UPDATE, {"results": [{"id": "1"}], "numErrors": 1, "errors": [error]}, status=207)
    assert [(one.crm_id, one.done, one.error[:16], one.unclear) for one in push(server, "1", "2", "3")] == [
        ("1", True, "", False),
        ("2", False, "OBJECT_NOT_FOUND", False),
        ("3", False, "HubSpot's reply ", True),
    ]


class OneBadRow(Replies):
    """Refuses every batch that holds deal 3, as HubSpot does for one bad value."""

    def answer(self, request: Request) -> Response:
        """Handles one request."""
        if request.path != UPDATE:
            return super().answer(request)
        self.requests.append(request)
        ids = [one["id"] for one in request.json()["inputs"]]
        if "3" in ids:
            return Response(400, {"category": "VALIDATION_ERROR", "message": "Property values were not valid"})
        return Response(200, {"results": [{"id": crm_id} for crm_id in ids]})


def test_push_isolates_the_row_that_spoils_a_batch() -> None:
    """A batch refused whole is halved until the bad row stands alone; all the others are written once."""
    replies = OneBadRow()
    server = Server(replies)
    server.start()
    answers = {answer.crm_id: answer.done for answer in push(server, *"12345")}
    server.stop()
    assert answers == {"1": True, "2": True, "3": False, "4": True, "5": True}


@pytest.mark.parametrize("fault", ["lost", "truncate", "reset", "status"])
def test_push_never_repeats_a_lost_answer(server: Server, replies: Replies, fault: str) -> None:
    """The answer is lost: every write of the batch is unclear and nothing is sent a second time."""
    server.faults.read({"faults": [{"kind": fault, "rate": 1.0, "path": "batch/update", "status": 502}]})
    answers = push(server, "1", "2")
    assert ([answer.unclear for answer in answers], server.requests) == ([True, True], 1)


def test_push_repeats_what_was_not_carried_out(server: Server, replies: Replies) -> None:
    """A rate limit is no lost answer: HubSpot did nothing, and the batch goes out again."""
    replies.lay(UPDATE, Response(429, {"policyName": "SECONDLY"}), Response(200, {"results": [{"id": "1"}]}))
    assert ([answer.done for answer in push(server, "1")], sent(replies)) == ([True], [["1"], ["1"]])


def test_push_sends_a_hundred_at_a_time(server: Server, replies: Replies) -> None:
    """No batch is larger than HubSpot takes, and each write is in one."""
    push(server, *(str(number) for number in range(250)))
    assert [len(ids) for ids in sent(replies)] == [100, 100, 50]


def test_push_sends_only_configured_properties(server: Server, replies: Replies) -> None:
    """Nothing but a configured target goes out; None clears, which HubSpot calls an empty text."""
    list(crm(server, fields=FIELDS).push([Write("1", {Result.PROBABILITY: None, Result.CLOSE_DATE: "2026-12-01"})]))
    body: dict[str, Any] = json.loads(replies.requests[-1].body)
    assert body == {"inputs": [{"id": "1", "properties": {"score": "", "close_guess": "2026-12-01"}}]}


def test_read_back_gives_canonical_texts(server: Server, replies: Replies) -> None:
    """However HubSpot writes a number or a day, equal values compare equal; what a person typed stays as it is."""
    shown = {"score": "63.20", "close_guess": "1796083200000", "worth": "about 5"}
    replies.lay(f"{OBJECTS}/deals/batch/read", {"results": [row("1", shown)]})
    told = crm(server, fields=FIELDS).read_back(["1"])["1"]
    assert told == {
        Result.PROBABILITY: "63.2",
        Result.CLOSE_DATE: "2026-12-01",
        Result.EXPECTED_AMOUNT: "about 5",
    }


def test_read_back_leaves_out_deals_that_are_gone_or_merged(server: Server, replies: Replies) -> None:
    """A merged deal's id answers with the survivor's record: that is not the deal that was asked for."""
    replies.lay(f"{OBJECTS}/deals/batch/read", {"results": [row("9", {"score": "1"})]})
    assert crm(server, fields=FIELDS).read_back(["1", "2"]) == {}


def definition(name: str, kind: str, **more: Any) -> dict[str, Any]:
    """A property as HubSpot defines it."""
    return {"name": name, "label": name.title(), "type": kind, **more}


def test_fields_tell_what_stands_in_the_way(server: Server, replies: Replies) -> None:
    """Missing, computed, of the wrong type: each target says so."""
    replies.lay(
        f"{PROPERTIES}/deals",
        {"results": [definition("score", "number", calculated=True), definition("worth", "string")]},
    )
    told = {
        state.target: (state.exists, state.writable, state.problem) for state in crm(server, fields=FIELDS).fields()
    }
    assert told == {
        "score": (True, False, "HubSpot computes it or keeps it read-only"),
        "close_guess": (False, False, "it isn't there"),
        "worth": (True, True, "its type is string, expected_amount needs number"),
    }


def test_create_fields_makes_only_what_is_missing(server: Server, replies: Replies) -> None:
    """The group and each missing property are made with the type that the result needs."""
    there = [definition("score", "number"), definition("worth", "number")]
    replies.lay(f"{PROPERTIES}/deals", {"results": there}, Response(201, {}), {"results": there})
    crm(server, fields=FIELDS).create_fields()
    made = [request.json() for request in replies.requests if request.method == "POST"]
    assert [(one["name"], one.get("type"), one.get("groupName")) for one in made] == [
        ("crmsync", None, None),
        ("close_guess", "date", "crmsync"),
    ]


def test_create_fields_is_content_with_a_group_that_is_there(server: Server, replies: Replies) -> None:
    """409 on the group means that somebody made it before."""
    replies.lay(GROUPS, {"category": "CONFLICT"}, status=409)
    lines = crm(server, fields={Result.RISK: "risk"}).create_fields()
    assert "property risk on deals: made" in lines


def test_create_fields_tells_a_refusal_in_one_line(server: Server, replies: Replies) -> None:
    """A name that HubSpot doesn't take is told with its reason."""
    replies.lay(GROUPS, {"category": "VALIDATION_ERROR", "message": "bad name"}, status=400)
    with pytest.raises(BadConfig, match="bad name"):
        crm(server, fields={Result.RISK: "Risk"}).create_fields()


@pytest.mark.parametrize("target", ["amount", "closedate", "dealstage", "hs_forecast_amount", "hubspot_owner_id"])
def test_connect_refuses_a_property_of_hubspots_own(server: Server, target: str) -> None:
    """The amount and the stage are people's; a property is forced by its very name only."""
    with pytest.raises(BadConfig, match=f"E212 .*risk would go to {target}, a field of the CRM's own -> name a field"):
        crm(server, fields={Result.RISK: target})
    assert crm(server, fields={Result.RISK: target}, standard_fields=(target,)).name == "hub"


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({}, ""),
        ({"hubspotDefined": True}, "it is HubSpot's own, which standard_fields doesn't name"),
        ({"hasUniqueValue": True}, "no two deals may have the same value in it"),
        ({"calculated": True}, "HubSpot computes it or keeps it read-only"),
        ({"type": "enumeration"}, "its type is enumeration, risk needs string"),
    ],
)
def test_fields_tell_what_a_target_cant_hold(
    server: Server, replies: Replies, more: dict[str, Any], problem: str
) -> None:
    """HubSpot's own, computed and unique properties are told before the first write meets them."""
    replies.lay(f"{PROPERTIES}/deals", {"results": [{"name": "risk", "label": "Risk", "type": "string", **more}]})
    (state,) = crm(server, fields={Result.RISK: "risk"}).fields()
    assert state.problem == problem


def levels(server: Server, **given: Any) -> dict[str, str]:
    """The worst level of each finding code."""
    rank = ["ok", "warn", "fail"]
    worst: dict[str, str] = {}
    for finding in crm(server, **given).check():
        worst[finding.code] = max(worst.get(finding.code, "ok"), finding.level, key=rank.index)
    return worst


def test_check_finds_nothing_wrong_with_a_good_account(server: Server) -> None:
    """Every code is reported, and all are fine."""
    assert levels(server) == dict.fromkeys(("C201", "C202", "C203", "C205", "C206", "C207"), "ok")


def test_check_stops_at_a_refused_token(server: Server, replies: Replies) -> None:
    """Without a login nothing else can be known."""
    replies.lay(ACCOUNT, {"message": "no"}, status=401)
    assert levels(server) == {"C201": "fail"}


def test_check_names_each_thing_that_is_missing(server: Server, replies: Replies) -> None:
    """Deals that may not be read and a target that isn't there are two findings, each with its remedy."""
    replies.lay(f"{OBJECTS}/calls", {"category": "MISSING_SCOPES", "message": "no"}, status=403)
    found = [finding for finding in crm(server, fields={Result.RISK: "risk"}).check() if finding.level == "fail"]
    assert ([finding.code for finding in found], all(finding.remedy for finding in found)) == (
        ["C203", "C204"],
        True,
    )


def test_check_warns_before_the_days_calls_are_used_up(server: Server, replies: Replies) -> None:
    """Less than a tenth of the allowance is left."""
    headers = {"X-HubSpot-RateLimit-Daily": "250000", "X-HubSpot-RateLimit-Daily-Remaining": "900"}
    replies.lay(ACCOUNT, Response(200, DETAILS, headers))
    assert levels(server)["C205"] == "warn"


def test_check_warns_before_the_api_version_ends(server: Server) -> None:
    """A version's last half year is told while there is time."""
    assert levels(server, options={"api_version": "2025-03"})["C207"] == "fail"
