"""A name for exactly these writes, planned by exactly these rules."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from crmsync.config import CrmConfig, PushConfig


def of(plan: Iterable[Mapping[str, Any]], rules: str = "") -> str:
    """SHA-256 over record, field, old and new, and the rules, cut to 16 hex digits."""
    told = [[row["crm"], row["crm_id"], row["target"], row["old"], row["new"]] for row in plan]
    return hashlib.sha256((rules + json.dumps(told)).encode()).hexdigest()[:16]


def rules(crm: CrmConfig, push: PushConfig) -> str:
    """What of the config decides which value goes where: the fields of a CRM, and whose they are."""
    return json.dumps([crm.fields, push.policy], sort_keys=True)
