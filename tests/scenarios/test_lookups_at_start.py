"""How often Foreman is asked before a start, and what starts at the same time share."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from playground.environment import Environment
from playground.foreman.world import World
from playground.sandbox import Fault, ReceivedRequest
from playground.slack import Message, Person
from tests.scenarios.steps import approve_request, eventually, jobs_received, make_request, wait_for_texts

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEMPLATE = '/foreman run template="Run Command - Script Default" hosts="{}" when="{}" because=patch'
FEATURE = '/foreman run feature="Run Script" bookmark="{}" when="{}" because=patch'
UPTIME = {"command": "uptime"}
SLOW_SECONDS = 0.4


@pytest.fixture(autouse=True)
def at_nine(env: Environment) -> None:
    """Begin at nine o'clock, long after what other tests have read."""
    env.clock.move_to(env.clock.now().astimezone(UTC).replace(hour=9, minute=0) + timedelta(days=1))


@pytest.fixture
def world(env: Environment) -> Iterator[World]:
    """Foreman's objects, as before after the test."""
    yield env.foreman.state.world
    env.foreman.state.world.change_template(189, text="<%= input('command') %>")


def lookups(env: Environment, since: int) -> Sequence[ReceivedRequest]:
    """The lookups that Foreman has received since the first so many requests, without those that poll jobs."""
    received = env.foreman.received_requests[since:]
    return [
        r for r in received if r.method == "GET" and "/job_invocations" not in r.path and "/recurring" not in r.path
    ]


async def approved(env: Environment, who: Person, line: str, hosts: str, when: str = "tomorrow 04:00") -> Message:
    """The card of an approved request."""
    return await approve_request(env, await make_request(who, line.format(hosts, when), UPTIME))


async def jobs_become(env: Environment, count: int, card: Message) -> None:
    await eventually(env, lambda: jobs_received(env) == count, lambda: f"{jobs_received(env)}: {card.text}")


def move_to_four(env: Environment, minutes: int = 0) -> None:
    """Move to four o'clock in Berlin tomorrow."""
    day = env.clock.now().astimezone(UTC) + timedelta(days=1)
    env.clock.move_to(day.replace(hour=3, minute=minutes, second=2))


async def start(env: Environment, who: Person, line: str, hosts: str) -> Sequence[ReceivedRequest]:
    """Let an approved request come to its start. Returns the lookups before its call."""
    card = await approved(env, who, line, hosts)
    calls, before = jobs_received(env), len(env.foreman.received_requests)
    move_to_four(env)
    await jobs_become(env, calls + 1, card)
    return lookups(env, before)


async def test_a_start_asks_foreman_at_most_five_things(env: Environment, alice: Person) -> None:
    asked = await start(env, alice, TEMPLATE, "name ~ web")
    assert 2 <= len(asked) <= 5, [r.path for r in asked]


async def test_a_start_by_feature_and_bookmark_asks_at_most_five_things(env: Environment, alice: Person) -> None:
    bookmark = next(b for b in env.foreman.state.world.bookmarks if b.controller == "hosts")
    asked = await start(env, alice, FEATURE, bookmark.name)
    assert 3 <= len(asked) <= 5, [r.path for r in asked]


async def test_at_most_three_lookups_follow_each_other(env: Environment, alice: Person) -> None:
    bookmark = next(b for b in env.foreman.state.world.bookmarks if b.controller == "hosts")
    card = await approved(env, alice, FEATURE, bookmark.name)
    calls, before = jobs_received(env), len(env.foreman.received_requests)
    env.foreman.faults.append(Fault("slow", ".*", "GET", seconds=SLOW_SECONDS, remaining=None))
    move_to_four(env)
    await jobs_become(env, calls + 1, card)
    assert 2 <= _waves([r.at for r in lookups(env, before)]) <= 3


def _waves(times: Sequence[datetime]) -> int:
    """Return how many groups of lookups follow each other: one begins where the slow answer to another was awaited."""
    waves: list[datetime] = []
    for at in sorted(times):
        if not waves or at - waves[-1] > timedelta(seconds=SLOW_SECONDS / 2):
            waves.append(at)
    return len(waves)


async def test_starts_at_the_same_time_share_their_lookups(env: Environment, alice: Person) -> None:
    cards = [await approved(env, alice, TEMPLATE, "name ~ web") for _ in range(4)]
    calls, before = jobs_received(env), len(env.foreman.received_requests)
    move_to_four(env)
    await jobs_become(env, calls + 4, cards[-1])
    assert len([r for r in lookups(env, before) if r.path == "/api/hosts"]) == 1


async def test_what_changed_after_shared_lookups_is_seen_a_little_later(
    env: Environment, alice: Person, world: World
) -> None:
    early = await approved(env, alice, TEMPLATE, "name ~ web")
    late = await approved(env, alice, TEMPLATE, "name ~ web", "tomorrow 04:01")
    calls = jobs_received(env)
    move_to_four(env)
    await jobs_become(env, calls + 1, early)
    world.change_template(189, text="reboot")
    env.clock.advance(timedelta(minutes=1))
    await wait_for_texts(late, "Waiting for approval", "text of template", env=env)
    assert jobs_received(env) == calls + 1


async def test_nothing_that_was_read_before_an_approval_is_used_after_it(
    env: Environment, alice: Person, world: World
) -> None:
    """A start reads the template, which changes. Somebody approves the change at once: their start reads it again."""
    early = await approved(env, alice, TEMPLATE, "name ~ web")
    calls = jobs_received(env)
    move_to_four(env)
    await jobs_become(env, calls + 1, early)
    world.change_template(189, text="reboot")
    card = await approved(env, alice, TEMPLATE, "name ~ web", "now")
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == calls + 2
