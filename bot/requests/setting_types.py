"""The types of single settings that rules and freezes share. Each reads what the file may say and rejects the rest."""

import re
from datetime import time
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from bot.requests.directory import is_group, is_user
from bot.requests.durations import parse_duration
from bot.requests.model import Stage
from bot.requests.patterns import Patterns, pattern_mistake

SettingPath = tuple[str | int, ...]
"""The path of a setting within its TOML file or table: ``("rules", 3, "quorum")``."""

WeekdayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAY_NAMES: tuple[WeekdayName, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


_NO_GROUPS = frozenset({"@here", "@channel", "@everyone"})
"""What Slack writes like a user group although it is none."""
_CHANNEL = re.compile(r"#?[\w.*?\[\]!-]+")

REQUESTERS_GROUPS = "requester's groups"
"""Stands in ``not_approvers`` for every user group that an author of the request is in."""


def as_list(value: object) -> object:
    """Let a single text stand for a list of one. Raises ValueError for a list without entries, which could mean all or
    nothing."""
    if value == []:
        raise ValueError("the list is empty, which could mean everything or nothing; fill it or leave it out")
    return [value] if isinstance(value, str) else value


def _as_weekdays(value: object) -> object:
    """Let a single day stand for a list of one, and read ``Tue`` as ``tue``."""
    value = as_list(value)
    return [day.lower() if isinstance(day, str) else day for day in value] if isinstance(value, list) else value


def _check_patterns(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        if mistake := pattern_mistake(text):
            raise ValueError(mistake)
    Patterns(texts)
    return texts


def _check_principals(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name.lower() in _NO_GROUPS:
            raise ValueError(f'"{name}" is no user group; name one, such as "@sre"')
        if not is_group(name) and not is_user(name):
            raise ValueError(
                f'"{name}" names nobody; write a user group as "@sre" or its id, a person as the member ID (U0123ABCD)'
            )
    if len(set(names)) < len(names):
        raise ValueError("somebody is named twice; name each once")
    return names


def _check_excluded(names: tuple[str, ...]) -> tuple[str, ...]:
    _check_principals(tuple(name for name in names if name != REQUESTERS_GROUPS))
    return names


def _check_channels(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _CHANNEL.fullmatch(name) and not name.startswith("/"):
            raise ValueError(f'"{name}" names no channel; write it like "#ops", or its id (C0123ABCD)')
    return names


def _parse_duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f'"{name}" is not a time zone; write one such as "Europe/Berlin"') from error
    return name


def _check_reminder_gaps(reminders: tuple[int, ...]) -> tuple[int, ...]:
    gaps = [after - before for before, after in pairwise((0, *reminders))]
    if any(gap <= 0 for gap in gaps) or any(b < a for a, b in pairwise(gaps)):
        raise ValueError("reminders are times after the asking, and their gaps must grow: write 30m, 2h, 4h")
    return reminders


def _check_hours(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        parse_hour_range(text)
    return texts


def parse_hour_range(text: str) -> tuple[time, time]:
    """Parse ``22:00-06:00`` into its two times; the second is not part of the span. Raises ValueError."""
    if "24:00" in text:
        raise ValueError(f'"{text}": there is no 24:00; write "{text.replace("24:00", "00:00")}"')
    try:
        first, last = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError as error:
        raise ValueError(f'"{text}" is not a span of hours; write it like "22:00-06:00"') from error
    if first == last:
        raise ValueError(f'"{text}" is empty; leave hours out to mean the whole day')
    return first, last


WholeNumber = Annotated[int, Strict()]
"""A number, neither as text nor true or false."""
TrueOrFalse = Annotated[bool, Strict()]
WeekdayList = Annotated[tuple[WeekdayName, ...], BeforeValidator(_as_weekdays)]
PatternList = Annotated[tuple[str, ...], BeforeValidator(as_list), AfterValidator(_check_patterns)]
ChannelNames = Annotated[PatternList, AfterValidator(_check_channels)]
PrincipalNames = Annotated[tuple[str, ...], BeforeValidator(as_list), AfterValidator(_check_principals)]
ExcludedNames = Annotated[tuple[str, ...], BeforeValidator(as_list), AfterValidator(_check_excluded)]
DurationSeconds = Annotated[int, BeforeValidator(_parse_duration), Field(gt=0)]
ReminderTimes = Annotated[
    tuple[Annotated[int, BeforeValidator(_parse_duration)], ...],
    BeforeValidator(as_list),
    AfterValidator(_check_reminder_gaps),
]
ZoneName = Annotated[str, AfterValidator(_check_zone)]
HourRanges = Annotated[tuple[str, ...], BeforeValidator(as_list), AfterValidator(_check_hours)]


@lru_cache(maxsize=4096)
def make_stage(approvers: tuple[str, ...], quorum: int) -> Stage:
    """Make a stage from names in policy, groups first."""
    groups = tuple(name for name in approvers if is_group(name))
    users = tuple(name for name in approvers if not is_group(name))
    return Stage(groups=groups, users=users, quorum=quorum, names=groups + users)


def check_quorum(approvers: tuple[str, ...], quorum: int) -> None:
    """Raise ValueError if the named people are fewer than the quorum."""
    if approvers and not any(is_group(name) for name in approvers) and quorum > len(approvers):
        raise ValueError(
            f"quorum {quorum} cannot be reached by {len(approvers)} named "
            f"{'person' if len(approvers) == 1 else 'people'}; lower it or name more"
        )
