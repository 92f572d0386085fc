"""`config.toml` and the environment -> a frozen Config. The only reader of the environment.

Secrets are references, `env:NAME` or `file:PATH`; they are looked up when the config is read, and shown as
`****` ever after. Relative paths are relative to the config file's folder, whatever the current directory is.
Every fault names `file:line` and the key, and what is allowed there.
"""

import os
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
)

from crmsync.errors import BadConfig
from crmsync.records import Result

CONFIG_VARIABLE = "CRMSYNC_CONFIG"
DEBUG_VARIABLE = "CRMSYNC_DEBUG"
DEFAULT_FILE = "config.toml"


def _beside(path: str, info: ValidationInfo) -> str:
    """A path as seen from the config file's folder; "" stays "no path"."""
    folder = (info.context or {}).get("folder")
    return str(Path(folder or "", Path(path).expanduser())) if path else ""


def _url_beside(url: str, info: ValidationInfo) -> str:
    """A database URL whose SQLite file is seen from the config file's folder; `sqlite://` is in memory."""
    backend, slashes, path = url.partition(":///")
    if not backend.startswith("sqlite") or path in ("", ":memory:"):
        return url
    file, mark, query = path.partition("?")
    return f"{backend}{slashes}{_beside(file, info)}{mark}{query}"


BesidePath = Annotated[str, AfterValidator(_beside)]


def debugging() -> bool:
    """Whether the environment asks for tracebacks of unforeseen faults."""
    return os.environ.get(DEBUG_VARIABLE, "") not in ("", "0")


def _look_up(reference: object, info: ValidationInfo) -> object:
    if isinstance(reference, SecretStr):
        return reference
    if not isinstance(reference, str) or not reference.startswith(("env:", "file:")):
        raise ValueError("a secret is a reference: env:NAME or file:PATH")
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = os.environ.get(name, "")
        source = f"environment variable {name}"
    else:
        file = _beside(name, info)
        source = f"file {file}"
        try:
            value = Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{source} can't be read ({type(error).__name__})") from None
    value = value.strip()
    if not value:
        raise ValueError(f"{source} is not set or empty")
    if not value.isascii():
        raise ValueError(f"{source} holds a character that no token has (a typographic quote?)")
    return SecretStr(value)


Secret = Annotated[SecretStr, BeforeValidator(_look_up)]


class Section(BaseModel):
    """A part of the config: unknown keys are refused, values are frozen, and no message repeats a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class StoreConfig(Section):
    """Where the facts and forecasts are kept."""

    url: Annotated[str, AfterValidator(_url_beside)] = Field(
        "sqlite:///crmsync.db",
        description="SQLite file, or postgresql+psycopg://user@host/database",
        repr=False,
        validate_default=True,
    )
    password: Secret | None = Field(
        None, description="the database password, if the URL needs one: env:NAME or file:PATH"
    )


class MilestoneSource(Section):
    """Where the steps of a plan live in a CRM: a custom object, flagged tasks, or date fields on the deal itself."""

    object: str = Field(description="any object; the deal's own object for date fields on the deal")
    history: str = Field("", description="Salesforce: the object's history, where it is kept; shows moved dates")
    deal: str = Field("", description="Salesforce: the field that names the deal; tasks need none")
    where: str = Field("", description="which records count; Salesforce: SOQL; HubSpot: property = value")
    name: str = Field(description="the step's name: a field, or for date fields on the deal the step's own title")
    due_on: str = Field("", description="field with the promised date")
    done_at: str = Field("", description="field with the instant or date of completion")
    side: str = Field("", description='"buyer" or true = the buyer\'s step')


class EngagementSource(Section):
    """A buyer's acts that the CRM doesn't count as meetings, calls or e-mails, such as visits to a plan's room."""

    object: str
    kind: Literal["view", "call", "meeting", "email"] = "view"
    deal: str = Field("", description="Salesforce: the field that names the deal")
    at: str = Field(description="field with the instant")


def _distinct(fields: dict[Result, str]) -> dict[Result, str]:
    if len(set(fields.values())) != len(fields):
        raise ValueError("two results go to one CRM field")
    return fields


class CrmConfig(Section):
    """One CRM account. `options` are the keys that only its kind knows; its room checks them with `read_options`."""

    name: str
    kind: str
    milestones: tuple[MilestoneSource, ...] = ()
    engagement: tuple[EngagementSource, ...] = ()
    fields: Annotated[dict[Result, str], AfterValidator(_distinct)] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict, repr=False)
    file: Path = Path(DEFAULT_FILE)

    def where(self, key: str) -> str:
        """`file:line` of a key of this CRM."""
        return locate(self.file, ("crm", self.name, *key.split(".")))


def _rule(text: str) -> str:
    if not re.fullmatch(r"ours|fill-empty|propose|yield( [1-9]\d{0,3} days)?", text):
        raise ValueError("one of: ours, fill-empty, propose, yield, yield N days")
    return text


class GuardConfig(Section):
    """What a plan may do to values that stand in a CRM before somebody has to look at it. Shares are of 1."""

    from_deals: int = Field(20, ge=1, description="a plan for fewer deals is too small for shares and means")
    move_points: float = Field(10.0, gt=0, description="a probability that moves so far counts as moved")
    moved_share: float = Field(0.5, gt=0, le=1, description="of the open deals: how many may move in one plan")
    mean_points: float = Field(10.0, gt=0, description="how far the mean of the probabilities may shift")
    jump_points: float = Field(80.0, gt=0, description="how far the probability of one deal may move")
    cleared_share: float = Field(0.2, gt=0, le=1, description="of the planned values: how many may empty a field")
    deals: int = Field(100_000, ge=1, description="how many deals one plan may change")


class BandConfig(Section):
    """The dead band: a deal none of whose values moves so far is not written."""

    points: float = Field(1.0, ge=0, description="of a probability, in percentage points")
    share: float = Field(0.02, ge=0, description="of the expected amount, as a share of what stands there")
    days: int = Field(3, ge=0, description="of a forecast date")
    age_days: int = Field(7, ge=0, description="what was written so long ago is renewed by any change")


class PushConfig(Section):
    """How careful the write-back is."""

    first: Literal["approve", "send"] = Field(
        "approve", description="the very first plan: wait for `push --approve`, or send"
    )
    writes_per_day: int = Field(
        12, ge=1, description="a deal that was written so often in 24 hours is paused: something answers our writes"
    )
    policy: dict[Result, Annotated[str, AfterValidator(_rule)]] = Field(
        default_factory=dict,
        description='whose field it is where a person\'s value stands: "yield" leaves that alone, "yield 14 days" so long;\n'
        '# "ours" overwrites it, "fill-empty" writes blank fields only, "propose" nothing at all; default: yield',
    )
    guard: GuardConfig = GuardConfig()
    band: BandConfig = BandConfig()


class Config(Section):
    """Everything that crmsync is told from outside."""

    store: StoreConfig = StoreConfig()
    push: PushConfig = PushConfig()
    crm: dict[str, CrmConfig] = Field(default_factory=dict)
    file: Path = Path(DEFAULT_FILE)

    def only_crm(self, name: str | None) -> list[CrmConfig]:
        """The CRM of that name, or all of them. Raises BadConfig when there is none."""
        if name is None:
            if not self.crm:
                raise BadConfig("E104", "no CRM is configured", where=str(self.file), remedy="add a [crm.NAME] table")
            return list(self.crm.values())
        if name not in self.crm:
            raise BadConfig("E104", f"no CRM {name!r}", where=str(self.file), remedy=f"one of: {', '.join(self.crm)}")
        return [self.crm[name]]


_SHARED = ("kind", "milestones", "engagement", "fields")
Model = TypeVar("Model", bound=BaseModel)


def load(path: Path | None = None) -> Config:
    """Reads the config: the path given, else $CRMSYNC_CONFIG, else ./config.toml. Raises BadConfig."""
    file = path or Path(os.environ.get(CONFIG_VARIABLE) or DEFAULT_FILE)
    table = {"store": {}, **read_toml(file)}
    crms = table.get("crm", {})
    if isinstance(crms, dict):
        table["crm"] = {name: _split(name, crm, file) for name, crm in crms.items()}
    return build(Config, {**table, "file": file}, file)


def _split(name: str, crm: object, file: Path) -> object:
    if not isinstance(crm, dict):
        return crm
    shared = {key: value for key, value in crm.items() if key in _SHARED}
    return {
        **shared,
        "name": name,
        "file": file,
        "options": {key: value for key, value in crm.items() if key not in _SHARED},
    }


def read_options(settings: type[Model], config: CrmConfig) -> Model:
    """The keys that only a CRM's kind knows, checked by that kind's own settings. Raises BadConfig."""
    return build(settings, config.options, config.file, path=("crm", config.name))


def read_toml(file: Path) -> dict[str, Any]:
    """A TOML file as a table. Raises BadConfig with `file:line` when it is missing or malformed."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text)
    except FileNotFoundError:
        remedy = f"crmsync init DIR, or name one with --config or {CONFIG_VARIABLE}"
        raise BadConfig("E101", "no such file", where=str(file), remedy=remedy) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig("E101", f"can't be read as text ({type(error).__name__})", where=str(file)) from None
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).partition(" (at ")
        line = place.removeprefix("line ").split(",")[0] if place.startswith("line") else str(text.count("\n") + 1)
        raise BadConfig("E102", f"not valid TOML: {reason}", where=f"{file}:{line}", remedy="mend that line") from None


def build(model: type[Model], table: Mapping[str, Any], file: Path, *, path: Sequence[str] = ()) -> Model:
    """A table of a TOML file as a checked model; the first fault is told with `file:line` and key. Raises BadConfig."""
    try:
        return model.model_validate(table, context={"folder": file.absolute().parent})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        keys = [*path, *(str(part) for part in first["loc"] if part != "[key]")]
        what, remedy = first["msg"].removeprefix("Value error, "), ""
        if first["type"] == "extra_forbidden":
            shared = _SHARED if path and len(first["loc"]) == 1 else ()
            what, remedy = "unknown key", _instead(keys[-1], [*_allowed(model, first["loc"][:-1]), *shared])
        elif first["loc"][-1:] == ("[key]",):
            what, remedy = "unknown key", _instead(keys[-1], re.findall(r"'(\w+)'", first["msg"]))
        raise BadConfig("E103", f"{'.'.join(keys)}: {what}", where=locate(file, keys), remedy=remedy) from None


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
    internal = ("name", "file", "options") if "file" in model.model_fields else ()  # set by us, not by the file
    return [name for name in model.model_fields if name not in internal]


def locate(file: Path, keys: Sequence[str]) -> str:
    """`file:line` of a key path in a TOML file: the line of the key, else that of the nearest table above it."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return str(file)
    wanted = list(keys)
    table: list[str] = []
    seen: Counter[tuple[str, ...]] = Counter()  # tables of each array so far
    best, depth = 0, 0
    for number, line in enumerate(lines, start=1):
        text = line.split("#")[0].strip()
        if text.startswith("["):
            table = _parts(text.strip(" []"))
            if text.startswith("[["):
                seen[tuple(table)] += 1
                table.append(str(seen[tuple(table)] - 1))
        here = table if text.startswith("[") else [*table, *_parts(line.split("=")[0])]
        matched = len(here) if here == wanted[: len(here)] else len(wanted) * (here[:-1] == wanted)
        if matched > depth:
            best, depth = number, matched
    return f"{file}:{best}" if best else str(file)


def _parts(dotted: str) -> list[str]:
    return [part.strip(" \"'\t") for part in dotted.split(".")]
