"""The table of a freeze in the configuration file."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from bot.requests.setting_types import (
    DurationSeconds,
    PatternList,
    PrincipalNames,
    WholeNumber,
    ZoneName,
    as_list,
    check_quorum,
)
from bot.values import FrozenModel


class FreezeRule(FrozenModel):
    """One freeze in the file: when it holds (a phrase, two dates or a calendar), what it covers and what it does."""

    name: str = Field(min_length=1)
    """Its name, in reasons and for ``wins_over``."""
    when: str = ""
    """A phrase that means the same on every day: ``every friday 18:00 for 8 hours``."""
    start: datetime | None = None
    """The beginning, instead of a phrase; without an offset in the zone of the policy."""
    end: datetime | None = None
    """The end, which is not part of it."""
    lasts: DurationSeconds | None = None
    """How long each moment of ``when`` lasts."""
    zone: ZoneName = ""
    """The time zone of the phrase. Empty: that of ``[policy]``."""
    calendar: str = ""
    """File or address of a calendar (iCalendar) whose events are frozen."""
    allow_calendar: str = ""
    """A calendar whose events are the only times without the freeze."""
    events: PatternList = ()
    """The titles of the events that count. Empty: all."""
    max_age: DurationSeconds = 86400
    """The age in seconds from which a copy of the calendar counts as unknown, so that everything is frozen."""
    effect: Literal["refuse", "ask"] = "refuse"
    """``refuse`` or ``ask``."""
    approvers: PrincipalNames = ()
    """Who must approve, for ``ask``."""
    quorum: WholeNumber = Field(default=1, ge=1)
    """How many of them must approve."""
    backend: PatternList = ()
    """The systems that it covers. Empty: all."""
    operation: PatternList = ()
    """The operations that it covers. Empty: all."""
    targets: PatternList = ()
    """The targets that it covers. Empty: all."""
    exception: Annotated[tuple[Literal["emergency"], ...], BeforeValidator(as_list)] = Field(default=(), alias="except")
    """What the freeze does not hold up."""
    wins_over: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()
    """The names of freezes that do not count while this one holds."""

    @model_validator(mode="after")
    def _check_consistent(self) -> Self:
        given = [
            bool(self.when),
            self.start is not None or self.end is not None,
            bool(self.calendar),
            bool(self.allow_calendar),
        ]
        if sum(given) != 1:
            raise ValueError('say when it holds in one way: when = "a phrase", start and end, or calendar = "a URL"')
        if given[1] and (self.start is None or self.end is None or self.start >= self.end):
            raise ValueError("start and end are both needed, the end after the start")
        if self.lasts is not None and not self.when:
            raise ValueError("lasts goes with a phrase only; leave it out")
        if (self.effect == "ask") != bool(self.approvers):
            raise ValueError('approvers go with effect = "ask", and it needs them; give both or neither')
        check_quorum(self.approvers, self.quorum)
        return self
