"""The command line: verbs, arguments and exit codes. What a verb needs is imported when it runs, so that help comes at once."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from crmsync.errors import BadConfig, CrmsyncError
from crmsync.terminal import INTERRUPTED, Terminal, survive_any_text, tell_notices
from crmsync.verbs import reading, running, setting_up

ANYWHERE = "--config FILE, --json and --debug may stand before or after the verb."
USAGE = 2

app = typer.Typer(
    name="crmsync", add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, epilog=ANYWHERE
)

for verbs in (setting_up, running, reading):
    app.add_typer(verbs.app)


@app.callback(invoke_without_command=True)
def crmsync(
    context: typer.Context,
    *,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="default: $CRMSYNC_CONFIG, else ./config.toml")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="show the traceback of an unforeseen fault")] = False,
    version: Annotated[bool, typer.Option("--version", help="say which version this is", is_eager=True)] = False,
) -> None:
    """Mutual action plans, turned into a forecast that a CRM can carry. Begin with: crmsync demo"""
    terminal: Terminal = context.obj
    terminal.config, terminal.as_json, terminal.debug = config, as_json, debug
    if version:
        typer.echo(_version())
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(USAGE)


def _version() -> str:
    import platform
    from importlib import metadata

    return f"crmsync {metadata.version('crmsync')}, Python {platform.python_version()}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program and gives its exit code. A foreseeable fault is one line; no fault shows a traceback unless asked."""
    given = _hoisted(sys.argv[1:] if arguments is None else list(arguments))
    terminal = Terminal(as_json="--json" in given, debug="--debug" in given)
    tell_notices()
    survive_any_text()
    try:
        _legible(given)
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


def _legible(arguments: Sequence[str]) -> None:
    """Raises BadConfig E100 for an argument whose bytes are no text, which neither a database nor a file would take."""
    for each in arguments:
        try:
            each.encode()
        except UnicodeEncodeError:
            what = f"an argument is no text: {each!a}"
            raise BadConfig("E100", what, remedy="UTF-8, as the terminal's locale has to say") from None


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
