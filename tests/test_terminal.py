"""What a person or a program sees."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crmsync.errors import RetryLater
from crmsync.retry import CallError, call
from crmsync.terminal import READER_GONE, Terminal, columns, tell_notices


def test_show_gives_a_program_the_document_and_a_person_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """One or the other, never both."""
    Terminal(as_json=True).show({"at": 0}, ["zero"])
    Terminal().show({"at": 0}, ["zero"])
    assert capsys.readouterr().out == '{\n  "at": "1970-01-01T00:00:00Z"\n}\nzero\n'


def test_fault_document_names_the_steps_that_ran_before(capsys: pytest.CaptureFixture[str]) -> None:
    """A program learns both what went wrong and what was done."""
    Terminal(as_json=True, told=[{"step": "pull"}]).fault(RetryLater("E201", "down"))
    assert '"runs": [\n    {\n      "step": "pull"' in capsys.readouterr().out


def test_defect_shows_its_traceback_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """With --debug the traceback comes before the line."""
    Terminal(debug=True).defect(ValueError("why"))
    assert capsys.readouterr().err.startswith("ValueError: why\nE900 unforeseen ValueError")


def test_defect_shows_its_traceback_when_the_environment_asks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """CRMSYNC_DEBUG does the same for a job that nobody watches."""
    monkeypatch.setenv("CRMSYNC_DEBUG", "1")
    Terminal().defect(ValueError("why"))
    assert capsys.readouterr().err.startswith("ValueError: why\n")


def test_show_disarms_what_could_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A deal's name can't clear the screen of somebody who looks at it."""
    Terminal().show(None, ["Ten\x1b[2J seats\x9b"])
    assert capsys.readouterr().out == "Ten?[2J seats?\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x0b", "\x85", "\u2028"])
def test_show_keeps_each_line_one_line(capsys: pytest.CaptureFixture[str], end: str) -> None:
    """A deal's name can't pass for a line of ours, whatever ends lines there."""
    Terminal().show(None, [f"Ten seats{end}[ok] all is well"])
    assert capsys.readouterr().out == "Ten seats [ok] all is well\n"


def test_show_lets_no_name_turn_what_follows(capsys: pytest.CaptureFixture[str]) -> None:
    """An override of the writing direction ends with its name; a program gets the name as it is."""
    Terminal().show(None, ["\u202eTen seats  1,000 EUR"])
    Terminal(as_json=True).show(["\u202eTen"], [])
    assert capsys.readouterr().out == '?Ten seats  1,000 EUR\n[\n  "\u202eTen"\n]\n'


def test_a_terminal_without_a_sign_shows_its_escape() -> None:
    """An old encoding costs a sign, not the run."""
    code = "from crmsync.terminal import *; survive_any_text(); write('\u00b1 1')"
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, env={"PYTHONIOENCODING": "ascii"}, capture_output=True, timeout=60)  # noqa: S603
    assert told.stdout == b"\\xb1 1\n"


def test_columns_are_aligned() -> None:
    """Rows stand under each other; None is blank."""
    assert columns([("a", "long"), ("longer", None), ("b", 1)]) == ["a       long", "longer", "b       1"]


def test_waits_are_told_without_what_the_call_was_about(capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody who waits learns for whom, and a secret in an answer isn't repeated."""
    tell_notices()
    answers = iter([CallError("a-secret", passing=True, wait_s=0.01)])

    def attempt() -> str:
        for fault in answers:
            raise fault
        return "fine"

    assert call(attempt, where="main") == "fine"
    assert capsys.readouterr().err == "main: waiting 0.0 s before try 2\n"
    logging.getLogger("crmsync").handlers.clear()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_behind_stdout_is_one_line() -> None:
    """Output that can't be written is told once, and the exit code says to try later."""
    code = (
        "from crmsync.terminal import *; import sys\ntry: write('x')\nexcept RetryLater as e: print(e, file=sys.stderr)"
    )
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)  # noqa: S603
    assert (done.returncode, done.stderr[:22]) == (0, "E121 stdout: no room t")


def test_a_reader_that_went_away_is_no_fault() -> None:
    """`crmsync jobs | head -1` leaves no traceback behind."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "crmsync", "init", "--help"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)  # noqa: S603
    os.close(writing)
    assert "Traceback" not in done.stderr


def test_a_result_whose_reader_went_away_ends_as_other_tools_do() -> None:
    """`crmsync export score | head -1` says nothing, and its exit code isn't that of failed records."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", "from crmsync.terminal import write; write('x')"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)  # noqa: S603
    os.close(writing)
    assert (done.returncode, done.stderr) == (READER_GONE, "")
