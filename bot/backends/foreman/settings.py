"""The settings of a Foreman."""

from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, FilePath

from bot.backends.base import ConnectionSettings
from bot.backends.secrets import SecretRef

CronDialect = Literal["plain", "fugit"]
"""The parser of cron lines: parse-cron (five plain fields) or Fugit (a zone and more)."""


def _validate_url(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError("must be an address such as https://foreman.example.com")
    return text.rstrip("/")


def _validate_version(text: str) -> str:
    if not all(part.isdigit() for part in text.split(".")[:2]):
        raise ValueError("must be a version such as 13.2, or auto")
    return text


def _validate_zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError("must be an IANA time zone such as Europe/Berlin")
    return text


VersionSetting = Literal["auto"] | Annotated[str, AfterValidator(_validate_version)]


class ForemanSettings(ConnectionSettings):
    """One Foreman (or Satellite, or Katello) with Remote Execution."""

    url: Annotated[str, AfterValidator(_validate_url)]
    """Its address, such as https://foreman.example.com."""
    username: str
    """The account that the bot signs in with."""
    password: SecretRef
    """The account's password or, better, a personal access token."""
    ca_file: FilePath | None = None
    """The certificate authority of the server, in PEM; Katello's is at /pub/katello-server-ca.crt."""
    titles: Mapping[str, str] = {}
    """What a request is called, by the name of its template: {"Service Action - Script Default" = "{action} {service}"}
    gives "restart nginx on 16 hosts". A name in braces stands for the value of that input."""
    organization_id: int | None = None
    """The organization in which requests are made, unless they name one."""
    location_id: int | None = None
    """The location in which requests are made, unless they name one."""
    templates: tuple[str, ...] = ()
    """Names of the job templates that may be used. If this and ``features`` are empty, all may be used."""
    features: tuple[str, ...] = ()
    """Labels of the remote execution features that may be used."""
    secrets: Mapping[str, SecretRef] = {}
    """Secrets that a request may name, for passwords and hidden inputs. Only the names are ever shown."""
    cron_dialect: Literal["auto"] | CronDialect = "auto"
    """The server's parser of cron lines: plain (foreman-tasks before 8) or fugit. auto decides by the version."""
    cron_zone: Annotated[str, AfterValidator(_validate_zone)] = "UTC"
    """The zone in which the server reads a cron line that names none: TZ of its process, else the account's time zone,
    else UTC. Used only where lines cannot carry a zone."""
    remote_execution_version: VersionSetting = "auto"
    """The version of Remote Execution, if the account may not read it."""
    tasks_version: VersionSetting = "auto"
    """The version of foreman-tasks, if the account may not read it."""
    default_effective_user: str = "root"
    """The server's setting remote_execution_effective_user, which its API does not show."""
    minimum_interval: int = Field(default=5, ge=1)
    """Minimum number of minutes between two runs of a cron line. Foreman itself has no limit."""
    dead_after: int = Field(default=15, ge=1)
    """Minutes after which an invocation that was saved but has no task counts as never started."""
    timeout: float = Field(default=30.0, gt=0)
    """Seconds that a call may take."""
    create_timeout: float = Field(default=180.0, gt=0)
    """Seconds to wait for a new invocation: Foreman plans it on all hosts before it answers."""
    lookup_timeout: float = Field(default=2.0, gt=0)
    """Seconds that a search for a field of the form may take."""
