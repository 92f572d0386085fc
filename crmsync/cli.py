"""The command line: verbs, arguments and exit codes. What a verb needs is imported when it runs, so that help comes at once."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crmsync.errors import BadConfig, CrmsyncError
from crmsync.terminal import INTERRUPTED, Terminal

if TYPE_CHECKING:
    from crmsync.config import Config
    from crmsync.pipeline import Pipeline
    from crmsync.store.engine import Store
    from crmsync.store.runs import RunRow

ANYWHERE = "--config FILE, --json and --debug may stand before or after the verb."
USAGE = 2

CrmName = Annotated[str | None, typer.Option("--crm", metavar="NAME", help="only this CRM of the config")]
ModelName = Annotated[str, typer.Option("--model", metavar="NAME", help="a file in models/")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="INSTANT", help="use only what was known then, such as 2026-01-31")
]

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, epilog=ANYWHERE, name="crmsync"
)


@app.callback(invoke_without_command=True)
def crmsync(
    context: typer.Context,
    *,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="default: $CRMSYNC_CONFIG, else ./config.toml")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="show the traceback of an unforeseen fault")] = False,
) -> None:
    """Mutual action plans, turned into a forecast that a CRM can carry. Begin with: crmsync demo"""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(USAGE)
    terminal: Terminal = context.obj
    terminal.config, terminal.as_json, terminal.debug = config, as_json, debug


@app.command(epilog="Example: crmsync pull --crm main")
def pull(context: typer.Context, crm: CrmName = None) -> int:
    """Read what changed in the CRMs since the last pull."""
    return _steps(context.obj, lambda pipeline: pipeline.pull(crm))


@app.command(epilog="Example: crmsync train --as-of 2026-01-31")
def train(context: typer.Context, model: ModelName = "close", as_of: AsOf = None) -> int:
    """Learn a model from what has been pulled."""
    at = _instant(as_of)
    return _steps(context.obj, lambda pipeline: pipeline.train(model, as_of=at))


@app.command(epilog="Example: crmsync score")
def score(context: typer.Context, model: ModelName = "close", as_of: AsOf = None) -> int:
    """Score the open deals."""
    at = _instant(as_of)
    return _steps(context.obj, lambda pipeline: pipeline.score(model, as_of=at))


@app.command(epilog="Example: crmsync stage")
def stage(context: typer.Context, crm: CrmName = None) -> int:
    """Plan the values to write: what differs from what the CRMs show."""
    return _steps(context.obj, lambda pipeline: pipeline.stage(crm))


@app.command(epilog="Example: crmsync push --dry-run")
def push(
    context: typer.Context,
    crm: CrmName = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would be sent, and send nothing")] = False,
    approve: Annotated[str, typer.Option(metavar="DIGEST", help="send exactly the plan of this digest")] = "",
) -> int:
    """Send what is planned to the CRMs."""
    if not dry_run:
        return _steps(context.obj, lambda pipeline: pipeline.push(crm, approve=approve))
    from crmsync.views import plan

    with _opened(context.obj) as (config, store):
        found = [plan.plan(store, each.name) for each in config.only_crm(crm)]
    context.obj.show(found, [line for each in found for line in plan.lines(each)])
    return 0


@app.command(epilog="Example: crmsync status")
def status(context: typer.Context) -> int:
    """Show the last run of each step, the age of the data, what waits and what failed."""
    from crmsync.store import runs
    from crmsync.views import ledger

    with _opened(context.obj) as (_config, store):
        rows = runs.newest(store)
    context.obj.show(rows, [ledger.line(row) for row in rows])
    return 0


def _instant(text: str | None) -> int | None:
    from crmsync.clock import parse_instant

    if text is None:
        return None
    try:
        return parse_instant(text)
    except (ValueError, OverflowError):
        remedy = "write it like 2026-01-31 or 2026-01-31T08:00:00Z"
        raise BadConfig("E122", f"no instant: {text!r}", where="--as-of", remedy=remedy) from None


@contextmanager
def _opened(terminal: Terminal) -> "Iterator[tuple[Config, Store]]":
    from crmsync import config
    from crmsync.store.engine import open_store

    found = config.load(terminal.config)
    store = open_store(found.store)
    try:
        yield found, store
    finally:
        store.close()


def _steps(terminal: Terminal, work: "Callable[[Pipeline], list[RunRow]]") -> int:
    """Runs steps and shows their rows of the ledger, those before a fault too."""
    from crmsync.pipeline import Pipeline
    from crmsync.progress import watching
    from crmsync.store import runs
    from crmsync.views import ledger

    with _opened(terminal) as (config, store):
        before = runs.newest_id(store)
        try:
            with watching() as watch:
                rows = work(Pipeline(config, store, watch=watch))
        except CrmsyncError:
            terminal.told = runs.after(store, before)
            if not terminal.as_json:
                terminal.show(None, [ledger.line(row) for row in terminal.told])
            raise
    terminal.show(rows, [ledger.line(row) for row in rows])
    return int(any(row.status == "partial" for row in rows))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program and gives its exit code. A foreseeable fault is one line; no fault shows a traceback unless asked."""
    given = _hoisted(sys.argv[1:] if arguments is None else list(arguments))
    terminal = Terminal(as_json="--json" in given, debug="--debug" in given)
    try:
        code: int | None = app(given, standalone_mode=False, obj=terminal, prog_name="crmsync")
    except CrmsyncError as error:
        return terminal.fault(error)
    except typer.TyperException as error:
        remedy = "crmsync --help"
        return terminal.fault(BadConfig("E100", error.format_message(), remedy=remedy))
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the edge of the program: nothing above could tell it in one line
        return terminal.defect(error)
    if code == INTERRUPTED:
        print("interrupted; what was stored stays", file=sys.stderr)
    return code or 0


def _hoisted(arguments: list[str]) -> list[str]:
    """The arguments with the program's own options before the verb, wherever they stood."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for each in waiting:
        if each == "--":
            rest += [each, *waiting]
        elif each in ("--json", "--debug") or each.startswith("--config="):
            front.append(each)
        elif each == "--config":
            front += [each, *[value for value in [next(waiting, None)] if value is not None]]
        else:
            rest.append(each)
    return front + rest
