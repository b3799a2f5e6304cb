"""Checks the whole configuration before anything is opened: the one check of ``serve`` and of ``doctor``.

What a single setting may be is said in ``bot.settings`` and in the settings of each back end. A problem that depends on
the machine, on the transport or on several settings together has a function here, listed in ``_CHECKS``.
"""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from sqlalchemy.engine import make_url

from bot.backends.secrets import SecretNotFound
from bot.clock import Clock, ShiftedClock, SystemClock
from bot.errors import ConfigError
from bot.requests.policy.engine import Policy
from bot.requests.policy.known import Known, unknown_names
from bot.requests.policy.load import load_policy
from bot.requests.policy.mistakes import policy_mistakes
from bot.settings import Settings, installed_kinds, load_settings, named_path, settings_source, validate_backends
from bot.settings_problems import unknown_variables
from bot.slack_secrets import slack_secret

Transport = Literal["http", "socket"]
READ_ELSEWHERE = ("NIGHTSHIFT_CONFIG", "NIGHTSHIFT_FAILPOINT", "NIGHTSHIFT_SCREENSHOTS")
"""Variables that name no setting: the file, and what only tests use."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration that has been checked. ``path`` is its file, None where the environment alone is used."""

    settings: Settings
    path: Path | None
    transports: frozenset[Transport]
    """The ways in which Slack's requests arrive; empty where it is not known yet, as for ``doctor``."""

    @property
    def source(self) -> str:
        """What problems name as their place."""
        return str(self.path or "environment")


def load_configuration(path: Path | None, transports: Collection[Transport] = ()) -> Configuration:
    """Read the configuration and check it.

    ``path`` defaults to ``NIGHTSHIFT_CONFIG``. Raises ConfigError with a line for each problem.
    """
    path = named_path(path)
    configuration = Configuration(load_settings(path), path, frozenset(transports))
    problems = [problem for check in _CHECKS for problem in check(configuration)]
    if problems:
        raise ConfigError(problems)
    return configuration


def read_policy(path: Path | None, now: datetime, default_zone: str, *, strict_tests: bool = True) -> Policy:
    """Return the policy of a configuration file. ``default_zone`` is for one that names no time zone. With
    ``strict_tests`` False its tests are not played.

    Raises ConfigError, also without a file: a policy names approvers.
    """
    if path is None:
        raise ConfigError(["environment: NIGHTSHIFT_CONFIG: is not set; the policy is read from the file it names"])
    folder = path.parent
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from error
    return load_policy(
        text,
        str(path),
        now=now,
        default_zone=default_zone,
        read_file=lambda name: (folder / name).read_text(encoding="utf-8"),
        strict_tests=strict_tests,
    )


def checked_policy(path: Path | None, settings: Settings, now: datetime, *, strict_tests: bool = True) -> Policy:
    """Return the policy of a configuration file, checked against what is configured. Raises ConfigError."""
    policy = read_policy(path, now, settings.channels.default_zone, strict_tests=strict_tests)
    problems = (*policy_mistakes(policy), *unknown_names(policy, known_names(settings)))
    if problems:
        raise ConfigError(problems)
    return policy


def known_names(settings: Settings) -> Known:
    """Return the systems, operations and facts that policy can name: those of the configured systems, or else those of
    each installed kind."""
    kinds = installed_kinds()
    names = [(f"{kind}.{name}", kind) for kind, named in settings.backends.items() for name in named if kind in kinds]
    return Known(
        {
            name: {operation.key: operation.policy_facts for operation in kinds[kind].operation_types}
            for name, kind in names or [(kind, kind) for kind in kinds]
        }
    )


def clock_of(settings: Settings) -> Clock:
    """Return the clock that the settings choose."""
    return ShiftedClock(settings.clock_file) if settings.clock_file else SystemClock()


def missing_secrets(settings: Settings, transports: Collection[Transport]) -> list[str]:
    """Return a line for each secret that the transports need and that is not set."""
    problems = []
    if "http" in transports and not settings.slack_signing_secret.get_secret_value():
        problems.append("environment: SLACK_SIGNING_SECRET: is not set; without it anybody could pose as Slack")
    if "socket" in transports and not settings.slack_app_token.get_secret_value():
        problems.append("environment: SLACK_APP_TOKEN: is not set; Socket Mode needs it, it begins with xapp-")
    return problems


def _check_secrets(configuration: Configuration) -> list[str]:
    settings, transports = configuration.settings, configuration.transports
    problems = missing_secrets(settings, transports)
    if not settings.slack_bot_token.get_secret_value():
        problems.append("environment: SLACK_BOT_TOKEN: is not set; it begins with xoxb-")
    if not transports and len(missing_secrets(settings, ("http", "socket"))) == 2:
        problems.append(
            "environment: neither SLACK_APP_TOKEN (for Socket Mode) nor SLACK_SIGNING_SECRET (for HTTP) is set; "
            "one of them is needed"
        )
    secrets = {
        "SLACK_BOT_TOKEN": settings.slack_bot_token,
        "SLACK_APP_TOKEN": settings.slack_app_token,
        "SLACK_SIGNING_SECRET": settings.slack_signing_secret,
    }
    for name, secret in secrets.items():
        try:
            text = slack_secret(secret)
        except SecretNotFound as error:
            problems.append(f"environment: {name}: {error}")
            continue
        if not text.isascii() or not text.isprintable() or " " in text:
            problems.append(f"environment: {name}: has a space, a line break or a special character in it")
    return problems


def _check_backends(configuration: Configuration) -> list[str]:
    return _problems_of(lambda: validate_backends(configuration.settings, settings_source(configuration.path)))


def _check_variables(configuration: Configuration) -> list[str]:
    return unknown_variables(Settings, READ_ELSEWHERE)


def _check_policy(configuration: Configuration) -> list[str]:
    variables = sorted(name for name in os.environ if name.upper().startswith("NIGHTSHIFT_POLICY"))
    return [
        *(f"environment: {name}: the policy is read from the file alone; set it there" for name in variables),
        *_problems_of(lambda: checked_policy(configuration.path, configuration.settings, datetime.now(UTC))),
    ]


def _check_clock_file(configuration: Configuration) -> list[str]:
    try:
        clock_of(configuration.settings).now()
    except (OSError, ValueError, OverflowError) as error:
        file = configuration.settings.clock_file
        return [f"{configuration.source}: clock_file: {file} does not hold a number of seconds: {error}"]
    return []


def _check_directories(configuration: Configuration) -> list[str]:
    """Check that the directories of the data and of a SQLite database can be used."""
    settings = configuration.settings
    directories = {"data_dir": settings.data_dir}
    url = make_url(settings.resolved_database_url)
    if settings.database_url and url.get_backend_name() == "sqlite":
        file = Path(url.database or "")
        if file.is_dir():
            return [f"{configuration.source}: database_url: {file} is a directory, not a file"]
        directories["database_url"] = file.parent
    return [
        f"{configuration.source}: {name}: {problem}"
        for name, directory in directories.items()
        if (problem := _directory_problem(directory))
    ]


def _directory_problem(directory: Path) -> str:
    """Return why files cannot be made in a directory, which need not exist yet; "" if they can."""
    existing = directory.absolute()
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        return f"{existing} is not a directory"
    return "" if os.access(existing, os.W_OK | os.X_OK) else f"{existing} cannot be written to"


def _problems_of(action: Callable[[], object]) -> list[str]:
    try:
        action()
    except ConfigError as error:
        return list(error.problems)
    return []


_CHECKS: tuple[Callable[[Configuration], list[str]], ...] = (
    _check_secrets,
    _check_variables,
    _check_backends,
    _check_directories,
    _check_clock_file,
    _check_policy,
)
