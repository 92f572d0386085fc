"""The keys of `[crm.NAME]` that only Salesforce has."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from crmsync.addresses import guarded
from crmsync.config import BesidePath, Name, Secret
from crmsync.toml import Section

NEEDS = {
    "client_credentials": ("client_secret",),
    "jwt": ("username", "private_key"),
    "refresh_token": ("refresh_token",),
}


def _bare(url: str) -> str:
    """The address without its final slash and default port, so that a request can be compared with it."""
    parts = guarded(url)
    if parts.path not in ("", "/"):
        raise ValueError("the bare address of the org, without a path")
    default = {"https": 443, "http": 80}[parts.scheme]
    port = "" if parts.port in (None, default) else f":{parts.port}"
    name = parts.hostname or ""
    host = f"[{name}]" if ":" in name else name
    return f"{parts.scheme}://{host}{port}"


class Settings(Section):
    """How to reach a Salesforce org and how much of it to use."""

    instance_url: Annotated[str, AfterValidator(_bare)] = Field(
        description="the org's own address (My Domain), such as https://acme.my.salesforce.com; plain http only on loopback"
    )
    auth: Literal["client_credentials", "jwt", "refresh_token"] = Field(
        "client_credentials",
        description="how to log in without a person; password login is being removed by Salesforce",
    )
    client_id: Secret = Field(description="consumer key of the external client app: env:NAME or file:PATH")
    client_secret: Secret | None = Field(
        None, description="its consumer secret; client_credentials needs it, refresh_token where the app asks for it"
    )
    username: str = Field("", description="jwt: the user that the app is pre-authorised for")
    private_key: Secret | None = Field(None, description="jwt: the private key of the app's certificate, as PEM")
    audience: str = Field(
        "https://login.salesforce.com", description="jwt: https://test.salesforce.com for a Salesforce sandbox"
    )
    refresh_token: Secret | None = Field(
        None, description="refresh_token: the token of a person's consent; rotation must be off"
    )
    api_version: str = Field("62.0", pattern=r"^\d\d\.0$", description="version of the REST API")
    ca_file: BesidePath = Field("", description="certificates to trust instead of the system's, as a PEM file")
    conditional: bool = Field(
        True,  # noqa: FBT003 - a default
        description="write 25 deals a call, each only if nobody changed it since; false: 200 a call, the last writer wins",
    )
    bulk_from: int = Field(
        50_000,
        ge=0,
        description="records of an object from which on a full read of it goes by a query job of Bulk API 2.0; 0: never",
    )
    segment: Name = Field("", description="field of Opportunity that names the deal's segment, such as Segment__c")
    look_back_s: int = Field(
        600,
        ge=0,
        description="how far before the last pull to look again: some changes commit late, with an older stamp",
    )
    daily_share: float = Field(
        0.8,
        gt=0,
        le=1,
        description="stop when the org has used this share of its daily API calls: its people need the rest",
    )
    connect_timeout_s: float = Field(10.0, gt=0, description="how long to wait for a connection")
    read_timeout_s: float = Field(120.0, gt=0, description="how long to wait for an answer, and for more of it")
    answer_timeout_s: float = Field(
        180.0, gt=0, description="how long a whole answer may take, however slowly it comes"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [key for key in NEEDS[self.auth] if not getattr(self, key)]
        if missing:
            raise ValueError(f'auth = "{self.auth}" needs {" and ".join(missing)}')
        return self
