"""Full reads of large objects: by query jobs of Bulk API 2.0, one for the records and one for each kind of their children."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from crmsync.crms.salesforce.jobs import Job, Jobs
from crmsync.crms.salesforce.sheets import Form
from crmsync.crms.salesforce.shelves import Shelves, needed
from crmsync.crms.salesforce.streams import Stream, own_fields
from crmsync.crms.salesforce.values import Child, Row, soql

T = TypeVar("T")
BATCH, BATCH_WITH_CHILDREN = 2_000, 500


@dataclass(frozen=True, slots=True)
class Read:
    """A stream's jobs, done: that of its records, and those of their children."""

    stream: Stream
    records: Job
    children: dict[Child, Job]


def begun(jobs: Jobs, stream: Stream) -> Read:
    """Lets Salesforce choose the records of a stream. Raises NoJob."""
    children = list(stream.children())
    mine = soql(own_fields(stream), stream.entity, where=stream.where())
    theirs = [soql((child.parent, *child.fields), child.entity) for child in children]
    first, *others = jobs.run([mine, *theirs])
    return Read(stream, first, dict(zip(children, others, strict=True)))


def rows(jobs: Jobs, read: Read) -> Iterator[list[Row]]:
    """The records, each with its children, in no promised order, some at a time."""
    if read.children:
        yield from _with_children(jobs, read)
    else:
        for sheet in jobs.sheets(read.records):
            lines = sheet.lines()
            form = Form(next(lines))
            yield from (list(map(Row, map(form.record, some))) for some in _batches(lines, BATCH))
    for job in (read.records, *read.children.values()):
        jobs.drop(job.crm_id)


def _with_children(jobs: Jobs, read: Read) -> Iterator[list[Row]]:
    count = needed(max(job.records for job in (read.records, *read.children.values())))
    with ExitStack() as stack:
        parents = _Laid(jobs, read.records, stack.enter_context(Shelves(count)), key="Id")
        children = {
            child.relationship: _Laid(jobs, job, stack.enter_context(Shelves(count)), key=child.parent)
            for child, job in read.children.items()
        }
        for number in range(count):
            of = {name: laid.by_key(number) for name, laid in children.items()}
            records = map(parents.form.record, parents.shelves.take(number))
            for some in _batches(records, BATCH_WITH_CHILDREN):
                yield [Row({**record, **_children(of, str(record["Id"]))}) for record in some]


class _Laid:
    """A job's lines on shelves, by the id in the column `key`."""

    def __init__(self, jobs: Jobs, job: Job, shelves: Shelves, *, key: str) -> None:
        self.shelves, self.key, self.form = shelves, key, Form([key])
        for sheet in jobs.sheets(job):
            lines = sheet.lines()
            self.form = Form(next(lines))
            shelves.put(lines, key=self.form.header.index(key))

    def by_key(self, number: int) -> dict[str, list[dict[str, Any]]]:
        """The records of a shelf, by that id."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        place = self.form.header.index(self.key)
        for line in self.shelves.take(number):
            found[line[place]].append(self.form.record(line))
        return found


def _children(of: dict[str, dict[str, list[dict[str, Any]]]], crm_id: str) -> dict[str, Any]:
    """A record's children as a query's JSON has them."""
    return {name: {"records": found[crm_id]} for name, found in of.items() if crm_id in found}


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some
