"""Tasks, calls, meetings and e-mails as the local HubSpot shows them."""

from typing import Any

import pytest

from tests.sandbox.hubspot.conftest import Local


def _rows(local: Local, kind: str, *names: str) -> list[list[Any]]:
    shown = local.get(f"/crm/v3/objects/{kind}", properties=",".join(names), limit=100)["results"]
    return [[row["properties"][name] for name in names] for row in shown]


def test_tasks_hold_plan_steps_planned_calls_and_work(local: Local) -> None:
    """Only a plan's steps say that they are milestones."""
    assert _rows(
        local, "tasks", "hs_task_subject", "hs_task_type", "hs_task_status", "is_milestone", "buyer_owned"
    ) == [
        ["Legal", "TODO", "COMPLETED", "true", "true"],
        ["Intro call", "CALL", "COMPLETED", None, None],
        ["Draft offer", "TODO", "NOT_STARTED", None, None],
    ]


def test_tasks_are_due_by_the_accounts_clocks(local: Local) -> None:
    """The day promised, at 8 in New York."""
    assert _rows(local, "tasks", "hs_timestamp")[0] == ["2026-09-15T12:00:00Z"]


def test_task_history_tells_its_life(local: Local) -> None:
    """Planned, begun, done: newest first."""
    assert local.versions("tasks", "610000000002", "hs_task_status") == [
        ("2026-08-04T10:30:00Z", "COMPLETED"),
        ("2026-08-04T10:00:00Z", "IN_PROGRESS"),
        ("2026-08-03T10:00:00Z", "NOT_STARTED"),
    ]


@pytest.mark.parametrize(
    ("kind", "names", "row"),
    [
        (
            "calls",
            ("hs_call_title", "hs_call_direction", "hs_call_status"),
            ["Cold call", "OUTBOUND", "COMPLETED"],
        ),
        (
            "meetings",
            ("hs_meeting_title", "hs_meeting_outcome", "hs_meeting_end_time"),
            ["Demo", "COMPLETED", "2026-05-05T11:00:00Z"],
        ),
        ("emails", ("hs_email_subject", "hs_email_direction"), ["Re: offer", "INCOMING_EMAIL"]),
    ],
)
def test_engagements_are_objects_of_their_own(local: Local, kind: str, names: tuple[str, ...], row: list[str]) -> None:
    """What happened once shows as having taken place."""
    assert _rows(local, kind, *names) == [row]
