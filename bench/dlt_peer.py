"""dlt over the lists that our pull reads, into a DuckDB file. A script of its own: it runs where dlt is installed, without ours.

    python bench/dlt_peer.py SPEC.json

The spec names the lists (address, query, headers), the way of paging, a folder, and how rows are handed over: "rows" as they are,
nested parts kept as JSON, or "arrow" as Arrow tables with nested parts as text, dlt's quickest way. Prints what it cost, as JSON.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KIB_PER_MIB = 1_024


def main(file: str) -> None:
    """One run."""
    spec = json.loads(Path(file).read_text())
    os.environ.update(DLT_DATA_DIR=spec["folder"], RUNTIME__DLTHUB_TELEMETRY="false", RUNTIME__LOG_LEVEL="CRITICAL")
    import dlt  # type: ignore[import-not-found]
    import duckdb  # type: ignore[import-not-found]  # noqa: F401 - what it costs to import isn't what is measured
    from dlt.sources.helpers.rest_client import RESTClient  # type: ignore[import-not-found]
    from dlt.sources.helpers.rest_client.paginators import (  # type: ignore[import-not-found]
        JSONLinkPaginator,
        JSONResponseCursorPaginator,
    )
    from requests import Session

    session, calls, rows = Session(), [0], [0]
    session.trust_env, session.verify = False, spec["ca_file"] or True

    def pages(asked: dict[str, Any]) -> Iterator[Any]:
        paginator = JSONResponseCursorPaginator(cursor_path="paging.next.after", cursor_param="after")
        if spec["kind"] == "salesforce":
            paginator = JSONLinkPaginator(next_url_path="nextRecordsUrl")
        client = RESTClient(base_url=spec["host"], headers=asked["headers"], session=session, paginator=paginator)
        for page in client.paginate(asked["path"], params=asked["query"], data_selector=spec["selector"]):
            calls[0], rows[0] = calls[0] + 1, rows[0] + len(page)
            yield _arrow(list(page)) if spec["way"] == "arrow" else list(page)

    work = Path(spec["folder"])
    pipeline = dlt.pipeline(
        "peer",
        pipelines_dir=spec["folder"],
        dataset_name="pulled",
        destination=dlt.destinations.duckdb(str(work / "peer.duckdb")),
    )
    began, worked = time.monotonic(), time.process_time()
    resources = [
        dlt.resource(pages(asked), name=f"list_{number}", write_disposition="append", max_table_nesting=0)
        for number, asked in enumerate(spec["lists"])
    ]
    pipeline.run(resources, loader_file_format="parquet")
    seconds, cpu_s = time.monotonic() - began, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB
    print(json.dumps({"seconds": seconds, "cpu_s": cpu_s, "calls": calls[0], "rows": rows[0], "peak_mib": peak}))


def _arrow(page: list[dict[str, Any]]) -> Any:
    """A page as a table of texts and numbers."""
    import pyarrow as pa

    plain = [
        {
            name: json.dumps(value) if isinstance(value, dict | list) else None if value is None else str(value)
            for name, value in row.items()
        }
        for row in page
    ]
    names = list(dict.fromkeys(name for row in plain for name in row))
    return pa.table({name: pa.array([row.get(name) for row in plain], pa.string()) for name in names})


if __name__ == "__main__":
    main(sys.argv[1])
