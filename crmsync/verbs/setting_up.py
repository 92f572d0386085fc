"""Verbs to begin with: the demo, local CRMs, a new workspace, and whether all is fit for use."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from crmsync.arguments import CrmName, maybe_instant
from crmsync.terminal import columns

NOT_FIT = 2  # exit code of `check` when something failed

app = typer.Typer()


@app.command(epilog="Example: crmsync demo")
def demo(
    context: typer.Context, folder: Annotated[Path, typer.Argument(metavar="DIR", help="a new folder")] = Path("demo")
) -> int:
    """Show the whole story on two local CRMs, in a fresh folder."""
    from crmsync import demo as story

    return int(story.run(folder, terminal=context.obj))


@app.command(epilog="Example: crmsync sandbox --deals 300 --seed 7")
def sandbox(
    context: typer.Context,
    *,
    crm: Annotated[str, typer.Option(help="salesforce, hubspot or both")] = "both",
    deals: Annotated[int, typer.Option(min=1, max=1_000_000, help="how many deals to make up")] = 3_000,
    seed: Annotated[int, typer.Option(min=0, help="the same seed makes the same world")] = 1,
    law: Annotated[str, typer.Option(help="how the made-up deals come to be won")] = "milestones",
    world: Annotated[Path | None, typer.Option(metavar="DIR", help="serve this past (deals.csv, facts.csv)")] = None,
    now: Annotated[str | None, typer.Option(metavar="INSTANT", help="where the local clock starts")] = None,
    frozen: Annotated[bool, typer.Option("--frozen", help="the local clock stands still")] = False,
    port: Annotated[int, typer.Option(min=0, max=65_533, help="of the control address; 0: free ones")] = 0,
    folder: Annotated[Path, typer.Option(metavar="DIR", help="for ids.csv, certificate and secrets")] = Path(),
    hostile: Annotated[
        bool, typer.Option("--hostile", help="emoji, ties, 1999, huge and negative amounts, ...")
    ] = False,
) -> int:
    """Run a local Salesforce and HubSpot until stopped."""
    from crmsync import local
    from crmsync.clock import system_clock
    from crmsync.progress import stoppable
    from crmsync.watch import Watch

    at = maybe_instant(now, "--now")
    wanted = local.Wanted(crm, deals, seed, law, world, at, frozen, port, folder, hostile)
    with stoppable(Watch()) as watch:
        show = lambda guide: context.obj.show(guide, local.lines(guide, to_terminal=sys.stdout.isatty()))  # noqa: E731
        local.serve(wanted, show=show, watch=watch, default_now=system_clock())
    return 0


@app.command(epilog="Example: crmsync init my-forecast")
def init(context: typer.Context, folder: Annotated[Path, typer.Argument(metavar="DIR", help="a new folder")]) -> int:
    """Make a workspace: config, models, jobs, notebooks."""
    from crmsync import starter

    made, following = starter.init(folder), starter.next_steps(folder)
    told = [f"made {len(made)} files in {folder}; next:", *(f"  {line}" for line in following)]
    context.obj.show({"folder": str(folder), "files": made, "next": following}, told)
    return 0


@app.command(epilog="Example: crmsync check")
def check(context: typer.Context) -> int:
    """Find out what is not fit for use, and what to do."""
    from crmsync import checks

    found = list(checks.findings(context.obj.config))
    context.obj.show(found, checks.lines(found))
    return NOT_FIT if any(finding.level == "fail" for finding in found) else 0


@app.command(epilog="Example: crmsync fields --create")
def fields(
    context: typer.Context,
    crm: CrmName = None,
    *,
    create: Annotated[bool, typer.Option("--create", help="make the fields that are missing")] = False,
) -> int:
    """Show the CRM fields that results go to."""
    from crmsync import config as configs
    from crmsync import crm as crms
    from crmsync.views import targets

    config = configs.load(context.obj.config)
    accounts = [crms.connect(each) for each in (config.writable(crm) if create else config.only_crm(crm))]
    done = {account.name: account.create_fields() for account in accounts} if create else {}
    found = {it.name: it.fields() if config.crm[it.name].fields else [] for it in accounts}
    lines = [f"{name}: {line}" for name, made in done.items() for line in made]
    context.obj.show(
        {"done": done, "fields": found}, [*lines, *columns(targets.table(found)), *targets.without(config, found)]
    )
    return int(create and any(state.problem for states in found.values() for state in states))
