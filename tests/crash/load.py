"""A load generator: some people request maintenance through the whole form, others approve what they see."""

import asyncio
import itertools
import random
import re
from collections.abc import Awaitable, Callable

from playground.environment import Environment
from playground.slack.client import Person
from playground.slack.errors import NotVisible, SearchFailed
from playground.slack.model import Message, User

TEMPLATE = "Run Command - Script Default"
APPROVE_ANYWAY = "Approve anyway"
_CONFIRMATION = re.compile(r"NS-(\d+) (?:waits|runs)")
_EXPECTED_ERRORS = (TimeoutError, NotVisible, SearchFailed, KeyError)


class LoadGenerator:
    """``confirmed`` are the numbers of confirmed requests, with the reason that was given."""

    def __init__(self, env: Environment, *, requesters: int = 6, approvers: int = 6, seed: int = 1) -> None:
        self.env = env
        self.confirmed: dict[int, str] = {}
        self.attempts = 0
        self._hosts = itertools.cycle(env.foreman.state.world.hosts)
        self._rng = random.Random(seed)
        self.requesters = [self._add_person(f"requester{n}") for n in range(requesters)]
        self.approvers = [self._add_person(f"approver{n}") for n in range(approvers)]
        group = next(g for g in env.slack.workspace.usergroups.values() if g.handle == "sre")
        group.users += [person.id for person in self.approvers]
        env.slack.workspace.channel_by_name("#approvals").members |= {person.id for person in self.approvers}
        env.foreman.speed = 200.0

    def _add_person(self, name: str) -> Person:
        state = self.env.slack.workspace
        user = User(state.new_id("U"), name, name.title(), state.team.id, "Europe/Berlin")
        state.users[user.id] = user
        state.channel_by_name("#ops").members.add(user.id)
        return self.env.slack.person(name)

    async def make_requests(self, count: int, *, stall_timeout: float = 120.0) -> None:
        """Make requests until ``count`` are confirmed; each person makes one after the other and repeats what fails.
        Raises TimeoutError if none was confirmed for ``stall_timeout`` seconds."""
        wanted = len(self.confirmed) + count
        async with asyncio.TaskGroup() as group:
            for person in self.requesters:
                group.create_task(self._keep_requesting(person, wanted, stall_timeout))

    async def _keep_requesting(self, person: Person, wanted: int, stall_timeout: float) -> None:
        loop = asyncio.get_running_loop()
        last, seen = loop.time(), -1
        while len(self.confirmed) < wanted:
            if len(self.confirmed) != seen:
                last, seen = loop.time(), len(self.confirmed)
            if loop.time() - last > stall_timeout:
                raise TimeoutError(f"nothing was confirmed for {stall_timeout} s")
            self.attempts += 1
            if not await self.make_request(person, f"reason {self.attempts}"):
                await asyncio.sleep(0.1 + self._rng.random() * 0.2)

    async def make_request(self, person: Person, reason: str, when: str = "now") -> bool:
        """Make one request through the form. Returns whether it was confirmed. A click whose answer is lost is
        repeated."""
        try:
            return await self._make_request(person, reason, when)
        except _EXPECTED_ERRORS:
            return False
        finally:
            self.env.slack.workspace.stacks.pop(person.id, None)

    async def _make_request(self, person: Person, reason: str, when: str) -> bool:
        # Each request takes the next host, so that none conflicts with another.
        host = next(self._hosts).name
        line = f'/foreman run template="{TEMPLATE}" hosts="name = {host}" when="{when}" because="{reason}"'
        outcome = await person.command(line, channel="#ops", settle_timeout=3.0)
        if outcome.error:
            return False
        modal = await person.modal(timeout=3.0)
        await self.env.slack.wait_until(lambda: "command" in modal.labels, timeout=5.0)
        await modal.fill({"command": "uptime"})
        await modal.submit()
        await self.env.slack.wait_until(lambda: "Request approval" in modal.text, timeout=5.0)
        for _ in range(40):
            await modal.submit()
            found = _CONFIRMATION.search(modal.text)
            if found is not None:
                self.confirmed[int(found[1])] = reason
                return True
            await asyncio.sleep(0.25)
        return False

    async def approve_all(self, done: Callable[[], bool]) -> None:
        """Approve every card that shows the button, until ``done``."""
        queue: asyncio.Queue[Message] = asyncio.Queue()
        waiting: set[str] = set()

        async def approver(person: Person) -> None:
            while True:
                card = await queue.get()
                await self.approve(person, card)
                waiting.discard(card.ts)

        tasks = [asyncio.create_task(approver(person)) for person in self.approvers]
        try:
            while not done():
                for card in list(self.env.slack.channel("#approvals").messages):
                    if card.ts not in waiting and "Approve" in card.buttons:
                        waiting.add(card.ts)
                        queue.put_nowait(card)
                await asyncio.sleep(0.1)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def approve(self, person: Person, card: Message) -> None:
        """Press the button; the card shows the result."""
        try:
            if "Approve" not in card.buttons:
                return
            outcome = await person.surface_of(card).click("Approve")
            if outcome.modal is not None and APPROVE_ANYWAY in outcome.modal.buttons:
                outcome = await outcome.modal.click(APPROVE_ANYWAY)
            if not outcome.error:
                # The card is updated later; a click that was lost with the bot is repeated.
                await self.env.slack.workspace.changes.wait_until(lambda: "Approve" not in card.buttons, 2.0)
        except _EXPECTED_ERRORS:
            await asyncio.sleep(0.2)
        finally:
            self.env.slack.workspace.stacks.pop(person.id, None)


async def run_load(
    load: LoadGenerator, count: int, finished: Callable[[], Awaitable[bool]], seconds: float = 600.0
) -> None:
    """Make ``count`` requests and approve them, until ``finished`` is true. Raises TimeoutError."""
    over = False
    async with asyncio.timeout(seconds):
        approving = asyncio.create_task(load.approve_all(lambda: over))
        try:
            await load.make_requests(count)
            while not await finished():
                await asyncio.sleep(0.3)
        finally:
            over = True
            await approving
