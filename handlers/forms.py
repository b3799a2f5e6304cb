"""Opening a form and everything that happens in it."""

import asyncio
from collections.abc import Mapping
from typing import Any
from weakref import WeakValueDictionary

import structlog
from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from blocks.form import FORM, WHEN, WHY, form_view, notice, read_metadata, skeleton
from blocks.inputs import field_of, read_state
from blocks.limits import view_problem
from blocks.preview import PREVIEW, Shown, checking_view, preview_view, wrong_view
from bot.backends.base import Field, Operation, fields_of
from bot.errors import BackendError, InputError, NightshiftError
from bot.requests.explain import headline, terms
from bot.storage.drafts import Draft
from bot.usecases import draft as drafting
from bot.usecases.check import Checked, check
from bot.usecases.draft import Speaker, echo_lines, reading_of
from bot.usecases.services import Configured, Services
from bot.usecases.submit import submit
from handlers.arguments import SYSTEM_KEY, Arguments, known_keys, meant, parse, unknown
from handlers.common import admitted, sentence
from handlers.routes import Body, Routes

PATIENCE = 2.0
"""Seconds that a preview may take before a view says that it is being made; Slack waits for three."""
TYPING_PAUSE = 0.3
"""Seconds without another keystroke before the line under "When" is brought up to date."""
_log = structlog.get_logger(__name__)


def register(routes: Routes, app: Services, commands: Mapping[str, str]) -> None:
    """``commands`` maps slash commands to kinds of back end."""
    form = FormHandlers(app)
    for command, kind in commands.items():
        routes.commands[command] = form.opener(kind)
    routes.views[FORM] = form.previewed
    routes.views[PREVIEW] = form.submitted
    routes.actions["resume"] = form.resumed
    routes.blocks["pages"] = form.turned
    routes.blocks["when_choices"] = form.chose
    routes.inputs[FORM] = form.changed


class FormHandlers:
    """The handlers of forms. Each stores what the view holds before it does anything else."""

    def __init__(self, app: Services) -> None:
        self._app = app
        self._typing: dict[str, int] = {}
        self._forms: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def opener(self, kind: str) -> Any:
        """The handler of a kind's slash command."""

        async def open_form(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
            operation, arguments, fault = self._operation(kind, parse(body.get("text", "")))
            if fault or operation is None:
                await ack(text=fault, response_type="ephemeral")
                return
            # The trigger is good for three seconds: nothing is looked up before the form stands.
            opened = await client.views_open(trigger_id=body["trigger_id"], view=skeleton(operation.title))
            await ack()
            await self._fill_first(kind, operation, arguments, body, client, str(opened["view"]["id"]))

        return open_form

    def _operation(self, kind: str, arguments: Arguments) -> tuple[Operation[Any] | None, Arguments, str]:
        """The operation that the verb names, its arguments, and what is wrong with them."""
        configured = self._app.of_kind(kind)
        if not configured:
            return None, arguments, f"No {kind} is configured here. An administrator can add one to the configuration."
        operations = dict(configured[0].connection.operations)
        for key, operation in operations.items():
            short = key.partition(".")[2]
            if arguments.verb in ("", short, short.partition("_")[0]):
                fields = fields_of(operation.params)
                arguments = meant(arguments, fields)
                return operation, arguments, arguments.fault or unknown(arguments.pairs, fields)
        verbs = ", ".join(key.partition(".")[2] for key in operations)
        return None, arguments, f"“{arguments.verb}” is not something {kind} can do here. It can: {verbs}."

    async def _fill_first(
        self,
        kind: str,
        operation: Operation[Any],
        arguments: Arguments,
        body: Body,
        client: AsyncWebClient,
        view_id: str,
    ) -> None:
        try:
            who = await admitted(self._app, body)
            draft = await drafting.start(self._app, who.person, kind, operation.key, body.get("channel_id", ""))
            draft, notices = await self._prefill(kind, draft, who, operation, arguments)
            draft = await drafting.save(self._app, draft, view_id=view_id)
            left = "" if arguments.pairs else await drafting.left_open(self._app, draft)
            view = form_view(await drafting.picture(self._app, draft, who, notices=notices, left_open=left))
        except Exception as error:
            view = notice(operation.title, sentence(error))
        await _update(client, view_id, view)

    async def resumed(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """A form that was closed unfinished is picked up again."""
        await ack()
        view_id = body["view"]["id"]
        try:
            who = await admitted(self._app, body)
            draft = await drafting.load(self._app, str(body["actions"][0]["value"]), who.person)
            draft = await drafting.save(self._app, draft, view_id=view_id, generation=draft.generation + 1)
            view = form_view(await drafting.picture(self._app, draft, who))
        except Exception as error:
            view = notice("Nightshift", sentence(error))
        await _update(client, view_id, view)

    async def _prefill(
        self, kind: str, draft: Draft, who: Speaker, operation: Operation[Any], arguments: Arguments
    ) -> tuple[Draft, tuple[str, ...]]:
        pairs = dict(arguments.pairs)
        notices: list[str] = []
        system = pairs.pop(SYSTEM_KEY, "")
        if system:
            wanted = [c for c in self._app.of_kind(kind) if _is_called(c, system)]
            if wanted:
                draft = await drafting.save(self._app, draft, backend=wanted[0].name)
            else:
                there = ", ".join(c.name.partition(".")[2] for c in self._app.of_kind(kind))
                notices.append(f"There is no system named {system}. There is: {there}.")
        operation = self._app.operation(draft.backend, draft.operation)
        known = known_keys(fields_of(operation.params))
        values: dict[str, Any] = {key: pairs.pop(key) for key in (WHEN, WHY) if key in pairs}
        labels: dict[str, Any] = {}
        # Fields that decide over others come first: a template's inputs are known only after it.
        for key, text in sorted(pairs.items(), key=lambda pair: key_rank(known.get(pair[0]))):
            field = known.get(key)
            if field is None:
                values[key] = text
                continue
            problem = await _prefill_field(operation, field, text, values, labels)
            if problem:
                notices.append(problem)
        draft = await drafting.take_in(self._app, draft, who, values, labels)
        for name in [f.name for f in known.values() if f.reloads and f.name in values]:
            draft, problem = await drafting.reload(self._app, draft, name)
            notices += [problem] if problem else []
        return draft, tuple(notices)

    async def changed(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Something in the form that others depend on was changed: a template, a system, the time."""
        await ack()
        action = body["actions"][0]
        name = field_of(action["block_id"])
        if name == WHEN and not await self._last_keystroke(body["view"]["id"]):
            return
        await self._redraw(body, client, changed=name)

    async def _last_keystroke(self, view_id: str) -> bool:
        """Wait a moment; False where somebody typed on in the meantime."""
        mine = self._typing[view_id] = self._typing.get(view_id, 0) + 1
        await asyncio.sleep(TYPING_PAUSE)
        if self._typing.get(view_id) != mine:
            return False
        del self._typing[view_id]
        return True

    async def turned(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Another page."""
        await ack()
        await self._redraw(body, client, section=str(body["actions"][0]["value"]))

    async def chose(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """One of the meanings of an ambiguous time."""
        await ack()
        await self._redraw(body, client, choice=int(body["actions"][0]["value"]))

    async def _redraw(
        self,
        body: Body,
        client: AsyncWebClient,
        *,
        changed: str = "",
        section: str = "",
        choice: int | None = None,
    ) -> None:
        view_id = body["view"]["id"]
        async with self._alone(view_id):
            try:
                who, draft = await self._take_in(body)
                notices: tuple[str, ...] = ()
                if section:
                    draft = await drafting.save(self._app, draft, section=section)
                if choice is not None:
                    draft = await drafting.answer(self._app, draft, choice)
                if changed and changed not in (WHEN, WHY):
                    draft, problem = await drafting.reload(self._app, draft, changed)
                    notices = (problem,) if problem else ()
                shown = form_view(await drafting.picture(self._app, draft, who, notices=notices))
            except Exception as error:
                shown = notice("Nightshift", sentence(error))
            await _update(client, view_id, shown)

    def _alone(self, view_id: str) -> asyncio.Lock:
        """One change of a form after the other: two at once would each miss what the other stored. What was typed just
        before comes along with this change, so it is not waited for any more."""
        self._typing.pop(view_id, None)
        return self._forms.setdefault(view_id, asyncio.Lock())

    async def _take_in(self, body: Body) -> tuple[Speaker, Draft]:
        view = body["view"]
        who = await admitted(self._app, body)
        draft_id, _ = read_metadata(view["private_metadata"])
        draft = await drafting.load(self._app, draft_id, who.person)
        values, labels = read_state(view["state"], draft.backend)
        draft = await drafting.take_in(self._app, draft, who, values, labels)
        return who, draft

    async def previewed(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """ "Preview" was pressed: find out what would happen, and show it, or what is wrong where."""
        view = body["view"]
        try:
            async with self._alone(view["id"]):
                who, draft = await self._take_in(body)
        except Exception as error:
            await ack(response_action="push", view=notice("Nightshift", sentence(error)))
            return
        external_id = f"{draft.id}-{draft.version}"
        title = self._app.operation(draft.backend, draft.operation).title
        work = asyncio.ensure_future(self._preview(draft, who, external_id, title))
        done, _ = await asyncio.wait([work], timeout=PATIENCE)
        if not done:
            await ack(response_action="push", view=checking_view(title, external_id))
            shown, errors, draft = await work
            await _update(client, "", shown, external_id=external_id)
            if errors:
                form = await drafting.picture(self._app, draft, who, errors)
                await _update(client, view["id"], form_view(form))
            return
        shown, errors, draft = await work
        if errors is None:
            await ack(response_action="push", view=shown)
        else:
            await self._ack_errors(ack, view, draft, who, errors)

    async def _preview(
        self, draft: Draft, who: Speaker, external_id: str, title: str
    ) -> tuple[dict[str, Any], dict[str, str] | None, Draft]:
        try:
            draft, checked = await check(self._app, draft, who)
        except InputError as error:
            return wrong_view(title, list(error.problems.values()), external_id), error.problems, draft
        except (BackendError, NightshiftError) as error:
            return wrong_view(title, [str(error)], external_id), {"": str(error)}, draft
        except Exception as error:
            text = sentence(error)
            return wrong_view(title, [text], external_id), {"": text}, draft
        return preview_view(_shown(self._app, draft, who, checked), external_id), None, draft

    async def _ack_errors(
        self, ack: AsyncAck, view: Mapping[str, Any], draft: Draft, who: Speaker, errors: dict[str, str]
    ) -> None:
        """Under the field where the field is on the screen; else the form is shown again with its errors."""
        on_screen = {field_of(b["block_id"]): b["block_id"] for b in view["blocks"] if b["type"] == "input"}
        if errors and all(name in on_screen for name in errors):
            await ack(response_action="errors", errors={on_screen[n]: text[:1900] for n, text in errors.items()})
            return
        form = await drafting.picture(self._app, draft, who, errors)
        await ack(response_action="update", view=form_view(form))

    async def submitted(self, ack: AsyncAck, body: Body) -> None:
        """The preview was confirmed."""
        view = body["view"]
        try:
            who = await admitted(self._app, body)
            draft_id, version = read_metadata(view["private_metadata"])
            draft = await drafting.load(self._app, draft_id, who.person)
            request = await submit(self._app, draft, version)
            text = (
                f"{request.name} runs as policy allows without asking."
                if request.requirement.verdict == "approve"
                else f"{request.name} waits for approval. {headline(request.requirement)}"
            )
            shown = notice("Sent", text, "You will get a message when it is decided and when it is done.")
        except Exception as error:
            shown = notice("Not sent", sentence(error), back=True)
        await ack(response_action="update", view=shown)


def _is_called(here: Configured, system: str) -> bool:
    """Whether a typed word names a back end: ``prod``, ``foreman.prod`` or its title."""
    names = (here.name, here.name.partition(".")[2], here.connection.title)
    return system.casefold() in [name.casefold() for name in names]


def key_rank(field: Field | None) -> int:
    """Where a key stands in the order of filling in: what reloads the form first, dynamic fields last."""
    if field is None:
        return 2
    return 0 if field.reloads else 1


async def _prefill_field(
    operation: Operation[Any], field: Field, text: str, values: dict[str, Any], labels: dict[str, Any]
) -> str:
    """Fill one field from a typed argument. Returns what could not be done, or ""."""
    if field.widget not in ("lookup", "lookups"):
        values[field.name] = text
        return ""
    try:
        if field.widget == "lookup":
            found = await operation.resolve(field.name, text)
            if found is not None:
                values[field.name], labels[field.name] = found.value, found.label
                return ""
        else:
            several = [(part, await operation.resolve(field.name, part.strip())) for part in text.split(",")]
            good = [option for _, option in several if option is not None]
            values[field.name] = [option.value for option in good]
            labels[field.name] = {option.value: option.label for option in good}
            missing = [part for part, option in several if option is None]
            return f"{field.label}: not found: {', '.join(missing)}." if missing else ""
    except BackendError as error:
        return f"{field.label}: {error}"
    return f"{field.label}: there is nothing named exactly “{text}”. Please choose below."


def _shown(app: Services, draft: Draft, who: Speaker, checked: Checked) -> Shown:
    requirement = checked.requirement
    approval = [headline(requirement), *terms(requirement)]
    if requirement.verdict == "ask":
        people = "1 person" if checked.notified == 1 else f"{checked.notified} people"
        approval.append(f"This will notify {people}.")
    return Shown(
        draft_id=draft.id,
        version=draft.version,
        title=app.operation(draft.backend, draft.operation).title,
        schedule=checked.content.schedule,
        zone=checked.zone,
        echo=echo_lines(app, reading_of(draft), who),
        matched=checked.matched,
        summary=checked.summary,
        reason=draft.reason,
        warnings=checked.warnings,
        holding=checked.holding,
        calls=checked.calls,
        changes=checked.changes,
        approval=approval,
        submit="Run it" if requirement.verdict == "approve" else "Ask for approval",
    )


async def _update(client: AsyncWebClient, view_id: str, view: dict[str, Any], *, external_id: str = "") -> None:
    """Replace a view. One that was closed in the meantime is no loss: the draft has everything."""
    problem = view_problem(view)
    if problem:
        _log.error("a view is too large for Slack", why=problem)
        view = notice("Nightshift", "This form is too large for Slack. Please use fewer values.")
    where = {"external_id": external_id} if external_id else {"view_id": view_id}
    try:
        await client.views_update(view=view, **where)
    except SlackApiError as error:
        if error.response.get("error") not in ("not_found", "hash_conflict"):
            raise
        _log.info("the form was closed in the meantime")
