"""Configuration: a TOML file and the environment; every fault is found before anything is opened.

The environment wins. Any setting can be given as ``NIGHTSHIFT_...`` (``__`` between levels); the Slack ones have the
names that every Slack tool uses.
"""

import os
import tomllib
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.backends.base import CONTRACT_VERSION, BackendKind, ConnectionSettings
from bot.errors import ConfigError
from bot.schedule import ClockPreference, DateOrderPreference
from bot.storage.urls import default_sqlite_url, normalize_url

SLACK_API_URL = "https://slack.com/api/"
ENTRY_POINT_GROUP = "nightshift.backends"
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
MAX_SECONDS, MAX_MINUTES, MAX_DAYS = 86_400.0, 527_040, 36_525
"""Maximum of a setting in seconds (a day), in minutes (a year) and in days (a century)."""


class SettingsSection(BaseModel):
    """Base of the tables of the file: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ChannelSettings(SettingsSection):
    """Where things are posted, by channel id or #name, and the zone of people who have none in their profile."""

    approvals: str = Field(default="#approvals", min_length=1)
    """Where cards wait for approval; a back end can have a channel of its own (approvals_channel)."""
    results: str = Field(default="#results", min_length=1)
    """Where outcomes are posted; a back end can have a channel of its own (results_channel)."""
    admin: str = ""
    """Where the bot says what an administrator should know; empty: nowhere."""
    default_zone: str = "UTC"
    """The IANA time zone of people whose Slack profile has none."""

    @field_validator("default_zone")
    @classmethod
    def _valid_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"{zone!r} is not an IANA time zone such as Europe/Berlin")
        return zone


class AccessSettings(SettingsSection):
    """Who may use the bot at all. Times are in seconds."""

    allow_guests: bool = False
    """Whether guests of the workspace may use the bot."""
    allow_other_teams: bool = False
    """Whether people of other workspaces, in shared channels, may use the bot."""
    groups_max_age: int = Field(default=300, ge=10, le=int(MAX_SECONDS))
    """How long what Slack said of its user groups may be used where the bot was not told of a change."""


class TimeSettings(SettingsSection):
    """What a time that people type means where their words leave it open. Whatever is settled so, is said."""

    clock: ClockPreference = "profile"
    """Whether "at 9" is 09:00: as the language of the Slack profile suggests (profile), for everybody (24-hour), or
    never without asking (ask)."""
    dates: DateOrderPreference = "ask"
    """What comes first in 12/11: as the language of the Slack profile suggests (profile), for everybody (day-first,
    month-first), or always asked (ask)."""


class TimingSettings(SettingsSection):
    """How often things are looked at, in seconds, and limits on schedules."""

    watch_seconds: float = Field(default=5.0, gt=0, le=MAX_SECONDS)
    """How often running work is looked at."""
    timekeeper_seconds: float = Field(default=1.0, gt=0, le=MAX_SECONDS)
    """How often the clock is looked at for what is due."""
    card_seconds: float = Field(default=1.5, ge=0, le=MAX_SECONDS)
    """A card that changes often is brought up to date at most this often."""
    slack_pace: float = Field(default=1.0, gt=0, le=1000)
    """Times Slack's published pace at which messages are sent: 1, unless Slack has granted this app more."""
    find_seconds: float = Field(default=60.0, gt=0, le=MAX_SECONDS)
    """How long a call whose answer was lost is looked for before people are asked."""
    connect_seconds: float = Field(default=600.0, ge=0, le=MAX_SECONDS)
    """How long a back end that cannot be reached is tried again before the run fails."""
    minimum_interval_minutes: int = Field(default=60, ge=1, le=MAX_MINUTES)
    """The least time between two runs of a series."""
    grace_minutes: int = Field(default=60, ge=1, le=MAX_MINUTES)
    """How late a run of a series may start where its schedule names no window."""
    drain_seconds: float = Field(default=10.0, ge=0, le=MAX_SECONDS)
    """How long the bot waits, when it is stopped, for what is under way."""
    keep_finished_jobs_days: int = Field(default=7, ge=1, le=MAX_DAYS)
    """How long records of finished work are kept that only the bot itself uses. Requests and the audit trail are kept
    for ever."""
    keep_drafts_days: int = Field(default=30, ge=1, le=MAX_DAYS)
    """How long a form that was never sent is kept."""


class Settings(BaseSettings):
    """Everything that can be configured."""

    model_config = SettingsConfigDict(
        env_prefix="NIGHTSHIFT_", env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    slack_bot_token: SecretStr = Field(default=SecretStr(""), validation_alias="SLACK_BOT_TOKEN")
    """The bot's token; it begins with xoxb-. Needed."""
    slack_signing_secret: SecretStr = Field(default=SecretStr(""), validation_alias="SLACK_SIGNING_SECRET")
    """With what Slack signs its requests. Needed over HTTP."""
    slack_app_token: SecretStr = Field(default=SecretStr(""), validation_alias="SLACK_APP_TOKEN")
    """The app-level token; it begins with xapp-. Needed for Socket Mode."""
    slack_api_url: str = Field(default=SLACK_API_URL, validation_alias="SLACK_API_URL")
    """Where Slack's Web API is; only a test or a proxy has another."""

    data_dir: Path = Path("data")
    """The directory of what the bot keeps on disk: its database, unless database_url names another, and its lock."""
    database_url: str = ""
    """The database: SQLite or PostgreSQL. Several nodes need PostgreSQL. Empty: SQLite in data_dir."""
    node: str = Field(default="", pattern=r"^[A-Za-z0-9-]{0,40}$")
    """A fixed name of this process among several. Empty: it finds one by itself."""
    clock_file: Path | None = None
    """A file with the seconds by which the bot's clock is moved, for a playground."""
    log_level: LogLevel = "INFO"
    """How much is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL."""
    log_json: bool = False
    """Whether the log is JSON lines."""
    channels: ChannelSettings = ChannelSettings()
    people: AccessSettings = AccessSettings()
    times: TimeSettings = TimeSettings()
    timing: TimingSettings = TimingSettings()
    policy: dict[str, Any] = {}
    """Who approves what; docs/policy.md has all of it."""
    backends: dict[str, dict[str, dict[str, Any]]] = {}
    """The back ends, by kind and name: [backends.foreman.prod]."""

    @field_validator("log_level", mode="before")
    @classmethod
    def _valid_log_level(cls, level: object) -> object:
        if level not in get_args(LogLevel):
            raise ValueError(f"{level!r} is not one of {', '.join(get_args(LogLevel))}")
        return level

    @field_validator("slack_api_url")
    @classmethod
    def _valid_slack_api_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or (parts.port or 0) < 0:
            raise ValueError(f"{url!r} is not an address such as {SLACK_API_URL}")
        return url

    @field_validator("database_url")
    @classmethod
    def _valid_database_url(cls, url: str) -> str:
        if not url:
            return url
        try:
            parsed = make_url(normalize_url(url))
        except (ArgumentError, ValueError) as error:
            raise ValueError("this is not a database URL, such as postgresql://user:password@host/name") from error
        backend = parsed.drivername.partition("+")[0]
        if backend not in ("sqlite", "postgresql"):
            raise ValueError(f"{backend} is not supported; name a sqlite:///FILE or a postgresql://HOST/NAME")
        if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
            raise ValueError("names no file; the database must outlive the process")
        return url

    @property
    def resolved_database_url(self) -> str:
        """The database's URL, the default one included."""
        return normalize_url(self.database_url) if self.database_url else default_sqlite_url(self.data_dir)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


def named_path(path: Path | None = None) -> Path | None:
    """Return the configuration file: the one given, else the one that ``NIGHTSHIFT_CONFIG`` names."""
    return path or (Path(os.environ["NIGHTSHIFT_CONFIG"]) if os.environ.get("NIGHTSHIFT_CONFIG") else None)


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings. ``path`` defaults to ``NIGHTSHIFT_CONFIG``; without either the environment alone is read.

    Raises ConfigError with a line for each problem: the file, the setting, what is wrong.
    """
    path = named_path(path)
    source = str(path) if path else "environment"
    values = _read_toml(path) if path else {}
    try:
        return Settings(**values)
    except ValidationError as error:
        raise ConfigError([_format_fault(source, item) for item in error.errors()]) from error
    except SettingsError as error:
        raise ConfigError([f"environment: {error}"]) from error


def installed_kinds() -> dict[str, BackendKind]:
    """Return the installed back ends by kind. Raises ConfigError for one that cannot be used."""
    found: dict[str, BackendKind] = {}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        label = f"back end {entry.name} ({entry.value})"
        try:
            kind = entry.load()
        except Exception as error:
            raise ConfigError([f"{label} cannot be loaded: {error}"]) from error
        if problem := _kind_problem(entry.name, kind):
            raise ConfigError([f"{label} {problem}"])
        found[entry.name] = kind
    return found


def _kind_problem(name: str, kind: BackendKind) -> str:
    """Return why a loaded kind does not fit this Nightshift; "" if it does."""
    version = getattr(kind, "contract_version", None)
    if version != CONTRACT_VERSION:
        theirs = f"is written for version {version} of the contract" if version else "names no version of the contract"
        return f"{theirs}, and this Nightshift has version {CONTRACT_VERSION}: install versions that fit"
    if kind.kind != name:
        return f"calls itself {kind.kind}; the name of its entry point must be the same"
    return ""


def validate_backends(settings: Settings, source: str = "") -> dict[str, tuple[BackendKind, ConnectionSettings]]:
    """The configured back ends by full name (``foreman.prod``), validated. Raises ConfigError with all faults."""
    available = installed_kinds()
    faults: list[str] = []
    found: dict[str, tuple[BackendKind, ConnectionSettings]] = {}
    for kind_name, instances in settings.backends.items():
        kind = available.get(kind_name)
        if kind is None:
            known = ", ".join(sorted(available))
            faults.append(f"{source}backends.{kind_name}: there is no such back end; known are {known}")
            continue
        for name, values in instances.items():
            try:
                found[f"{kind_name}.{name}"] = (kind, kind.settings_model.model_validate(values))
            except ValidationError as error:
                faults += [_format_fault(f"{source}backends.{kind_name}.{name}", item) for item in error.errors()]
    faults += _duplicate_titles(source, found)
    if faults:
        raise ConfigError(faults)
    return found


def _duplicate_titles(source: str, found: Mapping[str, tuple[BackendKind, ConnectionSettings]]) -> list[str]:
    """Cards name a back end by its title, so two with the same one could not be told apart."""
    faults, taken = [], {name.casefold(): name for name in found}
    for name, (_, values) in found.items():
        other = taken.setdefault(values.title.casefold(), name) if values.title else name
        if other != name:
            faults.append(f"{source}backends.{name}: title: {other} is called {values.title!r} too; give each its own")
    return faults


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: is not TOML: {error}"]) from error


def _format_fault(source: str, item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"])
    text = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        text = "there is no such setting"
    return f"{source}: {where}: {text}"
