"""A name for exactly these writes."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any


def of(plan: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over record, field, old and new, cut to 16 hex digits."""
    told = [[row["crm"], row["crm_id"], row["target"], row["old"], row["new"]] for row in plan]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
