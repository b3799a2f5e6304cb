"""What policy looks at: everything about a request that a rule may match on."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue

from bot.schedule import Schedule
from bot.values import FrozenModel


class Subject(FrozenModel):
    """A request as policy sees it.

    ``groups`` holds the ids and handles (``@sre``) of the requester's user groups; who cannot look them up must not
    decide. ``channel`` is the id of where it was asked, ``channel_name`` its name without ``#``. ``targets`` is how
    many there are, ``names`` those that are known; ``query`` the search that finds them (``facts["query"]`` serves
    too). ``starts`` are the zone-aware times at which it would start: one, or the next of a series.
    ``approved_today`` counts, by rule, what was approved at once since midnight. ``conflicts`` are sentences about
    other requests on the same targets.
    """

    backend: str
    operation: str
    facts: Mapping[str, JsonValue] = {}
    requester: str
    groups: frozenset[str] = frozenset()
    channel: str = ""
    channel_name: str = ""
    targets: int = 0
    names: tuple[str, ...] = ()
    noun: str = "hosts"
    query: str = ""
    schedule: Schedule
    starts: tuple[datetime, ...] = ()
    approved_today: Mapping[str, int] = {}
    conflicts: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of back end: ``foreman`` for ``foreman.prod``."""
        return self.backend.partition(".")[0]
