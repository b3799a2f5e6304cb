"""Whatever somebody does is on record under their name, is shown on the cards, and wakes those who act on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.errors import Conflict, ContentAltered
from bot.requests.model import Request
from bot.storage import audit, requests
from bot.usecases.approvals.decide import DecisionResult, load_decidable_request
from bot.usecases.approvals.delegate import delegate
from bot.usecases.approvals.end_delegation import end_delegation
from bot.usecases.approvals.retract import retract_decision
from bot.usecases.approvals.withdraw import withdraw
from bot.usecases.runs.cancel import cancel
from bot.usecases.runs.retry_unknown import retry_unknown
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"
expires = "30d"

[[policy.rules]]
name = "caches need two"
when = { targets = "cache*" }
quorum = 2
"""
CACHES = {"hosts": "name ~ cache"}


@dataclass
class Change:
    """What a block changed: entries of the audit trail, kinds of messages to be drawn again, and loops to wake."""

    entries: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    drawn: set[str] = field(default_factory=set)
    woken: set[str] = field(default_factory=set)

    @property
    def by(self) -> list[tuple[str, str]]:
        return [(actor, action) for actor, action, _ in self.entries]


@asynccontextmanager
async def watching(bot: Harness, request: Request | None = None) -> AsyncIterator[Change]:
    async def trail() -> list[audit.AuditEntry]:
        async with bot.services.db.read() as tx:
            return [entry async for entry in audit.entries(tx)]

    async def versions() -> dict[str, tuple[str, int]]:
        shown = await bot.messages(request) if request else []
        return {message.id: (message.kind, message.desired_version) for message in shown}

    change, before, length = Change(), await versions(), len(await trail())
    bot.forward(minutes=1)
    bot.woken()
    yield change
    change.woken = bot.woken()
    change.entries = [(e.actor.partition("/")[2] or e.actor, e.action, dict(e.data)) for e in (await trail())[length:]]
    after = await versions()
    change.drawn = {kind for id_, (kind, version) in before.items() if after[id_][1] > version}


@pytest.mark.parametrize("verdict", ["approved", "denied", "changes"])
async def test_a_decision(bot: Harness, verdict: str) -> None:
    request = await bot.request(**CACHES)
    async with watching(bot, request) as change:
        await bot.decide(request, "bob", verdict, comment="as agreed", interaction_context={"trigger": "1"})
    (entry,) = change.entries
    assert entry == (
        "U0BOB",
        f"request.{verdict}",
        {
            "revision": 1,
            "hash": request.content_hash,
            "comment": "as agreed",
            "trigger": "1",
            "rendered": request.version,
        },
    )
    assert change.drawn == {"approval", "receipt"}
    assert change.woken == {"sender", "scheduler"}


async def test_a_decision_that_was_taken_back(bot: Harness) -> None:
    request = await bot.request(**CACHES)
    await bot.decide(request)
    (given,) = await bot.decisions(request)
    async with watching(bot, request) as change:
        text = await retract_decision(bot.services, request.id, bot.person("bob"))
    assert text == f"Your decision on {request.name} does not count any more."
    assert change.entries == [("U0BOB", "request.taken_back", {"decision": given.id})]
    assert (change.drawn, change.woken) == ({"approval", "receipt"}, {"sender"})
    assert (await bot.reload(request)).version == request.version + 2


async def test_a_withdrawal(bot: Harness) -> None:
    request = await bot.request()
    async with watching(bot, request) as change:
        assert await withdraw(bot.services, request.id, bot.person("alice")) == f"{request.name} is withdrawn."
    assert change.entries == [("U0ALICE", "request.withdrawn", {})]
    assert (change.drawn, change.woken) == ({"approval", "receipt"}, {"sender"})
    after = await bot.reload(request)
    assert (after.finished_at, after.outcome) == (bot.now, "Withdrawn by the requester.")


async def test_a_cancellation_before_the_start(bot: Harness) -> None:
    request = await bot.approved(when="tomorrow 20:00")
    async with watching(bot, request) as change:
        await cancel(bot.services, request.id, bot.person("bob"))
    assert change.by[0] == ("U0BOB", "request.cancelled")
    assert change.drawn == {"approval", "receipt"}
    assert "sender" in change.woken


async def test_a_cancellation_of_what_runs(bot: Harness) -> None:
    request, run = await bot.started()
    async with watching(bot, request) as change:
        await cancel(bot.services, request.id, bot.person("alice"))
    first, second = change.entries
    assert first == ("U0ALICE", "request.cancelled", {"stopped": 0, "remaining": [run.id]})
    assert second[:2] == ("U0ALICE", "request.cancelled_in_backend")
    assert (second[2]["runs"], second[2]["failures"], len(second[2]["answers"])) == ([run.id], [], 1)
    assert change.drawn == {"approval", "receipt"}
    assert change.woken == {"sender", "watchers"}


async def test_a_delegation_and_its_end(bot: Harness) -> None:
    async with watching(bot) as made:
        await delegate(bot.services, await bot.actor("carol"), "U0DAVE", "2027-01-12 18:00")
    assert made.entries == [
        ("U0CAROL", "delegation.made", {"to": "U0DAVE", "until": "2027-01-12T18:00:00+00:00"}),
    ]
    async with watching(bot) as ended:
        await end_delegation(bot.services, bot.person("carol"))
    assert ended.entries == [("U0CAROL", "delegation.ended", {})]


async def test_a_person_who_says_that_it_did_not_run(bot: Harness) -> None:
    request, run = await bot.unknown()
    async with watching(bot, request) as change:
        assert await retry_unknown(bot.services, request.id, bot.person("alice")) == f"{request.name} is started again."
    assert change.entries == [("U0ALICE", "run.again", {"run": run.id})]
    assert (change.drawn, change.woken) == ({"approval", "receipt"}, {"scheduler", "sender"})
    assert (await bot.reload(request)).outcome == ""
    attempt = await bot.attempt(run)
    assert attempt is not None
    assert (attempt.state, attempt.problem) == ("refused", "A person said that it did not run.")


async def test_of_two_decisions_at_the_same_moment_the_second_is_told_that_it_came_too_late(bot: Harness) -> None:
    request = await bot.request()
    results = await asyncio.gather(
        bot.decide(request, "bob"), bot.decide(request, "carol", "denied", comment="no"), return_exceptions=True
    )
    assert {type(result) for result in results} == {DecisionResult, Conflict}
    assert len(await bot.decisions(request)) == 1
    (late,) = [result for result in results if isinstance(result, Conflict)]
    assert "was decided already" in str(late)


async def test_content_that_was_altered_in_the_database_stops_its_request_before_anything_is_asked(
    bot: Harness,
) -> None:
    request = await bot.request()
    altered = request.content.model_copy(update={"params": {**request.content.params, "description": "another"}})
    async with bot.services.db.write() as tx:
        await requests.transition(tx, request, request.state, content=altered)
    async with watching(bot, request) as change:
        with pytest.raises(ContentAltered):
            await load_decidable_request(bot.services, request.id, request.revision, bot.person("bob"))
    assert [(actor, action) for actor, action, _ in change.entries] == [("nightshift", "request.content_altered")]
    data = change.entries[0][2]
    assert (data["signed"], data["stored"], data["revision"]) == (request.content_hash, altered.hash, 1)
    assert (change.drawn, change.woken) == ({"approval", "receipt"}, {"sender"})
    assert await bot.decisions(request) == []
