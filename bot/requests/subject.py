"""The facts about a request that policy rules may match on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias

from bot.requests.model import TargetSet
from bot.schedule import Schedule
from bot.values import FrozenModel, StoredJson

UnknownInput: TypeAlias = Literal["groups", "channel", "conflicts", "starts"]


class Subject(FrozenModel):
    """A request as policy sees it.

    ``groups`` holds the ids and handles (``@sre``) of the requester's user groups. If they cannot be looked up, policy
    must not be evaluated. ``missing_groups`` are those user groups of the policy that are known not to exist or to be
    disabled. ``channel`` is the id of the channel in which it was requested, ``channel_name`` its name without ``#``.
    ``targets`` is the number of targets, ``names`` has the known names; ``fixed_targets`` says that they were chosen
    one by one, not by a search that runs again at the start. ``query`` is the search that finds them;
    ``facts["query"]`` is used if it is empty. ``starts`` are the zone-aware times at which it would start: one, or the
    next ones of a series; a run is taken to last ``run_seconds``. ``approved_today`` counts by rule how many runs
    it lets start on the day of the first of them. ``conflicts`` are sentences about other requests on the same targets.
    ``reason`` is why it is requested, and ``change`` the reference to the change that it belongs to. ``emergency`` says
    that the requester asked for an emergency.
    """

    backend: str
    operation: str
    facts: Mapping[str, StoredJson] = {}
    """None in the list of a fact is a value that nobody can tell."""
    known_for: Mapping[str, tuple[str, ...]] = {}
    """Of a fact with None: the patterns whose matches are all known nonetheless."""
    requester: str
    groups: frozenset[str] = frozenset()
    former_groups: frozenset[str] = frozenset()
    """The groups of those who wrote it before somebody took it over. They make nobody a requester."""
    missing_groups: frozenset[str] = frozenset()
    channel: str = ""
    channel_name: str = ""
    targets: int = 0
    fixed_targets: bool = False
    names: tuple[str, ...] = ()
    noun: str = "hosts"
    query: str = ""
    schedule: Schedule
    starts: tuple[datetime, ...] = ()
    run_seconds: int = 0
    approved_today: Mapping[str, int] = {}
    conflicts: tuple[str, ...] = ()
    reason: str = ""
    change: str = ""
    emergency: bool = False
    unknown: frozenset[UnknownInput] = frozenset()
    """What nobody can tell of it: rules that ask for it are read strictly."""

    @property
    def kind(self) -> str:
        """The kind of back end: ``foreman`` for ``foreman.prod``."""
        return self.backend.partition(".")[0]

    @property
    def may_be_emergency(self) -> bool:
        """Whether rules for emergencies apply: somebody asked for one, and it starts now."""
        return self.emergency and self.schedule.kind == "now"


def all_facts(facts: Mapping[str, StoredJson], targets: TargetSet) -> dict[str, StoredJson]:
    """Return the facts of a request together with those of its targets."""
    return {**facts, **{name: [*values] for name, values in targets.facts.items()}}
