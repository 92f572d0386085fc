"""The local CRMs as a person starts them: a world, made up or loaded, served until stopped, with what is needed to reach it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crmsync.errors import BadConfig
from crmsync.sandbox.columns import HUBSPOT, SALESFORCE, World
from crmsync.sandbox.generate import generate
from crmsync.sandbox.guide import config, python_lines
from crmsync.sandbox.hostile import make_hostile
from crmsync.sandbox.hostile_fields import add_odd_fields
from crmsync.sandbox.laws import LAWS
from crmsync.sandbox.load import BadWorld, load
from crmsync.sandbox.local import LocalCrms
from crmsync.watch import Watch

CRMS = {"salesforce": (SALESFORCE,), "hubspot": (HUBSPOT,), "both": (SALESFORCE, HUBSPOT)}
POLL_S = 0.2  # how soon a signal is noticed


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which world to serve, where, and by which clock. `world`: a directory of somebody's own past, else one is made up."""

    crm: str
    deals: int
    seed: int
    law: str
    world: Path | None
    now: int | None  # micros
    frozen: bool
    port: int
    folder: Path  # for ids.csv, the certificate and the secrets' files
    hostile: bool = False  # whether a made-up world has all that a connector may meet


@dataclass(frozen=True, slots=True)
class Guide:
    """What a user of the local CRMs needs."""

    config: str
    python: list[str]
    ids: str
    control: str


def serve(wanted: Wanted, *, show: Callable[[Guide], None], watch: Watch, default_now: int) -> None:
    """Serves until `watch.stopping`. Raises BadConfig for a CRM, law, world or port that can't be."""
    crms = tuple(CRMS) if wanted.crm == "both" else (wanted.crm,)
    try:
        local = LocalCrms(
            _world(wanted, default_now),
            wanted.folder,
            crms=[name for name in crms if name != "both"],
            now=wanted.now,
            frozen=wanted.frozen,
            port=wanted.port,
        )
        with local:
            if wanted.hostile:
                add_odd_fields(local)
            show(Guide(config(local), list(python_lines(local)), str(local.write_ids()), local.control.url))
            while not watch.stopping:
                time.sleep(POLL_S)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise BadConfig("E131", f"the local CRMs can't start ({reason})", remedy="another --port or --folder") from None


def _world(wanted: Wanted, default_now: int) -> World:
    for name, known in (("crm", CRMS), ("law", LAWS)):
        if getattr(wanted, name) not in known:
            what = f"no {name} {getattr(wanted, name)!r}"
            raise BadConfig("E129", what, where=f"--{name}", remedy=f"one of: {', '.join(known)}")
    if wanted.world is None:
        at = default_now if wanted.now is None else wanted.now
        made = generate(deals=wanted.deals, seed=wanted.seed, law=LAWS[wanted.law], now=at, crms=CRMS[wanted.crm])
        return make_hostile(made) if wanted.hostile else made
    try:
        return load(wanted.world, crm=wanted.crm, now=wanted.now)
    except BadWorld as fault:
        raise BadConfig("E130", str(fault)) from None


def lines(guide: Guide, *, to_terminal: bool) -> list[str]:
    """The config to save, and the Python lines to paste. What doesn't go to a terminal is a valid config as a whole."""
    comment = "" if to_terminal else "# "
    return [
        "# save this as config.toml, beside models/ and jobs/ (crmsync init makes them)",
        *guide.config.splitlines(),
        f"# ids of the world's deals: {guide.ids}",
        f"# clock, faults and the log of changes: {guide.control}",
        "# a Python prompt:",
        *(f"{comment}{line}" for line in guide.python),
        "# serving; stop with Ctrl-C",
    ]
