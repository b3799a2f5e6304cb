"""The scenarios: each measures one thing that people would notice, and compares it with its target."""

import asyncio
import itertools
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bulk import finished_million, waiting_and_watched
from benchmarks.commits import commits
from benchmarks.conflicts import conflicts
from benchmarks.harness import Harness, run_harness
from benchmarks.imports import imports
from benchmarks.large_workspace import large_workspace
from benchmarks.load import PayloadFactory, flood, steady
from benchmarks.measurements import Measurement, at_least, below, informational, percentile
from benchmarks.page import page
from benchmarks.starts import starts
from bot.backends.base import BackendContext
from bot.backends.opsramp.connection import OpsRampConnection
from bot.backends.opsramp.settings import OpsRampSettings
from bot.clock import SystemClock
from bot.configuration import checked_policy
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.load import load_policy
from bot.requests.subject import Subject
from bot.schedule import Now, read
from bot.settings import Settings, installed_kinds
from playground.environment import SECRETS
from playground.opsramp import OpsRampSandbox
from playground.server import serve
from playground.slack.model import User
from playground.slack.transport import payloads
from playground.slack.transport.delivery import HttpTransport
from tests.crash.process import free_port, wait_ready

Scenario = Callable[[float], Awaitable[Sequence[Measurement]]]


async def start_and_idle(size: float) -> list[Measurement]:
    """Start to ready, stop to exit, the form's first opening, and what an idle bot uses."""
    starts: list[float] = []
    stops: list[float] = []
    async with run_harness() as harness:
        for _ in range(3):
            await harness.bot.stop()
            stops.append(harness.bot.exit_seconds)
            began = time.perf_counter()
            await harness.bot.start()
            starts.append(time.perf_counter() - began)
        opened = [await _time_to_form(harness) for _ in range(max(10, int(60 * size)))][5:]
        await asyncio.sleep(3)
        share = await harness.cpu_percent(max(5.0, 20 * size))
        return [
            below("start to ready", median(starts), "s", 2),
            below("SIGTERM to exit, worst", max(stops), "s", 15),
            below("command to views.open, median", median(opened), "ms", 50),
            informational("command to views.open, p99", percentile(opened, 0.99), "ms"),
            below("idle: resident", harness.memory_mb(), "MB", 200),
            below("idle: processor", share, "%", 3),
        ]


async def _time_to_form(harness: Harness) -> float:
    """Milliseconds from the command's leaving Slack to views.open's arrival there."""
    opened: list[float] = []

    def look(change: Any) -> None:
        if change.kind == "view":
            opened.append(time.perf_counter())

    end = harness.env.slack.subscribe(look)
    began = time.perf_counter()
    try:
        await harness.alice.command("/foreman", channel="#ops", settle_timeout=2.0)
        await asyncio.sleep(0.1)
    finally:
        end()
        harness.env.slack.workspace.stacks.pop(harness.alice.id, None)
    return (opened[0] - began) * 1000


async def interactive(size: float) -> list[Measurement]:
    """Interactions that write nothing, against a bare Bolt app with empty handlers on the same machine."""
    seconds = max(2.0, 8 * size)
    figures: list[Measurement] = []
    async with run_harness() as harness:
        card = await harness.make_request(approve=True)
        makes = await _read_payloads(harness, card)
        port = free_port()
        baseline = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.baseline", str(port), env={**os.environ, **harness.env.env_vars}
        )
        try:
            await wait_ready(port)
            bare = HttpTransport([f"http://127.0.0.1:{port}/slack/events"], harness.env.slack.signing_secret)
            for name, make in makes.items():
                empty = await flood(bare, make, seconds)
                ours = await flood(harness.transport, make, seconds)
                half = await steady(harness.transport, make, max(1.0, ours.rate / 2), seconds)
                figures += [
                    informational(f"{name}: bare Bolt", empty.rate, "1/s"),
                    informational(f"{name}: the bot", ours.rate, "1/s"),
                    at_least(f"{name}: the bot / bare Bolt", ours.rate / empty.rate, "", 0.5),
                    below(f"{name}: p99 at half load", half.p99, "ms", 250),
                    below(f"{name}: deadlines missed", ours.missed_deadlines + half.missed_deadlines, "", 1),
                ]
            await bare.close()
        finally:
            baseline.terminate()
            await baseline.wait()
    return figures


async def _read_payloads(harness: Harness, card: Any) -> dict[str, PayloadFactory]:
    person = harness.bob
    await person.command("/foreman", channel="#ops", settle_timeout=3.0)
    modal = await person.modal()
    await harness.env.slack.wait_until(lambda: "Template" in modal.labels, 10)
    element, view = modal.field("Template"), modal.container
    letters = itertools.cycle("abcdefghijklmnop")

    def lookup() -> Any:
        block_id, action_id = element.key
        state = harness.env.slack.workspace
        return "interactive", payloads.block_suggestion(state, person.user, view, block_id, action_id, next(letters))

    request_id = harness.rows("SELECT id FROM requests ORDER BY number DESC LIMIT 1")[0][0]
    return {
        "option lookup": lookup,
        "list": lambda: harness.command_payload("/nightshift", "list"),
        "click on a decided card": lambda: harness.button_payload(card, "approve", f"{request_id}:1", "decision"),
    }


async def approvers(size: float) -> list[Measurement]:
    """A hundred people press Approve on one card at once; twenty copies of a card are updated."""
    many = 100
    async with run_harness() as harness:
        card = await harness.make_request()
        state = harness.env.slack.workspace
        people = [User(state.new_id("U"), f"many{n}", f"Many {n}", state.team.id) for n in range(many)]
        for user in people:
            state.users[user.id] = user
            state.channel_by_name("#approvals").members.add(user.id)
        harness.env.slack.admin.set_group("sre", [*(user.name for user in people), "bob"])
        await asyncio.sleep(0.5)
        # Twenty more copies of the card, as they are sent to approvers one by one.
        at = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
        for user in people[:20]:
            harness.execute(
                "INSERT INTO messages (id, request_id, kind, recipient, facts, desired_version, shown_version, "
                "channel, ts, state, send_failures, retry_at, problem, created_at) "
                "SELECT 'x' || ?, request_id, kind, ?, facts, 1, 0, '', '', 'due', 0, "
                "?, '', created_at FROM messages WHERE kind = 'approval' LIMIT 1",
                user.id, user.id, at,
            )  # fmt: skip
        await harness.env.slack.wait_until(lambda: len(_card_copies(harness)) >= 21, 60)
        await asyncio.sleep(3)
        began = time.perf_counter()
        outcomes = await asyncio.gather(
            *(harness.env.slack.person(user.name).surface_of(card).click("Approve") for user in people)
        )
        waited = [outcome.ack_ms for outcome in outcomes]
        right = 0.0
        try:
            await harness.env.slack.wait_until(
                lambda: not any("Approve" in copy.buttons for copy in _card_copies(harness)), 60
            )
        finally:
            right = time.perf_counter() - began
        await asyncio.sleep(1)
        decided = harness.rows("SELECT count(*) FROM decisions")[0][0]
        runs = harness.rows("SELECT count(*) FROM runs")[0][0]
        answered = sum(bool(outcome.ephemeral_texts or outcome.modal or outcome.changes) for outcome in outcomes)
        return [
            below("100 approvers at once: errors", sum(bool(o.error) for o in outcomes), "", 1),
            at_least("100 approvers at once: answered", answered, "", many),
            Measurement("100 approvers at once: decisions", decided, "", "= 1", decided == 1),
            Measurement("100 approvers at once: runs", runs, "", "= 1", runs == 1),
            informational("100 approvers at once: p99 acknowledgement", percentile(waited, 0.99), "ms"),
            below("20 copies of a card are right after", right, "s", 2),
        ]


def _card_copies(harness: Harness) -> list[Any]:
    return [
        m
        for m in harness.env.slack.workspace.posts
        if m.metadata and "NS-1" in m.text and m.user == harness.env.slack.workspace.bot.id
    ]


async def policy(size: float) -> list[Measurement]:
    """A decision with five hundred rules, and loading the policies of docs/policies."""
    rules = "\n".join(
        f'[[policy.rules]]\nname = "rule {n}"\nwhen = {{ min_targets = {n}, targets = "*.r{n}.example.com" }}\n'
        'approvers = ["@sre"]'
        for n in range(500)
    )
    text = f'[policy]\napprovers = ["@sre"]\n{rules}'
    found = load_policy(text, "benchmark", now=datetime.now(UTC))
    subject = Subject(
        backend="foreman.main", operation="foreman.run", requester="U1", targets=500,
        names=tuple(f"web{n}.example.com" for n in range(500)), schedule=Now(),
        starts=(datetime.now(UTC),),
    )  # fmt: skip
    times = []
    for _ in range(max(50, int(500 * size))):
        began = time.perf_counter()
        evaluate(found, subject)
        times.append((time.perf_counter() - began) * 1000)
    return [
        below("decision with 500 rules, median", median(times), "ms", 1),
        informational("p99", percentile(times, 0.99), "ms"),
        below("loading the policy of 40 customers, worst", max(_seconds_to_load("msp") for _ in range(5)), "s", 0.3),
    ]


def _seconds_to_load(name: str) -> float:
    """Seconds for reading and checking a policy of docs/policies, without playing its tests."""
    installed_kinds()  # imports the back ends, as every start does anyway
    file = Path(__file__).parents[1] / "docs" / "policies" / f"{name}.toml"
    began = time.perf_counter()
    checked_policy(file, Settings(), datetime.now(UTC), strict_tests=False)
    return time.perf_counter() - began


async def time_parsing(size: float) -> list[Measurement]:
    """Reading phrases that name a time."""
    phrases = ("now", "tomorrow 21:00", "every day at 06:00", "2026-12-24 03:00 Europe/Berlin", "next friday at noon",
            "in 2 hours", "every second tuesday 22:30 until march")  # fmt: skip
    times = []
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    for n, phrase in zip(range(max(70, int(700 * size))), itertools.cycle(phrases), strict=False):
        began = time.perf_counter()
        read(phrase, now=now + timedelta(minutes=n), zone="Europe/Berlin")
        times.append((time.perf_counter() - began) * 1000)
    return [
        informational("reading a time, median", median(times[len(phrases) :]), "ms"),
        informational("reading a time, p99", percentile(times[len(phrases) :], 0.99), "ms"),
    ]


async def many_hosts(size: float) -> list[Measurement]:
    """Lookups and a preview where there are ten thousand hosts."""
    async with run_harness(hosts=10_000) as harness:
        person = harness.alice
        await person.command("/foreman", channel="#ops", settle_timeout=3.0)
        modal = await person.modal()
        await harness.env.slack.wait_until(lambda: "Template" in modal.labels, 10)
        times = []
        for query in ("run", "serv", "pack", "ansible") * 3:
            began = time.perf_counter()
            await modal.search("Template", query)
            times.append(time.perf_counter() - began)
        harness.env.slack.workspace.stacks.pop(person.id, None)
        began = time.perf_counter()
        line = '/foreman run template="Run Command - Script Default" hosts="os = RedHat" when="now" because="b"'
        await person.command(line, channel="#ops", settle_timeout=3.0)
        modal = await person.modal()
        await harness.env.slack.wait_until(lambda: "command" in modal.labels, 10)
        await modal.fill({"command": "uptime"})
        began = time.perf_counter()
        await modal.submit()
        await harness.env.slack.wait_until(lambda: "Request approval" in modal.text, 20)
        preview = time.perf_counter() - began
    return [
        below("lookup with 10,000 hosts, worst", max(times), "s", 1),
        below("preview of thousands of hosts", preview, "s", 1),
        below("lookups with 10,000 OpsRamp devices", await _search_devices(10_000), "s", 3),
    ]


async def _search_devices(count: int) -> float:
    """Seconds for two searches among a tenant's devices."""
    os.environ.update(SECRETS)
    clock = SystemClock()
    sandbox = OpsRampSandbox(clock, devices=count)
    async with serve(sandbox.app) as url:
        references = {"key": "env:SANDBOX_OPSRAMP_KEY", "secret": "env:SANDBOX_OPSRAMP_SECRET"}
        settings = OpsRampSettings.model_validate({**sandbox.settings(url), **references})
        connection = OpsRampConnection("opsramp.main", settings, BackendContext(clock))
        began = time.perf_counter()
        for query in ("nyc-sql-", f"nyc-sql-{count - 19}"):
            await connection.operations["opsramp.update_job"].lookup("entities", query, {})
        took = time.perf_counter() - began
        await connection.close()
    return took


SCENARIOS: dict[str, Scenario] = {
    "start": start_and_idle,
    "import": imports,
    "interactive": interactive,
    "commits": commits,
    "approvers": approvers,
    "policy": policy,
    "when": time_parsing,
    "hosts": many_hosts,
    "conflicts": conflicts,
    "starts": starts,
    "waiting": waiting_and_watched,
    "million": finished_million,
    "large": large_workspace,
    "page": page,
}
