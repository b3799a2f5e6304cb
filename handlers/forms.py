"""Opening a form and everything that happens in it."""

import asyncio
from collections.abc import Mapping
from typing import Any
from weakref import WeakValueDictionary

import structlog
from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from blocks.form import FORM_CALLBACK, decode_metadata, form_view, loading_view, message_view
from blocks.inputs import field_name_of, parse_state
from blocks.limits import view_size_problem
from blocks.preview import PREVIEW_CALLBACK, PreviewModel, preview_error_view, preview_pending_view, preview_view
from bot.backends.base import FormField, Operation, form_fields
from bot.errors import BackendError, InputError, NightshiftError
from bot.forms import REASON, WHEN
from bot.requests.policy.explain import headline, terms_text
from bot.storage.drafts import Draft
from bot.usecases.backend_registry import ConfiguredBackend
from bot.usecases.drafts import form as drafting
from bot.usecases.drafts.form import Actor, echo_lines, parsed_reading
from bot.usecases.drafts.preview import PreviewResult, preview_draft
from bot.usecases.drafts.submit import submit
from bot.usecases.services import Services
from handlers.arguments import (
    SYSTEM_KEY,
    Arguments,
    fields_by_key,
    parse_arguments,
    resolve_aliases,
    unknown_keys_message,
)
from handlers.common import authorize_actor, user_message
from handlers.router import Payload, Router

PENDING_VIEW_SECONDS = 2.0
"""Seconds that a preview may take before a view says that it is being made; Slack waits for three."""
TYPING_DEBOUNCE_SECONDS = 0.3
"""Seconds without another keystroke before the line under "When" is brought up to date."""
_log = structlog.get_logger(__name__)


def register(routes: Router, services: Services, commands: Mapping[str, str]) -> None:
    """``commands`` maps slash commands to kinds of back end."""
    form = FormHandlers(services)
    for command, kind in commands.items():
        routes.commands[command] = form.form_command(kind)
    routes.views[FORM_CALLBACK] = form.on_preview
    routes.views[PREVIEW_CALLBACK] = form.on_confirm
    routes.actions["resume"] = form.on_resume
    routes.block_actions["pages"] = form.on_page
    routes.block_actions["when_choices"] = form.on_time_choice
    routes.view_actions[FORM_CALLBACK] = form.on_field_change


class FormHandlers:
    """The handlers of forms. Each stores what the view holds before it does anything else."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._keystrokes: dict[str, int] = {}
        self._view_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def form_command(self, kind: str) -> Any:
        """The handler of a kind's slash command."""

        async def open_form(ack: AsyncAck, body: Payload, client: AsyncWebClient) -> None:
            operation, arguments, fault = self._find_operation(kind, parse_arguments(body.get("text", "")))
            if fault or operation is None:
                await ack(text=fault, response_type="ephemeral")
                return
            # The trigger is good for three seconds: nothing is looked up before the form stands.
            opened = await client.views_open(trigger_id=body["trigger_id"], view=loading_view(operation.title))
            await ack()
            await self._show_new_form(kind, operation, arguments, body, client, str(opened["view"]["id"]))

        return open_form

    def _find_operation(self, kind: str, arguments: Arguments) -> tuple[Operation[Any] | None, Arguments, str]:
        """The operation that the verb names, its arguments, and what is wrong with them."""
        configured = self._services.backends.of_kind(kind)
        if not configured:
            return None, arguments, f"No {kind} is configured here. An administrator can add one to the configuration."
        operations = dict(configured[0].connection.operations)
        for key, operation in operations.items():
            short = key.partition(".")[2]
            if arguments.verb in ("", short, short.partition("_")[0]):
                fields = form_fields(operation.params_model)
                arguments = resolve_aliases(arguments, fields)
                return operation, arguments, arguments.error or unknown_keys_message(arguments.pairs, fields)
        verbs = ", ".join(key.partition(".")[2] for key in operations)
        return None, arguments, f"“{arguments.verb}” is not something {kind} can do here. It can: {verbs}."

    async def _show_new_form(
        self,
        kind: str,
        operation: Operation[Any],
        arguments: Arguments,
        body: Payload,
        client: AsyncWebClient,
        view_id: str,
    ) -> None:
        try:
            who = await authorize_actor(self._services, body)
            draft = await drafting.create_draft(
                self._services, who.person, kind, operation.key, body.get("channel_id", "")
            )
            draft, notices = await self._prefill_draft(kind, draft, who, operation, arguments)
            draft = await drafting.save_draft(self._services, draft, view_id=view_id)
            left = "" if arguments.pairs else await drafting.unfinished_draft(self._services, draft)
            view = form_view(
                await drafting.form_model(self._services, draft, who, notices=notices, unfinished_draft=left)
            )
        except Exception as error:
            view = message_view(operation.title, user_message(error))
        await _update_view(client, view_id, view)

    async def on_resume(self, ack: AsyncAck, body: Payload, client: AsyncWebClient) -> None:
        """A form that was closed unfinished is picked up again."""
        await ack()
        view_id = body["view"]["id"]
        try:
            who = await authorize_actor(self._services, body)
            draft = await drafting.load_draft(self._services, str(body["actions"][0]["value"]), who.person)
            draft = await drafting.save_draft(self._services, draft, view_id=view_id, generation=draft.generation + 1)
            view = form_view(await drafting.form_model(self._services, draft, who))
        except Exception as error:
            view = message_view("Nightshift", user_message(error))
        await _update_view(client, view_id, view)

    async def _prefill_draft(
        self, kind: str, draft: Draft, who: Actor, operation: Operation[Any], arguments: Arguments
    ) -> tuple[Draft, tuple[str, ...]]:
        pairs = dict(arguments.pairs)
        notices: list[str] = []
        system = pairs.pop(SYSTEM_KEY, "")
        if system:
            wanted = [c for c in self._services.backends.of_kind(kind) if _has_name(c, system)]
            if wanted:
                draft = await drafting.save_draft(self._services, draft, backend=wanted[0].name)
            else:
                there = ", ".join(c.name.partition(".")[2] for c in self._services.backends.of_kind(kind))
                notices.append(f"There is no system named {system}. There is: {there}.")
        operation = self._services.backends.operation(draft.backend, draft.operation)
        known = fields_by_key(form_fields(operation.params_model))
        values: dict[str, Any] = {key: pairs.pop(key) for key in (WHEN, REASON) if key in pairs}
        labels: dict[str, Any] = {}
        # Fields that decide over others come first: a template's inputs are known only after it.
        for key, text in sorted(pairs.items(), key=lambda pair: prefill_rank(known.get(pair[0]))):
            field = known.get(key)
            if field is None:
                values[key] = text
                continue
            problem = await _prefill_field(operation, field, text, values, labels)
            if problem:
                notices.append(problem)
        draft = await drafting.apply_form_state(self._services, draft, who, values, labels)
        for name in [f.name for f in known.values() if f.reloads and f.name in values]:
            draft, problem = await drafting.load_dependent_fields(self._services, draft, name)
            notices += [problem] if problem else []
        return draft, tuple(notices)

    async def on_field_change(self, ack: AsyncAck, body: Payload, client: AsyncWebClient) -> None:
        """Something in the form that others depend on was changed: a template, a system, the time."""
        await ack()
        action = body["actions"][0]
        name = field_name_of(action["block_id"])
        if name == WHEN and not await self._is_last_keystroke(body["view"]["id"]):
            return
        await self._refresh_form(body, client, changed_field=name)

    async def _is_last_keystroke(self, view_id: str) -> bool:
        """Wait a moment; False where somebody typed on in the meantime."""
        mine = self._keystrokes[view_id] = self._keystrokes.get(view_id, 0) + 1
        await asyncio.sleep(TYPING_DEBOUNCE_SECONDS)
        if self._keystrokes.get(view_id) != mine:
            return False
        del self._keystrokes[view_id]
        return True

    async def on_page(self, ack: AsyncAck, body: Payload, client: AsyncWebClient) -> None:
        """Another page."""
        await ack()
        await self._refresh_form(body, client, section=str(body["actions"][0]["value"]))

    async def on_time_choice(self, ack: AsyncAck, body: Payload, client: AsyncWebClient) -> None:
        """One of the meanings of an ambiguous time."""
        await ack()
        await self._refresh_form(body, client, choice=int(body["actions"][0]["value"]))

    async def _refresh_form(
        self,
        body: Payload,
        client: AsyncWebClient,
        *,
        changed_field: str = "",
        section: str = "",
        choice: int | None = None,
    ) -> None:
        view_id = body["view"]["id"]
        async with self._view_lock(view_id):
            try:
                who, draft = await self._apply_form_state(body)
                notices: tuple[str, ...] = ()
                if section:
                    draft = await drafting.save_draft(self._services, draft, section=section)
                if choice is not None:
                    draft = await drafting.choose_meaning(self._services, draft, choice)
                if changed_field and changed_field not in (WHEN, REASON):
                    draft, problem = await drafting.load_dependent_fields(self._services, draft, changed_field)
                    notices = (problem,) if problem else ()
                shown = form_view(await drafting.form_model(self._services, draft, who, notices=notices))
            except Exception as error:
                shown = message_view("Nightshift", user_message(error))
            await _update_view(client, view_id, shown)

    def _view_lock(self, view_id: str) -> asyncio.Lock:
        """One change of a form after the other: two at once would each miss what the other stored. What was typed just
        before comes along with this change, so it is not waited for any more."""
        self._keystrokes.pop(view_id, None)
        return self._view_locks.setdefault(view_id, asyncio.Lock())

    async def _apply_form_state(self, body: Payload) -> tuple[Actor, Draft]:
        view = body["view"]
        who = await authorize_actor(self._services, body)
        draft_id, _ = decode_metadata(view["private_metadata"])
        draft = await drafting.load_draft(self._services, draft_id, who.person)
        values, labels = parse_state(view["state"], draft.backend)
        draft = await drafting.apply_form_state(self._services, draft, who, values, labels)
        return who, draft

    async def on_preview(self, ack: AsyncAck, body: Payload, client: AsyncWebClient) -> None:
        """ "Preview" was pressed: find out what would happen, and show it, or what is wrong where."""
        view = body["view"]
        try:
            async with self._view_lock(view["id"]):
                who, draft = await self._apply_form_state(body)
        except Exception as error:
            await ack(response_action="push", view=message_view("Nightshift", user_message(error)))
            return
        external_id = f"{draft.id}-{draft.version}"
        title = self._services.backends.operation(draft.backend, draft.operation).title
        work = asyncio.ensure_future(self._make_preview(draft, who, external_id, title))
        done, _ = await asyncio.wait([work], timeout=PENDING_VIEW_SECONDS)
        if not done:
            await ack(response_action="push", view=preview_pending_view(title, external_id))
            shown, errors, draft = await work
            await _update_view(client, "", shown, external_id=external_id)
            if errors:
                form = await drafting.form_model(self._services, draft, who, errors)
                await _update_view(client, view["id"], form_view(form))
            return
        shown, errors, draft = await work
        if errors is None:
            await ack(response_action="push", view=shown)
        else:
            await self._ack_errors(ack, view, draft, who, errors)

    async def _make_preview(
        self, draft: Draft, who: Actor, external_id: str, title: str
    ) -> tuple[dict[str, Any], dict[str, str] | None, Draft]:
        try:
            draft, checked = await preview_draft(self._services, draft, who)
        except InputError as error:
            return preview_error_view(title, list(error.problems.values()), external_id), error.problems, draft
        except (BackendError, NightshiftError) as error:
            return preview_error_view(title, [str(error)], external_id), {"": str(error)}, draft
        except Exception as error:
            text = user_message(error)
            return preview_error_view(title, [text], external_id), {"": text}, draft
        return preview_view(_preview_model(self._services, draft, who, checked), external_id), None, draft

    async def _ack_errors(
        self, ack: AsyncAck, view: Mapping[str, Any], draft: Draft, who: Actor, errors: dict[str, str]
    ) -> None:
        """Under the field where the field is on the screen; else the form is shown again with its errors."""
        on_screen = {field_name_of(b["block_id"]): b["block_id"] for b in view["blocks"] if b["type"] == "input"}
        if errors and all(name in on_screen for name in errors):
            await ack(response_action="errors", errors={on_screen[n]: text[:1900] for n, text in errors.items()})
            return
        form = await drafting.form_model(self._services, draft, who, errors)
        await ack(response_action="update", view=form_view(form))

    async def on_confirm(self, ack: AsyncAck, body: Payload) -> None:
        """The preview was confirmed."""
        view = body["view"]
        try:
            who = await authorize_actor(self._services, body)
            draft_id, version = decode_metadata(view["private_metadata"])
            draft = await drafting.load_draft(self._services, draft_id, who.person)
            request = await submit(self._services, draft, version)
            text = (
                f"{request.name} runs as policy allows without asking."
                if request.requirement.effect == "approve"
                else f"{request.name} waits for approval. {headline(request.requirement)}"
            )
            shown = message_view("Sent", text, "You will get a message when it is decided and when it is done.")
        except Exception as error:
            shown = message_view("Not sent", user_message(error), keep_parent=True)
        await ack(response_action="update", view=shown)


def _has_name(backend: ConfiguredBackend, typed_name: str) -> bool:
    """Whether a typed word names a back end: ``prod``, ``foreman.prod`` or its title."""
    names = (backend.name, backend.name.partition(".")[2], backend.connection.title)
    return typed_name.casefold() in [name.casefold() for name in names]


def prefill_rank(field: FormField | None) -> int:
    """Where a key stands in the order of filling in: what reloads the form first, dynamic fields last."""
    if field is None:
        return 2
    return 0 if field.reloads else 1


async def _prefill_field(
    operation: Operation[Any], field: FormField, text: str, values: dict[str, Any], labels: dict[str, Any]
) -> str:
    """Fill one field from a typed argument. Returns what could not be done, or ""."""
    if field.widget not in ("lookup", "lookups"):
        values[field.name] = text
        return ""
    try:
        if field.widget == "lookup":
            found = await operation.resolve_option(field.name, text)
            if found is not None:
                values[field.name], labels[field.name] = found.value, found.label
                return ""
        else:
            several = [(part, await operation.resolve_option(field.name, part.strip())) for part in text.split(",")]
            good = [option for _, option in several if option is not None]
            values[field.name] = [option.value for option in good]
            labels[field.name] = {option.value: option.label for option in good}
            missing = [part for part, option in several if option is None]
            return f"{field.label}: not found: {', '.join(missing)}." if missing else ""
    except BackendError as error:
        return f"{field.label}: {error}"
    return f"{field.label}: there is nothing named exactly “{text}”. Please choose below."


def _preview_model(services: Services, draft: Draft, who: Actor, checked: PreviewResult) -> PreviewModel:
    requirement = checked.requirement
    approval = [headline(requirement), *terms_text(requirement)]
    if requirement.effect == "ask":
        people = "1 person" if checked.notified_count == 1 else f"{checked.notified_count} people"
        approval.append(f"This will notify {people}.")
    return PreviewModel(
        draft_id=draft.id,
        version=draft.version,
        title=services.backends.operation(draft.backend, draft.operation).title,
        schedule=checked.content.schedule,
        zone=checked.zone,
        echo=echo_lines(services, parsed_reading(draft), who),
        targets=checked.targets,
        summary=checked.summary,
        reason=draft.reason,
        warnings=checked.warnings,
        scheduler_reason=checked.scheduler_reason,
        calls=checked.calls,
        changes=checked.changes,
        approval=approval,
        submit_label="Run it" if requirement.effect == "approve" else "Ask for approval",
    )


async def _update_view(client: AsyncWebClient, view_id: str, view: dict[str, Any], *, external_id: str = "") -> None:
    """Replace a view. One that was closed in the meantime is no loss: the draft has everything."""
    problem = view_size_problem(view)
    if problem:
        _log.error("a view is too large for Slack", why=problem)
        view = message_view("Nightshift", "This form is too large for Slack. Please use fewer values.")
    where = {"external_id": external_id} if external_id else {"view_id": view_id}
    try:
        await client.views_update(view=view, **where)
    except SlackApiError as error:
        if error.response.get("error") not in ("not_found", "hash_conflict"):
            raise
        _log.info("the form was closed in the meantime")
