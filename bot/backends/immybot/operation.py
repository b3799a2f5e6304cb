"""``immybot.maintenance``: runs maintenance in ImmyBot."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import JsonValue

from bot.backends.base import (
    Candidate,
    FormField,
    FormValues,
    Handle,
    HttpCall,
    Operation,
    Option,
    Plan,
    Preview,
    Progress,
)
from bot.backends.headlines import headline
from bot.backends.http import Client
from bot.backends.immybot import notes
from bot.backends.immybot.actions import ActionReader
from bot.backends.immybot.body import build_body
from bot.backends.immybot.candidates import group_candidates
from bot.backends.immybot.form import maintenance_fields
from bot.backends.immybot.handles import attached_sessions, build_handle, expected_run, session_query
from bot.backends.immybot.headline import what_happens
from bot.backends.immybot.inventory import Inventory
from bot.backends.immybot.item import resolve_item
from bot.backends.immybot.lookups import lookup
from bot.backends.immybot.params import MaintenanceParams
from bot.backends.immybot.placement import place_start
from bot.backends.immybot.progress import parse_target_label, run_progress, target_label
from bot.backends.immybot.responses import parse_instant
from bot.backends.immybot.secret_store import SecretStore, body_with_secrets, secret_name
from bot.backends.immybot.sessions import SESSIONS, Session, SessionReader
from bot.backends.immybot.settings import ImmyBotSettings
from bot.backends.immybot.targets import resolve_targets
from bot.backends.immybot.warnings import facts, request_warnings
from bot.backends.secrets import SecretNotFound
from bot.clock import Clock
from bot.errors import BadResponse, InputError, OutcomeUnknown, Refused, RemoteNotFound
from bot.schedule import Schedule, start_of

_MIN_LEAD_TIME = timedelta(seconds=30)
"""How far ahead a start that ImmyBot holds must still be when the call is sent."""
_MAX_REASONS = 200
"""Maximum number of failed sessions of a run whose reasons are read."""
_CANCEL_BATCH_SIZE = 500
_MAX_SESSION_READS = 10_000


class MaintenanceOperation(Operation[MaintenanceParams]):
    """Runs maintenance on computers, tenants or persons."""

    key = "immybot.maintenance"
    title = "Run ImmyBot maintenance"
    summary = "Runs software, a task, a deployment or full maintenance on computers, tenants or persons."
    scheduling_note = notes.SCHEDULING_NOTE
    reference_notes = notes.REFERENCE_NOTES
    policy_facts = frozenset(
        {
            "task",
            "identifier",
            "maintenance_type",
            "task_mode",
            "desired_state",
            "reboot",
            "deployment",
            "full_maintenance",
            "skip_background_job",
            "offline",
            "tenants",
        }
    )
    params_model = MaintenanceParams

    def __init__(self, client: Client, settings: ImmyBotSettings, secrets: SecretStore, clock: Clock) -> None:
        self._client = client
        self._settings = settings
        self._secrets = secrets
        self._clock = clock
        self._inventory = Inventory(client, clock)
        self._sessions = SessionReader(client)
        self._actions = ActionReader(client, secrets.redact)

    async def fields(self, values: FormValues) -> tuple[FormField, ...]:
        return maintenance_fields(values)

    async def lookup(self, field: str, query: str, values: FormValues) -> Sequence[Option]:
        return await lookup(self._inventory, field, query, values, self._settings.lookup_timeout)

    async def resolve_option(self, field: str, text: str) -> Option | None:
        if field in ("maintenance_identifier", "deployment_id") and text.isascii() and text.isdecimal():
            # Another field decides which list holds it; the preview checks that list.
            return Option(value=text, label=text)
        return await super().resolve_option(field, text)

    async def preview(self, params: MaintenanceParams, schedule: Schedule, token: str) -> Preview:
        plan = self.plan(params, schedule, token)
        resolved, item = await asyncio.gather(
            resolve_targets(self._inventory, params), resolve_item(self._inventory, params)
        )
        return Preview(
            targets=resolved.targets,
            plan=plan,
            headline=headline(what_happens(params, item), resolved.targets),
            warnings=(*request_warnings(params, schedule, resolved.targets.count), *item.warnings, *resolved.warnings),
            facts=facts(params, item, resolved.tenants),
            resolutions=item.resolutions,
        )

    def plan(self, params: MaintenanceParams, schedule: Schedule, token: str) -> Plan:
        self._check_secrets(params)
        now = self._clock.now()
        where = place_start(params, schedule, now, native_schedules=self._settings.native_schedules)
        body = build_body(params, token, where.update_time, where.zone)
        context: dict[str, JsonValue] = {"planned_at": now.isoformat()}
        start = start_of(schedule)
        if start is not None:
            context["starts_at" if where.update_time else "not_before"] = start.instant.isoformat()
        return Plan(
            operation=self.key,
            token=token,
            placement=where.placement,
            calls=(HttpCall(method="POST", url=f"{self._client.base_url}{self._settings.endpoint}", body=body),),
            context=context,
            warnings=tuple(
                request_warnings(params, schedule, len(params.computers) + len(params.tenants) + len(params.persons))
            ),
        )

    async def start(self, plan: Plan) -> Handle:
        now = self._clock.now()
        name, body = self._client.name, plan.calls[0].body
        self._check_time(plan, now)
        try:
            filled = body_with_secrets(body, self._secrets)
        except SecretNotFound as error:
            raise Refused(name, f"{error} Nothing was sent.") from None
        try:
            answer = await self._client.send_once("POST", self._settings.endpoint, json=filled)
        except (BadResponse, OutcomeUnknown) as error:
            text = f"{error} Whether it has taken the request is not known; its sessions will be looked for."
            raise OutcomeUnknown(name, text, status=error.status, server_message=error.server_message) from error
        return build_handle(plan, now, answer.json if isinstance(answer.json, dict) else {})

    async def find_started(self, plan: Plan) -> Handle | None:
        """Return the run of a plan if ImmyBot has created a session of its group, which may take a moment."""
        planned = parse_instant(plan.context.get("planned_at")) or self._clock.now()
        handle = build_handle(plan, planned, {})
        return handle if await self._sessions.exists(session_query(handle, planned)) else None

    async def candidates(
        self, plan: Plan, since: datetime, until: datetime, remote_id: str = ""
    ) -> Sequence[Candidate]:
        handle, body = build_handle(plan, since, {}), plan.calls[0].body
        query = session_query(handle, since)
        if remote_id:
            sessions = await self._sessions.named(attached_sessions(remote_id))
        else:
            planned = parse_instant(plan.context.get("planned_at")) or since
            sessions = await self._sessions.starting_between(query, until, planned)
        return group_candidates(handle, query, body if isinstance(body, dict) else {}, sessions)

    async def poll(self, handles: Sequence[Handle]) -> Mapping[str, Progress]:
        now = self._clock.now()
        runs = {handle.id: expected_run(handle, now, self._settings.give_up_hours) for handle in handles}
        watches = [session_query(handle, now) for handle in handles]
        awaited = [w.since for w in watches if now - runs[w.group].starts_at <= runs[w.group].give_up]
        sessions_by_group, complete = await self._sessions.fetch(watches, min(awaited, default=None))
        bad = [n for sessions in sessions_by_group.values() for n in _failed_session_ids(sessions)]
        reasons = await self._actions.failure_reasons(bad)
        return {
            group: run_progress(runs[group], sessions, reasons, now, complete=complete)
            for group, sessions in sessions_by_group.items()
            # An id that a person gave and ImmyBot does not know is not a run.
            if sessions or not attached_sessions(group)
        }

    async def cancel(self, handle: Handle) -> str:
        mine = await self._sessions_of(handle)
        open_ones = [s.id for s in mine if not s.is_final]
        if not mine:
            text = "ImmyBot has made no session for this run yet, so there is nothing to cancel. Try again in a minute."
            raise RemoteNotFound(self._client.name, text)
        for start in range(0, len(open_ones), _CANCEL_BATCH_SIZE):
            chunk = open_ones[start : start + _CANCEL_BATCH_SIZE]
            await self._client.send("POST", f"{SESSIONS}/cancel", json={"sessionIds": chunk})
        ended = len(mine) - len(open_ones)
        outcome = (
            f"Asked ImmyBot to cancel {_count_sessions(len(open_ones))}"
            if open_ones
            else "There was nothing left to cancel"
        )
        return f"{outcome}; {_count_sessions(ended)} had already ended." if ended else f"{outcome}."

    def without_own_timing(self, params: MaintenanceParams) -> MaintenanceParams:
        return params.model_copy(update={"update_time": None, "time_zone": None})

    def params_for_rerun(
        self, params: MaintenanceParams, handle: Handle, failed_targets: Sequence[str]
    ) -> MaintenanceParams:
        """Return the same parameters with only the failed targets, whose labels contain kind and id."""
        chosen: dict[str, list[int]] = {"computers": [], "tenants": [], "persons": []}
        for label in failed_targets:
            target = parse_target_label(label)
            if target is not None:
                chosen[target[0]].append(target[1])
        if not any(chosen.values()):
            raise InputError({"computers": "None of the failed targets can be told from the outcome."})
        return MaintenanceParams.model_validate({**params.model_dump(mode="json"), **chosen})

    async def output(self, handle: Handle, target: str) -> str:
        """Return the actions of a target's session, one on each line."""
        session = next((s for s in await self._sessions_of(handle) if target_label(s) == target), None)
        return await self._actions.log(session.id) if session is not None else ""

    async def _sessions_of(self, handle: Handle) -> list[Session]:
        """Return all sessions of one run."""
        watch = session_query(handle, self._clock.now())
        sessions_by_group, _ = await self._sessions.fetch([watch], watch.since, max_reads=_MAX_SESSION_READS)
        return sessions_by_group[handle.id]

    def _check_time(self, plan: Plan, now: datetime) -> None:
        """Raise Refused if it is too late for ImmyBot to hold the start, or too early for a start that Nightshift
        holds."""
        starts_at, not_before = (
            parse_instant(plan.context.get("starts_at")),
            parse_instant(plan.context.get("not_before")),
        )
        if starts_at is not None and starts_at - now < _MIN_LEAD_TIME:
            # ImmyBot would read the time of day as tomorrow's.
            text = f"The start {starts_at:%Y-%m-%d %H:%M} UTC has come too close or is past. Nothing was sent."
            raise Refused(self._client.name, text)
        if not_before is not None and now < not_before:
            text = f"ImmyBot can no longer hold the start {not_before:%Y-%m-%d %H:%M} UTC, and it is too early for it. "
            raise Refused(self._client.name, f"{text}Nothing was sent. Please ask for it again.")

    def _check_secrets(self, params: MaintenanceParams) -> None:
        """Raise Refused for references to secrets that this connection does not have."""
        for name, value in (params.task_parameter_values or {}).items():
            wanted = secret_name(value.get("value"))
            if wanted is not None and wanted not in self._secrets.names:
                known = ", ".join(self._secrets.names) or "none"
                text = f"{name} refers to the secret {wanted}, which is not configured here (configured: {known})."
                raise InputError({"task_parameter_values": text})


def _failed_session_ids(sessions: Sequence[Session]) -> list[int]:
    """Return the failed sessions whose reasons are read, at most ``_MAX_REASONS``."""
    return [s.id for s in sessions if s.status in ("Failed", "PartialPassed")][:_MAX_REASONS]


def _count_sessions(number: int) -> str:
    return f"{number} session" if number == 1 else f"{number} sessions"
