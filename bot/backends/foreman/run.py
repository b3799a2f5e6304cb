"""The operation ``foreman.run``: a job invocation, asked for, watched, cancelled."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.backends.base import Field, Handle, Operation, Option, Plan, Preview, Progress, Values
from bot.backends.foreman import ending, form, lookups, notes, preview, request, starting, watching
from bot.backends.foreman.params import RAW_TIMES, ForemanRun
from bot.backends.foreman.request import Conditions
from bot.backends.foreman.site import Site, number
from bot.backends.foreman.templates import Template
from bot.errors import FateUnknown, Faulty, InputError, Refused, Unreachable
from bot.schedule import Schedule


class RunJob(Operation[ForemanRun]):
    """Runs a job template on hosts."""

    key = "foreman.run"
    title = "Run a Foreman job"
    summary = "Runs a job template, or what a feature stands for, on the hosts that a search finds."
    placing = notes.PLACING
    notes = notes.NOTES
    params = ForemanRun

    def __init__(self, site: Site) -> None:
        self._site = site

    async def fields(self, values: Values) -> tuple[Field, ...]:
        chosen, feature = number(values.get("job_template_id")), str(values.get("feature") or "") or None
        if chosen is None and feature is None:
            return form.fields(self._site.settings, self._site.server, None)
        # Which fields have an effect, and who can hold a series, depends on the server's version.
        await self._site.learn()
        try:
            template = await self._site.template(chosen, feature, self._site.context(values))
        except InputError:
            # The preview says that the template is gone; the form stays usable.
            return form.fields(self._site.settings, self._site.server, None)
        return form.fields(self._site.settings, self._site.server, template)

    async def lookup(self, field: str, query: str, values: Values) -> Sequence[Option]:
        context = self._site.context(values)
        return await lookups.lookup(self._site.api, self._site.settings, field, query, context)

    async def resolve(self, field: str, text: str) -> Option | None:
        return await lookups.exact(self._site.api, self._site.settings, field, text, self._site.context({}))

    async def preview(self, params: ForemanRun, schedule: Schedule, token: str) -> Preview:
        self.plan(params, schedule, token)
        await self.ready()
        context = self._site.context(params.model_dump())
        template = await self._site.template(params.job_template_id, params.feature, context)
        self._check_allowed(params, template)
        targets, query = await preview.examine(self._site.api, params, template, context)
        plan = self.plan(params, schedule, token)
        if plan.placement.holder == "nightshift":
            targets = targets.model_copy(update={"fixed": False, "note": preview.MATCHED_LATER})
        return Preview(
            targets=targets,
            plan=plan,
            warnings=(*plan.warnings, *preview.warnings(params, template, query)),
            facts=preview.facts(params, template, query, self._site.settings),
        )

    async def ready(self) -> None:
        await self._site.learn()

    def plan(self, params: ForemanRun, schedule: Schedule, token: str) -> Plan:
        """The call, for the server as it was last seen: an old one until ``check`` or ``preview`` has asked it."""
        given = Conditions(self._site.settings, self._site.server, self._site.clock.now())
        template = self._site.remembered(params.job_template_id, params.feature)
        return request.build(self.key, params, schedule, token, given, template.description if template else "")

    async def start(self, plan: Plan) -> Handle:
        starting.check_placed(self._site.name, plan)
        secret = starting.secret_inputs(plan)
        if secret:
            starting.check_hidden(self._site.name, await self._template_of(plan), secret)
        body = starting.unsealed(plan, self._site.settings, self._site.name)
        return await starting.start(self._site.api, plan, body)

    async def find(self, plan: Plan) -> Handle | None:
        return await starting.find(self._site.api, plan)

    async def poll(self, handles: Sequence[Handle]) -> Mapping[str, Progress]:
        return await watching.poll(self._site.api, handles, self._site.clock.now(), self._site.settings.dead_after)

    async def cancel(self, handle: Handle) -> str:
        return await ending.cancel(self._site.api, handle)

    def rerun_failed(self, params: ForemanRun, handle: Handle, failed: Sequence[str]) -> ForemanRun:
        """A search for the hosts that failed, as Foreman remembers them. Its own "rerun" is avoided: for a static
        search that attaches every host of the old job again."""
        if handle.kind != "run":
            raise InputError({"": "Choose one run of the series: its failed hosts can be run again."})
        search = f"job_invocation.id = {handle.id} and job_invocation.result = failed"
        fresh: dict[str, Any] = dict.fromkeys(RAW_TIMES)
        fresh |= {"search_query": search, "bookmark_id": None, "targeting_type": "static_query", "ignored": ()}
        return params.model_copy(update=fresh)

    async def output(self, handle: Handle, target: str) -> str:
        return await watching.output(self._site.api, handle.id, target)

    async def _template_of(self, plan: Plan) -> Template:
        """The template of a plan, before anything is sent. Raises Refused or Unreachable."""
        asked, name = starting.invocation_of(plan), self._site.name
        try:
            return await self._site.template(number(asked.get("job_template_id")), asked.get("feature"), {})
        except InputError as error:
            raise Refused(name, f"{error} Nothing was sent.") from error
        except (Faulty, FateUnknown) as error:
            raise Unreachable(name, f"{error} Nothing was sent.") from error

    def _check_allowed(self, params: ForemanRun, template: Template) -> None:
        if not lookups.allows(self._site.settings, template.name, params.feature):
            field = "feature" if params.feature else "job_template_id"
            raise InputError({field: f"{template.name} is not among the templates that the bot may use."})
