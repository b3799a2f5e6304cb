"""A Foreman API that answers from a table."""

from collections.abc import Mapping
from typing import Any

from bot.backends.foreman.api import ForemanApi
from bot.backends.foreman.settings import ForemanSettings
from tests.unit.foreman.conftest import ManualClock

SETTINGS = ForemanSettings(url="https://f", username="u", password="env:P")


class FakeApi(ForemanApi):
    """Answers from a table by path; a list answers one call after the other, and an error is raised."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        super().__init__("f.lab", SETTINGS, ManualClock())
        self.answers = dict(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.posted: list[tuple[str, Any]] = []

    async def get(self, path: str, *, time_limit: float | None = None, **params: Any) -> Any:
        self.asked.append((path, {name: value for name, value in params.items() if value is not None}))
        return self._answer(path, {"results": []})

    async def post(self, path: str, body: Any) -> Any:
        self.posted.append((path, body))
        return self._answer(path, {})

    def _answer(self, path: str, default: Any) -> Any:
        answer = self.answers.get(path, default)
        if isinstance(answer, tuple):
            answer, self.answers[path] = answer[0], answer[1:] or answer[0]
        if isinstance(answer, Exception):
            raise answer
        return answer
