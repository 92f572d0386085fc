"""Connections to CRMs that outlive a run: `serve` needn't log in, and read what describes an account, anew for each job.

A connection keeps its session, what is left of the allowance, and what changes seldom: the fields of objects, the account's
currency, retired owners and stages. It is made anew after a day; after a run that something in the account or the config stopped,
since what it keeps may be the reason; and before a reconcile, which heals what nothing else sees.
"""

import time
from collections.abc import Callable

from crmsync import crm as crms
from crmsync.config import Config
from crmsync.crm import Crm

KEPT_S = 86_400.0


class Connections:
    """The CRMs of a config, each connected when it is first asked for. `clock` counts seconds, whatever day it is."""

    def __init__(self, config: Config, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._config, self._clock = config, clock
        self._made: dict[str, tuple[Crm, float]] = {}

    def to(self, name: str) -> Crm:
        """The CRM of that name. Raises BadConfig."""
        crm, made_at = self._made.get(name, (None, 0.0))
        now = self._clock()
        if crm is None or now - made_at >= KEPT_S:
            (config,) = self._config.only_crm(name)
            crm = crms.connect(config)
            self._made[name] = crm, now
        return crm

    def drop(self, *names: str) -> None:
        """Nothing that was kept of them counts any more."""
        for name in names:
            self._made.pop(name, None)
