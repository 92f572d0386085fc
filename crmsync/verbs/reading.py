"""Verbs that tell what the store holds, and write nothing."""

from pathlib import Path
from typing import Annotated

import typer

from crmsync.arguments import CrmName, ModelName, first_moment, instant, maybe_instant
from crmsync.errors import BadConfig
from crmsync.terminal import columns, sending
from crmsync.words import many

app = typer.Typer()


@app.command(epilog="Example: crmsync status")
def status(context: typer.Context) -> int:
    """Show what ran last, how old the data is, what waits."""
    from crmsync.clock import system_clock
    from crmsync.views import status as view
    from crmsync.workplace import jobs, model_names, opened

    with opened(context.obj) as (config, store):
        specs, wrong = jobs(config)
        found = view.status(
            store,
            crms=config.crm,
            models=model_names(config),
            jobs=specs,
            writes_per_day=config.push.writes_per_day,
            wrong=wrong,
            now=system_clock(),
        )
    context.obj.show(found, view.lines(found))
    return int(view.is_red(found))


@app.command(epilog="Example: crmsync explain 0065g00000XyZ12AAF")
def explain(
    context: typer.Context,
    deal: Annotated[str, typer.Argument(metavar="DEAL", help="the CRM's id, ours, or the exact name")],
    *,
    first: Annotated[
        str | None, typer.Option("--from", metavar="INSTANT", help="what changed the score since then")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="INSTANT", help="until then; default: now")] = None,
    model: ModelName = "close",
    everything: Annotated[
        bool, typer.Option("--all", help="all facts and reasons, not only the newest and strongest")
    ] = False,
) -> int:
    """Show a deal's score, its reasons and their facts; with --from, what changed it."""
    from crmsync.views import explain as view
    from crmsync.views import explained
    from crmsync.workplace import opened

    if first is not None:
        return _explain_change(context, deal, model, span=(first, last), everything=everything)
    if last is not None:
        raise BadConfig("E122", "--to without --from", remedy="say also from when")
    with opened(context.obj) as (_config, store):
        found = view.explain(store, deal)
    context.obj.show(found, explained.lines(found, everything=everything))
    return 0


def _explain_change(
    context: typer.Context, deal: str, model: str, *, span: tuple[str, str | None], everything: bool
) -> int:
    from crmsync import past, workspace
    from crmsync.views import changed as view
    from crmsync.workplace import opened, root

    from_at, until = instant(span[0], "--from"), maybe_instant(span[1], "--to")
    with opened(context.obj) as (config, store):
        spec = workspace.model(root(config), model)
        to_at = past.instant(store, spec, as_of=until, option="--to")
        history = past.history(store, crms=spec.population.crms)
        found = view.between(store, spec, history, deal, from_at=from_at, to_at=to_at)
    context.obj.show(found, view.lines(found, everything=everything))
    return 0


@app.command(epilog="Example: crmsync promises")
def promises(
    context: typer.Context,
    deal: Annotated[str | None, typer.Argument(metavar="DEAL", help="of this deal only; default: of all")] = None,
) -> int:
    """Show how both sides kept their promises, and each date that was moved."""
    from crmsync.views import promises as view
    from crmsync.workplace import opened

    with opened(context.obj) as (_config, store):
        found = view.ledger(store, deal)
    context.obj.show(view.document(found), view.lines(found))
    return 0


@app.command(epilog="Example: crmsync verify")
def verify(context: typer.Context, crm: CrmName = None) -> int:
    """Compare the store's deals with those in the CRMs."""
    from crmsync import crm as crms
    from crmsync.steps import verify as step
    from crmsync.store import dump
    from crmsync.workplace import opened

    with opened(context.obj) as (config, store):
        found = [step.verify(store, crms.connect(each)) for each in config.only_crm(crm)]
        digest = dump.digest(store)
    lines = [line for each in found for line in step.lines(each)]
    context.obj.show({"crms": found, "digest": digest}, [*lines, f"dump {digest}"])
    return int(not all(each.agrees for each in found))


@app.command(epilog="Example: crmsync backtest --from 2025-07-01 --to 2025-12-31 --every 7 --out past.csv")
def backtest(
    context: typer.Context,
    model: ModelName = "close",
    *,
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="the first day to forecast from")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="the last one")],
    every: Annotated[int, typer.Option(min=1, metavar="DAYS", help="days between two of them")] = 7,
    out: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="each dated prediction as CSV")] = None,
) -> int:
    """Forecast past days again, beside the baselines."""
    from crmsync import workspace
    from crmsync.forecast.backtest import Span
    from crmsync.views import backtest as view
    from crmsync.workplace import opened, root

    span = Span(first_moment(first, "--from"), first_moment(last, "--to"), every)
    if span.from_at > span.to_at:
        raise BadConfig("E122", f"--from {first} lies after --to {last}", remedy="the earlier date first")
    with opened(context.obj) as (config, store):
        found = view.run(store, workspace.model(root(config), model), span, out=out)
    context.obj.show(found, [*columns(view.table(found)), view.closing_line(found)])
    return 0


@app.command(epilog="Example: crmsync card --out card.html")
def card(
    context: typer.Context,
    model: ModelName = "close",
    *,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="a page, or .json; default: a few lines")] = None,
) -> int:
    """Show how well a model's newest fit holds on later deals."""
    from crmsync import workspace
    from crmsync.views import card as view
    from crmsync.workplace import opened, root

    with opened(context.obj) as (config, store):
        workspace.model(root(config), model)  # a name that there isn't is told as such
        told = view.card(store, model)
    if out is not None:
        view.to_file(told, out)
    context.obj.show(told, [f"card of model {model} in {out}"] if out is not None else view.lines(told))
    return 0


@app.command(epilog="Example: crmsync export score --out scores.csv")
def export(
    context: typer.Context,
    table: Annotated[str, typer.Argument(metavar="TABLE", help="score, deal, fact, run, ...")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help=".csv or .parquet; default: CSV on stdout")] = None,
) -> int:
    """Write a table as CSV or Parquet."""
    from crmsync.views import export as view
    from crmsync.workplace import opened

    with opened(context.obj) as (_config, store):
        if out is not None:
            count = view.to_file(store, table, out)
            context.obj.show(
                {"table": table, "file": str(out), "rows": count}, [f"export {table}: {many(count, 'row')} in {out}"]
            )
        elif context.obj.as_json:
            context.obj.show(list(view.rows(store, table)), [])
        else:
            with sending():
                view.to_stdout(store, table)
    return 0
