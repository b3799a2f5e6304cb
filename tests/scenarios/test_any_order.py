"""Random actions of people in random order, with restarts of the bot in between: the invariants hold.

Never started without a quorum over the content that was started, never in a hard freeze, never twice; every click is
answered; what is over stays over.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.requests.lifecycle import FINAL_STATES
from bot.requests.model import Decision, Request
from bot.storage import requests, runs
from playground.environment import Environment, run_bot, run_environment
from playground.slack import Message, NotVisible, Person
from tests.scenarios.steps import confirm_request, job_requests, make_request, press_preview

QUORUM = 2
POLICY = """
[policy]
approvers = ["@sre"]
quorum = 2
expires = "4h"

[[policy.freezes]]
name = "the night"
when = "every day at 23:00 for 4 hours"
zone = "UTC"
"""
LINE = '/foreman run template="Run Command - Script Default" hosts="name ~ web" when=now because=patch'

people = st.sampled_from(["alice", "bob", "carol", "dave", "mallory"])
which = st.integers(0, 3)
actions = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(["alice", "bob", "dave"])),
    st.tuples(st.just("click"), people, st.sampled_from(["Approve", "Approve", "Undo my approval", "Withdraw"]), which),
    st.tuples(st.just("deny"), people, which),
    st.tuples(st.just("edit"), st.sampled_from(["alice", "bob", "dave"]), which),
    st.tuples(st.just("wait"), st.sampled_from([5, 120, 300, 900])),
    st.tuples(st.just("group"), st.sampled_from([["bob", "carol"], ["bob"], ["carol", "dave"], []])),
    st.tuples(st.just("restart")),
)


@dataclass
class Simulation:
    """The state of a simulation."""

    env: Environment
    names: list[str] = field(default_factory=list)
    final_states: dict[str, str] = field(default_factory=dict)
    edits: int = 0

    async def perform(self, action: Sequence[object]) -> None:
        """Perform one action, as a person would."""
        match action:
            case ("ask", str() as who):
                await self._ask(who)
            case ("click", str() as who, str() as button, int() as number) if self.names:
                await self._click(who, button, self._card(number))
            case ("deny", str() as who, int() as number) if self.names:
                await self._deny(who, self._card(number))
            case ("edit", str() as who, int() as number) if self.names:
                await self._edit(who, self._card(number))
            case ("wait", int() as minutes):
                self.env.clock.advance(timedelta(minutes=minutes))
            case ("group", list() as names):
                self.env.slack.admin.set_group("@sre", names)
                await asyncio.sleep(0.02)

    def _card(self, number: int) -> Message:
        name = self.names[number % len(self.names)]
        bob = self.env.slack.person("bob")
        return next(m for m in bob.messages("#approvals") if f"{name} ·" in m.text and not m.thread_ts)

    async def _ask(self, who: str) -> None:
        person = self.env.slack.person(who)
        try:
            name = await make_request(person, LINE, {"command": "uptime"})
        except (AssertionError, TimeoutError):
            # If nobody could approve it or the time is frozen, the form says so and there is no request.
            await _close_modals(person)
            return
        self.names.append(name)
        await self.env.slack.person("bob").wait_for(f"{name} ·", where="#approvals")

    async def _click(self, who: str, button: str, card: Message) -> None:
        person = self.env.slack.person(who)
        if card.channel not in person.channels:
            return
        try:
            reply = await person.click(button, card)
        except NotVisible:
            return
        await self.env.slack.wait_until(lambda: reply.ephemeral_texts or reply.error or person.stack)
        assert not reply.error, reply
        if person.stack:
            modal = await person.modal()
            await self.env.slack.wait_until(lambda: "Looking again at what" not in modal.text)
            if "Approve anyway" in modal.buttons:
                await modal.click("Approve anyway")
                await self.env.slack.wait_until(lambda: "Approve anyway" not in modal.text)
        await _close_modals(person)

    async def _deny(self, who: str, card: Message) -> None:
        person = self.env.slack.person(who)
        if card.channel not in person.channels or "Deny" not in card.buttons:
            return
        reply = await person.click("Deny", card)
        await self.env.slack.wait_until(lambda: reply.ephemeral_texts or person.stack)
        if person.stack:
            question = await person.modal()
            await question.fill({"Why?": "no"})
            await question.submit()
        await _close_modals(person)

    async def _edit(self, who: str, card: Message) -> None:
        person = self.env.slack.person(who)
        if card.channel not in person.channels or "Edit" not in card.buttons:
            return
        await person.click("Edit", card)
        form = await person.modal()
        await self.env.slack.wait_until(lambda: "Loading…" not in form.text)
        if "command" in form.labels:
            self.edits += 1
            await form.fill({"command": f"uptime {self.edits}"})
            # An invalid form (a freeze, nobody left to approve) says so and changes nothing.
            with suppress(AssertionError, TimeoutError):
                await confirm_request(await press_preview(form))
        await _close_modals(person)

    async def check_invariants(self) -> None:
        """Check what must hold at every moment."""
        for request, decisions in (await self._stored_requests()).values():
            before = self.final_states.get(request.id)
            assert before is None or before == request.state, f"{request.name} was {before}, is {request.state}"
            if request.state in FINAL_STATES:
                self.final_states[request.id] = request.state
            tokens = [t for t in self._tokens() if t in str(await self._attempts(request))]
            assert len(tokens) <= 1, f"{request.name} was started {len(tokens)} times"
            if tokens:
                said = {
                    d.person.user
                    for d in decisions
                    if d.verdict == "approved" and d.retracted_at is None and d.content_hash == request.content_hash
                }
                assert len(said - {request.requester.user}) >= QUORUM, f"{request.name} was started by {said}"

    def _tokens(self) -> list[str]:
        posts = job_requests(self.env)
        for post in posts:
            assert post.at.hour != 23, f"started in the freeze, at {post.at}"
            assert post.at.hour >= 3, f"started in the freeze, at {post.at}"
        return [post.body["job_invocation"]["description_format"][1:20] for post in posts]

    async def _stored_requests(self) -> Mapping[str, tuple[Request, Sequence[Decision]]]:
        assert self.env.bot is not None
        async with self.env.bot.db.read() as tx:
            found = await requests.by_ids(tx, [brief.id for brief in await requests.recent_summaries(tx, 100)])
            return {r.id: (r, await requests.decisions_of(tx, r.id)) for r in found}

    async def _attempts(self, request: Request) -> Sequence[str]:
        assert self.env.bot is not None
        async with self.env.bot.db.read() as tx:
            return [run.token for run in await runs.of_request(tx, request.id) if run.token]


async def _close_modals(person: Person) -> None:
    """Close whatever is still open."""
    while person.stack:
        await (await person.modal()).close(everything=True)


async def run_script(script: Sequence[Sequence[object]]) -> None:
    """Play a script in an environment of its own; "restart" stops the bot and starts it again."""
    with TemporaryDirectory(prefix="nightshift-order-") as directory:
        async with run_environment(Path(directory), policy=POLICY) as env, AsyncExitStack() as life:
            env.clock.move_to(env.clock.now().replace(hour=9, minute=0, second=0))
            env.foreman.speed = 100.0
            bot = await life.enter_async_context(AsyncExitStack())
            await bot.enter_async_context(run_bot(env, "http"))
            so_far = Simulation(env)
            await so_far.perform(("ask", "alice"))
            for action in script:
                if action[0] == "restart":
                    await bot.aclose()
                    # A policy that nobody could meet keeps the bot from starting at all.
                    env.slack.admin.set_group("@sre", ["bob", "carol"])
                    bot = await life.enter_async_context(AsyncExitStack())
                    await bot.enter_async_context(run_bot(env, "http"))
                else:
                    await so_far.perform(action)
                await so_far.check_invariants()
            await asyncio.sleep(0.5)
            await so_far.check_invariants()


@settings(
    max_examples=2,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    # Each example takes seconds, so a failing one is not shrunk.
    phases=[Phase.explicit, Phase.generate],
)
@given(st.lists(actions, min_size=8, max_size=14))
def test_invariants_hold_for_random_actions(script: Sequence[Sequence[object]]):
    asyncio.run(run_script(script))
