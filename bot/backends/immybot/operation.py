"""``immybot.maintenance``: one maintenance run in ImmyBot, from its parameters to its outcome."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import JsonValue

from bot.backends.base import Call, Handle, Operation, Option, Plan, Preview, Progress, Values
from bot.backends.http import Client
from bot.backends.immybot import notes
from bot.backends.immybot.actions import Actions
from bot.backends.immybot.answers import instant
from bot.backends.immybot.body import body_of
from bot.backends.immybot.directory import Directory
from bot.backends.immybot.lookups import lookup
from bot.backends.immybot.params import MaintenanceParams
from bot.backends.immybot.placement import place
from bot.backends.immybot.progress import label_of, progress, target_in
from bot.backends.immybot.remarks import facts, remarks
from bot.backends.immybot.runs import adopted, handle_of, run_of, watch_of
from bot.backends.immybot.sessions import SESSIONS, Session, Sessions
from bot.backends.immybot.settings import ImmyBotSettings
from bot.backends.immybot.survey import survey
from bot.backends.immybot.vault import Vault, revealed, secret_name
from bot.backends.secrets import SecretMissing
from bot.clock import Clock
from bot.errors import FateUnknown, Faulty, InputError, Missing, Refused
from bot.schedule import Schedule, start_of

_CLOSE = timedelta(seconds=30)
"""A start that ImmyBot is to hold must still be this far ahead when the call leaves."""
_REASONS = 200
"""For how many failed sessions of a run the reasons are read."""
_CHUNK = 500
_ALL = 10_000


class Maintenance(Operation[MaintenanceParams]):
    """Runs maintenance on computers, tenants or persons."""

    key = "immybot.maintenance"
    title = "Maintenance - Run"
    summary = "Runs software, a task, a deployment or full maintenance on computers, tenants or persons."
    placing = notes.PLACING
    notes = notes.NOTES
    params = MaintenanceParams
    target_noun = "computers"

    def __init__(self, client: Client, settings: ImmyBotSettings, vault: Vault, clock: Clock) -> None:
        self._client = client
        self._settings = settings
        self._vault = vault
        self._clock = clock
        self._directory = Directory(client, clock)
        self._sessions = Sessions(client)
        self._actions = Actions(client, vault.scrub)

    async def lookup(self, field: str, query: str, values: Values) -> Sequence[Option]:
        return await lookup(self._directory, field, query, values, self._settings.lookup_timeout)

    async def resolve(self, field: str, text: str) -> Option | None:
        if field in ("maintenance_identifier", "deployment_id") and text.isascii() and text.isdecimal():
            # Which list it stands in depends on another field; the preview looks there.
            return Option(value=text, label=text)
        return await super().resolve(field, text)

    async def preview(self, params: MaintenanceParams, schedule: Schedule, token: str) -> Preview:
        plan = self.plan(params, schedule, token)
        found = await survey(self._directory, params)
        return Preview(
            targets=found.targets,
            plan=plan,
            warnings=(*remarks(params, schedule, found.targets.count), *found.warnings),
            facts=facts(params, found.task, list(found.tenants)),
        )

    def plan(self, params: MaintenanceParams, schedule: Schedule, token: str) -> Plan:
        self._check_secrets(params)
        now = self._clock.now()
        where = place(params, schedule, now, native=self._settings.native_schedules)
        body = body_of(params, token, where.update_time, where.zone)
        context: dict[str, JsonValue] = {"planned_at": now.isoformat()}
        start = start_of(schedule)
        if start is not None:
            context["starts_at" if where.update_time else "not_before"] = start.instant.isoformat()
        return Plan(
            operation=self.key,
            token=token,
            placement=where.placement,
            calls=(Call(method="POST", url=f"{self._client.base_url}{self._settings.endpoint}", body=body),),
            context=context,
            warnings=tuple(
                remarks(params, schedule, len(params.computers) + len(params.tenants) + len(params.persons))
            ),
        )

    async def start(self, plan: Plan) -> Handle:
        now = self._clock.now()
        name, body = self._client.name, plan.calls[0].body
        self._check_time(plan, now)
        try:
            filled = revealed(body, self._vault)
        except SecretMissing as error:
            raise Refused(name, f"{error} Nothing was sent.") from None
        try:
            answer = await self._client.send_once("POST", self._settings.endpoint, json=filled)
        except (Faulty, FateUnknown) as error:
            text = f"{error} Whether it has taken the request is not known; its sessions will be looked for."
            raise FateUnknown(name, text, status=error.status, said=error.said) from error
        return handle_of(plan, now, answer.json if isinstance(answer.json, dict) else {})

    async def find(self, plan: Plan) -> Handle | None:
        """The run of a plan, once ImmyBot has made a session of its group; that can be a moment after the call."""
        planned = instant(plan.context.get("planned_at")) or self._clock.now()
        handle = handle_of(plan, planned, {})
        return handle if await self._sessions.any_of(watch_of(handle, planned)) else None

    async def poll(self, handles: Sequence[Handle]) -> Mapping[str, Progress]:
        now = self._clock.now()
        runs = {handle.id: run_of(handle, now, self._settings.give_up_hours) for handle in handles}
        watches = [watch_of(handle, now) for handle in handles]
        awaited = [w.since for w in watches if now - runs[w.group].begins <= runs[w.group].give_up]
        found, complete = await self._sessions.of(watches, min(awaited, default=None))
        bad = [n for sessions in found.values() for n in _bad(sessions)]
        reasons = await self._actions.reasons(bad)
        return {
            group: progress(runs[group], sessions, reasons, now, complete=complete)
            for group, sessions in found.items()
            # What a person has named and ImmyBot does not know is no run.
            if sessions or not adopted(group)
        }

    async def cancel(self, handle: Handle) -> str:
        mine = await self._all_of(handle)
        open_ones = [s.id for s in mine if not s.final]
        if not mine:
            text = "ImmyBot has made no session for this run yet, so there is nothing to cancel. Try again in a minute."
            raise Missing(self._client.name, text)
        for start in range(0, len(open_ones), _CHUNK):
            chunk = open_ones[start : start + _CHUNK]
            await self._client.send("POST", f"{SESSIONS}/cancel", json={"sessionIds": chunk})
        ended = len(mine) - len(open_ones)
        told = f"Asked ImmyBot to cancel {_count(len(open_ones))}" if open_ones else "There was nothing left to cancel"
        return f"{told}; {_count(ended)} had already ended." if ended else f"{told}."

    def rerun_failed(self, params: MaintenanceParams, handle: Handle, failed: Sequence[str]) -> MaintenanceParams:
        """The same on the targets that failed: their labels carry kind and id."""
        chosen: dict[str, list[int]] = {"computers": [], "tenants": [], "persons": []}
        for label in failed:
            target = target_in(label)
            if target is not None:
                chosen[target[0]].append(target[1])
        if not any(chosen.values()):
            raise InputError({"computers": "None of the failed targets can be told from the outcome."})
        return MaintenanceParams.model_validate({**params.model_dump(mode="json"), **chosen})

    async def output(self, handle: Handle, target: str) -> str:
        """The actions of a target's session, one a line."""
        session = next((s for s in await self._all_of(handle) if label_of(s) == target), None)
        return await self._actions.log(session.id) if session is not None else ""

    async def _all_of(self, handle: Handle) -> list[Session]:
        """The sessions of one run, however many there are."""
        watch = watch_of(handle, self._clock.now())
        found, _ = await self._sessions.of([watch], watch.since, reads=_ALL)
        return found[handle.id]

    def _check_time(self, plan: Plan, now: datetime) -> None:
        """Refuse to send a plan too late for ImmyBot to hold its start, or before Nightshift itself should send it."""
        held, due = instant(plan.context.get("starts_at")), instant(plan.context.get("not_before"))
        if held is not None and held - now < _CLOSE:
            # ImmyBot would take the time of day for tomorrow's.
            text = f"The start {held:%Y-%m-%d %H:%M} UTC has come too close or is past. Nothing was sent."
            raise Refused(self._client.name, text)
        if due is not None and now < due:
            text = f"ImmyBot can no longer hold the start {due:%Y-%m-%d %H:%M} UTC, and it is too early for it. "
            raise Refused(self._client.name, f"{text}Nothing was sent. Please ask for it again.")

    def _check_secrets(self, params: MaintenanceParams) -> None:
        """Refuse references to secrets that this connection does not have."""
        for name, value in (params.task_parameter_values or {}).items():
            wanted = secret_name(value.get("value"))
            if wanted is not None and wanted not in self._vault.names:
                known = ", ".join(self._vault.names) or "none"
                text = f"{name} refers to the secret {wanted}, which is not configured here (configured: {known})."
                raise InputError({"task_parameter_values": text})


def _bad(sessions: Sequence[Session]) -> list[int]:
    """The sessions whose reasons are worth a call: of a large run not all."""
    return [s.id for s in sessions if s.status in ("Failed", "PartialPassed")][:_REASONS]


def _count(number: int) -> str:
    return f"{number} session" if number == 1 else f"{number} sessions"
