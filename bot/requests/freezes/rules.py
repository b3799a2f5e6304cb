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
    when: str = ""
    start: datetime | None = None
    end: datetime | None = None
    lasts: DurationSeconds | None = None
    zone: ZoneName = ""
    calendar: str = ""
    allow_calendar: str = ""
    """A calendar whose events are the only times without the freeze."""
    events: PatternList = ()
    max_age: DurationSeconds = 86400
    effect: Literal["refuse", "ask"] = "refuse"
    approvers: PrincipalNames = ()
    quorum: WholeNumber = Field(default=1, ge=1)
    backend: PatternList = ()
    operation: PatternList = ()
    targets: PatternList = ()
    exception: Annotated[tuple[Literal["emergency"], ...], BeforeValidator(as_list)] = Field(default=(), alias="except")
    """What the freeze does not hold up."""
    wins_over: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()

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
