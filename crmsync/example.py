"""`config.example.toml`, made from the settings classes: `python -m crmsync.example > config.example.toml`."""

import json
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from crmsync.config import (
    AlertsConfig,
    BandConfig,
    CrmConfig,
    EngagementSource,
    EngineConfig,
    GuardConfig,
    LogConfig,
    MetricsConfig,
    MilestoneSource,
    PingConfig,
    PushConfig,
    StoreConfig,
)
from crmsync.records import TRAVELLERS, Result

HEAD = """\
# The config of crmsync: every key, with its default or an example. Made by `python -m crmsync.example`.
#
# A line that starts with "#" and no space is a setting: take the "#" away to use it.
# A secret is a reference, env:NAME or file:PATH; the secret itself never stands here. Relative paths begin at this file's folder.
"""
# What stands for keys that have no default, or none that shows what is meant.
STORE = {"password": "env:CRMSYNC_STORE_PASSWORD"}
METRICS = {"listen": "127.0.0.1:9464"}
ALERTS = {"urls": ["env:CRMSYNC_ALERT_URL"]}
PING = {"url": "env:CRMSYNC_PING_URL"}
ACCOUNTS: dict[str, dict[str, Any]] = {
    "salesforce": {
        "instance_url": "https://example.my.salesforce.com",
        "client_id": "env:SF_CLIENT_ID",
        "client_secret": "env:SF_CLIENT_SECRET",
        "private_key": "file:sf-private-key.pem",
        "refresh_token": "env:SF_REFRESH_TOKEN",
    },
    "hubspot": {"token": "env:HUBSPOT_TOKEN"},
}
NAMES = {"salesforce": "main", "hubspot": "hub"}
MILESTONES: dict[str, list[dict[str, str]]] = {
    "salesforce": [
        {
            "object": "Milestone__c",
            "history": "Milestone__History",
            "deal": "Opportunity__c",
            "name": "Name",
            "due_on": "Due_Date__c",
            "done_at": "Completed_At__c",
            "side": "Side__c",
        },
        {
            "object": "Task",
            "where": "Is_Milestone__c = true",
            "name": "Subject",
            "due_on": "ActivityDate",
            "done_at": "CompletedDateTime",
            "side": "Buyer_Owned__c",
        },
    ],
    "hubspot": [
        {"object": "milestone", "name": "title", "due_on": "due_on", "done_at": "completed_at", "side": "side"},
        {
            "object": "tasks",
            "where": "is_milestone = true",
            "name": "hs_task_subject",
            "due_on": "hs_timestamp",
            "done_at": "hs_task_completion_date",
            "side": "buyer_owned",
        },
    ],
}
ENGAGEMENT = {
    "salesforce": {"object": "Room_Visit__c", "kind": "view", "deal": "Opportunity__c", "at": "Visited_At__c"},
    "hubspot": {"object": "room_visit", "kind": "view", "at": "visited_at"},
}
TARGETS: dict[str, Callable[[Result], str]] = {
    "salesforce": lambda result: f"Crmsync_{result.value.title()}__c",
    "hubspot": lambda result: f"crmsync_{result.value}",
}


def text() -> str:
    """The whole file."""
    sections = [_section("[store]", StoreConfig, STORE), _section("[push]", PushConfig, {}), _policy()]
    sections += [_section("[push.guard]", GuardConfig, {}), _section("[push.band]", BandConfig, {})]
    sections += [_section("[log]", LogConfig, {}), _section("[metrics]", MetricsConfig, METRICS)]
    sections += [_section("[alerts]", AlertsConfig, ALERTS), _section("[ping]", PingConfig, PING)]
    sections += [_section("[engine]", EngineConfig, {})]
    parts = [HEAD, *("\n".join(section) for section in sections)]
    parts += ["\n".join(_account(kind)) for kind in NAMES]
    return "\n".join(f"{part.rstrip()}\n" for part in parts)


def _section(title: str, settings: type[BaseModel], examples: Mapping[str, Any]) -> Iterator[str]:
    yield title
    yield from _keys(settings, examples)


def _policy() -> Iterator[str]:
    yield f"# {PushConfig.model_fields['policy'].description}"
    yield "[push.policy]"
    yield from (f'#{result.value} = "yield"' for result in Result if result not in TRAVELLERS)


def _keys(settings: type[BaseModel], examples: Mapping[str, Any]) -> Iterator[str]:
    """Each key with what it means, set to its default or the example."""
    for name, field in settings.model_fields.items():
        value = examples.get(name, field.default)
        if isinstance(value, BaseModel) or field.default_factory is not None:
            continue  # a table of its own
        if value is PydanticUndefined:
            raise KeyError(f"an example of {name} is missing")
        if field.description:
            yield f"# {field.description}{_bounds(field)}"
        yield f"#{name} = {_toml(value)}"


def _bounds(field: FieldInfo) -> str:
    """The smallest and the largest value, where there are both."""
    limits = {name: getattr(each, name) for each in field.metadata for name in ("ge", "le") if hasattr(each, name)}
    return f"; {limits['ge']} to {limits['le']}" if len(limits) == len(("ge", "le")) else ""


def _account(kind: str) -> Iterator[str]:
    name = NAMES[kind]
    yield f"# {kind}: an account under a name of your choice, here {name!r}"
    yield f"#[crm.{name}]"
    yield f'#kind = "{kind}"'
    yield from _keys(import_module(f"crmsync.crms.{kind}").Settings, ACCOUNTS[kind])
    for key in ("read_only", "parallel", "standard_fields", "graded"):
        field = CrmConfig.model_fields[key]
        yield f"# {field.description}{_bounds(field)}"
        yield f"#{key} = {_toml(field.default)}"
    for place, source in enumerate(MILESTONES[kind]):
        yield from _source(f"#[[crm.{name}.milestones]]", MilestoneSource, source, described=place == 0)
    yield from _source(f"#[[crm.{name}.engagement]]", EngagementSource, ENGAGEMENT[kind], described=True)
    yield ""
    yield "# result -> CRM field; a result that is not listed is not written"
    yield f"#[crm.{name}.fields]"
    yield from (f'#{result.value} = "{TARGETS[kind](result)}"' for result in Result)


def _source(title: str, settings: type[BaseModel], keys: Mapping[str, str], *, described: bool) -> Iterator[str]:
    yield ""
    if described:
        yield f"# {' '.join((settings.__doc__ or '').split())} Several may be listed."
    yield title
    for name, value in keys.items():
        description = settings.model_fields[name].description
        note = f"  # {description}" if described and description else ""
        yield f"#{name} = {_toml(value)}{note}"


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    print(text(), end="")
