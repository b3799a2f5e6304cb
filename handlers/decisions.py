"""The buttons on cards. Every click gets an answer, whoever clicked and whatever has happened meanwhile."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from blocks.dialogs import ADOPT, APPROVE, CHANGES, DENY, answer_of, choices_view, details_view, log_view, question_view
from blocks.form import form_view, notice, skeleton
from bot.errors import InputError
from bot.requests.model import Request
from bot.slack.errors import code
from bot.storage import requests, runs
from bot.storage.drafts import Draft
from bot.usecases import draft as drafting
from bot.usecases import reconcile, stop
from bot.usecases.decide import Answer, Late, Verdict, decide, refuse_early, take_back
from bot.usecases.draft import Speaker
from bot.usecases.look_again import Findings, look_again
from bot.usecases.revise import edit, rerun_failed
from bot.usecases.services import Services
from handlers.common import admitted, clicked, evidence, sentence, show, whisper
from handlers.routes import Body, Respond, Routes

LONG_LOG = 2900
"""Characters that a modal shows; a longer log is sent as a file too."""
PATIENCE = 1.5
"""Seconds that looking again may take before a view stands in for the answer."""
_LOOKING = "Looking again at what this would touch now …"
_PRESS_AGAIN = "It took too long to show this properly. Please press the button again."


def register(routes: Routes, app: Services) -> None:
    """Connect the buttons."""
    cards = CardHandlers(app)
    routes.actions["approve"] = cards.approve
    routes.actions["approve_with"] = cards.ask_reason(APPROVE)
    routes.views[APPROVE] = cards.approve_with
    routes.actions["approve_anyway"] = cards.approve_anyway
    routes.actions["deny"] = cards.ask_reason(DENY)
    routes.actions["changes"] = cards.ask_reason(CHANGES)
    routes.views[DENY] = cards.with_reason("denied")
    routes.views[CHANGES] = cards.with_reason("changes")
    for choice in ("now", "next", "drop"):
        routes.actions[f"late_{choice}"] = cards.late(choice)
    routes.actions["take_back"] = cards.acting(_take_back)
    routes.actions["edit"] = cards.opening(edit, "Edit")
    routes.actions["rerun_failed"] = cards.opening(rerun_failed, "Run again")
    routes.actions["withdraw"] = cards.acting(_withdraw)
    routes.actions["cancel"] = cards.acting(_cancel)
    routes.actions["run_again"] = cards.acting(_run_again)
    routes.actions["adopt"] = cards.ask_id
    routes.views[ADOPT] = cards.adopt
    routes.actions["details"] = cards.details
    routes.actions["log"] = cards.log
    routes.actions["open_link"] = cards.nothing


class CardHandlers:
    """The handlers of a card's buttons."""

    def __init__(self, app: Services) -> None:
        self._app = app
        self._looking: dict[tuple[str, int], asyncio.Future[Findings]] = {}

    async def approve(self, ack: AsyncAck, body: Body, client: AsyncWebClient, respond: Respond) -> None:
        """Approve; what has changed since the request was made is shown first, and must be confirmed."""
        began = time.monotonic()
        await ack()
        view_id = ""
        try:
            request_id, revision = clicked(body)
            who = await admitted(self._app, body)
            request = await refuse_early(self._app, request_id, revision, who.person)
            looking = self._look(request)
            done, _ = await asyncio.wait([looking], timeout=max(0.0, PATIENCE - (time.monotonic() - began)))
            if not done:
                # The trigger lasts three seconds: whatever there will be to say needs a view by then.
                view_id = await _opened(client, body, notice("Approve", _LOOKING))
            findings = await asyncio.shield(looking)
            view, text = _findings_view(request, findings), " ".join((*findings.stop, *findings.confirm))
            if view is None:
                answer = await self._decide(body, request_id, revision, "approved")
                view = _late_view(answer, request_id, revision) if answer.late else None
                text = answer.text
        except Exception as error:
            view, text = None, sentence(error)
        if view_id:
            await client.views_update(view_id=view_id, view=view or notice("Nightshift", text))
        elif view is None:
            await whisper(body, respond, client, text)
        elif not await _opened(client, body, view):
            await whisper(body, respond, client, f"{text} {_PRESS_AGAIN}")

    def _look(self, request: Request) -> asyncio.Future[Findings]:
        """Look again, once for all who press at the same time: what there is to see is the same for them."""
        key = request.id, request.revision
        looking = self._looking.get(key)
        if looking is None:
            looking = self._looking[key] = asyncio.ensure_future(look_again(self._app, request))
            looking.add_done_callback(lambda _: self._looking.pop(key, None))
        return looking

    async def approve_with(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Approve, with something to say."""
        view = body["view"]
        data = json.loads(view["private_metadata"])
        work = asyncio.ensure_future(self._approved_with(body, data["r"], int(data["v"]), answer_of(view)))
        done, _ = await asyncio.wait([work], timeout=PATIENCE)
        if done:
            await ack(response_action="update", view=await work)
            return
        await ack(response_action="update", view=notice("Approve", _LOOKING))
        await client.views_update(view_id=view["id"], view=await work)

    async def _approved_with(self, body: Body, request_id: str, revision: int, comment: str) -> dict[str, Any]:
        try:
            who = await admitted(self._app, body)
            request = await refuse_early(self._app, request_id, revision, who.person)
            view = _findings_view(request, await asyncio.shield(self._look(request)), comment)
            if view is not None:
                return view
            answer = await self._decide(body, request_id, revision, "approved", comment=comment)
        except Exception as error:
            return notice("Nightshift", sentence(error))
        return _late_view(answer, request_id, revision, comment) if answer.late else notice("Nightshift", answer.text)

    async def approve_anyway(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """The approver has seen what changed, and approves."""
        await ack()
        view, comment = None, _comment(body)
        try:
            request_id, revision = clicked(body)
            answer = await self._decide(body, request_id, revision, "approved", comment=comment)
            view = _late_view(answer, request_id, revision, comment) if answer.late else None
            text = answer.text
        except Exception as error:
            text = sentence(error)
        await client.views_update(view_id=body["view"]["id"], view=view or notice("Nightshift", text))

    def late(self, choice: Late) -> Callable[..., Awaitable[None]]:
        """The handler of one way to go on with a late approval."""

        async def chosen(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
            await ack()
            try:
                request_id, revision = clicked(body)
                comment = _comment(body)
                text = (await self._decide(body, request_id, revision, "approved", comment=comment, late=choice)).text
            except Exception as error:
                text = sentence(error)
            await client.views_update(view_id=body["view"]["id"], view=notice("Nightshift", text))

        return chosen

    def ask_reason(self, callback: str) -> Callable[..., Awaitable[None]]:
        """The handler that opens the question for a reason, or a comment; whether they may decide is checked before."""

        async def ask(ack: AsyncAck, body: Body, client: AsyncWebClient, respond: Respond) -> None:
            await ack()
            try:
                request_id, revision = clicked(body)
                who = await admitted(self._app, body)
                await refuse_early(self._app, request_id, revision, who.person)
            except Exception as error:
                await whisper(body, respond, client, sentence(error))
                return
            metadata = json.dumps({"r": request_id, "v": revision})
            if callback == APPROVE:
                view = question_view(APPROVE, metadata, "Approve", "What should be known?", "Approve")
            elif callback == DENY:
                view = question_view(DENY, metadata, "Deny", "Why?", "Deny", text="The requester will read this.")
            else:
                view = question_view(CHANGES, metadata, "Request changes", "What should be changed?", "Send")
            if not await _opened(client, body, view):
                await whisper(body, respond, client, _PRESS_AGAIN)

        return ask

    def with_reason(self, verdict: Verdict) -> Callable[..., Awaitable[None]]:
        """The handler of an answered question."""

        async def answered(ack: AsyncAck, body: Body) -> None:
            view = body["view"]
            data = json.loads(view["private_metadata"])
            comment = answer_of(view)
            if not comment:
                await ack(response_action="errors", errors={"answer": "Say why: the requester reads it."})
                return
            try:
                answer = await self._decide(body, data["r"], int(data["v"]), verdict, comment=comment)
                text = answer.text
            except Exception as error:
                text = sentence(error)
            await ack(response_action="update", view=notice("Nightshift", text))

        return answered

    async def _decide(
        self,
        body: Body,
        request_id: str,
        revision: int,
        verdict: Verdict,
        *,
        comment: str = "",
        late: Late | None = None,
    ) -> Answer:
        who = await admitted(self._app, body)
        return await decide(
            self._app,
            request_id,
            revision,
            who.person,
            verdict,
            comment=comment,
            late=late,
            evidence=evidence(body),
        )

    def acting(self, act: Callable[[Services, Body, str], Awaitable[str]]) -> Callable[..., Awaitable[None]]:
        """A button that does one thing and says what came of it."""

        async def do(ack: AsyncAck, body: Body, client: AsyncWebClient, respond: Respond) -> None:
            await ack()
            try:
                text = await act(self._app, body, clicked(body)[0])
            except Exception as error:
                text = sentence(error)
            await whisper(body, respond, client, text)

        return do

    def opening(
        self, make: Callable[[Services, str, Speaker], Awaitable[Draft]], title: str
    ) -> Callable[..., Awaitable[None]]:
        """A button that opens the form, filled in from a request."""

        async def open_form(ack: AsyncAck, body: Body, client: AsyncWebClient, respond: Respond) -> None:
            try:
                opened = await show(body, client, skeleton(title))
            finally:
                await ack()
            view_id = str(opened["view"]["id"])
            try:
                who = await admitted(self._app, body)
                draft = await make(self._app, clicked(body)[0], who)
                draft = await drafting.save(self._app, draft, view_id=view_id)
                view = form_view(await drafting.picture(self._app, draft, who))
            except Exception as error:
                view = notice(title, sentence(error))
            await client.views_update(view_id=view_id, view=view)

        return open_form

    async def ask_id(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """It ran: under which id?"""
        await ack()
        metadata = json.dumps({"r": clicked(body)[0]})
        view = question_view(ADOPT, metadata, "It ran", "Under which id does the back end have it?", "Watch it")
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def adopt(self, ack: AsyncAck, body: Body) -> None:
        """The id was given."""
        view = body["view"]
        try:
            who = await admitted(self._app, body)
            request_id = json.loads(view["private_metadata"])["r"]
            text = await reconcile.adopt(self._app, request_id, who.person, answer_of(view))
        except InputError as error:
            await ack(response_action="errors", errors={"answer": str(next(iter(error.problems.values())))})
            return
        except Exception as error:
            text = sentence(error)
        await ack(response_action="update", view=notice("Nightshift", text))

    async def details(self, ack: AsyncAck, body: Body, client: AsyncWebClient, respond: Respond) -> None:
        """Everything about a request."""
        await ack()
        try:
            await admitted(self._app, body)
            request_id, _ = clicked(body)
            async with self._app.db.read() as tx:
                request = await requests.get(tx, request_id)
                decisions = await requests.decisions_of(tx, request_id)
                several = await runs.of_request(tx, request_id)
            view = details_view(request, decisions, several)
        except Exception as error:
            await whisper(body, respond, client, sentence(error))
            return
        await show(body, client, view)

    async def log(self, ack: AsyncAck, body: Body, client: AsyncWebClient, respond: Respond) -> None:
        """The log of one target; a long one comes as a file too."""
        await ack()
        view_id = ""
        try:
            who = await admitted(self._app, body)
            action = body["actions"][0]
            run_id, _, target = action["selected_option"]["value"].partition("|")
            opened = await client.views_push(trigger_id=body["trigger_id"], view=notice(target, "Reading the log …"))
            view_id = str(opened["view"]["id"])
            text = await stop.output(self._app, action["block_id"].partition("|")[2], run_id, target)
            sent = len(text) > LONG_LOG and await _send_file(client, who.person.user, target, text)
            view = log_view(target, text, sent)
        except Exception as error:
            view = notice("Log", sentence(error))
        if view_id:
            await client.views_update(view_id=view_id, view=view)
        else:
            await client.views_push(trigger_id=body["trigger_id"], view=view)

    async def nothing(self, ack: AsyncAck) -> None:
        """A link button: Slack opens it, and only wants to hear that we heard."""
        await ack()


async def _opened(client: AsyncWebClient, body: Body, view: dict[str, Any]) -> str:
    """Open a view; returns its id, or "" where the click was too long ago for that."""
    try:
        return str((await client.views_open(trigger_id=body["trigger_id"], view=view))["view"]["id"])
    except SlackApiError as error:
        if code(error) != "expired_trigger_id":
            raise
        return ""


def _comment(body: Body) -> str:
    """What was said with an approval, kept by the view that asks about it."""
    return str((body.get("view") or {}).get("private_metadata") or "")


def _findings_view(request: Request, findings: Findings, comment: str = "") -> dict[str, Any] | None:
    """What has come up since the request was made; None where nothing has."""
    if findings.stop:
        return notice("Not approved", f"{request.name} cannot be approved now.", *findings.stop)
    if not findings.confirm:
        return None
    text = f"{request.name} is not quite what it was when it was asked for:"
    value = f"{request.id}:{request.revision}"
    choices = [("Approve anyway", "approve_anyway", value)]
    return choices_view("Look again", text, choices, findings.confirm, metadata=comment)


def _late_view(answer: Answer, request_id: str, revision: int, comment: str = "") -> dict[str, Any]:
    value = f"{request_id}:{revision}"
    choices = [(option.words, f"late_{option.choice}", value) for option in answer.late]
    return choices_view("It is late", f"{answer.text} What is to be done?", choices, metadata=comment)


async def _send_file(client: AsyncWebClient, user: str, target: str, text: str) -> bool:
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


async def _take_back(app: Services, body: Body, request_id: str) -> str:
    return await take_back(app, request_id, (await admitted(app, body)).person)


async def _withdraw(app: Services, body: Body, request_id: str) -> str:
    return await stop.withdraw(app, request_id, (await admitted(app, body)).person)


async def _cancel(app: Services, body: Body, request_id: str) -> str:
    return await stop.cancel(app, request_id, (await admitted(app, body)).person)


async def _run_again(app: Services, body: Body, request_id: str) -> str:
    return await reconcile.run_again(app, request_id, (await admitted(app, body)).person)
