"""A whole story played as text with the real bot, over HTTP and then over Socket Mode."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import logs
from playground.environment import Environment, Transport, run_bot, run_environment
from playground.slack import NotVisible
from playground.story import foreman, immybot, opsramp
from playground.story.narrator import Narrator, StoryError

Scene = Callable[[Narrator], Awaitable[None]]

SCENES: tuple[Scene, ...] = (
    foreman.run_now,
    foreman.run_later,
    foreman.deny_with_reason,
    foreman.own_request_refused,
    foreman.two_approvers,
    foreman.failed_hosts,
    foreman.series,
    opsramp.update,
    immybot.maintenance,
)
TRANSPORTS: tuple[tuple[Transport, str], ...] = (("http", "HTTP"), ("socket", "Socket Mode"))


def run(journal: Path | None = None) -> int:
    """Play the story and print it. Returns 0 if every request ended as the story says, else 1 with the reason on
    standard error. ``journal`` gets every Slack exchange as JSON lines. NIGHTSHIFT_DATABASE_URL names the database;
    without it the story has a SQLite of its own."""
    logs.configure_logging("ERROR", as_json=False)
    with TemporaryDirectory(prefix="nightshift-story-") as directory:
        problem = asyncio.run(_play_all(Path(directory), journal))
    if problem:
        print(f"\nThe story went wrong. {problem}", file=sys.stderr)
        return 1
    print("\nEvery request ended as the story says.")
    return 0


async def _play_all(directory: Path, journal: Path | None) -> str:
    """Play every scene over each transport in one environment. Returns what went wrong, or ""."""
    database = os.environ.get("NIGHTSHIFT_DATABASE_URL", "")
    async with run_environment(directory, database_url=database, journal=journal) as env:
        env.clock.move_to(_next_morning(env))
        for transport, words in TRANSPORTS:
            print(f"\n#### Over {words} ####")
            async with run_bot(env, transport):
                problem = await _play_scenes(env)
            if problem:
                return f"Over {words}: {problem}"
    return ""


def _next_morning(env: Environment) -> datetime:
    """Ten or eleven o'clock in Berlin, so that six in the morning is far away whenever the story is played."""
    now = env.clock.now()
    today = now.replace(hour=9, minute=0, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


async def _play_scenes(env: Environment) -> str:
    """Play the scenes once. Returns what went wrong, or ""."""
    tell = Narrator(env)
    for scene in SCENES:
        try:
            await scene(tell)
        except (StoryError, NotVisible, TimeoutError) as error:
            return f"In the scene {scene.__module__.rpartition('.')[2]}.{scene.__name__}: {error}"
    answers = [entry for entry in env.slack.journal.entries if entry.kind == "answer"]
    return f"Slack could not use an answer of the bot: {answers[0].error}" if answers else ""
