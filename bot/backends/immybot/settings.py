"""The settings of an ImmyBot instance."""

import re

from pydantic import Field, field_validator, model_validator

from bot.backends.base import ConnectionSettings
from bot.backends.secrets import SecretRef
from bot.backends.tls import is_private_channel


class ImmyBotSettings(ConnectionSettings):
    """One ImmyBot instance, with an Entra application or a fixed bearer token."""

    subdomain: str = ""
    """The first part of its address: contoso for contoso.immy.bot."""
    url: str = ""
    """Replaces the address that follows from the subdomain."""
    tenant_id: str = ""
    """The directory (tenant) id of the Entra application."""
    client_id: str = ""
    """The application (client) id."""
    client_secret: SecretRef | None = None
    """The application's secret."""
    token_url: str = ""
    """Replaces the address of the token service that follows from tenant_id."""
    scope: str = ""
    """Replaces the scope that follows from the subdomain. Needed if url is set instead of the subdomain."""
    bearer: SecretRef | None = None
    """A fixed token, instead of the application."""
    endpoint: str = "/api/v1/run-immy-service-new"
    """The path that starts a run. /api/v1/run-immy-service is the older one."""
    give_up_hours: float = Field(default=72, gt=0)
    """Hours to wait for a run to end."""
    native_schedules: bool = True
    """False if the instance's plan has no schedules. Nightshift then holds every start."""
    timeout: float = Field(default=30, gt=0)
    """Seconds that a call may take."""
    lookup_timeout: float = Field(default=2.0, gt=0)
    """Seconds that a search for a field of the form may take."""
    secrets: dict[str, SecretRef] = {}
    """Secrets that a task parameter may refer to. Only the names are ever shown."""

    @field_validator("subdomain")
    @classmethod
    def _subdomain(cls, text: str) -> str:
        if text and not re.fullmatch(r"[a-z0-9-]+", text):
            raise ValueError("must be the first part of the address alone, such as contoso for contoso.immy.bot")
        return text

    @field_validator("url", "token_url")
    @classmethod
    def _address(cls, text: str) -> str:
        if text and not is_private_channel(text):
            raise ValueError("must be an https:// address, because credentials travel over it")
        return text.rstrip("/")

    @field_validator("tenant_id")
    @classmethod
    def _tenant(cls, text: str) -> str:
        if text and not re.fullmatch(r"[A-Za-z0-9.-]+", text):
            raise ValueError("must be the directory (tenant) id of the Entra application")
        return text

    @field_validator("endpoint")
    @classmethod
    def _endpoint(cls, text: str) -> str:
        if not re.fullmatch(r"/api/[A-Za-z0-9/_-]+", text):
            raise ValueError("must be a path such as /api/v1/run-immy-service-new")
        return text

    @model_validator(mode="after")
    def _check_combination(self) -> "ImmyBotSettings":
        if not self.subdomain and not self.url:
            raise ValueError("subdomain is needed (or url)")
        entra = bool(self.client_id and self.client_secret and (self.tenant_id or self.token_url))
        if entra == bool(self.bearer):
            raise ValueError("give either tenant_id, client_id and client_secret, or bearer")
        if not self.bearer and not self.subdomain and not self.scope:
            raise ValueError("scope is needed where url stands instead of subdomain")
        return self

    @property
    def base_url(self) -> str:
        return self.url or f"https://{self.subdomain}.immy.bot"

    @property
    def token_endpoint(self) -> str:
        """The address at which Entra issues tokens."""
        return self.token_url or f"https://login.microsoftonline.com/{self.tenant_id}/oauth2/v2.0/token"

    @property
    def token_scope(self) -> str:
        return self.scope or f"https://{self.subdomain}.immy.bot/.default"
