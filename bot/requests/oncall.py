"""On call: rotas that stand for user groups in policy, as ``oncall:sre``. Reading them happens elsewhere."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from bot.requests.directory import ROTA_PREFIX, UserGroup, is_group, is_user
from bot.requests.durations import format_age
from bot.requests.setting_types import DurationSeconds, PrincipalNames
from bot.requests.text import join_words
from bot.values import FrozenModel, Json

MAX_PEOPLE = 200
_UNREMARKABLE_AGE = timedelta(minutes=3)
"""Maximum age of an answer that is not worth mentioning: it is asked for every minute."""


def _check_people(people: Mapping[str, str]) -> Mapping[str, str]:
    for name, user in people.items():
        if not is_user(user):
            raise ValueError(f'"{user}" (for {name}) is no member ID; write one like U0123ABCD')
    return {name.casefold(): user for name, user in people.items()}


def _check_token(reference: str) -> str:
    if reference and not reference.startswith(("env:", "file:")):
        raise ValueError("token must be a reference: env:NAME or file:PATH")
    return reference


class RotaSettings(FrozenModel):
    """One table ``[policy.oncall.NAME]``: where to read who is on call, and who stands in while that cannot be read."""

    url: str = ""
    """An address that answers with JSON."""
    file: str = ""
    """A file with JSON."""
    pagerduty: str = ""
    """The id of a schedule of PagerDuty."""
    api: str = "https://api.pagerduty.com"
    """The address of PagerDuty's API."""
    token: Annotated[str, AfterValidator(_check_token)] = ""
    """A reference to the token for PagerDuty or the address: ``env:NAME`` or ``file:PATH``."""
    max_age: DurationSeconds = 900
    """The age from which the last answer does not count any more."""
    fallback: PrincipalNames = ()
    """Who stands in while nobody can tell who is on call."""
    people: Annotated[Mapping[str, str], AfterValidator(_check_people)] = Field(default_factory=dict)
    """The member ids of people whom the source calls something else, such as by their mail address."""

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        if sum(map(bool, (self.url, self.file, self.pagerduty))) != 1:
            raise ValueError("say where to read it in one way: url, file or pagerduty")
        if self.pagerduty and not self.token:
            raise ValueError('pagerduty needs a token, such as token = "env:PAGERDUTY_TOKEN"')
        if any(name.startswith(ROTA_PREFIX) for name in self.fallback):
            raise ValueError("the fallback is no rota; name user groups and member IDs")
        return self


class OnCallPeople(FrozenModel):
    """Who is on call. ``strangers`` are the names that belong to nobody who is known here."""

    users: frozenset[str]
    strangers: tuple[str, ...] = ()
    read_at: datetime


def read_people(answer: Json, settings: RotaSettings, at: datetime) -> OnCallPeople:
    """Return who is on call from a source's answer: a list of names, or a table with one as ``oncall``.

    Each name is a member id or one of ``people``. Raises ValueError for anything else.
    """
    names = answer.get("oncall") if isinstance(answer, Mapping) else answer
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError('it is no list of names, such as {"oncall": ["U0123ABCD"]}')
    if len(names) > MAX_PEOPLE:
        raise ValueError(f"it names more than {MAX_PEOPLE} people")
    found = {str(name): settings.people.get(str(name).casefold(), str(name)) for name in names}
    return OnCallPeople(
        users=frozenset(user for user in found.values() if is_user(user)),
        strangers=tuple(name for name, user in found.items() if not is_user(user)),
        read_at=at,
    )


def rota_group(
    name: str,
    settings: RotaSettings,
    people: OnCallPeople | None,
    now: datetime,
    find: Callable[[str], UserGroup | None],
) -> UserGroup:
    """Return a rota as a user group. ``people`` are those of the last answer; ``find`` looks up groups of Slack.

    An answer that is too old counts no more, and one that names only strangers never does: the fallback stands in then.
    Without one, the group counts as disabled, so that what depends on it is refused and nobody can approve by it.
    """
    group_id = f"{ROTA_PREFIX}{name}"
    age = None if people is None else max(now - people.read_at, timedelta())
    if people is not None and age is not None and age <= timedelta(seconds=settings.max_age):
        if people.users:
            read = f"Who is on call for {name} was last read {format_age(age.total_seconds())} ago."
            return UserGroup(id=group_id, members=people.users, note=read if age > _UNREMARKABLE_AGE else "")
        why = "is nobody who is known here" if people.strangers else "is nobody"
    else:
        why = "cannot be read" if age is None else f"could not be read for {format_age(age.total_seconds())}"
    if not settings.fallback:
        return UserGroup(id=group_id, disabled=True, note=f"Who is on call for {name} {why}.")
    groups = [find(fallback) for fallback in settings.fallback if is_group(fallback)]
    members = frozenset(filter(is_user, settings.fallback)).union(*(g.members for g in groups if g is not None))
    note = f"Who is on call for {name} {why}: {join_words(settings.fallback, 'and')} stand in."
    return UserGroup(id=group_id, members=members, note=note)
