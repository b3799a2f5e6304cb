"""A workspace of 50,000 people at the rates that Slack publishes: when the bot can be used, and what it asks Slack."""

import asyncio
import time
from collections.abc import Sequence

from benchmarks.harness import Harness, run_harness
from benchmarks.measurements import Measurement, at_most, below, informational
from playground.environment import Environment
from playground.slack.large import CHANNELS, GROUPS, LARGEST_GROUP, USERS, fill_workspace
from playground.slack.model import Message

READS = ("users.", "usergroups.", "conversations.info", "conversations.list", "conversations.members")
MAX_WAIT_SECONDS = 400.0


async def large_workspace(size: float) -> list[Measurement]:
    """The very first start, the listing of everybody, a decision, and a start with the stored directory."""
    began = 0.0

    def prepare(env: Environment) -> None:
        nonlocal began
        fill_workspace(
            env.slack.workspace,
            users=max(500, int(USERS * size)),
            groups=max(10, int(GROUPS * size)),
            largest=max(100, int(LARGEST_GROUP * size)),
            channels=max(100, int(CHANNELS * size)),
        )
        env.slack.faults.rate_limits = True
        began = time.monotonic()

    async with run_harness(prepare=prepare, NIGHTSHIFT_TIMING__DIGEST_SECONDS="60") as harness:
        first = await _approve(harness, await harness.make_request()) - began
        complete = await _listed(harness, began)
        card = await harness.make_request()
        await asyncio.sleep(2)
        before = _reads(harness)
        await _approve(harness, card)
        asked = _reads(harness) - before
        await harness.bot.stop()
        again = time.monotonic()
        await harness.bot.start()
        ready = time.monotonic() - again
        restart = await _approve(harness, await harness.make_request()) - again
        return [
            below("first start to an approved request", first, "s", 60),
            below("first start to everybody known", complete, "s", 300),
            below("restart to an approved request", restart, "s", 5),
            informational("of these, until the process is ready", ready, "s"),
            at_most("calls that read, for one decision", asked, "", 2),
            below("messages of limits to people", _limits_told(harness), "", 1),
            informational("answers 429 of Slack", _limited(harness), ""),
            informational("resident with everybody known", harness.memory_mb(), "MB"),
        ]


async def _approve(harness: Harness, card: Message) -> float:
    """Approve a request as a member of the largest group. Returns when that counted, on the monotonic clock."""
    approver = harness.load.approvers[0]
    pressing = asyncio.create_task(harness.load.approve(approver, card))
    latest = "SELECT id FROM requests ORDER BY number DESC LIMIT 1"
    async with asyncio.timeout(60):
        while not harness.rows(  # noqa: ASYNC110 (another process writes it)
            f"SELECT 1 FROM decisions WHERE request_id = ({latest})"
        ):
            await asyncio.sleep(0.02)
    counted = time.monotonic()
    await pressing
    return counted


async def _listed(harness: Harness, began: float) -> float:
    """Wait until all users are stored. Returns how long that took, in seconds; the maximum if they never were."""
    while time.monotonic() - began < MAX_WAIT_SECONDS:
        if harness.rows("SELECT 1 FROM directory_listings WHERE completed_at IS NOT NULL"):
            break
        await asyncio.sleep(0.2)
    return time.monotonic() - began


def _reads(harness: Harness) -> int:
    counts = harness.env.slack.journal.counts
    return sum(count for name, count in counts.items() if name.startswith(READS) and name != "users.list")


def _limited(harness: Harness) -> int:
    return sum(entry.error == "ratelimited" for entry in harness.env.slack.journal.entries)


def _limits_told(harness: Harness) -> int:
    """How often somebody was told that Slack limits the bot."""
    ephemerals: Sequence[Message] = [m for each in harness.env.slack.workspace.ephemerals.values() for m in each]
    return sum("limits how often" in message.text for message in ephemerals)
