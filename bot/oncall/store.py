"""Keeps the last answer about every rota, and gives them to the directory as user groups."""

import asyncio
from collections.abc import Callable, Sequence

import httpx
import structlog

from bot.clock import Clock
from bot.errors import NightshiftError
from bot.oncall.sources import TIMEOUT_SECONDS, RotaSource, source_of
from bot.requests.directory import UserGroup
from bot.requests.oncall import OnCallPeople, read_people, rota_group
from bot.requests.policy.engine import Policy
from bot.requests.text import first_few

REFRESH_SECONDS = 60.0
_log = structlog.get_logger(__name__)


class RotaStore:
    """Reads the rotas of a policy, each by itself, so that a slow one keeps none waiting."""

    def __init__(self, policy: Policy, clock: Clock) -> None:
        self._policy = policy
        self._rotas = policy.defaults.oncall
        self._sources: dict[str, RotaSource] = {name: source_of(settings) for name, settings in self._rotas.items()}
        self._clock = clock
        self._answers: dict[str, OnCallPeople] = {}
        self._problems: dict[str, str] = {}

    @property
    def problems(self) -> tuple[str, ...]:
        """A line for each rota that could not be read, or that names strangers."""
        return tuple(self._problems.values())

    def groups(self, find: Callable[[str], UserGroup | None]) -> Sequence[UserGroup]:
        """Return every rota as a user group. ``find`` looks up those of Slack."""
        now = self._clock.now()
        return [rota_group(name, rota, self._answers.get(name), now, find) for name, rota in self._rotas.items()]

    async def refresh(self) -> tuple[str, ...]:
        """Read every rota. Returns the problems, a line each; the last answers are kept."""
        await asyncio.gather(*(self._read(name) for name in self._rotas))
        return self.problems

    async def refresh_forever(self) -> None:
        """Read the rotas at once and then regularly, until cancelled. Returns if the policy names none."""
        while self._rotas:
            await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS)

    async def _read(self, name: str) -> None:
        problem = ""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                now = self._clock.now()
                answer = await self._sources[name].on_call(now)
            people = self._answers[name] = read_people(answer, self._rotas[name], now)
            if people.strangers:
                problem = f"it names strangers: {first_few(people.strangers, 5)}; add them to people"
        except TimeoutError:
            problem = f"it did not answer within {TIMEOUT_SECONDS:.0f} s"
        except (NightshiftError, OSError, httpx.HTTPError, ValueError) as error:
            problem = str(error).rstrip(".") or type(error).__name__
        place = self._policy.location_of(("oncall", name))
        told = f"{place}: who is on call for {name}: {problem}." if problem else ""
        if told and told != self._problems.get(name):
            _log.warning("rota cannot be used", rota=name, why=problem)
        self._problems.pop(name, None)
        if told:
            self._problems[name] = told
