"""The calls to Salesforce's API, by what they do. `door` sends each: it retries, waits, logs in, counts and explains.

What a call may raise: BadConfig (E202 login, E203 a right, field or object, E205 TLS), RetryLater (E201 unreachable or failing,
E204 the org's allowance), and `Refused` where the caller wants to look at a refusal itself.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from requests import Response
from simple_salesforce import Salesforce
from simple_salesforce.util import call_salesforce

from crmsync.config import CrmConfig
from crmsync.crms.salesforce.door import Door, Send
from crmsync.crms.salesforce.refusals import Refused
from crmsync.crms.salesforce.settings import Settings
from crmsync.errors import BadConfig, RetryLater
from crmsync.retry import CallError

Json = dict[str, Any]

COUNTED = "Sforce-NumberOfRecords"
# Our writes give no deal to anybody else. A part of a call inherits none of its headers.
QUIET = {"Sforce-Auto-Assign": "FALSE"}


class Client:
    """Calls to one org."""

    def __init__(self, config: CrmConfig, settings: Settings) -> None:
        self.config = config
        self.door = Door(config, settings)

    def get(self, path: str, **parts: type) -> Any:
        """Reads what has these parts."""
        return self._read(_having(lambda library: library.restful(path), parts), path)

    def post(self, path: str, body: Json) -> Any:
        """Reads what takes a body to ask for."""
        return self._read(_sending(path, body, method="POST"), path)

    def ask(self, path: str, body: Json, **parts: type) -> Any:
        """Makes what may safely be asked for twice, because a second one is refused. Raises Refused."""
        return self.door.call(_having(_sending(path, body, method="POST"), parts), path)

    def write(self, path: str, body: Json) -> Any:
        """Changes something. Raises Refused or LostAnswer: once it may have arrived it is never sent again."""
        return self.door.call(_sending(path, body, method="PATCH", headers=QUIET), path, once=True)

    def compose(self, body: Json) -> Any:
        """Changes several records, each by its own conditions. Raises Refused or LostAnswer, as `write` does."""
        return self.door.call(_sending("composite", body, method="POST"), "composite", once=True)

    def delete(self, path: str) -> None:
        """Takes away what only we have made. Raises Refused."""
        self.door.call(lambda library: library.restful(path, method="DELETE"), path)

    def sheet(self, path: str) -> Response:
        """Reads a page of CSV, as its bytes."""
        answer: Response = self._read(_fetching(path), path)
        return answer

    def query(self, text: str, *, children: Sequence[str] = ()) -> Json:
        """The first page of a query, deleted and archived records included; `children`: the relationships in it. Raises Refused."""
        answer = self.door.call(_page(lambda library: library.query(text, include_deleted=True)), "query")
        return self._complete(answer, children)

    def more(self, url: str, *, children: Sequence[str] = ()) -> Json:
        """A following page, by the nextRecordsUrl of the one before. Raises Refused."""
        return self._complete(self.door.call(_following(url), "query"), children)

    def records(self, text: str) -> Iterator[Json]:
        """All live records of a query."""
        answer = self._read(_page(lambda library: library.query(text)), "query")
        yield from answer["records"]
        while not answer["done"]:
            answer = self._read(_following(answer["nextRecordsUrl"]), "query")
            yield from answer["records"]

    def bad(self, refused: Refused, *, where: str, remedy: str = "crmsync check") -> BadConfig:
        """A refusal that somebody has to look at."""
        return BadConfig("E203", refused.what, where=where, remedy=remedy)

    def _read(self, send: Send, path: str) -> Any:
        try:
            return self.door.call(send, path)
        except Refused as refused:
            raise self.bad(refused, where=self.door.where(path)) from None

    def _complete(self, answer: Json, children: Sequence[str]) -> Json:
        """A page whose records' children are all there: a long list of children comes in pages of its own."""
        for name in children:
            for child in [record[name] for record in answer["records"] if record.get(name)]:
                while not child["done"]:
                    more = self.more(child["nextRecordsUrl"])
                    child["records"] += more["records"]
                    child.update(done=more["done"], nextRecordsUrl=more.get("nextRecordsUrl"))
        return answer


def _fetching(path: str) -> Send:
    """A call whose answer is a page of CSV, and says how many records it holds."""

    def fetching(library: Salesforce) -> Any:
        headers = {**library.headers, "Accept": "text/csv"}
        answer = call_salesforce(url=library.base_url + path, method="GET", session=library.session, headers=headers)
        if not answer.headers.get(COUNTED, "").isdecimal():
            raise CallError("Salesforce's answer is no page of a job's results", passing=True)
        return answer

    return fetching


def _following(url: str) -> Send:
    send = _page(lambda library: library.query_more(url, identifier_is_url=True))

    def following(library: Salesforce) -> Any:
        answer = send(library)
        if answer.get("nextRecordsUrl") == url:
            what = "Salesforce's query points back to the page that was just read"
            raise RetryLater("E211", what, remedy="wait; the next run goes on")
        return answer

    return following


def _page(send: Send) -> Send:
    """A call whose answer is a page of records."""
    return _having(send, {"records": list, "done": bool})


def _having(send: Send, parts: Mapping[str, type]) -> Send:
    """A call whose answer has these parts. An edge's own JSON hasn't, and is worth another try."""

    def having(library: Salesforce) -> Any:
        answer = send(library)
        for name, kind in parts.items():
            if not isinstance(answer, dict) or not isinstance(answer.get(name), kind):
                raise CallError(f"Salesforce's answer has no {name}", passing=True)
        return answer

    return having


def _sending(path: str, body: Json, *, method: str, headers: Mapping[str, str] | None = None) -> Send:
    data = json.dumps(body, allow_nan=False)
    return lambda library: library.restful(path, method=method, data=data, headers=dict(headers or {}))
