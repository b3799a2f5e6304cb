"""What the operation uses of one Foreman: its API, its settings, and what is known about the server."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.backends.base import BackendContext, FormValues
from bot.backends.cache import ExpiringCache
from bot.backends.foreman import server, templates
from bot.backends.foreman.api import ForemanApi, ForemanReads, Row
from bot.backends.foreman.lookups import fetch_feature
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import JobTemplate
from bot.errors import BadResponse, Forbidden, InputError, RemoteNotFound
from bot.values import Json

_VERSIONS_TTL = timedelta(minutes=10)
_TEMPLATES_TTL = timedelta(minutes=1)
_INPUT_SETS_TTL = timedelta(minutes=10)
_HOSTS_TTL = timedelta(minutes=1)
"""How old the hosts may be that a form shows. Previews and starts read them again."""


class ForemanContext:
    """Caches a server's versions and templates, so that plans can be made without network calls."""

    def __init__(self, name: str, settings: ForemanSettings, context: BackendContext) -> None:
        clock = context.clock
        self.name = name
        self.settings = settings
        self.clock = clock
        self.fact_patterns = context.fact_patterns
        self.api = ForemanApi(name, settings, clock)
        self.server = server.from_settings(settings)
        self._versions = ExpiringCache(clock, _VERSIONS_TTL.total_seconds())
        self._templates: dict[int, tuple[datetime, JobTemplate]] = {}
        self._features: dict[str, int] = {}
        self._input_sets = ExpiringCache(clock, _INPUT_SETS_TTL.total_seconds())
        self.hosts = ExpiringCache(clock, _HOSTS_TTL.total_seconds())
        self._known_input_sets: dict[Hashable, Sequence[Row]] = {}
        self._versions_are_known = False

    async def close(self) -> None:
        await self._versions.close()
        await self._input_sets.close()
        await self.hosts.close()
        await self.api.close()

    async def refresh_versions(self, *, force: bool = False) -> None:
        """Read the versions, at most every ten minutes unless ``force``. Raises BackendError if the server cannot be
        reached.

        The versions stay unknown if the account may not see them.
        """
        if force:
            await self._read_versions()
        else:
            await self._versions.get("versions", self._read_versions)

    async def _read_versions(self) -> None:
        try:
            self.server = server.from_statuses(await self.api.get("/api/statuses"), self.settings)
        except (Forbidden, RemoteNotFound, BadResponse):
            self.server = server.from_settings(self.settings)
        self._versions_are_known = True

    async def require_versions(self) -> None:
        """Read the versions if they were never read. Raises BackendError if the server cannot be reached."""
        if not self._versions_are_known:
            await self.refresh_versions()

    def taxonomy_params(self, values: FormValues) -> dict[str, int]:
        """Return the organization and location of a request, or the configured ones, as query parameters."""
        taxonomy = {}
        for name in ("organization_id", "location_id"):
            value = parse_int(values.get(name)) or getattr(self.settings, name)
            if value is not None:
                taxonomy[name] = value
        return taxonomy

    async def fetch_template(
        self,
        template_id: int | None,
        feature: str | None,
        taxonomy: Mapping[str, int],
        *,
        reads: ForemanReads | None = None,
        given: Collection[str] | None = None,
    ) -> JobTemplate:
        """Return the template that is named or that is assigned to a feature. Raises InputError if there is none.

        A form may see it a minute late; with ``reads`` it is read with them. With ``given``, the names of the inputs
        that a job gives, it may have no more than the names of its inputs.
        """
        field = "job_template_id" if template_id is not None else "feature"
        try:
            number = template_id
            if number is None:
                number = await self._template_id_of_feature(reads or self.api, feature or "")
            return await self._fetch_by_id(number, taxonomy, reads, given)
        except RemoteNotFound as error:
            raise InputError(
                {field: f"{self.name} has no such template that the bot can see ({error.server_message})"}
            ) from error

    def cached_template(self, template_id: int | None, feature: str | None) -> JobTemplate | None:
        """Return the template as last fetched, without a network call."""
        known = self._templates.get(template_id or self._features.get(feature or "", 0))
        return known[1] if known else None

    async def _fetch_by_id(
        self,
        template_id: int,
        taxonomy: Mapping[str, int],
        reads: ForemanReads | None,
        given: Collection[str] | None,
    ) -> JobTemplate:
        now = self.clock.now()
        known = self._templates.get(template_id)
        if reads is None and known is not None and now - known[0] < _TEMPLATES_TTL and known[1].has_input_details:
            return known[1]

        async def read_input_sets(number: int) -> Sequence[Row]:
            key = (number, tuple(sorted(taxonomy.items())))
            if reads is not None and reads.is_shared and key in self._known_input_sets:
                # A start need not read them again: what it may give was checked, and Foreman refuses other inputs.
                return self._known_input_sets[key]
            rows = await self._input_sets.get(key, lambda: templates.fetch_input_sets(self.api, number, taxonomy))
            self._known_input_sets[key] = rows
            return rows

        template = await templates.fetch_template(reads or self.api, template_id, taxonomy, read_input_sets, given)
        self._templates[template_id] = (now, template)
        return template

    async def _template_id_of_feature(self, reads: ForemanReads, label: str) -> int:
        row = await fetch_feature(reads, label)
        if row is None:
            raise InputError({"feature": f"{self.name} has no feature {label}."})
        template_id = row.get("job_template_id")
        if not isinstance(template_id, int):
            raise InputError({"feature": f"No template is assigned to {label} in {self.name}."})
        self._features[label] = template_id
        return template_id


def parse_int(value: Json) -> int | None:
    """Return the integer in a form value, or None."""
    text = str(value if value is not None else "").strip()
    return int(text) if text.isdecimal() and text.isascii() else None
