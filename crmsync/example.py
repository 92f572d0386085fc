"""`config.example.toml`, made from the settings classes: `python -m crmsync.example > config.example.toml`."""

import json
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from textwrap import wrap
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from crmsync.config import Config, CrmConfig, EngagementSource, MilestoneSource
from crmsync.records import TRAVELLERS, Result

HEAD = """\
# The config of crmsync: every key, with its default or an example. Made by `python -m crmsync.example`.
#
# A line that starts with "#" and no space is a setting: take the "#" away to use it.
# A secret is a reference, env:NAME or file:PATH; the secret itself never stands here. Relative paths begin at this file's folder.
"""
WIDTH = 120  # characters of a line of comment
# By table: what stands for keys that have no default, or none that shows what is meant.
TABLES: dict[str, dict[str, Any]] = {
    "store": {"password": "env:CRMSYNC_STORE_PASSWORD"},
    "push.policy": {result.value: "yield" for result in Result if result not in TRAVELLERS},
    "metrics": {"listen": "127.0.0.1:9464"},
    "alerts": {"urls": ["env:CRMSYNC_ALERT_URL"]},
    "ping": {"url": "env:CRMSYNC_PING_URL"},
}
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
    parts = [[HEAD], *_tables(Config), *(_account(kind) for kind in NAMES)]
    return "\n".join("\n".join(part).rstrip() + "\n" for part in parts)


def _tables(settings: type[BaseModel], path: str = "") -> Iterator[list[str]]:
    """Each table of the settings, and after it those within it."""
    for name, field in settings.model_fields.items():
        title = f"{path}{name}"
        if isinstance(field.default, BaseModel):
            yield [f"[{title}]", *_keys(type(field.default), TABLES.get(title, {}))]
            yield from _tables(type(field.default), f"{title}.")
        elif field.default_factory is not None and title in TABLES:
            keys = (f"#{key} = {_toml(value)}" for key, value in TABLES[title].items())
            yield [*_comment(field.description), f"[{title}]", *keys]


def _keys(settings: type[BaseModel], examples: Mapping[str, Any]) -> Iterator[str]:
    """Each key with what it means, set to its default or the example."""
    for name, field in settings.model_fields.items():
        value = examples.get(name, field.default)
        if isinstance(value, BaseModel) or field.default_factory is not None:
            continue  # a table of its own
        if value is PydanticUndefined:
            raise KeyError(f"an example of {name} is missing")
        yield from _key(name, field, value)


def _key(name: str, field: FieldInfo, value: object) -> Iterator[str]:
    yield from _comment(f"{field.description}{_bounds(field)}" if field.description else None)
    yield f"#{name} = {_toml(value)}"


def _comment(text: str | None) -> list[str]:
    """A sentence as lines of comment, none without one."""
    return wrap(text or "", WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


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
    for key, field in CrmConfig.model_fields.items():
        if field.description:  # the others stand above, or are tables
            yield from _key(key, field, field.default)
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
        yield from _comment(f"{settings.__doc__} Several may be listed.")
    yield title
    for name, value in keys.items():
        description = settings.model_fields[name].description
        note = f"  # {description}" if described and description else ""
        yield f"#{name} = {_toml(value)}{note}"


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    print(text(), end="")
