"""The settings of an OpsRamp tenant."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FilePath

from bot.backends.base import ConnectionSettings
from bot.backends.secrets import SecretRef
from bot.backends.tls import is_private_channel

TENANCY_AUTH_PATH = "/tenancy/auth/oauth/token"
CLASSIC_AUTH_PATH = "/auth/oauth/token"
CallClass = Literal["get", "get_paged", "write"]
"""The classes of calls with separate limits: plain reads, paged reads, and writes."""


def _validate_url(text: str) -> str:
    if not is_private_channel(text):
        raise ValueError("must be an https:// address such as https://customer.api.opsramp.com")
    return text.rstrip("/")


def _validate_path(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"must be a path such as {TENANCY_AUTH_PATH}")
    return text


class RateLimits(BaseModel):
    """Calls a minute that OpsRamp allows a tenant, by class."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    get: int = Field(default=500, ge=1)
    """Plain reads."""
    get_paged: int = Field(default=50, ge=1)
    """Reads of lists, page by page."""
    write: int = Field(default=50, ge=1)
    """Writes."""


class OpsRampSettings(ConnectionSettings):
    """One tenant: a client (``client_93``) or a partner (``msp_12``), with the key and secret of an integration that
    uses OAuth 2 for inbound authentication."""

    url: Annotated[str, AfterValidator(_validate_url)]
    """The address of its API, such as https://customer.api.opsramp.com."""
    tenant: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    """The tenant's id: client_93, or msp_12 for a partner."""
    key: SecretRef
    """The integration's key."""
    secret: SecretRef
    """The integration's secret."""
    token_path: Annotated[str, AfterValidator(_validate_path)] = TENANCY_AUTH_PATH
    """The path that issues tokens. If the server does not have it, the classic path is tried."""
    run_verb: Literal["GET", "POST"] = "GET"
    """The HTTP verb that requests a run: the vendor's specification says GET, other sources POST. After a 405 the other
    one is used."""
    emit_day_of_index: bool = False
    """Also send the weekday of a monthly pattern as dayOfIndex, the name that OpsRamp's tables use."""
    stringly: bool = False
    """Send booleans and numbers as strings, as OpsRamp's sample requests show them."""
    per_minute: RateLimits | None = None
    """The tenant's rate limits, if they differ from the documented ones of a client or a partner."""
    secrets: Mapping[str, SecretRef] = {}
    """Secrets that a request may name as the value of a script's password parameter. Only the names are ever shown."""
    output_minutes: int = Field(default=30, ge=1)
    """Minutes to wait for the output of a script after a run."""
    ca_file: FilePath | None = None
    """The certificate authority of the server, in PEM, if it is not a public one."""
    timeout: float = Field(default=30.0, gt=0)
    """Seconds that a call may take."""
    lookup_timeout: float = Field(default=2.0, gt=0)
    """Seconds that a search for a field of the form may take."""

    @property
    def is_partner(self) -> bool:
        """Whether the tenant is a partner (service provider) with clients."""
        return self.tenant.startswith("msp_")

    @property
    def rate_limits(self) -> RateLimits:
        return self.per_minute or (RateLimits(get=1500, get_paged=150, write=150) if self.is_partner else RateLimits())
