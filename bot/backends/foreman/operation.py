"""The operation ``foreman.run``: makes, watches and cancels job invocations."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.backends.base import (
    Candidate,
    FormField,
    FormValues,
    FoundTargets,
    Handle,
    Interpretation,
    Operation,
    Option,
    Plan,
    PlannedStart,
    Preview,
    Progress,
)
from bot.backends.foreman import (
    cancel,
    candidates,
    form,
    interpretation,
    lookups,
    notes,
    planning,
    poll,
    preview,
    start,
)
from bot.backends.foreman.api import ForemanReads
from bot.backends.foreman.context import ForemanContext, parse_int
from bot.backends.foreman.headline import job_headline
from bot.backends.foreman.hosts import FACT_KEYS
from bot.backends.foreman.params import TIMING_FIELDS, ForemanJobParams
from bot.backends.foreman.planning import PlanEnvironment
from bot.backends.foreman.preview import FoundHosts
from bot.backends.foreman.templates import JobTemplate
from bot.backends.foreman.validation import SECRET_PREFIX
from bot.backends.payload import as_text
from bot.errors import BadResponse, InputError, OutcomeUnknown, Refused, Unreachable
from bot.schedule import Schedule
from bot.values import Json, JsonObject


class ForemanJobOperation(Operation[ForemanJobParams]):
    """Runs a job template on hosts."""

    key = "foreman.run"
    title = "Run a Foreman job"
    summary = "Runs a job template, or what a feature stands for, on the hosts that a search finds."
    scheduling_note = notes.SCHEDULING_NOTE
    reference_notes = notes.REFERENCE_NOTES
    policy_facts = frozenset(
        {"template", "feature", "job_category", "provider", "run_as", "query", "targeting_type", *FACT_KEYS}
    )
    params_model = ForemanJobParams

    def __init__(self, context: ForemanContext) -> None:
        self._context = context

    async def fields(self, values: FormValues) -> tuple[FormField, ...]:
        chosen, feature = parse_int(values.get("job_template_id")), str(values.get("feature") or "") or None
        if chosen is None and feature is None:
            return form.job_form_fields(self._context.settings, self._context.server, None, values)
        # The server's version decides which fields have an effect, and whether it can schedule a series.
        await self._context.refresh_versions()
        try:
            template = await self._context.fetch_template(chosen, feature, self._context.taxonomy_params(values))
        except InputError:
            # The preview says that the template is gone; the form stays usable.
            return form.job_form_fields(self._context.settings, self._context.server, None, values)
        return form.job_form_fields(self._context.settings, self._context.server, template, values)

    async def interpret(self, values: FormValues, labels: JsonObject) -> Interpretation:
        return await interpretation.interpret(self._context, values, labels)

    async def find_targets(self, values: FormValues) -> FoundTargets | None:
        return await interpretation.find_targets(self._context, values)

    async def lookup(self, field: str, query: str, values: FormValues) -> Sequence[Option]:
        context = self._context.taxonomy_params(values)
        return await lookups.lookup(self._context.api, self._context.settings, field, query, context)

    async def known_values(self, fact: str) -> frozenset[str] | None:
        return await lookups.known_values(self._context.api, fact, self._context.taxonomy_params({}))

    async def resolve_option(self, field: str, text: str) -> Option | None:
        return await lookups.resolve_option(
            self._context.api, self._context.settings, field, text, self._context.taxonomy_params({})
        )

    async def preview(self, params: ForemanJobParams, schedule: Schedule, token: str) -> Preview:
        return await self._preview(params, schedule, token, self._context.api)

    async def preview_of_start(
        self, params: ForemanJobParams, schedule: Schedule, token: str, since: datetime
    ) -> Preview:
        return await self._preview(params, schedule, token, self._context.api.shared_reads(since))

    async def _preview(self, params: ForemanJobParams, schedule: Schedule, token: str, reads: ForemanReads) -> Preview:
        self.plan(params, schedule, token)
        template, hosts = await self._read(params, reads)
        plan = self.plan(params, schedule, token)
        targets = hosts.targets
        if plan.placement.scheduler == "nightshift":
            targets = targets.model_copy(update={"fixed": False, "note": preview.MATCHED_AT_START_NOTE})
        return Preview(
            targets=targets,
            plan=plan,
            headline=job_headline(params, template, hosts.targets, self._context.settings),
            warnings=(
                *plan.warnings,
                *preview.unknown_host_warnings(hosts),
                *preview.warnings(params, template, hosts.query),
            ),
            facts=preview.facts(params, template, hosts.query, self._context.settings),
            resolutions=preview.resolutions(params, template, hosts, self._context.settings),
        )

    async def _read(self, params: ForemanJobParams, reads: ForemanReads) -> tuple[JobTemplate, FoundHosts]:
        """Return the template and the hosts, read side by side. Raises InputError with the problems of both."""
        taxonomy = self._context.taxonomy_params(params.model_dump())
        has_secrets = any(value.startswith(SECRET_PREFIX) for value in params.inputs.values())
        given = params.inputs if reads.is_shared and not has_secrets else None
        template, hosts, versions = await asyncio.gather(
            self._context.fetch_template(params.job_template_id, params.feature, taxonomy, reads=reads, given=given),
            preview.find_hosts(reads, params, taxonomy, self._context.fact_patterns),
            self.prepare() if reads.is_shared else self._context.refresh_versions(),
            return_exceptions=True,
        )
        if isinstance(versions, BaseException):
            raise versions
        if isinstance(template, BaseException):
            raise template
        self._check_allowed(params, template)
        problems = preview.input_problems(params, template)
        if isinstance(hosts, InputError):
            raise InputError(problems | hosts.problems) from hosts
        if isinstance(hosts, BaseException):
            raise hosts
        if problems:
            raise InputError(problems)
        return template, hosts

    async def prepare(self) -> None:
        await self._context.require_versions()

    def plan(self, params: ForemanJobParams, schedule: Schedule, token: str) -> Plan:
        """Return the call for the server version that is known. Until ``check`` or ``preview`` reads it, an old one is
        assumed."""
        given = PlanEnvironment(self._context.settings, self._context.server, self._context.clock.now())
        template = self._context.cached_template(params.job_template_id, params.feature)
        return planning.build_plan(self.key, params, schedule, token, given, template.description if template else "")

    async def start(self, plan: Plan) -> Handle:
        start.reject_held_series(self._context.name, plan)
        secret = start.secret_input_names(plan)
        if secret:
            start.check_secret_inputs(self._context.name, await self._template_of_plan(plan), secret)
        body = start.body_with_secrets(plan, self._context.settings, self._context.name)
        return await start.start(self._context.api, plan, body)

    async def find_started(self, plan: Plan) -> Handle | None:
        return await start.find_started(self._context.api, plan)

    async def candidates(
        self, plan: Plan, since: datetime, until: datetime, remote_id: str = ""
    ) -> Sequence[Candidate]:
        asked = start.invocation_body(plan)
        template_id = parse_int(asked.get("job_template_id"))
        if template_id is None:
            template_id = (await self._template_of_plan(plan)).id
        if remote_id:
            return await candidates.job_by_id(self._context.api, plan, template_id, remote_id)
        return await candidates.recent_jobs(self._context.api, plan, template_id, since, until)

    async def poll(self, handles: Sequence[Handle]) -> Mapping[str, Progress]:
        return await poll.poll(self._context.api, handles, self._context.clock.now(), self._context.settings.dead_after)

    async def cancel(self, handle: Handle) -> str:
        return await cancel.cancel(self._context.api, handle)

    async def planned_start(self, series: Handle) -> PlannedStart | None:
        return await poll.planned_start(self._context.api, series)

    def without_own_timing(self, params: ForemanJobParams) -> ForemanJobParams:
        return params.model_copy(update=dict.fromkeys(TIMING_FIELDS))

    def params_for_rerun(
        self, params: ForemanJobParams, handle: Handle, failed_targets: Sequence[str]
    ) -> ForemanJobParams:
        """Return parameters with a search for the hosts that failed.

        Foreman's own "rerun" is not used: with a static search it runs on every host of the earlier job again.
        """
        if handle.kind != "run":
            raise InputError({"": "Choose one run of the series: its failed hosts can be run again."})
        search = f"job_invocation.id = {handle.id} and job_invocation.result = failed"
        fresh: dict[str, Json] = dict.fromkeys(TIMING_FIELDS)
        fresh |= {"search_query": search, "bookmark_id": None, "targeting_type": "static_query", "ignored": ()}
        return params.model_copy(update=fresh)

    async def output(self, handle: Handle, target: str) -> str:
        return await poll.output(self._context.api, handle.id, target)

    async def _template_of_plan(self, plan: Plan) -> JobTemplate:
        """Return the template of a plan, before anything is sent. Raises Refused or Unreachable."""
        asked, name = start.invocation_body(plan), self._context.name
        try:
            return await self._context.fetch_template(
                parse_int(asked.get("job_template_id")), as_text(asked.get("feature")), {}
            )
        except InputError as error:
            raise Refused(name, f"{error} Nothing was sent.") from error
        except (BadResponse, OutcomeUnknown) as error:
            raise Unreachable(name, f"{error} Nothing was sent.") from error

    def _check_allowed(self, params: ForemanJobParams, template: JobTemplate) -> None:
        if not lookups.is_allowed(self._context.settings, template.name, params.feature):
            field = "feature" if params.feature else "job_template_id"
            raise InputError({field: f"{template.name} is not among the templates that the bot may use."})
