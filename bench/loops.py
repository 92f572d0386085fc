"""What people write first: the official client's own loop over the objects and fields that our pull reads. It stores nothing."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench.floor import Sent

LIST = re.compile(r"/crm/objects/[^/]+/([^/]+)")
BESIDES = {"deals": ["companies", "contacts"]}  # what our pull asks for in calls of its own, and a list can bring along


def ready(kind: str, requests: list[Sent], *, ca_file: Path | None) -> Callable[[], tuple[int, int]]:
    """The loop over one CRM, once it is called. Gives its calls and how many records came."""
    return _salesforce(requests, ca_file) if kind == "salesforce" else _hubspot(requests)


def _salesforce(requests: list[Sent], ca_file: Path | None) -> Callable[[], tuple[int, int]]:
    from requests import Session
    from simple_salesforce import Salesforce

    session, calls = Session(), []
    session.trust_env, session.verify = False, str(ca_file)
    session.hooks["response"].append(lambda answer, **_named: calls.append(answer.status_code))
    asked = [(sent, parse_qs(urlsplit(sent.url).query).get("q")) for sent in requests]
    queries = [(sent, text[0]) for sent, text in asked if text]
    first = queries[0][0]
    address = urlsplit(first.url)
    library = Salesforce(
        session_id=first.headers["Authorization"].removeprefix("Bearer "),
        instance_url=f"https://{address.netloc}",
        version="62.0",
        session=session,
    )

    def work() -> tuple[int, int]:
        rows = 0
        for sent, text in queries:
            rows += sum(1 for _ in library.query_all_iter(text, include_deleted="queryAll" in sent.url))
        return len(calls), rows

    return work


def _hubspot(requests: list[Sent]) -> Callable[[], tuple[int, int]]:
    from hubspot import HubSpot

    address = urlsplit(requests[0].url)
    host = f"{address.scheme}://{address.netloc}"
    token = next(sent.headers["Authorization"] for sent in requests).removeprefix("Bearer ")
    library = HubSpot(access_token=token, host=host, base_url=host)
    lists = [found for sent in requests if (found := list_of(sent))]

    def work() -> tuple[int, int]:
        calls = rows = 0
        for kind, named in lists:
            after = None
            while True:
                page = library.crm.objects.basic_api.get_page(kind, after=after, **named)
                calls, rows = calls + 1, rows + len(page.results)
                if page.paging is None or page.paging.next is None:
                    break
                after = page.paging.next.after
        return calls, rows

    return work


def list_of(sent: Sent) -> tuple[str, dict[str, Any]] | None:
    """The object of a list's first page and the library's words for what was asked for, None for any other request."""
    address = urlsplit(sent.url)
    query, found = parse_qs(address.query), LIST.fullmatch(address.path)
    if not found or "limit" not in query or "after" in query:
        return None
    associations = query.get("associations", []) + BESIDES.get(found[1], [])
    return found[1], {
        "limit": int(query["limit"][0]),
        "properties": query.get("properties"),
        "properties_with_history": query.get("propertiesWithHistory"),
        "associations": associations or None,
    }
