"""`config.toml` and the environment -> a frozen Config. The only reader of the environment.

Secrets are references, `env:NAME` or `file:PATH`; they are looked up when the config is read, and shown as
`****` ever after. Relative paths are relative to the config file's folder, whatever the current directory is.
Every fault names `file:line` and the key, and what is allowed there.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo

from crmsync.addresses import is_loopback
from crmsync.errors import BadConfig
from crmsync.gate import MOST
from crmsync.records import Result
from crmsync.toml import Model, Section, build, keys_of, locate, read_toml

CONFIG_VARIABLE = "CRMSYNC_CONFIG"
DEBUG_VARIABLE = "CRMSYNC_DEBUG"
DEFAULT_FILE = "config.toml"
BACKENDS = ("sqlite", "postgresql", "postgresql+psycopg")
QUOTES = "\"'"
PORTS = 65_536


def _beside(path: str, info: ValidationInfo) -> str:
    """A path as seen from the config file's folder; "" stays "no path"."""
    folder = (info.context or {}).get("folder")
    return str(Path(folder or "", Path(path).expanduser())) if path else ""


def _url_beside(url: str, info: ValidationInfo) -> str:
    """A database URL whose SQLite file is seen from the config file's folder."""
    backend, slashes, rest = url.partition("://")
    if backend not in BACKENDS or not slashes:
        raise ValueError(f"a database URL begins with {' or '.join(f'{name}://' for name in BACKENDS)}")
    if backend != "sqlite":
        return _readable(url)
    file, mark, query = rest.removeprefix("/").partition("?")
    if not rest.startswith("/") or not file or file == ":memory:":
        raise ValueError("names no file; what is stored would be gone at the end: sqlite:///crmsync.db")
    return f"{backend}:///{_beside(file, info)}{mark}{query}"


def _readable(url: str) -> str:
    """A server's URL. Raises ValueError, without quoting what may be a part of a password."""
    with suppress(ValueError):
        if urlsplit(url).port != 0:
            return url
    raise ValueError("no such port; in a password write %2F for /, %3A for :, %40 for @, or use store.password")


def _name(text: str) -> str:
    """What an API calls an object or a field. Anything else would become part of a query."""
    if not re.fullmatch(r"[\w.-]*", text, re.ASCII):
        raise ValueError("the API's own name: letters, digits, underscores and dots")
    return text


BesidePath = Annotated[str, AfterValidator(_beside)]
Name = Annotated[str, AfterValidator(_name)]


def debugging() -> bool:
    """Whether the environment asks for tracebacks of unforeseen faults."""
    return os.environ.get(DEBUG_VARIABLE, "") not in ("", "0")


def secret_files(file: Path) -> list[Path]:
    """The files that a config's secrets are read from, whichever keys name them."""
    return [Path(file.absolute().parent, Path(named).expanduser()) for named in _file_references(read_toml(file))]


def _file_references(value: object) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("file:"):
        yield value.removeprefix("file:")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _file_references(part)


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
    if value[0] == value[-1] and value[0] in QUOTES:
        raise ValueError(f"{source} stands in quotes: leave them out")
    if "\n" in value and not value.startswith("-----BEGIN"):
        raise ValueError(f"{source} has more than one line")
    return SecretStr(value)


Secret = Annotated[SecretStr, BeforeValidator(_look_up)]


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


LEAST_KEPT_DAYS = 14


def _kept_days(days: int) -> int:
    if 0 < days < LEAST_KEPT_DAYS:
        raise ValueError(f"0, or {LEAST_KEPT_DAYS} and more: a score tells how it moved in a week")
    return days


Days = Annotated[int, AfterValidator(_kept_days)]


class RetentionConfig(Section):
    """How long scores and receipts are kept; `crmsync compact`, or the step of a job, then deletes. The rest stays for ever."""

    scores_days: Days = Field(
        0,
        ge=0,
        description="days that every score is kept; of older ones the first of each deal, the last of each week, and those"
        " that a kept plan names; 0: all",
    )
    receipts_days: Days = Field(
        0,
        ge=0,
        description="days that every plan and receipt is kept, and so how far back `undo` reaches; of older ones what tells"
        " whose value a field shows; 0: all",
    )

    @property
    def is_set(self) -> bool:
        """Whether anything is ever deleted."""
        return bool(self.scores_days or self.receipts_days)


class MilestoneSource(Section):
    """Where the steps of a plan live in a CRM: a custom object, flagged tasks, or date fields on the deal itself."""

    object: Name = Field(min_length=1, description="any object; the deal's own object for date fields on the deal")
    history: Name = Field("", description="Salesforce: the object's history, where it is kept; shows moved dates")
    deal: Name = Field("", description="Salesforce: the field that names the deal; tasks need none")
    where: str = Field("", description="which records count; Salesforce: SOQL; HubSpot: property = value")
    name: str = Field(
        min_length=1, description="the step's name: a field, or for date fields on the deal the step's own title"
    )
    due_on: Name = Field("", description="field with the promised date")
    done_at: Name = Field("", description="field with the instant or date of completion")
    side: Name = Field("", description='"buyer" or true = the buyer\'s step')


class EngagementSource(Section):
    """A buyer's acts that the CRM doesn't count as meetings, calls or e-mails, such as visits to a plan's room."""

    object: Name = Field(min_length=1)
    kind: Literal["view", "call", "meeting", "email"] = "view"
    deal: Name = Field("", description="Salesforce: the field that names the deal")
    at: Name = Field(min_length=1, description="field with the instant")


Target = Annotated[Name, Field(min_length=1)]


def _distinct(fields: dict[Result, str]) -> dict[Result, str]:
    if len(set(fields.values())) != len(fields):
        raise ValueError("two results go to one CRM field")
    return fields


def _not_ours(graded: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """Fields that are graded beside crmsync: grading its own words would say nothing of anybody else's."""
    ours = {target.casefold(): result for result, target in (info.data.get("fields") or {}).items()}
    for name in graded:
        if result := ours.get(name.casefold()):
            raise ValueError(f"{name} holds our own {result.value} -> name a field that the CRM or a vendor fills")
    return graded


class CrmConfig(Section):
    """One CRM account. `options` are the keys that only its kind knows; its room checks them with `read_options`."""

    name: str
    kind: str
    milestones: tuple[MilestoneSource, ...] = ()
    engagement: tuple[EngagementSource, ...] = ()
    fields: Annotated[dict[Result, Target], AfterValidator(_distinct)] = Field(default_factory=dict)
    read_only: bool = Field(
        default=False,
        description="true: rights to read are enough; nothing is planned or written, and `fields` doesn't count",
    )
    parallel: int = Field(
        4,
        ge=1,
        le=MOST,
        description="calls that may be under way at once while this CRM is read; 1: one after the other",
    )
    standard_fields: tuple[Target, ...] = Field(
        (), description="the CRM's own fields, such as Amount, that results may go to all the same"
    )
    graded: Annotated[tuple[Target, ...], AfterValidator(_not_ours)] = Field(
        (),
        description="the CRM's own fields that say something of a deal's chance, such as Probability, ForecastCategory or a"
        " vendor's score: `backtest` grades them beside crmsync, and a fit has to beat them",
    )
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
        description='whose field it is where a person\'s value stands: "yield" leaves that alone, "yield 14 days" so long;'
        ' "ours" overwrites it, "fill-empty" writes blank fields only, "propose" nothing at all; default: yield',
    )
    guard: GuardConfig = GuardConfig()
    band: BandConfig = BandConfig()


def _pingable(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.geturl()))):
        raise ValueError("an address starts with https://, or is on this very machine")
    return url


class LogConfig(Section):
    """What `serve` and `run` print while they work."""

    format: Literal["text", "json"] = Field(
        "text", description='"json": one object a line for each event, to be collected'
    )


def _listenable(address: str) -> str:
    host, _, port = address.rpartition(":")
    if address and not (re.fullmatch(r"[^\s/]+", host) and re.fullmatch(r"\d{1,5}", port) and int(port) < PORTS):
        raise ValueError('host and port, such as "127.0.0.1:9464"')
    return address


class MetricsConfig(Section):
    """Figures for Prometheus, while `serve` runs."""

    listen: Annotated[str, AfterValidator(_listenable)] = Field(
        "", description='host and port of /metrics, such as "127.0.0.1:9464"; empty: none'
    )


class AlertsConfig(Section):
    """Who is told when a job fails, falls silent, or is fine again."""

    urls: tuple[Secret, ...] = Field(
        (),
        description="apprise addresses, each env:NAME or file:PATH: mailtos://..., slack://..., jsons://HOST/PATH (webhook)",
    )


class PingConfig(Section):
    """A dead man's switch, such as Healthchecks, that hears of each job and raises the alarm when it doesn't."""

    url: Annotated[Secret, AfterValidator(_pingable)] | None = Field(
        None, description="env:NAME or file:PATH; {job} in it stands for the job's name; /start and /fail are added"
    )


class EngineConfig(Section):
    """Who runs the jobs when there are many CRM accounts: `serve` itself, one job after the other, or an engine."""

    kind: Literal["", "procrastinate"] = Field(
        "",
        description='"procrastinate" (pip install "crmsync[engine]"): every `serve` on this PostgreSQL store takes jobs from one'
        " queue, and a job whose steps concern CRMs only is done for each CRM by itself, as `hourly@main`",
    )
    parallel: int = Field(4, ge=1, le=64, description="jobs that one `serve` then has under way at once")


class Config(Section):
    """Everything that crmsync is told from outside."""

    store: StoreConfig = StoreConfig()
    retention: RetentionConfig = RetentionConfig()
    push: PushConfig = PushConfig()
    log: LogConfig = LogConfig()
    metrics: MetricsConfig = MetricsConfig()
    alerts: AlertsConfig = AlertsConfig()
    ping: PingConfig = PingConfig()
    engine: EngineConfig = EngineConfig()
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

    def writable(self, name: str | None) -> list[CrmConfig]:
        """As `only_crm`, without those that may only be read. Raises BadConfig when none is left."""
        found = self.only_crm(name)
        if may := [crm for crm in found if not crm.read_only]:
            return may
        names = ", ".join(crm.name for crm in found)
        remedy = "take read_only out, or the step out of the job"
        raise BadConfig("E213", f"{names} may only be read", where=found[0].where("read_only"), remedy=remedy)


_SHARED = keys_of(CrmConfig)


def load(path: Path | None = None) -> Config:
    """Reads the config: the path given, else $CRMSYNC_CONFIG, else ./config.toml. Raises BadConfig."""
    file = path or Path(os.environ.get(CONFIG_VARIABLE) or DEFAULT_FILE)
    table = {"store": {}, **read_toml(file)}
    crms = table.get("crm", {})
    if isinstance(crms, dict):
        table["crm"] = {name: _split(name, crm, file) for name, crm in crms.items()}
    config = build(Config, {**table, "file": file}, file)
    return config.model_copy(update={"crm": {name: _untargeted(crm) for name, crm in config.crm.items()}})


def _untargeted(crm: CrmConfig) -> CrmConfig:
    """A CRM that may only be read has no targets: none is looked for, planned or written."""
    return crm.model_copy(update={"fields": {}}) if crm.read_only else crm


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
    return build(settings, config.options, config.file, path=("crm", config.name), besides=_SHARED)
