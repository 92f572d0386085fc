"""Verbs that run steps, alone or as jobs."""

from typing import Annotated

import typer

from crmsync.arguments import AsOf, CrmName, ModelName, maybe_instant
from crmsync.terminal import columns, write

app = typer.Typer()


@app.command(epilog="Example: crmsync pull --crm main")
def pull(context: typer.Context, crm: CrmName = None) -> int:
    """Read what changed in the CRMs since the last pull."""
    from crmsync.workplace import steps

    return steps(context.obj, lambda pipeline: pipeline.pull(crm))


@app.command(epilog="Example: crmsync reconcile --crm main")
def reconcile(context: typer.Context, crm: CrmName = None) -> int:
    """Compare ids with the CRMs, and heal what pulls can't see."""
    from crmsync.workplace import steps

    return steps(context.obj, lambda pipeline: pipeline.reconcile(crm))


@app.command(epilog="Example: crmsync compact --dry-run")
def compact(
    context: typer.Context,
    crm: CrmName = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="count what would be deleted, and delete nothing")] = False,
) -> int:
    """Delete old scores, plans and receipts that are no longer kept."""
    from crmsync.steps import compact as step
    from crmsync.workplace import opened, steps

    if not dry_run:
        return steps(context.obj, lambda pipeline: pipeline.compact(crm))
    with opened(context.obj) as (config, store):
        asked = [each.name for each in config.only_crm(crm)]
        found = {name: step.preview(store, name, config.retention) for name in asked}
    context.obj.show(found, [step.preview_line(name, counts) for name, counts in found.items()])
    return 0


@app.command(epilog="Example: crmsync train --as-of 2026-01-31")
def train(context: typer.Context, model: ModelName = "close", as_of: AsOf = None) -> int:
    """Learn a model from what has been pulled."""
    from crmsync.workplace import steps

    at = maybe_instant(as_of, "--as-of")
    return steps(context.obj, lambda pipeline: pipeline.train(model, as_of=at))


@app.command(epilog="Example: crmsync score")
def score(context: typer.Context, model: ModelName = "close", as_of: AsOf = None) -> int:
    """Score the open deals."""
    from crmsync.workplace import steps

    at = maybe_instant(as_of, "--as-of")
    return steps(context.obj, lambda pipeline: pipeline.score(model, as_of=at))


@app.command(epilog="Example: crmsync stage")
def stage(context: typer.Context, crm: CrmName = None) -> int:
    """Plan the values to write: what differs in the CRMs."""
    from crmsync.workplace import steps

    return steps(context.obj, lambda pipeline: pipeline.stage(crm))


@app.command(epilog="Example: crmsync push --dry-run")
def push(
    context: typer.Context,
    crm: CrmName = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would be sent, and send nothing")] = False,
    approve: Annotated[str, typer.Option(metavar="DIGEST", help="send exactly the plan of this digest")] = "",
) -> int:
    """Send what is planned to the CRMs."""
    from crmsync.views import plan
    from crmsync.workplace import opened, steps

    if not dry_run:
        return steps(context.obj, lambda pipeline: pipeline.push(crm, approve=approve))
    with opened(context.obj) as (config, store):
        found = [plan.plan(store, config, each.name) for each in config.only_crm(crm)]
    context.obj.show(found, [line for each in found for line in plan.lines(each)])
    return 0


@app.command(epilog="Example: crmsync undo 12")
def undo(
    context: typer.Context,
    run: Annotated[int, typer.Argument(metavar="RUN", help="a push's number")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would be put back, and send nothing")] = False,
) -> int:
    """Put back what a push wrote, where it is still ours."""
    from crmsync.pipeline import Pipeline
    from crmsync.progress import watching
    from crmsync.steps import undo as step
    from crmsync.store import outbox
    from crmsync.views import ledger
    from crmsync.workplace import opened

    with opened(context.obj) as (config, store):
        if dry_run:
            name = step.target(store, run)
            (crm,) = config.only_crm(name)
            found = step.preview(store, Pipeline(config, store).connect(name), crm.fields, run=run)
            context.obj.show(found, step.preview_lines(run, found))
            return 0
        with watching() as watch:
            (row,) = Pipeline(config, store, watch=watch).undo(run)
        left = outbox.left_by(store, row.run_id)
    context.obj.show({"run": row, "left": left}, [*step.lines(left), ledger.line(row)])
    return int(row.status == "partial")


@app.command(epilog="Example: crmsync run nightly")
def run(context: typer.Context, job: Annotated[str, typer.Argument(metavar="JOB", help="a file in jobs/")]) -> int:
    """Run the steps of a job now."""
    from crmsync.workplace import run_job

    return run_job(context.obj, job)


@app.command(epilog="Example: crmsync jobs")
def jobs(context: typer.Context) -> int:
    """List the jobs with their schedule, last and next run."""
    from crmsync import workspace
    from crmsync.views import agenda
    from crmsync.workplace import next_runs, opened

    with opened(context.obj) as (config, store):
        specs = workspace.served(config)
        found = agenda.agenda(store, specs, next_runs(specs))
    context.obj.show(found, columns(agenda.table(found)))
    return 0


@app.command(epilog="Example: crmsync serve")
def serve(context: typer.Context) -> int:
    """Run the jobs when they are due, until stopped."""
    from crmsync import alerts, fanout, metrics, scheduler
    from crmsync.log import LOGS
    from crmsync.progress import stoppable
    from crmsync.workplace import opened

    with opened(context.obj) as (config, store):
        log = LOGS[config.log.format](write)
        if wrong := alerts.problem(config.alerts):
            log.line(wrong)
        with metrics.serving(config, store), stoppable(log):
            serves = fanout.serve if config.engine.kind else scheduler.serve
            serves(config, store, tell=log.line, watch=log)
    return 0
