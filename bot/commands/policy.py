"""``nightshift policy explain``: which rules apply to a request, which do not, and why."""

import asyncio
import re
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import ValidationError

from bot.clock import SystemClock
from bot.commands.described_request import read_described_request
from bot.configuration import known_names
from bot.errors import ConfigError, NightshiftError
from bot.requests.freezes.model import FreezeHit, find_freeze_hits
from bot.requests.model import Request
from bot.requests.policy.engine import Policy
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.explain import explain
from bot.requests.policy.load import load_policy
from bot.requests.policy.unknown_inputs import complete_subject, unknown_sentence
from bot.requests.spans import start_times, work_spans
from bot.requests.subject import Subject, all_facts
from bot.settings import load_settings, named_path
from bot.usecases.calendar_store import CalendarStore
from bot.usecases.explain_request import ExplainedRequest, explain_request
from bot.wiring import build_services

Effect: TypeAlias = Literal["ask", "approve", "refuse"]


def run(request: str, config: Path | None, expect: Effect | None = None) -> int:
    """Explain a stored request, or one that a JSON file describes. Return the exit status: with ``expect`` it is 1
    for what is refused, and if something else comes out; 2 if something cannot be read."""
    path = named_path(config)
    if path is None:
        print("Name the configuration: --config FILE or NIGHTSHIFT_CONFIG.", file=sys.stderr)
        return 2
    try:
        number = re.fullmatch(r"(?:NS-)?(\d{1,9})", request, re.IGNORECASE)
        found = _explain_stored(int(number[1]), path) if number else _explain_file(Path(request), path)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    except (NightshiftError, OSError, ValueError, ValidationError, tomllib.TOMLDecodeError) as error:
        print(error, file=sys.stderr)
        return 2
    for line in found.lines:
        print(line)
    if expect is None or (expect == found.effect and expect != "refuse"):
        return 0
    if expect == found.effect:
        print("Refused, as expected. The exit status is 1 for everything that is refused.", file=sys.stderr)
    else:
        print(f"Expected {expect}, but it is {found.effect}.", file=sys.stderr)
    return 1


@dataclass(frozen=True, slots=True)
class _Explanation:
    effect: Effect
    lines: tuple[str, ...]


def _explain_stored(number: int, path: Path) -> _Explanation:
    services = build_services(load_settings(path), path)

    async def explained() -> ExplainedRequest:
        try:
            _print_problems(await services.policy.calendars.refresh())
            return await explain_request(services, number)
        finally:
            for backend in services.backends.values():
                await backend.connection.close()
            await services.db.close()

    found = asyncio.run(explained())
    lines = explain(services.policy.policy, found.subject, found.requirement)
    return _Explanation(found.requirement.effect, (*lines, *found.notes))


def _explain_file(file: Path, path: Path) -> _Explanation:
    now = datetime.now(UTC)
    settings = load_settings(path)
    policy = load_policy(path.read_text(), str(path), now=now, default_zone=settings.channels.default_zone)
    subject = complete_subject(policy, read_described_request(file, known_names(settings)), now)
    requirement = evaluate(policy, subject, asyncio.run(_freeze_hits(policy, subject)))
    unknown = unknown_sentence(policy, subject)
    lines = explain(policy, subject, requirement)
    return _Explanation(requirement.effect, (*lines, *filter(None, (unknown,))))


async def _freeze_hits(policy: Policy, subject: Subject) -> tuple[FreezeHit, ...]:
    """Return the freezes that a request touches now. Calendars that cannot be read are named."""
    calendars = CalendarStore(policy, SystemClock())
    _print_problems(await calendars.refresh())
    now = datetime.now(UTC)
    run_spans = work_spans(subject.schedule, now, timedelta(seconds=policy.defaults.assume))
    return find_freeze_hits(policy.freezes, subject, run_spans, now, calendars.copies)


def _print_problems(problems: Sequence[str]) -> None:
    for problem in problems:
        print(problem, file=sys.stderr)


def subject_of(request: Request, policy: Policy) -> Subject:
    """Return a stored request as policy sees it, without the requester's user groups."""
    return Subject(
        backend=request.content.backend,
        operation=request.content.operation,
        facts=all_facts(request.facts, request.targets),
        known_for=request.targets.known_for,
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
