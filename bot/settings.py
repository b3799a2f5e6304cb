"""The settings: a TOML file and the environment, which wins.

Any setting can be given as ``NIGHTSHIFT_...``, with ``__`` between levels. Those of Slack have the names that other
Slack tools use. ``bot.configuration`` checks what depends on more than one setting.
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
from bot.settings_problems import SettingsSource, format_problem
from bot.storage.urls import default_sqlite_url, normalize_url

SLACK_API_URL = "https://slack.com/api/"
ENTRY_POINT_GROUP = "nightshift.backends"
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
MAX_SECONDS, MAX_MINUTES, MAX_DAYS = 86_400.0, 527_040, 36_525
"""Maximum of a setting in seconds (a day), in minutes (a year) and in days (a century)."""


class SettingsSection(BaseModel):
    """Base of the tables of the file. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ChannelSettings(SettingsSection):
    """Channels, by id or #name, and the time zone of people whose profile has none."""

    approvals: str = Field(default="#approvals", min_length=1)
    """Channel for the cards that wait for approval. A back end can have its own (approvals_channel)."""
    results: str = Field(default="#results", min_length=1)
    """Channel for outcomes. A back end can have its own (results_channel)."""
    admin: str = ""
    """Channel for messages to administrators. Empty: none."""
    default_zone: str = "UTC"
    """IANA time zone of people whose Slack profile has none."""

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
    """Whether people from other workspaces may use the bot in shared channels."""
    groups_max_age: int = Field(default=300, ge=10, le=int(MAX_SECONDS))
    """How long user groups are kept before they are read from Slack again. Changes that Slack reports count at once."""


class TimeSettings(SettingsSection):
    """How times are read that have more than one meaning. The preview says which meaning was chosen."""

    clock: ClockPreference = "profile"
    """Whether "at 9" means 09:00: if the language of the Slack profile suggests it (profile), for everyone (24-hour),
    or only after a question (ask)."""
    dates: DateOrderPreference = "ask"
    """Whether day or month comes first in 12/11: as the language of the Slack profile suggests (profile), the same for
    everyone (day-first, month-first), or after a question (ask)."""


class TimingSettings(SettingsSection):
    """Intervals and timeouts in seconds, limits of schedules, and how long records are kept."""

    watch_seconds: float = Field(default=5.0, gt=0, le=MAX_SECONDS)
    """Interval between polls of running work."""
    timekeeper_seconds: float = Field(default=1.0, gt=0, le=MAX_SECONDS)
    """Interval between checks for starts, reminders and expiries that are due."""
    card_seconds: float = Field(default=1.5, ge=0, le=MAX_SECONDS)
    """Minimum interval between two updates of a card."""
    digest_seconds: float = Field(default=60.0, ge=0, le=600)
    """How long direct messages to somebody wait after another one, so that several become one. 0 sends each at once."""
    slack_pace: float = Field(default=1.0, gt=0, le=1000)
    """Factor on the rates that Slack publishes. 1, unless Slack has granted this app more."""
    find_seconds: float = Field(default=60.0, gt=0, le=MAX_SECONDS)
    """How long the bot looks for a call whose answer was lost before it asks people."""
    connect_seconds: float = Field(default=600.0, ge=0, le=MAX_SECONDS)
    """How long the bot retries a back end that cannot be reached before the run fails."""
    minimum_interval_minutes: int = Field(default=60, ge=1, le=MAX_MINUTES)
    """Minimum interval between two runs of a series."""
    grace_minutes: int = Field(default=60, ge=1, le=MAX_MINUTES)
    """How late a run of a series may start if its schedule has no window."""
    stale_directory_seconds: float = Field(default=3600.0, ge=0, le=MAX_SECONDS)
    """How long Slack's last answer about users and groups holds at a start while Slack does not answer."""
    recheck_seconds: float = Field(default=15.0, gt=0, le=300)
    """Interval between checks of a start that waits for Slack or a back end to answer."""
    drain_seconds: float = Field(default=10.0, ge=0, le=MAX_SECONDS)
    """How long the bot waits for work under way when it is stopped."""
    keep_finished_jobs_days: int = Field(default=7, ge=1, le=MAX_DAYS)
    """How long internal records of finished work are kept. Requests and the audit trail are kept for ever."""
    keep_drafts_days: int = Field(default=30, ge=1, le=MAX_DAYS)
    """How long a form that was not submitted is kept."""


class Settings(BaseSettings):
    """Everything that can be configured."""

    model_config = SettingsConfigDict(
        env_prefix="NIGHTSHIFT_", env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    slack_bot_token: SecretStr = Field(default=SecretStr(""), validation_alias="SLACK_BOT_TOKEN")
    """The bot token, which begins with xoxb-, or file:PATH, read again when Slack revokes the token. Required."""
    slack_signing_secret: SecretStr = Field(default=SecretStr(""), validation_alias="SLACK_SIGNING_SECRET")
    """The secret with which Slack signs its requests, or file:PATH. Required for HTTP."""
    slack_app_token: SecretStr = Field(default=SecretStr(""), validation_alias="SLACK_APP_TOKEN")
    """The app-level token, which begins with xapp-, or file:PATH. Required for Socket Mode."""
    slack_api_url: str = Field(default=SLACK_API_URL, validation_alias="SLACK_API_URL")
    """The address of Slack's Web API. Change it only for tests or a proxy."""

    data_dir: Path = Path("data")
    """The directory for the database, unless database_url names another one, and for the lock of the node."""
    database_url: str = ""
    """The database, SQLite or PostgreSQL. Several nodes need PostgreSQL. Empty: SQLite in data_dir."""
    node: str = Field(default="", pattern=r"^[A-Za-z0-9-]{0,40}$")
    """A fixed name for this process among several. Empty: the process chooses a free one."""
    clock_file: Path | None = None
    """A file with the number of seconds by which the clock of the bot is shifted. For a playground."""
    log_level: LogLevel = "INFO"
    """The lowest level that is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL."""
    log_json: bool = False
    """Whether the log is written as JSON lines."""
    channels: ChannelSettings = ChannelSettings()
    people: AccessSettings = AccessSettings()
    times: TimeSettings = TimeSettings()
    timing: TimingSettings = TimingSettings()
    policy: dict[str, Any] = {}
    """Who approves what. See docs/policy.md."""
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
        """Return the URL of the database, the default one if none is set."""
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

    Raises ConfigError with a line for each problem: where it is, the setting, what is wrong.
    """
    path = named_path(path)
    values = _read_toml(path) if path else {}
    try:
        return Settings(**values)
    except ValidationError as error:
        source = settings_source(path)
        raise ConfigError([format_problem(source, item, Settings) for item in error.errors()]) from error
    except SettingsError as error:
        raise ConfigError([f"environment: {error}"]) from error


def settings_source(path: Path | None) -> SettingsSource:
    """Return where the settings come from. ``path`` is a file that was read already."""
    return SettingsSource(path, path.read_text(encoding="utf-8-sig") if path else "")


def installed_kinds() -> dict[str, BackendKind]:
    """Return the installed back ends by kind. Raises ConfigError for one that cannot be used."""
    kinds: dict[str, BackendKind] = {}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        label = f"back end {entry.name} ({entry.value})"
        try:
            kind = entry.load()
        except Exception as error:
            raise ConfigError([f"{label} cannot be loaded: {error}"]) from error
        if problem := _kind_problem(entry.name, kind):
            raise ConfigError([f"{label} {problem}"])
        kinds[entry.name] = kind
    return kinds


def _kind_problem(name: str, kind: BackendKind) -> str:
    """Return why a loaded kind does not fit this Nightshift; "" if it does."""
    version = getattr(kind, "contract_version", None)
    if version != CONTRACT_VERSION:
        theirs = f"is written for version {version} of the contract" if version else "names no version of the contract"
        return f"{theirs}, and this Nightshift has version {CONTRACT_VERSION}: install versions that fit"
    if kind.kind != name:
        return f"calls itself {kind.kind}; the name of its entry point must be the same"
    return ""


def validate_backends(
    settings: Settings, source: SettingsSource | None = None
) -> dict[str, tuple[BackendKind, ConnectionSettings]]:
    """Return the configured back ends by full name (``foreman.prod``).

    Raises ConfigError with a line for each problem.
    """
    available, source = installed_kinds(), source or SettingsSource(None)
    problems: list[str] = []
    backends: dict[str, tuple[BackendKind, ConnectionSettings]] = {}
    for kind_name, instances in settings.backends.items():
        kind = available.get(kind_name)
        if kind is None:
            known = ", ".join(sorted(available))
            place = source.place_of(("backends", kind_name))
            problems.append(f"{place}: backends.{kind_name}: there is no such back end; known are {known}")
            continue
        for name, values in instances.items():
            try:
                backends[f"{kind_name}.{name}"] = (kind, kind.settings_model.model_validate(values))
            except ValidationError as error:
                table = ("backends", kind_name, name)
                problems += [format_problem(source, item, kind.settings_model, table) for item in error.errors()]
    problems += _duplicate_titles(source, backends)
    if problems:
        raise ConfigError(problems)
    return backends


def _duplicate_titles(
    source: SettingsSource, backends: Mapping[str, tuple[BackendKind, ConnectionSettings]]
) -> list[str]:
    """Return a line for each title that is used twice. Cards name a back end by its title."""
    problems, taken = [], {name.casefold(): name for name in backends}
    for name, (_, values) in backends.items():
        other = taken.setdefault(values.title.casefold(), name) if values.title else name
        if other != name:
            place = source.place_of(("backends", *name.split(".", 1), "title"))
            problems.append(
                f"{place}: backends.{name}.title: {other} is called {values.title!r} too; give each its own"
            )
    return problems


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: is not TOML: {error}"]) from error
    except RecursionError as error:
        raise ConfigError([f"{path}: is not TOML: it is nested too deeply"]) from error
