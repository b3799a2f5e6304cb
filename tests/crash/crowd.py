"""People who keep the bot busy: some ask for maintenance through the whole form, some approve what they see."""

import asyncio
import itertools
import random
import re
from collections.abc import Awaitable, Callable

from playground.slack.errors import NotOnScreen, SearchFailed
from playground.slack.model import Message, User
from playground.slack.people import Person
from playground.stage import Stage

TEMPLATE = "Run Command - Script Default"
ANYWAY = "Approve anyway"
_NUMBER = re.compile(r"NS-(\d+) (?:waits|runs)")
_TROUBLE = (TimeoutError, NotOnScreen, SearchFailed, KeyError)


class Crowd:
    """``confirmed`` are the numbers that somebody was told, with what they had asked for."""

    def __init__(self, on: Stage, *, requesters: int = 6, approvers: int = 6, seed: int = 1) -> None:
        self.on = on
        self.confirmed: dict[int, str] = {}
        self.asked = 0
        self._hosts = itertools.cycle(on.foreman.state.world.hosts)
        self._rng = random.Random(seed)
        self.requesters = [self._join(f"requester{n}") for n in range(requesters)]
        self.approvers = [self._join(f"approver{n}") for n in range(approvers)]
        group = next(g for g in on.slack.state.usergroups.values() if g.handle == "sre")
        group.users += [person.id for person in self.approvers]
        on.slack.state.channel_named("#approvals").members |= {person.id for person in self.approvers}
        on.foreman.speed = 200.0

    def _join(self, name: str) -> Person:
        state = self.on.slack.state
        user = User(state.new_id("U"), name, name.title(), state.team.id, "Europe/Berlin")
        state.users[user.id] = user
        state.channel_named("#ops").members.add(user.id)
        return self.on.slack.person(name)

    async def ask_for(self, many: int, *, patience: float = 120.0) -> None:
        """Have so many requests confirmed, each person one after the other; what fails is asked for again.
        Raises TimeoutError where not one more was confirmed for ``patience`` seconds."""
        wanted = len(self.confirmed) + many
        async with asyncio.TaskGroup() as group:
            for person in self.requesters:
                group.create_task(self._keep_asking(person, wanted, patience))

    async def _keep_asking(self, person: Person, wanted: int, patience: float) -> None:
        loop = asyncio.get_running_loop()
        last, seen = loop.time(), -1
        while len(self.confirmed) < wanted:
            if len(self.confirmed) != seen:
                last, seen = loop.time(), len(self.confirmed)
            if loop.time() - last > patience:
                raise TimeoutError(f"nothing was confirmed for {patience} s")
            self.asked += 1
            if not await self.ask(person, f"reason {self.asked}"):
                await asyncio.sleep(0.1 + self._rng.random() * 0.2)

    async def ask(self, person: Person, reason: str, when: str = "now") -> bool:
        """Ask once, through the form; whether it was confirmed. A person whose answer is lost presses again."""
        try:
            return await self._ask(person, reason, when)
        except _TROUBLE:
            return False
        finally:
            self.on.slack.state.stacks.pop(person.id, None)

    async def _ask(self, person: Person, reason: str, when: str) -> bool:
        # Each request takes the next host: work that meets on one is looked at again by its approver.
        host = next(self._hosts).name
        line = f'/foreman run template="{TEMPLATE}" hosts="name = {host}" when="{when}" because="{reason}"'
        outcome = await person.command(line, channel="#ops", patience=3.0)
        if outcome.error:
            return False
        modal = await person.modal(timeout=3.0)
        await self.on.slack.until(lambda: "command" in modal.labels, timeout=5.0)
        await modal.fill({"command": "uptime"})
        await modal.submit()
        await self.on.slack.until(lambda: "Ask for approval" in modal.text, timeout=5.0)
        for _ in range(40):
            await modal.submit()
            found = _NUMBER.search(modal.text)
            if found is not None:
                self.confirmed[int(found[1])] = reason
                return True
            await asyncio.sleep(0.25)
        return False

    async def approve_all(self, done: Callable[[], bool]) -> None:
        """Approve whatever card shows the button, until ``done``."""
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
                for card in list(self.on.slack.channel("#approvals").messages):
                    if card.ts not in waiting and "Approve" in card.buttons:
                        waiting.add(card.ts)
                        queue.put_nowait(card)
                await asyncio.sleep(0.1)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def approve(self, person: Person, card: Message) -> None:
        """Press the button; what the answer was shows on the card."""
        try:
            if "Approve" not in card.buttons:
                return
            outcome = await person.look(card).click("Approve")
            if outcome.modal is not None and ANYWAY in outcome.modal.buttons:
                outcome = await outcome.modal.click(ANYWAY)
            if not outcome.error:
                # The card follows; a click that was lost with the bot is made again.
                await self.on.slack.state.changes.until(lambda: "Approve" not in card.buttons, 2.0)
        except _TROUBLE:
            await asyncio.sleep(0.2)
        finally:
            self.on.slack.state.stacks.pop(person.id, None)


async def busy(crowd: Crowd, many: int, finished: Callable[[], Awaitable[bool]], seconds: float = 600.0) -> None:
    """Let the crowd ask for ``many`` and approve them, until ``finished``; raises TimeoutError."""
    over = False
    async with asyncio.timeout(seconds):
        approving = asyncio.create_task(crowd.approve_all(lambda: over))
        try:
            await crowd.ask_for(many)
            while not await finished():
                await asyncio.sleep(0.3)
        finally:
            over = True
            await approving
