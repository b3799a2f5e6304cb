"""The buttons on cards, and the modals that they open."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from blocks.card.model import Card
from blocks.details import reading_view
from blocks.form import form_view, loading_view, message_view
from blocks.home_approval import home_approval_view
from blocks.modals import (
    APPROVE_CALLBACK,
    CHANGES_CALLBACK,
    DENY_CALLBACK,
    late_choices_view,
    log_view,
    preflight_view,
    question_view,
)
from blocks.text import View
from bot.requests.approval.deadlines import LateChoice
from bot.requests.model import Person, Request
from bot.storage.drafts import Draft
from bot.usecases.actor import Actor
from bot.usecases.approvals.ask_again import preflight_of_approval
from bot.usecases.approvals.decide import DecisionResult, Verdict, load_decidable_request, record_decision
from bot.usecases.approvals.disclose import must_read_first, record_shown
from bot.usecases.approvals.retract import retract_decision
from bot.usecases.approvals.take_over import take_over
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.form import form_model
from bot.usecases.drafts.repeat import repeat
from bot.usecases.drafts.rerun_failed import rerun_failed
from bot.usecases.pauses.resume_series import resume_series
from bot.usecases.preflight import PreflightResult
from bot.usecases.runs.cancel import cancel, withdraw_and_stop
from bot.usecases.runs.close_unknown import close_unknown
from bot.usecases.runs.confirm_ended import confirm_ended
from bot.usecases.runs.read_log import read_log
from bot.usecases.runs.retry_unknown import retry_unknown
from bot.usecases.services import Services
from bot.usecases.sight import check_may_see_id
from bot.visible_text import visible, visible_log
from handlers.actors import authorize_actor, authorize_for_request, authorize_person
from handlers.details import reading_reply
from handlers.payloads import Click, RequestRef, Submission
from handlers.replies import Ephemeral, FieldErrors, Nothing, OpenView, Reply, SendFile, UpdateView
from handlers.routes import Route, RouteTable

MAX_INLINE_LOG_LENGTH = 2900
"""Maximum length of a log that a modal shows; a longer one is sent as a file too."""
PREFLIGHT_PATIENCE_SECONDS = 1.5
"""Time for a preflight before a view says that it is running."""
_PREFLIGHT_PENDING = "Looking again at what this would touch now …"

SimpleButton: TypeAlias = Callable[[Services, str, Person], Awaitable[str]]
"""Does one thing with a request, and returns what came of it."""
SIMPLE_BUTTONS: Mapping[str, SimpleButton] = {
    "take_back": retract_decision,
    "withdraw": withdraw_and_stop,
    "take_over": take_over,
    "cancel": cancel,
    "run_again": retry_unknown,
    "close_unknown": close_unknown,
    "resume_series": resume_series,
}
QUESTION_BUTTONS: Mapping[str, str] = {
    "approve_with": APPROVE_CALLBACK,
    "deny": DENY_CALLBACK,
    "changes": CHANGES_CALLBACK,
}
"""The question that each of these buttons opens."""
VERDICTS: Mapping[str, Verdict] = {DENY_CALLBACK: "denied", CHANGES_CALLBACK: "changes"}
LATE_CHOICES: Mapping[str, LateChoice] = {"late_now": "now", "late_next": "next", "late_drop": "drop"}
MakeDraft: TypeAlias = Callable[[Services, str, Actor], Awaitable[Draft]]
FORM_BUTTONS: Mapping[str, tuple[MakeDraft, str]] = {
    "edit": (edit_request, "Edit"),
    "rerun_failed": (rerun_failed, "Rerun"),
    "repeat": (repeat, "Repeat"),
}
"""The draft that each of these buttons opens a form for, and the form's title until it is loaded."""


def register(table: RouteTable, services: Services) -> None:
    """Add the routes of the buttons."""
    cards = CardHandlers(services)
    pending = message_view("Approve", _PREFLIGHT_PENDING)
    table.actions["approve"] = Route(
        cards.approve, pending=lambda _: OpenView(pending), patience=PREFLIGHT_PATIENCE_SECONDS
    )
    table.submissions[APPROVE_CALLBACK] = Route(
        cards.approve_with_comment, pending=lambda _: UpdateView(pending), patience=PREFLIGHT_PATIENCE_SECONDS
    )
    table.actions["approve_read"] = Route(
        cards.approve_after_reading,
        _update_with,
        pending=lambda _: OpenView(pending),
        patience=PREFLIGHT_PATIENCE_SECONDS,
    )
    table.actions["approve_anyway"] = Route(cards.confirm_approval, _update_with)
    for action_id in LATE_CHOICES:
        table.actions[action_id] = Route(cards.choose_late, _update_with)
    for action_id in QUESTION_BUTTONS:
        table.actions[action_id] = Route(cards.ask_question)
    for callback_id in VERDICTS:
        table.submissions[callback_id] = Route(cards.decide_with_reason)
    table.actions["confirm_ended"] = Route(cards.confirm_ended)
    for action_id in SIMPLE_BUTTONS:
        table.actions[action_id] = Route(cards.run_simple_button)
    for action_id, (_, title) in FORM_BUTTONS.items():
        table.actions[action_id] = Route(cards.open_form, _error_in(title), opening=_form_opening)
    table.actions["log"] = Route(cards.show_log, _error_in("Log"), opening=_log_opening)
    table.actions["open_link"] = Route(cards.acknowledge)


class CardHandlers:
    """The handlers of a card's buttons."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._preflights: dict[tuple[str, int], asyncio.Future[PreflightResult]] = {}

    async def approve(self, click: Click) -> Reply:
        """Approve. What the card leaves out, and what has changed since the request was made, is shown first."""
        ref = click.request_ref
        request, person = await self._load_decidable(click, ref)
        if await must_read_first(self._services, request, person):
            return reading_reply(self._services, request, person)
        if click.view is not None and click.view.type == "home":
            # A row of Home shows less than the card.
            return OpenView(home_approval_view(Card(request)), f"Approve {request.name} in the window that opens.")
        found = await self._shared_preflight(request)
        view = preflight_view(request, found.stop, found.confirm)
        if view is not None:
            return OpenView(view, " ".join((*found.stop, *found.confirm)))
        result = await self._record_decision(click, ref, "approved")
        if result.late_options:
            return OpenView(late_choices_view(result.text, result.late_options, ref.id, ref.revision), result.text)
        return Ephemeral(result.text)

    async def approve_with_comment(self, submission: Submission) -> Reply:
        """Approve with a comment, in the same steps."""
        ref, comment = submission.view.request_ref, submission.answer
        request, person = await self._load_decidable(submission, ref)
        if await must_read_first(self._services, request, person):
            return UpdateView(reading_view(request, comment=comment))
        return await self._approve_in_view(submission, request, ref, comment)

    async def approve_after_reading(self, click: Click) -> Reply:
        """Approve on the last of the pages that the approver had to read: its button proves that it was shown."""
        ref, comment = click.request_ref, click.source_view.metadata
        request, person = await self._load_decidable(click, ref)
        await record_shown(self._services, request, person, "pages")
        return await self._approve_in_view(click, request, ref, comment)

    async def _approve_in_view(
        self, payload: Click | Submission, request: Request, ref: RequestRef, comment: str
    ) -> Reply:
        found = await self._shared_preflight(request)
        view = preflight_view(request, found.stop, found.confirm, comment)
        if view is not None:
            return UpdateView(view)
        return self._show_result(await self._record_decision(payload, ref, "approved", comment), ref, comment)

    async def confirm_approval(self, click: Click) -> Reply:
        """Approve although something has changed: the approver has seen what."""
        ref, comment = click.request_ref, click.source_view.metadata
        return self._show_result(await self._record_decision(click, ref, "approved", comment), ref, comment)

    async def choose_late(self, click: Click) -> Reply:
        """Approve after the start has passed, and say what to do about that."""
        comment, choice = click.source_view.metadata, LATE_CHOICES[click.action_id]
        result = await self._record_decision(click, click.request_ref, "approved", comment, late=choice)
        return _update_with(result.text)

    async def ask_question(self, click: Click) -> Reply:
        """Ask for a reason or a comment, if the person may decide at all."""
        ref = click.request_ref
        await self._load_decidable(click, ref)
        return OpenView(question_view(QUESTION_BUTTONS[click.action_id], ref.id, ref.revision))

    async def decide_with_reason(self, submission: Submission) -> Reply:
        """Deny or ask for changes, with the reason that was typed."""
        ref, reason = submission.view.request_ref, submission.answer
        if not reason:
            return _answer_error(submission, ref, "Say why: the requester reads it.")
        result = await self._record_decision(submission, ref, VERDICTS[submission.callback_id], reason)
        return _update_with(result.text)

    async def run_simple_button(self, click: Click) -> Reply:
        """Do what the button says, and tell what came of it."""
        ref = click.request_ref
        person = await authorize_for_request(self._services, click.person, ref.id)
        return Ephemeral(await SIMPLE_BUTTONS[click.action_id](self._services, ref.id, person))

    async def confirm_ended(self, click: Click) -> Reply:
        """Record that the run that the button is about has ended."""
        ref = click.request_ref
        person = await authorize_for_request(self._services, click.person, ref.id)
        return Ephemeral(await confirm_ended(self._services, ref.id, ref.detail, person))

    async def open_form(self, click: Click) -> Reply:
        """Show the form, filled in from a request."""
        make_draft, _ = FORM_BUTTONS[click.action_id]
        ref = click.request_ref
        actor = await authorize_actor(self._services, click.person)
        await check_may_see_id(self._services, ref.id, actor.person)
        draft = await make_draft(self._services, ref.id, actor)
        return UpdateView(form_view(await form_model(self._services, draft, actor)))

    async def show_log(self, click: Click) -> Reply:
        """Show the log of one target; a long one is sent as a file too."""
        ref = click.log_ref
        person = await authorize_person(self._services, click.person)
        text = visible_log(await read_log(self._services, ref.request_id, ref.run_id, ref.target, person))
        if len(text) <= MAX_INLINE_LOG_LENGTH:
            return UpdateView(log_view(ref.target, text, sent_as_file=False))
        return SendFile(
            file_name=f"{visible(ref.target)}.log",
            title=visible(ref.target),
            content=text,
            sent=log_view(ref.target, text, sent_as_file=True),
            not_sent=log_view(ref.target, text, sent_as_file=False),
        )

    async def acknowledge(self, click: Click) -> Reply:
        """Acknowledge a link button; Slack opens the URL itself."""
        return Nothing()

    async def _load_decidable(self, payload: Click | Submission, ref: RequestRef) -> tuple[Request, Person]:
        """The request and the person, if they may decide on it now. Raises Conflict, NotAllowed or NotFound."""
        person = await authorize_for_request(self._services, payload.person, ref.id)
        request = await load_decidable_request(self._services, ref.id, ref.revision, person)
        return request, person

    async def _shared_preflight(self, request: Request) -> PreflightResult:
        """Run the preflight, once for everybody who presses at the same time: its result is the same for them."""
        key = request.id, request.revision
        running = self._preflights.get(key)
        if running is None:
            running = self._preflights[key] = asyncio.ensure_future(preflight_of_approval(self._services, request))
            running.add_done_callback(lambda _: self._preflights.pop(key, None))
        return await asyncio.shield(running)

    async def _record_decision(
        self,
        payload: Click | Submission,
        ref: RequestRef,
        verdict: Verdict,
        comment: str = "",
        *,
        late: LateChoice | None = None,
    ) -> DecisionResult:
        person = await authorize_for_request(self._services, payload.person, ref.id)
        return await record_decision(
            self._services,
            ref.id,
            ref.revision,
            person,
            verdict,
            comment=comment,
            late=late,
            interaction_context=payload.interaction_context,
        )

    @staticmethod
    def _show_result(result: DecisionResult, ref: RequestRef, comment: str) -> Reply:
        if not result.late_options:
            return _update_with(result.text)
        return UpdateView(late_choices_view(result.text, result.late_options, ref.id, ref.revision, comment))


def _update_with(text: str) -> UpdateView:
    """Say something in the view itself."""
    return UpdateView(message_view("Nightshift", text))


def _error_in(title: str) -> Callable[[str], Reply]:
    """Makes a reply that tells an error in the view that was opened."""
    return lambda text: UpdateView(message_view(title, text))


def _form_opening(click: Click) -> OpenView:
    return OpenView(loading_view(FORM_BUTTONS[click.action_id][1]))


def _log_opening(click: Click) -> OpenView:
    return OpenView(message_view((click.selected or click.value).partition("|")[2] or "Log", "Reading the log …"))


def _answer_error(submission: Submission, ref: RequestRef, problem: str) -> FieldErrors:
    """An error under the one input of a question."""

    async def redraw() -> View:
        return question_view(submission.callback_id, ref.id, ref.revision, answer=submission.answer, problem=problem)

    return FieldErrors({"answer": problem}, redraw)
