"""The lines of `serve` and `run`."""

import json
from typing import Any

import pytest

from crmsync.errors import RetryLater
from crmsync.log import JsonLog, Log, one_line
from crmsync.watch import Watch

NASTY = "a\r\nE900 forged\x1b[2J\x00\x85\u2028\u202egnp"


def row(**different: Any) -> dict[str, Any]:
    """A row of the ledger of a pull that has ended."""
    facts = {"run_id": 7, "job": "nightly", "step": "pull", "target": "main", "status": "done", "message": ""}
    return {**facts, "started_at": 0, "ended_at": 1_500_000, "counts": {"read": 4812, "deals": 0}, **different}


def told(log: type[Log], **different: Any) -> list[str]:
    """What a log says of a row."""
    lines: list[str] = []
    log(lines.append, lambda: 2_000_000).event("pull", row(**different))
    return lines


def test_text_tells_a_step_when_it_ends() -> None:
    """With what it counted; the beginning is for programs."""
    assert told(Log) == ["nightly: pull main: done: 4,812 read"]
    assert told(Log, status="running", ended_at=None) == []


def test_json_tells_beginning_and_end_under_the_steps_name() -> None:
    """One object a line, with the run's id on each."""
    began, ended = (json.loads(told(JsonLog, **facts)[0]) for facts in ({"ended_at": None, "status": "running"}, {}))
    head = {"at": "1970-01-01T00:00:02Z", "level": "info", "event": "pull", "run_id": 7, "job": "nightly"}
    kept = {"target": "main", "counts": {"read": 4812, "deals": 0}, "message": ""}
    assert began == {**head, **kept, "status": "running"}
    assert ended == {**head, **kept, "status": "done", "took_s": 1.5}


@pytest.mark.parametrize(
    ("status", "level"), [("partial", "warning"), ("later", "warning"), ("failed", "error"), ("stopped", "error")]
)
def test_json_level_says_whether_somebody_is_needed(status: str, level: str) -> None:
    """What passes by itself is a warning."""
    assert json.loads(told(JsonLog, status=status)[0])["level"] == level


@pytest.mark.parametrize("log", [Log, JsonLog])
def test_one_event_is_one_line_whatever_its_words(log: type[Log]) -> None:
    """CR, LF, NUL, escape codes and turned directions arrive as escapes, so that no line can be forged."""
    lines: list[str] = []
    log(lines.append).line(NASTY)
    log(lines.append).event("pull", row(target=NASTY, message=NASTY))
    assert all(line.isprintable() for line in lines)
    assert [len(line.splitlines()) for line in lines] == [1, 1]


def test_json_gives_the_words_back_as_they_were() -> None:
    """Escaped is not lost."""
    assert json.loads(told(JsonLog, message=NASTY)[0])["message"] == NASTY


def test_one_line_leaves_other_texts_alone() -> None:
    """Names of people and companies stay readable."""
    assert one_line("Åsa & Søn, 東京 – 12 %") == "Åsa & Søn, 東京 – 12 %"


@pytest.mark.parametrize("fault", [BrokenPipeError(), RetryLater("E121", "no room to write")])
def test_event_that_nobody_takes_ends_no_run(fault: Exception) -> None:
    """A full disk or a reader that went away costs the line; the ledger has the row."""

    def refuse(_line: str) -> None:
        raise fault

    log: Watch = JsonLog(refuse)
    log.event("pull", row())
