"""The keys of `[crm.NAME]` that only HubSpot has."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from crmsync.addresses import guarded
from crmsync.config import BesidePath, Name, Secret
from crmsync.toml import Section


def _bare(url: str) -> str:
    guarded(url)
    return url.rstrip("/")


class Settings(Section):
    """How to reach a HubSpot account and how much of it to use."""

    token: Secret = Field(description="a service key or private app token: env:NAME or file:PATH")
    base_url: Annotated[str, AfterValidator(_bare)] = Field(
        "https://api.hubapi.com", description="where the API answers; plain http only on loopback"
    )
    api_version: str = Field(
        "2026-09",
        pattern=r"^(v3|20\d\d-(03|09))$",
        description='version in the paths: dated, each supported for 18 months, or "v3" until September 2027',
    )
    ca_file: BesidePath = Field("", description="certificates to trust instead of the system's, as a PEM file")
    verify: bool = Field(
        True,  # noqa: FBT003 - a default
        description="read each deal's histories after a write, to name a value that came just before it: a call for 50 deals",
    )
    segment: Name = Field("", description="deal property that names the deal's segment")
    look_back_s: int = Field(
        600, ge=0, description="how far before the last pull to look again: the search index lags, and so do commits"
    )
    calls_per_10s: int = Field(
        190, ge=0, description="calls in any 10 seconds; 100 on Free and Starter, 250 with a limit pack, 0: no limit"
    )
    searches_per_s: int = Field(
        4, ge=0, description="searches in any second; the whole account has 5, other apps included; 0: no limit"
    )
    daily_share: float = Field(
        0.8,
        gt=0,
        le=1,
        description="stop when the account has used this share of its calls of the day: its people's other apps need the rest",
    )
    histories: Literal["list", "batch"] = Field(
        "list",
        description="a full read gets histories with the list, or by id side by side with it, for half as many calls more",
    )
    association_inputs: int = Field(1_000, ge=1, le=1_000, description="records whose associations one call asks for")
    property_group: str = Field(
        "crmsync", pattern=r"^[a-z][a-z0-9_]*$", description="group that `fields --create` puts new deal properties in"
    )
    connect_timeout_s: float = Field(5.0, gt=0, description="how long to wait for a connection")
    read_timeout_s: float = Field(60.0, gt=0, description="how long to wait for an answer, and for more of it")
    answer_timeout_s: float = Field(
        180.0, gt=0, description="how long a whole answer may take, however slowly it comes"
    )
