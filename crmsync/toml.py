"""TOML files as checked, frozen objects. Every fault names `file:line` and the key, and what is allowed there.

Nothing is guessed: a number in quotes is a text, `true` is no number, and a key that isn't known is refused.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from crmsync.errors import BadConfig

LARGEST_FILE = 1_000_000  # bytes; a config of a hundred CRMs is smaller
LARGEST_NUMBER = 2**63  # what TOML and the databases hold
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")

WORDS = {  # by pydantic's names of faults: what is wrong, and what would be right
    "missing": ("missing", "add it"),
    "literal_error": ("no such value", "{expected}"),
    "greater_than_equal": ("too small", "at least {ge}"),
    "greater_than": ("too small", "more than {gt}"),
    "less_than_equal": ("too large", "at most {le}"),
    "less_than": ("too large", "less than {lt}"),
    "too_short": ("too few entries", "at least {min_length}"),
    "too_long": ("too many entries", "at most {max_length}"),
    "string_too_short": ("an empty text", "write what is meant, or leave it out"),
    "string_type": ("no text", "a text, in quotes"),
    "int_from_float": ("no whole number", "a number without a fraction"),
    "dict_type": ("no table", "keys with values, below a [header]"),
    "model_type": ("no table", "keys with values, below a [header]"),
}

Model = TypeVar("Model", bound=BaseModel)


class Section(BaseModel):
    """A part of a file: unknown keys are refused, values are frozen, and no message repeats a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _as_written(cls, value: object, info: ValidationInfo) -> object:
        """Refuses what would only fit by a guess, and texts that no path, address or name can be."""
        wanted = cls.model_fields[info.field_name or ""].annotation
        if wanted in (int, float) and not (isinstance(value, int | float) and not isinstance(value, bool)):
            raise ValueError("a number, without quotes")
        if wanted is bool and not isinstance(value, bool):
            raise ValueError("true or false, without quotes")
        if get_origin(wanted) is tuple and not isinstance(value, list | tuple):
            raise ValueError("a list, in square brackets")
        if isinstance(value, int) and abs(value) >= LARGEST_NUMBER:
            raise ValueError("a number of this size can't be meant")
        if isinstance(value, str) and CONTROL.search(value):
            raise ValueError("there is a control character in it")
        return value


def read_toml(file: Path) -> dict[str, Any]:
    """A TOML file as a table. Raises BadConfig with `file:line` when it is missing or malformed."""
    text = _text(file)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).partition(" (at ")
        line = place.removeprefix("line ").split(",")[0] if place.startswith("line") else str(text.count("\n") + 1)
        raise BadConfig("E102", f"not valid TOML: {reason}", where=f"{file}:{line}", remedy="mend that line") from None
    except RecursionError:
        deepest = max(text.split("\n"), key=lambda line: line.count("[") + line.count("{"))
        where = f"{file}:{text[: text.index(deepest)].count(chr(10)) + 1}"
        raise BadConfig("E102", "not valid TOML: nested too deeply", where=where, remedy="mend that line") from None
    except ValueError:  # a number so long that Python doesn't read it
        where = f"{file}:{_line_of_longest_number(text)}"
        raise BadConfig("E102", "not valid TOML: a number without end", where=where, remedy="mend that line") from None


def _line_of_longest_number(text: str) -> int:
    longest = max(re.finditer(r"\d+", text), key=lambda found: len(found[0]))
    return text[: longest.start()].count("\n") + 1


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        remedy = "crmsync init DIR, or name one with --config or CRMSYNC_CONFIG"
        raise BadConfig("E101", "no such file", where=str(file), remedy=remedy) from None
    except (OSError, ValueError) as error:
        raise BadConfig(
            "E101", f"can't be read ({type(error).__name__})", where=str(file), remedy="a file of your own, as UTF-8"
        ) from None
    if len(content) > LARGEST_FILE:
        what = f"larger than {LARGEST_FILE:,} bytes, which no config is"
        raise BadConfig("E101", what, where=f"{file}:1", remedy="name the right file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadConfig("E101", "not a text in UTF-8", where=f"{file}:{line}", remedy="save it as UTF-8") from None


def build(
    model: type[Model], table: Mapping[str, Any], file: Path, *, path: Sequence[str] = (), besides: Sequence[str] = ()
) -> Model:
    """A table of a TOML file as a checked model; the first fault is told with `file:line` and key. Raises BadConfig.

    `path`: where in the file the table stands; `besides`: keys that may stand there too and are read by somebody else.
    """
    try:
        return model.model_validate(table, context={"folder": file.absolute().parent})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        keys = [*path, *(str(part) for part in first["loc"] if part != "[key]")]
        what, remedy = _in_words(first["type"], first["msg"], first.get("ctx", {}))
        if first["type"] == "extra_forbidden":
            beside = besides if len(first["loc"]) == 1 else ()
            what, remedy = "unknown key", _instead(keys[-1], [*_allowed(model, first["loc"][:-1]), *beside])
        elif first["loc"][-1:] == ("[key]",):
            what, remedy = "unknown key", _instead(keys[-1], re.findall(r"'(\w+)'", first["msg"]))
        raise BadConfig("E103", f"{'.'.join(keys)}: {what}", where=locate(file, keys), remedy=remedy) from None


def _in_words(kind: str, message: str, bounds: Mapping[str, Any]) -> tuple[str, str]:
    """What is wrong with a value, and what would be right: ours as it is, pydantic's in the words of a person."""
    if kind not in WORDS:
        what, _, remedy = message.removeprefix("Value error, ").partition(" -> ")
        return what, remedy
    what, remedy = WORDS[kind]
    return what, remedy.format(**bounds)


def _instead(key: str, allowed: Sequence[str]) -> str:
    near = get_close_matches(key, allowed, n=1)
    return f"did you mean {near[0]}?" if near else f"one of: {', '.join(allowed)}"


def _allowed(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """The keys that a part of a model takes."""
    for part in location:
        field = model.model_fields.get(str(part))
        if field is None:
            continue
        annotated = [field.annotation, *getattr(field.annotation, "__args__", ())]
        model = next((kind for kind in annotated if isinstance(kind, type) and issubclass(kind, BaseModel)), model)
    return keys_of(model)


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys that a table of a file may have."""
    internal = ("name", "file", "options") if "file" in model.model_fields else ()  # set by us, not by the file
    return [name for name in model.model_fields if name not in internal]


def locate(file: Path, keys: Sequence[str]) -> str:
    """`file:line` of a key path in a TOML file: the line of the key, else that of what comes nearest, at last the first line."""
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        return str(file)
    wanted = list(keys)
    table: list[str] = []
    seen: Counter[tuple[str, ...]] = Counter()  # tables of each array so far
    best, depth = 1, 0
    for number, line in enumerate(lines, start=1):
        text = line.split("#")[0].strip()
        if text.startswith("["):
            table = _parts(text.strip(" []"))
            if text.startswith("[["):
                seen[tuple(table)] += 1
                table.append(str(seen[tuple(table)] - 1))
        here = table if text.startswith("[") else [*table, *_parts(line.split("=")[0])]
        shared = _shared(here, wanted)
        if shared > depth:
            best, depth = number, shared
    return f"{file}:{best}"


def _shared(here: Sequence[str], wanted: Sequence[str]) -> int:
    """How many parts two key paths begin with in common."""
    return next((n for n, (a, b) in enumerate(zip(here, wanted, strict=False)) if a != b), min(len(here), len(wanted)))


def _parts(dotted: str) -> list[str]:
    return [part.strip(" \"'\t") for part in dotted.split(".")]
