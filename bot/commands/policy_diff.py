"""``nightshift policy diff``: which of the latest requests another policy would have judged differently."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bot.clock import SystemClock
from bot.commands.policy import subject_of
from bot.configuration import read_policy
from bot.errors import ConfigError, SlackSilent
from bot.requests.freezes.model import find_freeze_hits
from bot.requests.model import Request, Requirement
from bot.requests.policy.engine import Policy
from bot.requests.policy.evaluate import evaluate_authors
from bot.requests.policy.explain import headline
from bot.requests.spans import work_spans
from bot.requests.subject import Subject
from bot.settings import Settings, load_settings
from bot.slack.groups import SlackUserGroups
from bot.slack.live_directory import policy_group_names
from bot.slack.users import SlackDirectory
from bot.storage.database import Database
from bot.storage.request_pages import requests_since
from bot.storage.schema_version import needs_migration
from bot.usecases.calendar_store import CalendarStore
from bot.wiring import build_directory

GroupsOf = Callable[[str], frozenset[str]]
"""Returns the groups of a user, as policy names them."""
_IN_WORDS_ONLY = {"reasons", "codes", "rules", "because", "freezes"}
"""Parts of a requirement that say why, not what."""
_WITH_SLACK = "Groups and names of channels are as Slack tells them now. Not looked up: budgets."
_WITHOUT_SLACK = (
    "Slack was not asked or did not answer, so each request is judged as if its authors were in no user group, and as "
    "if they were in all of them; its channel has no name. Not looked up: budgets."
)


class JudgedTwice(NamedTuple):
    """What two policies demand of one request."""

    name: str
    old: Requirement
    new: Requirement
    depends_on_groups: bool


def run(old: Path, new: Path, days: int, config: Path | None) -> int:
    """Print the requests that are judged differently. Return the exit status: 0 if there is none, 1 if there are, 2 if
    something cannot be read."""
    try:
        settings = load_settings(config)
        if needs_migration(settings.resolved_database_url):
            raise ConfigError(["The database is missing or not up to date; run nightshift migrate."])
        now = datetime.now(UTC)
        policies = [read_policy(path, now, settings.channels.default_zone, strict_tests=False) for path in (old, new)]
        return asyncio.run(compare(settings, policies[0], policies[1], now - timedelta(days=days)))
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2


async def compare(settings: Settings, old: Policy, new: Policy, since: datetime) -> int:
    """Print the requests since a moment that two policies judge differently. Return the exit status."""
    db = Database(settings.resolved_database_url)
    workspace = await _Workspace.read(settings, new)
    count = different = 0
    try:
        async for judged in _judged_twice(db, workspace, old, new, since):
            count += 1
            if terms := changed_terms(judged.old, judged.new):
                different += 1
                groups = " (for some of the groups that its authors may be in)" if judged.depends_on_groups else ""
                print(f"{judged.name}{groups}\n  old: {headline(judged.old)}\n  new: {headline(judged.new)}")
                print(f"  differs in: {', '.join(terms)}")
    finally:
        await db.close()
    how = _WITHOUT_SLACK if workspace.groups is None else _WITH_SLACK
    print(f"{different} of {count} requests since {since:%Y-%m-%d} would have been judged differently. {how}")
    return 1 if different else 0


@dataclass(frozen=True, slots=True)
class _Workspace:
    """What Slack tells of groups and channels. ``groups`` is None if it does not tell."""

    directory: SlackDirectory | None = None
    groups: SlackUserGroups | None = None

    @classmethod
    async def read(cls, settings: Settings, policy: Policy) -> "_Workspace":
        """Ask Slack, if there is a token for it."""
        if not settings.slack_bot_token.get_secret_value():
            return cls()
        directory = build_directory(settings, policy, SystemClock())
        try:
            return cls(directory, await directory.groups())
        except SlackSilent as error:
            print(error, file=sys.stderr)
            return cls(directory)

    async def channel_name(self, channel: str) -> str:
        """Return the name of a channel; "" if it is not known."""
        return (await self.directory.channel_name(channel) or "") if self.directory is not None else ""

    def groups_of(self, user: str) -> frozenset[str]:
        """Return the groups of a user as policy names them. Only where Slack tells groups."""
        return policy_group_names(self.groups.containing(user)) if self.groups is not None else frozenset()

    def is_missing(self, name: str) -> bool:
        """Return whether Slack tells that a group does not exist or is disabled."""
        group = self.groups.find(name) if self.groups is not None else None
        return self.groups is not None and (group is None or group.disabled)


async def _judged_twice(
    db: Database, workspace: _Workspace, old: Policy, new: Policy, since: datetime
) -> AsyncIterator[JudgedTwice]:
    """Yield every request with the demands of both policies. Without Slack, one whose demands differ for some groups of
    its authors only is judged for those."""
    calendars = {id(policy): CalendarStore(policy, SystemClock()) for policy in (old, new)}
    for store in calendars.values():
        for problem in await store.refresh():
            print(problem, file=sys.stderr)
    all_groups = old.requester_groups | new.requester_groups
    guesses: list[GroupsOf] = [lambda user: frozenset(), lambda user: all_groups]
    async for request in requests_since(db, since):
        channel = await workspace.channel_name(request.channel)
        readings = [
            tuple(
                _demand(policy, _subject(policy, request, workspace, groups_of, channel), request, groups_of, calendars)
                for policy in (old, new)
            )
            for groups_of in (guesses if workspace.groups is None else [workspace.groups_of])
        ]
        differing = [pair for pair in readings if changed_terms(*pair)]
        first, second = (differing or readings)[0]
        yield JudgedTwice(request.name, first, second, len(differing) < len(readings))


def _subject(
    policy: Policy, request: Request, workspace: _Workspace, groups_of: GroupsOf, channel_name: str
) -> Subject:
    """Return a request as a policy sees it."""
    former = [groups_of(person.user) for person in request.taken_over_from]
    return subject_of(request, policy).model_copy(
        update={
            "groups": groups_of(request.requester.user),
            "former_groups": frozenset[str]().union(*former),
            "missing_groups": frozenset(filter(workspace.is_missing, policy.requester_groups)),
            "channel_name": channel_name,
        }
    )


def _demand(
    policy: Policy,
    subject: Subject,
    request: Request,
    groups_of: GroupsOf,
    calendars: Mapping[int, CalendarStore],
) -> Requirement:
    """Return what a policy demands of a request as it is now, at the time at which it was made."""
    spans = work_spans(request.content.schedule, request.created_at, timedelta(seconds=policy.defaults.assume))
    hits = find_freeze_hits(policy.freezes, subject, spans, request.created_at, calendars[id(policy)].copies)
    editors = {editor.user: groups_of(editor.user) for editor in request.edited_by}
    return evaluate_authors(policy, subject, editors, hits, needs_people=bool(request.taken_over_from))


def changed_terms(old: Requirement, new: Requirement) -> tuple[str, ...]:
    """Return the terms in which two demands differ. The sentences about them do not count."""
    before, after = (requirement.model_dump(exclude=_IN_WORDS_ONLY) for requirement in (old, new))
    return tuple(name for name in before if before[name] != after[name])
