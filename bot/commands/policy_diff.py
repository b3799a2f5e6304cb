"""``nightshift policy diff``: which of the latest requests another policy would have judged differently."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bot.clock import SystemClock
from bot.commands.policy import subject_of
from bot.configuration import read_policy
from bot.errors import ConfigError
from bot.requests.freezes.model import find_freeze_hits
from bot.requests.model import Request, Requirement
from bot.requests.policy.engine import Policy
from bot.requests.policy.evaluate import evaluate_authors
from bot.requests.policy.explain import headline
from bot.requests.spans import work_spans
from bot.settings import load_settings
from bot.storage.database import Database
from bot.storage.request_pages import requests_since
from bot.storage.schema_version import needs_migration
from bot.usecases.calendar_store import CalendarStore

_IN_WORDS_ONLY = {"reasons", "codes", "rules", "because", "freezes"}
"""Parts of a requirement that say why, not what."""
_LEFT_OUT = (
    "Not looked up: user groups, so each request is judged as if its authors were in none of them and in all of them; "
    "names of channels; budgets."
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
        return asyncio.run(
            _compare(settings.resolved_database_url, policies[0], policies[1], now - timedelta(days=days))
        )
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2


async def _compare(database_url: str, old: Policy, new: Policy, since: datetime) -> int:
    db = Database(database_url)
    count = different = 0
    try:
        async for judged in _judged_twice(db, old, new, since):
            count += 1
            if terms := changed_terms(judged.old, judged.new):
                different += 1
                groups = " (for some of the groups that its authors may be in)" if judged.depends_on_groups else ""
                print(f"{judged.name}{groups}\n  old: {headline(judged.old)}\n  new: {headline(judged.new)}")
                print(f"  differs in: {', '.join(terms)}")
    finally:
        await db.close()
    print(f"{different} of {count} requests since {since:%Y-%m-%d} would have been judged differently. {_LEFT_OUT}")
    return 1 if different else 0


async def _judged_twice(db: Database, old: Policy, new: Policy, since: datetime) -> AsyncIterator[JudgedTwice]:
    """Yield every request with the demands of both policies. If these differ for some groups of its authors only, it
    is judged for those."""
    calendars = {id(policy): CalendarStore(policy, SystemClock()) for policy in (old, new)}
    for store in calendars.values():
        for problem in await store.refresh():
            print(problem, file=sys.stderr)
    all_groups = old.requester_groups | new.requester_groups
    async for request in requests_since(db, since):
        readings = [
            tuple(_demand(policy, request, groups, calendars[id(policy)]) for policy in (old, new))
            for groups in (frozenset[str](), all_groups)
        ]
        differing = [pair for pair in readings if changed_terms(*pair)]
        first, second = (differing or readings)[0]
        yield JudgedTwice(request.name, first, second, len(differing) == 1)


def _demand(policy: Policy, request: Request, groups: frozenset[str], calendars: CalendarStore) -> Requirement:
    """Return what a policy demands of a request as it is now, at the time at which it was made."""
    former_groups = groups if request.taken_over_from else frozenset[str]()
    subject = subject_of(request, policy).model_copy(update={"groups": groups, "former_groups": former_groups})
    spans = work_spans(request.content.schedule, request.created_at, timedelta(seconds=policy.defaults.assume))
    hits = find_freeze_hits(policy.freezes, subject, spans, request.created_at, calendars.copies)
    editors = {editor.user: groups for editor in request.edited_by}
    return evaluate_authors(policy, subject, editors, hits, needs_people=bool(request.taken_over_from))


def changed_terms(old: Requirement, new: Requirement) -> tuple[str, ...]:
    """Return the terms in which two demands differ. The sentences about them do not count."""
    before, after = (requirement.model_dump(exclude=_IN_WORDS_ONLY) for requirement in (old, new))
    return tuple(name for name in before if before[name] != after[name])
