"""``nightshift policy explain``: which rules apply to a request, which do not, and why."""

import asyncio
import json
import re
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from bot.clock import SystemClock
from bot.errors import ConfigError, NightshiftError
from bot.requests.freezes.model import FreezeHit, find_freeze_hits
from bot.requests.model import Request
from bot.requests.policy.engine import Policy
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.explain import explain
from bot.requests.policy.load import load_policy
from bot.requests.spans import start_times, work_spans
from bot.requests.subject import Subject
from bot.settings import load_settings, named_path
from bot.storage import requests
from bot.storage.database import Database
from bot.usecases.calendar_store import CalendarStore


def run(request: str, config: Path | None) -> int:
    """Explain a stored request, or a Subject in a JSON file. Return the exit status. The user groups of the requester
    of a stored request are not looked up."""
    path = named_path(config)
    if path is None:
        print("Name the configuration: --config FILE or NIGHTSHIFT_CONFIG.", file=sys.stderr)
        return 2
    try:
        zone = load_settings(path).channels.default_zone
        policy = load_policy(path.read_text(), str(path), now=datetime.now(UTC), default_zone=zone)
        number = re.fullmatch(r"(?:NS-)?(\d{1,9})", request, re.IGNORECASE)
        if number is None:
            subject = Subject.model_validate(json.loads(Path(request).read_text()))
        else:
            subject = asyncio.run(_load_subject(int(number[1]), path, policy))
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    except (NightshiftError, OSError, ValueError, ValidationError, tomllib.TOMLDecodeError) as error:
        print(error, file=sys.stderr)
        return 2
    hits, problems = asyncio.run(_freeze_hits(policy, subject))
    for problem in problems:
        print(problem, file=sys.stderr)
    for line in explain(policy, subject, evaluate(policy, subject, hits)):
        print(line)
    return 0


async def _freeze_hits(policy: Policy, subject: Subject) -> tuple[tuple[FreezeHit, ...], list[str]]:
    """Return the freezes that a request touches now, and which calendars cannot be read."""
    calendars = CalendarStore(policy, SystemClock())
    problems, now = await calendars.refresh(), datetime.now(UTC)
    run_spans = work_spans(subject.schedule, now, timedelta(seconds=policy.defaults.assume))
    return find_freeze_hits(policy.freezes, subject, run_spans, now, calendars.copies), problems


async def _load_subject(number: int, config: Path, policy: Policy) -> Subject:
    db = Database(load_settings(config).resolved_database_url)
    try:
        async with db.read() as tx:
            return subject_of(await requests.by_number(tx, number), policy)
    finally:
        await db.close()


def subject_of(request: Request, policy: Policy) -> Subject:
    """Return a stored request as policy sees it, without the requester's user groups."""
    return Subject(
        backend=request.content.backend,
        operation=request.content.operation,
        facts=request.facts,
        requester=request.requester.user,
        channel=request.channel,
        targets=request.targets.count,
        names=request.targets.names,
        noun=request.targets.noun,
        query=str(request.facts.get("query", "")),
        schedule=request.content.schedule,
        starts=start_times(request.content.schedule, request.created_at, policy.defaults.zone),
        run_seconds=policy.defaults.assume,
        reason=request.reason,
        change=request.content.change,
        emergency=request.content.emergency,
    )
