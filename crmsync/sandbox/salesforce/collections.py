"""sObject Collections: up to 200 records in one call, each with an answer of its own."""

from itertools import pairwise
from typing import Any

import numpy as np

from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.salesforce.description import visible_table
from crmsync.sandbox.salesforce.errors import Refused, deleted
from crmsync.sandbox.salesforce.org import Org
from crmsync.sandbox.salesforce.rest import Rest, row_of
from crmsync.sandbox.salesforce.table import Table
from crmsync.sandbox.salesforce.values import Writer, accept, parse_fields
from crmsync.sandbox.salesforce.wire import ApiCall, only, read_object

MOST = 200
MOST_CHUNKS = 10  # runs of one object within a call
MOST_READ = 2_000


class Collections:
    """The handlers of composite/sobjects."""

    def __init__(self, org: Org, rest: Rest) -> None:
        self.org, self.rest = org, rest

    def update(self, call: ApiCall) -> Response:
        """PATCH composite/sobjects: 200 with a row for each record, in their order, once the call is well formed."""
        only(call.request)
        records, all_or_none = self._records(call.request, call.user)
        writer = Writer(call.user)
        parsed = [parse_fields(self.org, table, _fields(record), writer=writer) for table, record in records]
        with self.org.lock:
            answers, accepted = [], []
            seen: set[tuple[str, int]] = set()
            for (table, record), fields in zip(records, parsed, strict=True):
                try:
                    row = self._row(table, record, call.user)
                    if (table.name, row) in seen:
                        raise Refused(
                            "DUPLICATE_VALUE", f"duplicate id in list: {table.records.make_id(row)}", fields=["Id"]
                        )
                    seen.add((table.name, row))
                    accepted.append((table, row, accept(self.org, table, fields, writer=writer)))
                    answers.append({"id": table.records.make_id(row), "success": True, "errors": []})
                except Refused as wrong:
                    answers.append({"success": False, "errors": [wrong.row()]})
            if all_or_none and len(accepted) < len(records):
                return Response(body=[_rolled_back(answer) for answer in answers])
            for table, row, values in accepted:
                self.rest.saves.update(table, row, values, who=call.user)
        return Response(body=answers)

    def create(self, call: ApiCall) -> Response:
        """POST composite/sobjects. With allOrNone every record is tried before any is made."""
        only(call.request)
        records, all_or_none = self._records(call.request, call.user)
        writer = Writer(call.user)
        with self.org.lock:
            problems: list[Refused | None] = []
            for table, record in records:
                fields = parse_fields(self.org, table, _fields(record), writer=writer)
                try:
                    accept(self.org, table, fields, writer=writer, creating=True)
                    problems.append(None)
                except Refused as wrong:
                    problems.append(wrong)
            failed = all_or_none and any(problems)
            answers: list[dict[str, Any]] = []
            for (table, record), problem in zip(records, problems, strict=True):
                if problem is not None:
                    answers.append({"success": False, "errors": [problem.row()]})
                elif failed:
                    answers.append(_rolled_back({"success": True, "errors": []}))
                else:
                    answers.append(self._made(table, record, writer))
        return Response(body=answers)

    def _made(self, table: Table, record: dict[str, Any], writer: Writer) -> dict[str, Any]:
        try:
            return {"id": self.rest.create(table, record, writer=writer), "success": True, "errors": []}
        except Refused as wrong:
            return {"success": False, "errors": [wrong.row()]}

    def read(self, call: ApiCall, *, name: str) -> Response:
        """GET and POST composite/sobjects/X: some fields of the records with these ids, null for one that isn't there."""
        table = visible_table(self.org, call.user, name)
        ids: Any
        fields: Any
        if call.request.method == "GET":
            only(call.request, "ids", "fields")
            ids = ",".join(call.request.query.get("ids", [])).split(",")
            fields = ",".join(call.request.query.get("fields", [])).split(",")
        else:
            only(call.request)
            body = read_object(call.request)
            ids, fields = body.get("ids", []), body.get("fields", [])
        for listed in (ids, fields):
            if not isinstance(listed, list) or not listed or not all(isinstance(each, str) for each in listed):
                raise Refused("INVALID_INPUT", "ids and fields are required: lists of text")
        if len(ids) > MOST_READ:
            raise Refused("INVALID_INPUT", f"Number of ids must be less than or equal to {MOST_READ}")
        reader = self.org.reader(call.user)
        names = [reader.field(table, each).name for each in fields]
        found = [table.row(each, reader.now) for each in ids]
        there = [row for row in found if row is not None and table.records.deleted(row) > reader.now]
        columns = table.columns(["Id", *names], np.array(there, dtype=np.int64), reader.now)
        shown = {}
        for place, row in enumerate(there):
            url = f"/services/data/v{call.version}/sobjects/{table.name}/{columns['Id'][place]}"
            values = {each: columns[each][place] for each in names}
            shown[row] = {"attributes": {"type": table.name, "url": url}, "Id": columns["Id"][place], **values}
        return Response(body=[shown.get(row) if row is not None else None for row in found])

    def _records(self, request: Request, user: str) -> tuple[list[tuple[Table, dict[str, Any]]], bool]:
        """The records of a call with their tables. Raises what makes the call as a whole not well formed."""
        body = read_object(request)
        records, all_or_none = body.get("records"), body.get("allOrNone", False)
        if unknown := set(body) - {"records", "allOrNone"}:
            raise Refused("JSON_PARSER_ERROR", f'Unrecognized field "{min(unknown)}" at [line:1, column:1]')
        if not isinstance(records, list) or not all(isinstance(each, dict) for each in records) or not records:
            raise Refused("JSON_PARSER_ERROR", "records: a list of objects is required at [line:1, column:1]")
        if not isinstance(all_or_none, bool):
            raise Refused(
                "JSON_PARSER_ERROR", "Cannot deserialize instance of boolean for allOrNone at [line:1, column:1]"
            )
        if len(records) > MOST:
            raise Refused(
                "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MOST} records into this call"
            )
        found = [(self._table(record, user), record) for record in records]
        chunks = 1 + sum(one[0] is not other[0] for one, other in pairwise(found))
        if chunks > MOST_CHUNKS:
            raise Refused("LIMIT_EXCEEDED", f"Your request exceeded the maximum of {MOST_CHUNKS} chunks")
        return found, all_or_none

    def _table(self, record: dict[str, Any], user: str) -> Table:
        attributes = record.get("attributes")
        name = attributes.get("type") if isinstance(attributes, dict) else None
        if not isinstance(name, str):
            raise Refused("INVALID_INPUT", "Missing entity type information in sObject")
        table = self.org.tables.get(name)
        if table is None or not self.org.rights.can(user, name, "read"):
            raise Refused("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return table

    def _row(self, table: Table, record: dict[str, Any], user: str) -> int:
        now = self.org.clock.now()
        if "id" not in record and "Id" not in record:
            raise Refused("MISSING_ARGUMENT", "Id not specified in an update call")
        row = row_of(table, record.get("id", record.get("Id")), now)
        if table.records.deleted(row) <= now:
            raise deleted()
        if not table.schema.can_update or not self.org.rights.can(user, table.name, "edit"):
            raise Refused("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
        return row


def _fields(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in ("attributes", "id", "Id")}


def _rolled_back(answer: dict[str, Any]) -> dict[str, Any]:
    if not answer["success"]:
        return answer
    message = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    error = {"statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK", "message": message, "fields": []}
    return {"success": False, "errors": [error]}
