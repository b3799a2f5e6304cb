"""Tests of a policy in its own file: ``[[policy.tests]]`` says what should come of a request."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from bot.requests.setting_types import TrueOrFalse
from bot.values import FrozenModel, StoredJson

StageKey = tuple[int, frozenset[str]]
"""A quorum, and the groups and people of a stage."""

_STAGE = re.compile(r"(?:(?P<quorum>[1-9]\d*) of )?(?P<names>\S+(?:(?:, | or )\S+)*)")
_USUAL_MOMENT = datetime.fromisoformat("2026-01-07T12:00")
"""A Wednesday at noon."""


def _names(value: object) -> object:
    """Let a single text stand for a list of one; an empty list means nobody or nothing."""
    return [value] if isinstance(value, str) else value


def _check_stages(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        stage_key(text)
    return texts


def stage_key(text: str) -> StageKey:
    """Read ``@sre``, ``2 of @sre`` or ``2 of @sre or @dba``. Raises ValueError."""
    match = _STAGE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'"{text}" is no stage; write it like "@sre", "2 of @sre" or "1 of @sre or @dba"')
    return int(match["quorum"] or 1), frozenset(re.split(", | or ", match["names"].lower()))


class AskedRequest(FrozenModel):
    """The request of a test. Whoever asks for it is in ``groups`` and in no other group."""

    system: str = Field(min_length=1)
    """The full name of the system."""
    operation: str = ""
    """Needed only where rules look at it."""
    when: str = "now"
    """A time in your own words."""
    at: datetime | None = None
    """When it is asked for; without an offset in the zone of the policy. Default: Wednesday 7 January 2026, 12:00."""
    targets: Annotated[int | tuple[str, ...], BeforeValidator(_names)] = 1
    """How many targets, with names that no rule knows, or their names."""
    targets_known: TrueOrFalse = True
    """False: the names of further targets are not known."""
    requester: str = "UREQUESTER"
    """The member id of whoever asks."""
    groups: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    """The user groups of whoever asks."""
    missing_groups: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    """User groups that do not exist or are disabled."""
    channel: str = ""
    """The channel in which it is asked for."""
    reason: str = ""
    """The reason that is given."""
    change: str = ""
    """The reference to a change that is given."""
    query: str = ""
    """The search that finds the targets."""
    template: str = ""
    """The template."""
    job_type: str = ""
    """The type of the job."""
    task: str = ""
    """The task."""
    reboot: str = ""
    """The reboot preference."""
    run_as: str = ""
    """The user that it runs as."""
    facts: Mapping[str, StoredJson] = {}
    """Any other facts."""
    conflicts: TrueOrFalse = False
    """Whether another request works on the same targets."""
    emergency: TrueOrFalse = False
    """Whether it is asked for as an emergency."""
    approved_today: Mapping[str, int] = {}
    """How many runs each rule has let start that day, by its name."""

    def asked_at(self) -> datetime:
        """Return when it is asked for, with or without a zone."""
        return self.at or _USUAL_MOMENT


class PolicyTest(FrozenModel):
    """One test: what is asked, and what policy should say."""

    name: str = Field(min_length=1)
    """Its name."""
    ask: AskedRequest
    """The request."""
    expect: Literal["approve", "ask", "refuse", "emergency"]
    """What comes of it: ``approve``, ``ask``, ``refuse``, ``emergency``."""
    by: Annotated[tuple[str, ...] | None, BeforeValidator(_names)] = None
    """The names of the rules and freezes that decide it; an empty list if only the defaults do."""
    approvers: Annotated[tuple[str, ...] | None, BeforeValidator(_names), AfterValidator(_check_stages)] = None
    """The stages, one after the other: ``["2 of @sre", "@dba"]``."""


class LocatedTest(NamedTuple):
    """A test and its place: ``tests.toml:12``."""

    place: str
    test: PolicyTest


class FileOfTests(FrozenModel):
    """The table ``[policy]`` of a file that has nothing but tests."""

    tests: tuple[PolicyTest, ...] = Field(min_length=1)
