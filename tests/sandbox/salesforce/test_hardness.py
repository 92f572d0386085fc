"""Whatever is sent, the local Salesforce answers: a defect of it must not look like a fault of the network."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.records import EffectLog
from crmsync.sandbox.salesforce import SalesforceApp
from tests.sandbox.salesforce.world import NOW, small_world

WORDS = [
    *(
        "SELECT",
        "FROM",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "ORDER",
        "BY",
        "LIMIT",
        "OFFSET",
        "GROUP",
        "DESC",
        "NULLS",
    ),
    *("LAST", "(", ")", ",", ".", "=", "!=", "<", ">", "'x'", "'%'", "''", "5", "-1.5", "true", "null", "TODAY"),
    *(
        "LAST_N_DAYS:3",
        "LAST_N_DAYS:99999999999",
        "2026-01-02",
        "2026-13-99",
        "2026-01-02T03:04:05Z",
        "COUNT()",
        "COUNT(Id)",
    ),
    *(
        "MAX(Name)",
        "Id",
        "Name",
        "Amount",
        "IsWon",
        "CloseDate",
        "SystemModstamp",
        "StageName",
        "OwnerId",
        "Owner.Name",
    ),
    *("Account", "What.Type", "Opportunity", "Task", "Tasks", "User", "o"),
]
FIELDS = [
    "Id",
    "Name",
    "Amount",
    "IsWon",
    "CloseDate",
    "SystemModstamp",
    "OwnerId",
    "Owner.Name",
    "Account.Owner.Email",
    "Nix",
]
VALUES = [
    "'x'",
    "''",
    "5",
    "-1e400",
    "true",
    "null",
    "TODAY",
    "LAST_N_DAYS:99999999",
    "2026-01-02",
    "2026-01-02T03:04:05Z",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
careful = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def app() -> SalesforceApp:
    """One org for all examples."""
    return SalesforceApp(small_world(), SandboxClock(NOW, frozen=True), EffectLog(), daily_calls=10**9)


@pytest.fixture(scope="module")
def header(app: SalesforceApp) -> dict[str, str]:
    """A session's header."""
    body = b"grant_type=client_credentials&client_id=local-client&client_secret=local-secret"
    token = app.answer(Request("POST", "/services/oauth2/token", {}, {}, body)).body["access_token"]
    return {"authorization": f"Bearer {token}", "content-type": "application/json"}


def ask(app: SalesforceApp, header: dict[str, str], soql: str) -> Response:
    """The answer to a query, without a network."""
    return app.answer(Request("GET", "/services/data/v62.0/query", {"q": [soql]}, header, b""))


def answered(response: Response) -> bool:
    """Whether it is a result or an error as the API writes them, and can be sent."""
    json.dumps(response.body)
    return response.status in (200, 201, 204) or (400 <= response.status < 500 and "errorCode" in response.body[0])


@careful
@given(words=st.lists(st.sampled_from(WORDS), max_size=12))
def test_any_words_are_answered_as_a_query(app: SalesforceApp, header: dict[str, str], words: list[str]) -> None:
    """Words in any order are a result or a refusal."""
    assert answered(ask(app, header, " ".join(["SELECT Id FROM Opportunity", *words])))
    assert answered(ask(app, header, " ".join(words)))


@careful
@given(
    st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3),
    st.sampled_from(FIELDS),
    st.sampled_from(["=", "!=", "<", ">=", "LIKE", "IN", "NOT IN"]),
    st.sampled_from(VALUES),
    st.sampled_from(FIELDS),
)
def test_any_condition_is_answered(
    app: SalesforceApp, header: dict[str, str], shown: list[str], field: str, sign: str, value: str, key: str
) -> None:
    """Every field meets every operator and value."""
    right = f"({value})" if sign.endswith("IN") else value
    soql = f"SELECT {', '.join(shown)} FROM Opportunity WHERE {field} {sign} {right} ORDER BY {key} DESC"  # noqa: S608
    assert answered(ask(app, header, soql))


@careful
@given(st.sampled_from(["PATCH", "POST"]), JSON, JSON, JSON)
def test_any_collection_is_answered(
    app: SalesforceApp, header: dict[str, str], method: str, one: Any, two: Any, three: Any
) -> None:
    """JSON of any shape is a result or a refusal."""
    record = {"attributes": {"type": "Opportunity"}, "id": one, "Amount": two, "Name": three}
    for body in (one, {"records": one}, {"records": [two]}, {"records": [record]}, {"ids": one, "fields": two}):
        data = json.dumps(body).encode()
        assert answered(app.answer(Request(method, "/services/data/v62.0/composite/sobjects", {}, header, data)))
        assert answered(app.answer(Request("POST", "/services/data/v62.0/composite/sobjects/Task", {}, header, data)))


@careful
@given(JSON, JSON)
def test_any_job_is_answered(app: SalesforceApp, header: dict[str, str], one: Any, two: Any) -> None:
    """A query job of JSON of any shape is made or refused."""
    for body in (one, {"operation": one, "query": two}, {"operation": "query", "query": two, "contentType": one}):
        data = json.dumps(body).encode()
        assert answered(app.answer(Request("POST", "/services/data/v62.0/jobs/query", {}, header, data)))


@careful
@given(st.sampled_from(["Amount", "Name", "CloseDate", "OwnerId", "IsWon", "StageName", "Probability"]), JSON)
def test_any_value_is_answered(app: SalesforceApp, header: dict[str, str], field: str, value: Any) -> None:
    """A value of any type for any field is saved or refused."""
    crm_id = next(iter(app.ids()))[1]
    body = json.dumps({field: value}).encode()
    assert answered(
        app.answer(Request("PATCH", f"/services/data/v62.0/sobjects/Opportunity/{crm_id}", {}, header, body))
    )


@careful
@given(st.binary(max_size=40))
def test_any_body_is_answered_by_the_token_endpoint(app: SalesforceApp, body: bytes) -> None:
    """Bytes that are no form are refused in the words of OAuth."""
    response = app.answer(Request("POST", "/services/oauth2/token", {}, {}, body))
    assert (response.status, set(response.body)) == (400, {"error", "error_description"})
