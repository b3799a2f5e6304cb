"""The buttons on cards. Every click gets an answer, whoever clicked and whatever has happened meanwhile."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from blocks.form import form_view, loading_view, message_view
from blocks.modals import (
    APPROVE_CALLBACK,
    ATTACH_CALLBACK,
    CHANGES_CALLBACK,
    DENY_CALLBACK,
    choices_view,
    details_view,
    log_view,
    question_view,
    submitted_answer,
)
from bot.errors import InputError
from bot.requests.approval.deadlines import LateChoice
from bot.requests.model import Request
from bot.slack.error_codes import error_code
from bot.storage import requests, runs
from bot.storage.drafts import Draft
from bot.usecases.approvals.decide import (
    DecisionResult,
    Verdict,
    load_decidable_request,
    record_decision,
    retract_decision,
)
from bot.usecases.drafts import form as drafting
from bot.usecases.drafts.form import Actor
from bot.usecases.drafts.revise import edit_request, rerun_failed
from bot.usecases.preflight import PreflightResult, preflight
from bot.usecases.runs import cancel, resolve_unknown
from bot.usecases.services import Services
from handlers.common import (
    authorize_actor,
    interaction_context,
    open_or_push_modal,
    reply_ephemeral,
    request_ref,
    user_message,
)
from handlers.router import Payload, Respond, Router

MAX_INLINE_LOG_LENGTH = 2900
"""Characters that a modal shows; a longer log is sent as a file too."""
PENDING_VIEW_SECONDS = 1.5
"""Seconds that looking again may take before a view stands in for the answer."""
_PREFLIGHT_PENDING = "Looking again at what this would touch now …"
_TRIGGER_EXPIRED = "It took too long to show this properly. Please press the button again."


def register(routes: Router, services: Services) -> None:
    """Connect the buttons."""
    cards = CardHandlers(services)
    routes.actions["approve"] = cards.approve
    routes.actions["approve_with"] = cards.reason_button(APPROVE_CALLBACK)
    routes.views[APPROVE_CALLBACK] = cards.approve_with_comment
    routes.actions["approve_anyway"] = cards.confirm_approval
    routes.actions["deny"] = cards.reason_button(DENY_CALLBACK)
    routes.actions["changes"] = cards.reason_button(CHANGES_CALLBACK)
    routes.views[DENY_CALLBACK] = cards.reason_submission("denied")
    routes.views[CHANGES_CALLBACK] = cards.reason_submission("changes")
    for choice in ("now", "next", "drop"):
        routes.actions[f"late_{choice}"] = cards.late_choice(choice)
    routes.actions["take_back"] = cards.button(_retract_decision)
    routes.actions["edit"] = cards.form_button(edit_request, "Edit")
    routes.actions["rerun_failed"] = cards.form_button(rerun_failed, "Run again")
    routes.actions["withdraw"] = cards.button(_withdraw)
    routes.actions["cancel"] = cards.button(_cancel)
    routes.actions["run_again"] = cards.button(_retry_unknown)
    routes.actions["adopt"] = cards.ask_remote_id
    routes.views[ATTACH_CALLBACK] = cards.attach_remote
    routes.actions["details"] = cards.details
    routes.actions["log"] = cards.target_log
    routes.actions["open_link"] = cards.acknowledge


class CardHandlers:
    """The handlers of a card's buttons."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._preflights: dict[tuple[str, int], asyncio.Future[PreflightResult]] = {}

    async def approve(self, ack: AsyncAck, body: Payload, client: AsyncWebClient, respond: Respond) -> None:
        """Approve; what has changed since the request was made is shown first, and must be confirmed."""
        began = time.monotonic()
        await ack()
        view_id = ""
        try:
            request_id, revision = request_ref(body)
            who = await authorize_actor(self._services, body)
            request = await load_decidable_request(self._services, request_id, revision, who.person)
            looking = self._shared_preflight(request)
            done, _ = await asyncio.wait([looking], timeout=max(0.0, PENDING_VIEW_SECONDS - (time.monotonic() - began)))
            if not done:
                # The trigger lasts three seconds: whatever there will be to say needs a view by then.
                view_id = await _open_modal(client, body, message_view("Approve", _PREFLIGHT_PENDING))
            findings = await asyncio.shield(looking)
            view, text = _preflight_view(request, findings), " ".join((*findings.stop, *findings.confirm))
            if view is None:
                answer = await self._record_decision(body, request_id, revision, "approved")
                view = _late_choices_view(answer, request_id, revision) if answer.late_options else None
                text = answer.text
        except Exception as error:
            view, text = None, user_message(error)
        if view_id:
            await client.views_update(view_id=view_id, view=view or message_view("Nightshift", text))
        elif view is None:
            await reply_ephemeral(body, respond, client, text)
        elif not await _open_modal(client, body, view):
            await reply_ephemeral(body, respond, client, f"{text} {_TRIGGER_EXPIRED}")

    def _shared_preflight(self, request: Request) -> asyncio.Future[PreflightResult]:
        """Look again, once for all who press at the same time: what there is to see is the same for them."""
        key = request.id, request.revision
        looking = self._preflights.get(key)
        if looking is None:
            looking = self._preflights[key] = asyncio.ensure_future(preflight(self._services, request))
            looking.add_done_callback(lambda _: self._preflights.pop(key, None))
        return looking

    async def approve_with_comment(self, ack: AsyncAck, body: Payload, client: AsyncWebClient) -> None:
        """Approve, with something to say."""
        view = body["view"]
        data = json.loads(view["private_metadata"])
        work = asyncio.ensure_future(
            self._approve_with_comment(body, data["r"], int(data["v"]), submitted_answer(view))
        )
        done, _ = await asyncio.wait([work], timeout=PENDING_VIEW_SECONDS)
        if done:
            await ack(response_action="update", view=await work)
            return
        await ack(response_action="update", view=message_view("Approve", _PREFLIGHT_PENDING))
        await client.views_update(view_id=view["id"], view=await work)

    async def _approve_with_comment(
        self, body: Payload, request_id: str, revision: int, comment: str
    ) -> dict[str, Any]:
        try:
            who = await authorize_actor(self._services, body)
            request = await load_decidable_request(self._services, request_id, revision, who.person)
            view = _preflight_view(request, await asyncio.shield(self._shared_preflight(request)), comment)
            if view is not None:
                return view
            answer = await self._record_decision(body, request_id, revision, "approved", comment=comment)
        except Exception as error:
            return message_view("Nightshift", user_message(error))
        return (
            _late_choices_view(answer, request_id, revision, comment)
            if answer.late_options
            else message_view("Nightshift", answer.text)
        )

    async def confirm_approval(self, ack: AsyncAck, body: Payload, client: AsyncWebClient) -> None:
        """The approver has seen what changed, and approves."""
        await ack()
        view, comment = None, _comment_of(body)
        try:
            request_id, revision = request_ref(body)
            answer = await self._record_decision(body, request_id, revision, "approved", comment=comment)
            view = _late_choices_view(answer, request_id, revision, comment) if answer.late_options else None
            text = answer.text
        except Exception as error:
            text = user_message(error)
        await client.views_update(view_id=body["view"]["id"], view=view or message_view("Nightshift", text))

    def late_choice(self, choice: LateChoice) -> Callable[..., Awaitable[None]]:
        """The handler of one way to go on with a late approval."""

        async def chosen(ack: AsyncAck, body: Payload, client: AsyncWebClient) -> None:
            await ack()
            try:
                request_id, revision = request_ref(body)
                comment = _comment_of(body)
                text = (
                    await self._record_decision(body, request_id, revision, "approved", comment=comment, late=choice)
                ).text
            except Exception as error:
                text = user_message(error)
            await client.views_update(view_id=body["view"]["id"], view=message_view("Nightshift", text))

        return chosen

    def reason_button(self, callback_id: str) -> Callable[..., Awaitable[None]]:
        """The handler that opens the question for a reason, or a comment; whether they may decide is checked before."""

        async def ask(ack: AsyncAck, body: Payload, client: AsyncWebClient, respond: Respond) -> None:
            await ack()
            try:
                request_id, revision = request_ref(body)
                who = await authorize_actor(self._services, body)
                await load_decidable_request(self._services, request_id, revision, who.person)
            except Exception as error:
                await reply_ephemeral(body, respond, client, user_message(error))
                return
            metadata = json.dumps({"r": request_id, "v": revision})
            if callback_id == APPROVE_CALLBACK:
                view = question_view(APPROVE_CALLBACK, metadata, "Approve", "What should be known?", "Approve")
            elif callback_id == DENY_CALLBACK:
                view = question_view(
                    DENY_CALLBACK, metadata, "Deny", "Why?", "Deny", text="The requester will read this."
                )
            else:
                view = question_view(CHANGES_CALLBACK, metadata, "Request changes", "What should be changed?", "Send")
            if not await _open_modal(client, body, view):
                await reply_ephemeral(body, respond, client, _TRIGGER_EXPIRED)

        return ask

    def reason_submission(self, verdict: Verdict) -> Callable[..., Awaitable[None]]:
        """The handler of an answered question."""

        async def answered(ack: AsyncAck, body: Payload) -> None:
            view = body["view"]
            data = json.loads(view["private_metadata"])
            comment = submitted_answer(view)
            if not comment:
                await ack(response_action="errors", errors={"answer": "Say why: the requester reads it."})
                return
            try:
                answer = await self._record_decision(body, data["r"], int(data["v"]), verdict, comment=comment)
                text = answer.text
            except Exception as error:
                text = user_message(error)
            await ack(response_action="update", view=message_view("Nightshift", text))

        return answered

    async def _record_decision(
        self,
        body: Payload,
        request_id: str,
        revision: int,
        verdict: Verdict,
        *,
        comment: str = "",
        late: LateChoice | None = None,
    ) -> DecisionResult:
        who = await authorize_actor(self._services, body)
        return await record_decision(
            self._services,
            request_id,
            revision,
            who.person,
            verdict,
            comment=comment,
            late=late,
            interaction_context=interaction_context(body),
        )

    def button(self, use_case: Callable[[Services, Payload, str], Awaitable[str]]) -> Callable[..., Awaitable[None]]:
        """A button that does one thing and says what came of it."""

        async def do(ack: AsyncAck, body: Payload, client: AsyncWebClient, respond: Respond) -> None:
            await ack()
            try:
                text = await use_case(self._services, body, request_ref(body)[0])
            except Exception as error:
                text = user_message(error)
            await reply_ephemeral(body, respond, client, text)

        return do

    def form_button(
        self, make_draft: Callable[[Services, str, Actor], Awaitable[Draft]], title: str
    ) -> Callable[..., Awaitable[None]]:
        """A button that opens the form, filled in from a request."""

        async def open_form(ack: AsyncAck, body: Payload, client: AsyncWebClient, respond: Respond) -> None:
            try:
                opened = await open_or_push_modal(body, client, loading_view(title))
            finally:
                await ack()
            view_id = str(opened["view"]["id"])
            try:
                who = await authorize_actor(self._services, body)
                draft = await make_draft(self._services, request_ref(body)[0], who)
                draft = await drafting.save_draft(self._services, draft, view_id=view_id)
                view = form_view(await drafting.form_model(self._services, draft, who))
            except Exception as error:
                view = message_view(title, user_message(error))
            await client.views_update(view_id=view_id, view=view)

        return open_form

    async def ask_remote_id(self, ack: AsyncAck, body: Payload, client: AsyncWebClient) -> None:
        """It ran: under which id?"""
        await ack()
        metadata = json.dumps({"r": request_ref(body)[0]})
        view = question_view(
            ATTACH_CALLBACK, metadata, "It ran", "Under which id does the back end have it?", "Watch it"
        )
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def attach_remote(self, ack: AsyncAck, body: Payload) -> None:
        """The id was given."""
        view = body["view"]
        try:
            who = await authorize_actor(self._services, body)
            request_id = json.loads(view["private_metadata"])["r"]
            text = await resolve_unknown.attach_remote(self._services, request_id, who.person, submitted_answer(view))
        except InputError as error:
            await ack(response_action="errors", errors={"answer": str(next(iter(error.problems.values())))})
            return
        except Exception as error:
            text = user_message(error)
        await ack(response_action="update", view=message_view("Nightshift", text))

    async def details(self, ack: AsyncAck, body: Payload, client: AsyncWebClient, respond: Respond) -> None:
        """Everything about a request."""
        await ack()
        try:
            await authorize_actor(self._services, body)
            request_id, _ = request_ref(body)
            async with self._services.db.read() as tx:
                request = await requests.get(tx, request_id)
                decisions = await requests.decisions_of(tx, request_id)
                several = await runs.of_request(tx, request_id)
            view = details_view(request, decisions, several)
        except Exception as error:
            await reply_ephemeral(body, respond, client, user_message(error))
            return
        await open_or_push_modal(body, client, view)

    async def target_log(self, ack: AsyncAck, body: Payload, client: AsyncWebClient, respond: Respond) -> None:
        """The log of one target; a long one comes as a file too."""
        await ack()
        view_id = ""
        try:
            who = await authorize_actor(self._services, body)
            action = body["actions"][0]
            run_id, _, target = action["selected_option"]["value"].partition("|")
            opened = await client.views_push(
                trigger_id=body["trigger_id"], view=message_view(target, "Reading the log …")
            )
            view_id = str(opened["view"]["id"])
            text = await cancel.read_log(self._services, action["block_id"].partition("|")[2], run_id, target)
            sent = len(text) > MAX_INLINE_LOG_LENGTH and await _send_log_file(client, who.person.user, target, text)
            view = log_view(target, text, sent)
        except Exception as error:
            view = message_view("Log", user_message(error))
        if view_id:
            await client.views_update(view_id=view_id, view=view)
        else:
            await client.views_push(trigger_id=body["trigger_id"], view=view)

    async def acknowledge(self, ack: AsyncAck) -> None:
        """A link button: Slack opens it, and only wants to hear that we heard."""
        await ack()


async def _open_modal(client: AsyncWebClient, body: Payload, view: dict[str, Any]) -> str:
    """Open a view; returns its id, or "" where the click was too long ago for that."""
    try:
        return str((await client.views_open(trigger_id=body["trigger_id"], view=view))["view"]["id"])
    except SlackApiError as error:
        if error_code(error) != "expired_trigger_id":
            raise
        return ""


def _comment_of(body: Payload) -> str:
    """What was said with an approval, kept by the view that asks about it."""
    return str((body.get("view") or {}).get("private_metadata") or "")


def _preflight_view(request: Request, result: PreflightResult, comment: str = "") -> dict[str, Any] | None:
    """What has come up since the request was made; None where nothing has."""
    if result.stop:
        return message_view("Not approved", f"{request.name} cannot be approved now.", *result.stop)
    if not result.confirm:
        return None
    text = f"{request.name} is not quite what it was when it was asked for:"
    value = f"{request.id}:{request.revision}"
    choices = [("Approve anyway", "approve_anyway", value)]
    return choices_view("Look again", text, choices, result.confirm, metadata=comment)


def _late_choices_view(answer: DecisionResult, request_id: str, revision: int, comment: str = "") -> dict[str, Any]:
    value = f"{request_id}:{revision}"
    choices = [(option.label, f"late_{option.choice}", value) for option in answer.late_options]
    return choices_view("It is late", f"{answer.text} What is to be done?", choices, metadata=comment)


async def _send_log_file(client: AsyncWebClient, user: str, target: str, text: str) -> bool:
    """Send a log as a file to somebody's direct messages; False where the app may not."""
    try:
        opened = await client.conversations_open(users=user)
        channel = opened["channel"]["id"]
        await client.files_upload_v2(channel=channel, filename=f"{target}.log", content=text, title=target)
    except SlackApiError as error:
        if error.response.get("error") != "missing_scope":
            raise
        return False
    return True


async def _retract_decision(services: Services, body: Payload, request_id: str) -> str:
    return await retract_decision(services, request_id, (await authorize_actor(services, body)).person)


async def _withdraw(services: Services, body: Payload, request_id: str) -> str:
    return await cancel.withdraw(services, request_id, (await authorize_actor(services, body)).person)


async def _cancel(services: Services, body: Payload, request_id: str) -> str:
    return await cancel.cancel(services, request_id, (await authorize_actor(services, body)).person)


async def _retry_unknown(services: Services, body: Payload, request_id: str) -> str:
    return await resolve_unknown.retry_unknown(services, request_id, (await authorize_actor(services, body)).person)
