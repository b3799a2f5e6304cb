"""A history: a policy, a small world, a request, and what then happens to it. Plain values, so that it can be shown,
played again and made smaller."""

from dataclasses import dataclass, field
from typing import Literal

from bot.requests.model import Overlap

USERS = ("UANN", "UBOB", "UCAT", "UDAN", "UEVE", "UFAY")
GROUPS = ("a", "b", "ops")
FEATURES = ("uptime", "script")
SEARCHES = ("web", "db", "all")
TEMPLATES = (("7", "Uptime"), ("8", "Run Script"), ("9", "Power Action - Reboot"))
ScheduleKind = Literal["now", "once", "flexible", "window", "series"]


class Violation(AssertionError):
    """Something happened that must not happen."""


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A rule of the policy. ``template`` and ``target`` are globs; names in ``approvers`` are users or ``@groups``."""

    name: str
    effect: Literal["ask", "approve", "refuse", "limit"]
    template: str = ""
    target: str = ""
    min_targets: int | None = None
    max_targets: int | None = None
    requester: tuple[str, ...] = ()
    may_request: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    quorum: int = 1
    requester_counts: bool | None = None
    drift: int | None = None


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """The defaults of the policy, and its rules."""

    approvers: tuple[str, ...]
    quorum: int = 1
    may_request: tuple[str, ...] = ()
    requester_counts: bool | None = None
    rules: tuple[RuleSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """What people fill in."""

    feature: str
    command: str
    search: str
    dynamic: bool
    schedule: ScheduleKind = "now"
    start_in: int = 60
    """In minutes, for schedules that name a time."""
    overlap: Overlap | None = None
    """What a run of a series does while the last one is still going."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Somebody changes fields of the request. ``stale`` edits began from an older revision."""

    user: str
    changes: tuple[tuple[str, object], ...]
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Decide:
    """Somebody clicks on the card. ``late`` is what they choose if the start has passed."""

    user: str
    verdict: Literal["approved", "denied", "changes"] = "approved"
    stale: bool = False
    late: Literal["now", "next", "drop"] = "next"


@dataclass(frozen=True, slots=True)
class Retract:
    user: str


@dataclass(frozen=True, slots=True)
class Delegate:
    user: str
    to_user: str
    minutes: int


@dataclass(frozen=True, slots=True)
class JoinOrLeave:
    """``heard`` is whether Slack's event of it arrives."""

    user: str
    group: str
    heard: bool


@dataclass(frozen=True, slots=True)
class DeactivateOrReturn:
    user: str
    heard: bool


@dataclass(frozen=True, slots=True)
class SlackFails:
    """Slack no longer tells the groups, or these users; with neither, it answers again."""

    groups: bool = False
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BackendFails:
    silent: bool


@dataclass(frozen=True, slots=True)
class HostsChange:
    """A search finds hosts with these numbers from now on."""

    search: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FeatureChanges:
    """A feature stands for another template, or one that was renamed."""

    feature: str
    template: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Tamper:
    """Somebody changes the stored content in the database."""

    command: str


@dataclass(frozen=True, slots=True)
class TimePasses:
    minutes: int


@dataclass(frozen=True, slots=True)
class PauseStarts:
    """Somebody pauses a system, or everything, for some minutes or until it is resumed."""

    scope: Literal["everything", "system"]
    name: str
    minutes: int | None


@dataclass(frozen=True, slots=True)
class ResumeStarts:
    """Somebody ends every pause."""


@dataclass(frozen=True, slots=True)
class PauseSeries:
    """Somebody pauses the series."""


@dataclass(frozen=True, slots=True)
class ResumeSeries:
    """Somebody resumes the series."""


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Somebody takes the request over."""

    user: str


@dataclass(frozen=True, slots=True)
class RunsEnd:
    """Every run of the series that is still going ends."""


@dataclass(frozen=True, slots=True)
class Start:
    """The run is due, and ``delay`` minutes pass. ``between`` happens between the checks and the call. The run of a
    series that ``goes on`` is still going when the next one is due."""

    delay: int = 0
    answer: Literal["started", "lost", "goes on"] = "started"
    between: "Edit | Tamper | PauseStarts | PauseSeries | None" = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Somebody says that the run of unknown outcome did not run, and starts it again."""


Event = (
    Edit | Decide | Retract | Delegate | JoinOrLeave | DeactivateOrReturn | SlackFails | BackendFails | HostsChange
    | FeatureChanges | Tamper | TimePasses | PauseStarts | ResumeStarts | Start | Retry
    | PauseSeries | ResumeSeries | TakeOver | RunsEnd
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class History:
    """``groups`` has the members at the beginning, ``hosts`` the numbers of the hosts that each search finds. With
    ``placed`` the back end keeps the time."""

    policy: PolicySpec
    groups: tuple[tuple[str, frozenset[str]], ...]
    hosts: tuple[tuple[str, tuple[int, ...]], ...]
    requester: str
    form: Form
    events: tuple[Event, ...] = field(default=())
    placed: bool = False
