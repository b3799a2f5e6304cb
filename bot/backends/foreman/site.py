"""One Foreman as the operation works with it: its API, its settings, and what was learned of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.backends.base import Values
from bot.backends.foreman import server, templates
from bot.backends.foreman.api import Api
from bot.backends.foreman.lookups import feature_row
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import Template
from bot.clock import Clock
from bot.errors import Faulty, Forbidden, InputError, Missing

_VERSIONS_KEEP = timedelta(minutes=10)
_TEMPLATES_KEEP = timedelta(minutes=1)


class Site:
    """Knows a server's versions and templates for a while, so that plans can be made without asking."""

    def __init__(self, name: str, settings: ForemanSettings, clock: Clock) -> None:
        self.name = name
        self.settings = settings
        self.clock = clock
        self.api = Api(name, settings, clock)
        self.server = server.from_settings(settings)
        self._learned: datetime | None = None
        self._templates: dict[int, tuple[datetime, Template]] = {}
        self._features: dict[str, int] = {}

    async def learn(self, *, anew: bool = False) -> None:
        """Ask for the versions, at most every ten minutes unless ``anew``. An account that may not see them leaves
        them unknown. Raises BackendError where the server cannot be reached."""
        now = self.clock.now()
        if not anew and self._learned is not None and now - self._learned < _VERSIONS_KEEP:
            return
        try:
            self.server = server.from_statuses(await self.api.get("/api/statuses"), self.settings)
        except (Forbidden, Missing, Faulty):
            self.server = server.from_settings(self.settings)
        self._learned = now

    def context(self, values: Values) -> dict[str, int]:
        """The organization and location of a request, or the configured ones, as parameters of a read."""
        found = {}
        for name in ("organization_id", "location_id"):
            value = number(values.get(name)) or getattr(self.settings, name)
            if value is not None:
                found[name] = value
        return found

    async def template(self, template_id: int | None, feature: str | None, context: Mapping[str, Any]) -> Template:
        """The template that is named or that a feature stands for. Raises InputError where there is none."""
        field = "job_template_id" if template_id is not None else "feature"
        try:
            found = template_id if template_id is not None else await self._of_feature(feature or "")
            return await self._load(found, context)
        except Missing as error:
            raise InputError(
                {field: f"{self.name} has no such template that the bot can see ({error.said})"}
            ) from error

    def remembered(self, template_id: int | None, feature: str | None) -> Template | None:
        """The template as it was last seen, without asking."""
        known = self._templates.get(template_id or self._features.get(feature or "", 0))
        return known[1] if known else None

    async def _load(self, template_id: int, context: Mapping[str, Any]) -> Template:
        now = self.clock.now()
        known = self._templates.get(template_id)
        if known is not None and now - known[0] < _TEMPLATES_KEEP:
            return known[1]
        found = await templates.load(self.api, template_id, context)
        self._templates[template_id] = (now, found)
        return found

    async def _of_feature(self, label: str) -> int:
        row = await feature_row(self.api, label)
        if row is None:
            raise InputError({"feature": f"{self.name} has no feature {label}."})
        found = row.get("job_template_id")
        if not isinstance(found, int):
            raise InputError({"feature": f"No template is assigned to {label} in {self.name}."})
        self._features[label] = found
        return found


def number(value: Any) -> int | None:
    """A number as forms give it; None for anything else."""
    text = str(value if value is not None else "").strip()
    return int(text) if text.isdecimal() and text.isascii() else None
