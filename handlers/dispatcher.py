"""Answering one request of Slack: acknowledge in time, run the handler, deliver its reply.

Slack waits three seconds for an acknowledgement, and a trigger opens a modal for as long. A reply that comes in time is
the acknowledgement where Slack takes it there. A later one is a second step: a view that says so is shown first, and
the reply replaces it.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TypeAlias

import structlog
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from sqlalchemy.exc import InterfaceError, OperationalError
from structlog.contextvars import bind_contextvars

from blocks.form import message_view
from blocks.limits import fit_message
from blocks.text import Block, View, escape, rich_text_lines, text_run
from bot.errors import NightshiftError
from bot.slack.error_codes import TRANSPORT_ERRORS, error_code, is_outage
from bot.telemetry.metrics import ERRORS
from bot.values import Json, JsonObject
from handlers.fitting import confirm_shown, fitting_view
from handlers.json_parts import BadPayload
from handlers.payloads import Click, Command, Event, OptionsQuery, Payload, SourceView, Submission
from handlers.replies import (
    Ephemeral,
    FieldErrors,
    OpenView,
    Options,
    PublishHome,
    PushView,
    Reply,
    SendFile,
    UpdateView,
)
from handlers.routes import PayloadT, Route, name_of
from handlers.turns import ViewTurns
from handlers.view_responses import pending_view, submission_response, view_response

OPENING_TIMEOUT_SECONDS = 2.5
"""Maximum time that opening a view delays the acknowledgement."""
TRIGGER_EXPIRED = "It took too long to show this properly. Please press the button again."
DATABASE_UNAVAILABLE = (
    "The bot's database does not answer, so this was not recorded. Please look at the card and try again in a minute."
)
SLACK_UNAVAILABLE = "Slack could not show the form, so nothing was changed. Please press the button again in a minute."
_CANNOT_OPEN = ("expired_trigger_id", "not_found")
"""The trigger is too old, or the modal that was clicked in is closed."""
_VIEW_GONE = ("not_found", "hash_conflict")
_log = structlog.get_logger(__name__)

_Target: TypeAlias = Mapping[str, str]
"""The argument of views.update that names the view."""


class Acknowledgement:
    """The HTTP response to Slack, given once."""

    def __init__(self) -> None:
        self.response: BoltResponse | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def sent(self) -> bool:
        return self.response is not None

    def send(self, body: JsonObject | None = None) -> None:
        """Acknowledge; does nothing the second time."""
        if self.response is None:
            self.response = BoltResponse(status=200, body=dict(body) if body else "")
            self.release()

    def release(self) -> None:
        """Let whoever waits for the response go on without one."""
        if not self.done.done():
            self.done.set_result(None)


class Dispatcher:
    """Runs the handler of a route and delivers its reply."""

    def __init__(self, turns: ViewTurns) -> None:
        self._turns = turns

    async def run(
        self, route: Route[PayloadT], payload: PayloadT, ack: Acknowledgement, client: AsyncWebClient
    ) -> None:
        """Answer one request. Raises what fails before the acknowledgement, and logs what fails after it."""
        # Each request is answered in a task of its own, so this holds for all that follows from it, and no longer.
        if not isinstance(payload, Event):
            bind_contextvars(actor=payload.person.user, by=name_of(payload))
        try:
            await self._run(route, payload, ack, client)
        except BadPayload as error:
            # The reply needs a part of the payload that is missing, so it cannot be given.
            ack.send()
            _log.warning("unusable payload", name=name_of(payload), part=error.part)
        except Exception as error:
            if not ack.done.done():
                raise
            _log.error("reply not delivered", name=name_of(payload), exc_info=error)

    async def _run(
        self, route: Route[PayloadT], payload: PayloadT, ack: Acknowledgement, client: AsyncWebClient
    ) -> None:
        conversation = _Conversation(payload, ack, client)
        if route.opening is None and isinstance(payload, Click | Event):
            ack.send()
        view_id = payload.view.id if isinstance(payload, Click) and payload.view else ""
        if route.debounce and not await self._turns.is_last_keystroke(view_id, route.debounce):
            return
        async with self._turns.lock(view_id) if route.exclusive else nullcontext():
            if route.opening is not None and not await conversation.open(route.opening(payload)):
                return
            reply = await _reply_in_time(route, payload, conversation)
            try:
                await conversation.deliver(reply)
            except SlackApiError as error:
                # Slack refuses the view, so nobody would learn what became of their click: say it in a plain one.
                await conversation.deliver(route.error_reply(user_message(error, payload)))


async def _reply_in_time(route: Route[PayloadT], payload: PayloadT, conversation: "_Conversation") -> Reply:
    """The handler's reply. If it takes longer than the route's patience, the pending view is shown meanwhile."""
    if isinstance(payload, OptionsQuery):
        return await _options_in_time(route, payload)
    if conversation.is_settled and route.pending is None:
        return await _reply(route, payload)
    pending: list[asyncio.Task[None]] = []

    def show_pending() -> None:
        view = route.pending(payload) if route.pending else None
        pending.append(asyncio.create_task(conversation.show_pending(view)))

    # A timer costs less than a task of its own for the handler, which nearly always returns before it.
    timer = asyncio.get_running_loop().call_later(route.patience, show_pending)
    try:
        reply = await _reply(route, payload)
        for task in pending:
            await task
        return reply
    finally:
        timer.cancel()
        for task in pending:
            task.cancel()


async def _options_in_time(route: Route[OptionsQuery], query: OptionsQuery) -> Reply:
    """The choices of a select; a sentence about the time if they take too long."""
    try:
        async with asyncio.timeout(route.patience):
            return await _reply(route, query)
    except TimeoutError:
        return route.error_reply("This takes too long just now: type more, or try again")


async def _reply(route: Route[PayloadT], payload: PayloadT) -> Reply:
    try:
        return await route.handler(payload)
    except Exception as error:
        if isinstance(error, BadPayload) and isinstance(payload, Event):
            raise
        return route.error_reply(user_message(error, payload))


def user_message(error: Exception, payload: Payload) -> str:
    """What a person reads of an error. An unexpected one gets a reference that is in the log too."""
    if isinstance(error, BadPayload):
        _log.warning("unusable payload", name=name_of(payload), part=error.part)
        return str(error)
    if isinstance(error, NightshiftError):
        return str(error)
    if isinstance(error, OperationalError | InterfaceError):
        _log.warning("database unavailable", name=name_of(payload), error=str(error.orig), exc_info=error)
        return DATABASE_UNAVAILABLE
    ERRORS.inc()
    reference = secrets.token_hex(4)
    _log.error("unexpected error", reference=reference, name=name_of(payload), exc_info=error)
    return (
        f"Something went wrong that should not have. It stands in the bot's log as {reference}; tell an administrator."
    )


def _ephemeral(texts: Sequence[str], blocks: Sequence[Block] = ()) -> dict[str, Json]:
    """A message that only the person sees. Slack links and formats its text, so blocks show the same as it is."""
    lines = [line for text in texts if text for line in text.split("\n")]
    shown = list(blocks) or fit_message([rich_text_lines(*([text_run(line or " ")] for line in lines))])
    return {"text": "\n".join(map(escape, lines)), "response_type": "ephemeral", "blocks": shown}


class _Conversation:
    """The ways to answer one request: its acknowledgement, its trigger, its response URL and the views it opened."""

    def __init__(self, payload: Payload, ack: Acknowledgement, client: AsyncWebClient) -> None:
        self._payload = payload
        self._ack = ack
        self._client = client
        self._shown: _Target | None = None
        """The view that the reply replaces."""

    @property
    def is_settled(self) -> bool:
        """Whether there is no deadline left to keep."""
        return self._ack.sent

    async def open(self, opening: OpenView | Ephemeral) -> bool:
        """Open the view that the reply will replace, then acknowledge. False when that was the whole answer."""
        if isinstance(opening, Ephemeral):
            await self.deliver(opening)
            return False
        work = asyncio.ensure_future(self._open(opening.view))
        await asyncio.wait([work], timeout=OPENING_TIMEOUT_SECONDS)
        if work.done() and isinstance(self._payload, Command) and (error := work.exception()) is not None:
            if not isinstance(error, Exception):
                raise error
            await self.deliver(Ephemeral(user_message(error, self._payload)))
            return False
        self._ack.send()
        try:
            opened = await work
        except (SlackApiError, *TRANSPORT_ERRORS) as error:
            if not is_outage(error):
                raise
            _log.warning("view not opened", name=name_of(self._payload), why=str(error))
            await self.deliver(Ephemeral(SLACK_UNAVAILABLE))
            return False
        if not opened:
            await self.deliver(Ephemeral(TRIGGER_EXPIRED))
            return False
        self._shown = {"view_id": opened}
        return True

    async def show_pending(self, pending: OpenView | PushView | UpdateView | None) -> None:
        """Say that the reply takes longer, and acknowledge."""
        match self._payload:
            case Submission(view=view):
                self._acknowledge_pending(view, pending or UpdateView(pending_view()))
            case Click() if pending is not None:
                opened = await self._open(pending.view)
                self._shown = {"view_id": opened} if opened else None
            case _:
                self._ack.send()

    def _acknowledge_pending(self, view: SourceView, pending: OpenView | PushView | UpdateView) -> None:
        if isinstance(pending, UpdateView):
            self._shown = {"view_id": view.id}
            self._ack.send(view_response("update", pending.view))
        else:
            external_id = f"{view.id}-{secrets.token_hex(8)}"
            self._shown = {"external_id": external_id}
            self._ack.send(view_response("push", {**pending.view, "external_id": external_id}))

    async def deliver(self, reply: Reply) -> None:
        """Give the reply, in the way that is open for it now."""
        if isinstance(reply, SendFile):
            sent = await self._send_file(reply)
            reply = UpdateView(reply.sent, reply.on_shown) if sent else UpdateView(reply.not_sent)
        if self._shown is not None:
            await self._replace_shown(self._shown, reply)
            return
        match self._payload:
            case Submission():
                self._ack.send(await submission_response(reply))
            case Click():
                await self._answer_click(self._payload, reply)
            case Command():
                await self._answer_command(self._payload, reply)
            case OptionsQuery():
                self._ack.send({"options": reply.elements if isinstance(reply, Options) else []})
            case Event():
                if isinstance(reply, PublishHome):
                    await self._client.views_publish(user_id=self._payload.user, view=reply.view)

    async def _replace_shown(self, target: _Target, reply: Reply) -> None:
        match reply:
            case FieldErrors(summary=summary, redraw=redraw):
                if summary is not None:
                    await self._update(target, summary)
                if isinstance(self._payload, Submission):
                    await self._update({"view_id": self._payload.view.id}, await redraw())
            case OpenView(view=view) | UpdateView(view=view):
                if await self._update(target, view):
                    await confirm_shown(reply)
            case PushView(view=view):
                await self._update(target, view)
            case Ephemeral(text=text):
                await self._update(target, message_view("Nightshift", text))

    async def _answer_click(self, click: Click, reply: Reply) -> None:
        match reply:
            case UpdateView(view=view) if click.view is not None:
                if await self._update({"view_id": click.view.id}, view):
                    await confirm_shown(reply)
            case OpenView(view=view) | PushView(view=view) | UpdateView(view=view):
                if await self._open(view):
                    await confirm_shown(reply)
                else:
                    text = reply.text if isinstance(reply, OpenView) else ""
                    await self._whisper(f"{text} {TRIGGER_EXPIRED}".strip())
            case Ephemeral(text=text):
                await self._whisper(text)

    async def _whisper(self, text: str) -> None:
        """Answer a click so that only the person sees it: in a view, as a view on top of it."""
        if isinstance(self._payload, Click) and self._payload.view is None:
            await self._respond({**_ephemeral([text]), "replace_original": False})
        elif not await self._open(message_view("Nightshift", text)):
            _log.info("click answered too late", name=name_of(self._payload))

    async def _answer_command(self, command: Command, reply: Reply) -> None:
        match reply:
            case Ephemeral(text=text, blocks=blocks, more_lines=more_lines):
                message = _ephemeral([text, *more_lines], blocks)
                if self._ack.sent:
                    await self._respond(message)
                else:
                    self._ack.send(message)
            case OpenView(view=view):
                self._ack.send()
                if await self._open(view):
                    await confirm_shown(reply)
                else:
                    await self._answer_command(command, Ephemeral(TRIGGER_EXPIRED))
            case _:
                self._ack.send()

    async def _open(self, view: View) -> str:
        """Open a modal, on top of the one that was clicked in. Returns its id, or "" if it is too late for that.
        Raises BadPayload for a payload without a trigger."""
        payload = self._payload
        trigger_id = payload.trigger_id if isinstance(payload, Click | Command) else ""
        if not trigger_id:
            raise BadPayload("trigger_id")
        inside = isinstance(payload, Click) and payload.view is not None and payload.view.type == "modal"
        place = self._client.views_push if inside else self._client.views_open
        try:
            opened = await place(trigger_id=trigger_id, view=fitting_view(view))
        except SlackApiError as error:
            if error_code(error) not in _CANNOT_OPEN:
                raise
            return ""
        return str(opened["view"]["id"])

    async def _update(self, target: _Target, view: View) -> bool:
        """Replace a view. Returns False if it was closed in the meantime, which is no loss: what it showed is
        stored."""
        if "external_id" in target:
            view = {**view, "external_id": target["external_id"]}
        try:
            await self._client.views_update(view=fitting_view(view), **target)
        except SlackApiError as error:
            if error_code(error) not in _VIEW_GONE:
                raise
            _log.info("view closed before the reply")
            return False
        return True

    async def _respond(self, message: JsonObject) -> None:
        """Post to the response URL. The session is shared: a connection of its own for each reply takes longer."""
        payload = self._payload
        url = payload.response_url if isinstance(payload, Click | Command) else ""
        try:
            webhook = AsyncWebhookClient(url, session=self._client.session)
            answer = await webhook.send_dict(dict(message))
        except TRANSPORT_ERRORS as error:
            _log.warning("response URL unavailable", why=str(error))
            return
        if answer.status_code != 200:
            _log.warning("response URL refused a message", status=answer.status_code, why=answer.body[:200])

    async def _send_file(self, file: SendFile) -> bool:
        """Send a file to the person's direct messages; False where the app may not."""
        payload = self._payload
        if isinstance(payload, Event):
            return False
        try:
            opened = await self._client.conversations_open(users=payload.person.user)
            channel = opened["channel"]["id"]
            await self._client.files_upload_v2(
                channel=channel, filename=file.file_name, content=file.content, title=file.title
            )
        except SlackApiError as error:
            if error_code(error) != "missing_scope":
                raise
            return False
        return True
