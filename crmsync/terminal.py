"""What a person or a program sees: results on stdout, faults on stderr, with `--json` one document on stdout."""

import io
import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crmsync.errors import CrmsyncError, RetryLater

UNFORESEEN = 70  # exit code of a defect: EX_SOFTWARE of sysexits.h
INTERRUPTED = 130  # what shells give for SIGINT
READER_GONE = 141  # and for SIGPIPE: whoever read stdout went away, as `head` does
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # in a CRM's texts they could steer a terminal
LINE_ENDS = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")  # nor may they look like a line of ours
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # signs that turn the direction of all that follows
COLOURS = {"[ok]": "32", "[warn]": "33", "[fail]": "31"}


@dataclass(slots=True)
class Terminal:
    """One call of the program. `told`: rows of steps that ran before a fault, so that a document can name both."""

    config: Path | None = None
    as_json: bool = False
    debug: bool = False
    told: Any = None

    def show(self, document: object, lines: Iterable[str]) -> None:
        """The result: the document with `--json`, else the lines. Raises RetryLater when stdout takes no more."""
        told = (
            json.dumps(_plain(document), ensure_ascii=False, indent=2)
            if self.as_json
            else "\n".join(LINE_ENDS.sub(" ", TURNS.sub("?", line)) for line in lines)
        )
        text = CONTROL.sub("?", told)
        if text:
            write(_coloured(text) if sys.stdout.isatty() and not self.as_json else text)

    def fault(self, error: CrmsyncError) -> int:
        """One line on stderr, with `--json` a document besides; gives the exit code."""
        if self.as_json:
            told = {"code": error.code, "what": error.what, "where": error.where, "remedy": error.remedy}
            document = {"error": told} if self.told is None else {"error": told, "runs": _plain(self.told)}
            print(json.dumps(document, ensure_ascii=False, indent=2), flush=True)
        print(CONTROL.sub("?", str(error)), file=sys.stderr, flush=True)
        return error.exit_code

    def defect(self, error: BaseException) -> int:
        """A fault that nobody foresaw: its kind and place only, since its words may quote anything."""
        from crmsync.config import debugging

        if self.debug or debugging():
            traceback.print_exception(error)
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        remedy = "run it again with --debug to see the traceback, and report it"
        self.fault(CrmsyncError("E900", f"unforeseen {type(error).__name__}", where=where, remedy=remedy))
        return UNFORESEEN


class Notices(logging.Handler):
    """Tells of what goes on in the meantime, such as a wait for a CRM."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line on stderr."""
        print(CONTROL.sub("?", record.getMessage()), file=sys.stderr, flush=True)


def tell_notices() -> None:
    """From now on they are told."""
    logger = logging.getLogger("crmsync")
    if not any(isinstance(handler, Notices) for handler in logger.handlers):
        logger.addHandler(Notices())
    logger.propagate = False


def survive_any_text() -> None:
    """A sign that stdout's encoding lacks is shown as an escape, instead of ending the program; a closed stream takes nothing."""
    sys.stdout = sys.stdout or io.StringIO()  # None: it was closed before the program began
    sys.stderr = sys.stderr or io.StringIO()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def write(text: str) -> None:
    """A line to stdout, at once. Raises RetryLater when stdout takes no more."""
    with sending():
        print(text, flush=True)


@contextmanager
def sending() -> Iterator[None]:
    """What is printed in the block goes out before it ends.

    Raises RetryLater when stdout takes no more, and ends the program where its reader went away.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:  # nobody is left to tell
        _throw_the_rest_away()
        raise SystemExit(READER_GONE) from None
    except OSError as error:
        _throw_the_rest_away()
        reason = (error.strerror or type(error).__name__).lower()
        raise RetryLater("E121", f"no room to write ({reason})", where="stdout", remedy="free some space") from None


def _throw_the_rest_away() -> None:
    """What is still buffered for stdout would fail again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def columns(rows: Sequence[Sequence[object]]) -> list[str]:
    """Rows as aligned columns; the first one may be a head."""
    told = [["" if value is None else str(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*told, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in told]


def _plain(document: object) -> object:
    from crmsync.views.cells import document as as_document

    return as_document(document)


def _coloured(text: str) -> str:
    return re.sub(r"\[(ok|warn|fail)\]", lambda mark: f"\x1b[{COLOURS[mark[0]]}m{mark[0]}\x1b[0m", text)
