"""Opening a form, and everything that happens in it. Each step first stores what the view holds."""

from collections.abc import Mapping, Sequence
from functools import partial

from blocks.edit_conflict import ChangeLine, ConflictModel, conflict_view
from blocks.form import FORM_CALLBACK, TIME_PICKER, form_view, loading_view, message_view
from blocks.inputs import field_name_of, parse_state
from blocks.preview import PREVIEW_CALLBACK, PreviewModel, preview_error_view, preview_pending_view, preview_view
from blocks.text import View
from bot.backends.base import Operation, Params, form_fields
from bot.errors import Conflict, InputError, NightshiftError
from bot.forms import REASON, WHEN, field_id
from bot.requests.merge import Preference
from bot.requests.policy.explain import demand_sentence, headline, terms_text
from bot.storage.drafts import Draft
from bot.usecases.actor import Actor
from bot.usecases.drafts.create import create_draft
from bot.usecases.drafts.edit_conflict import (
    ConflictingChange,
    EditConflict,
    EditOvertaken,
    drop_edit,
    find_edit_conflict,
    merge_edit,
)
from bot.usecases.drafts.entered import by_name
from bot.usecases.drafts.fields import policy_fields
from bot.usecases.drafts.form import form_model
from bot.usecases.drafts.load_fields import load_dependent_fields
from bot.usecases.drafts.lost_approvals import lost_approval_note
from bot.usecases.drafts.preview import PreviewResult, preview_draft
from bot.usecases.drafts.reading import echo_lines, parsed_reading
from bot.usecases.drafts.store import load_draft, save_draft, unfinished_draft
from bot.usecases.drafts.submission import LOOK_AGAIN
from bot.usecases.drafts.submit import submit
from bot.usecases.drafts.update import apply_form_state, choose_meaning, choose_time
from bot.usecases.pauses.list_pauses import pause_note
from bot.usecases.services import Services
from bot.usecases.summary import SEARCH_LABEL
from handlers.actors import authorize_actor, authorize_person
from handlers.arguments import Arguments, parse_arguments, resolve_aliases, unknown_keys_message
from handlers.json_parts import BadPayload
from handlers.payloads import Click, Command, Submission
from handlers.prefill import prefill_draft
from handlers.replies import Ephemeral, FieldErrors, OpenView, PushView, Reply, UpdateView
from handlers.routes import Route, RouteTable
from handlers.turns import ViewTurns

PREVIEW_PATIENCE_SECONDS = 2.0
"""Time for a preview before a view says that it is being made."""
TYPING_DEBOUNCE_SECONDS = 0.3
"""Seconds without another keystroke before the line under "When" is updated."""

START_PREFIX = "start_"
"""The prefix of the actions of buttons that open an empty form; the kind of back end follows."""
MERGE_CHOICES: Mapping[str, Preference] = {"merge_mine": "mine", "merge_theirs": "theirs"}
OUTDATED_FORM = (
    "The request was changed meanwhile, so this form now shows your changes on top of that. What you typed here just "
    "now is not among them."
)


def register(table: RouteTable, services: Services, turns: ViewTurns, kinds: Mapping[str, str]) -> None:
    """Add the routes of forms. ``kinds`` has the kind of back end of each slash command."""
    form = FormHandlers(services, turns, kinds)
    for name in kinds:
        table.commands[name] = Route(form.open_form, opening=form.opening)
    table.submissions[FORM_CALLBACK] = Route(
        form.on_preview,
        lambda text: PushView(message_view("Nightshift", text)),
        pending=lambda submission: PushView(preview_pending_view(submission.view.title)),
        patience=PREVIEW_PATIENCE_SECONDS,
    )
    table.submissions[PREVIEW_CALLBACK] = Route(
        form.on_confirm, lambda text: UpdateView(message_view("Not sent", text, keep_parent=True))
    )
    in_form = partial(Route[Click], error_reply=lambda text: UpdateView(message_view("Nightshift", text)))
    for action_id in MERGE_CHOICES:
        table.actions[action_id] = Route(form.on_merge, _conflict_error)
    table.actions["drop_edit"] = Route(form.on_drop, _conflict_error)
    table.actions["resume"] = in_form(form.on_resume)
    table.block_actions["pages"] = in_form(form.on_page, exclusive=True)
    table.block_actions["when_choices"] = in_form(form.on_time_choice, exclusive=True)
    table.field_actions[FORM_CALLBACK, ""] = in_form(form.on_field_change, exclusive=True)
    table.field_actions[FORM_CALLBACK, WHEN] = in_form(
        form.on_field_change, exclusive=True, debounce=TYPING_DEBOUNCE_SECONDS
    )
    for kind in kinds.values():
        table.actions[f"{START_PREFIX}{kind}"] = Route(form.start, opening=form.opening_start)
    for name in _typed_target_fields(services):
        table.field_actions[FORM_CALLBACK, name] = in_form(
            form.on_field_change, exclusive=True, debounce=TYPING_DEBOUNCE_SECONDS
        )


def _typed_target_fields(services: Services) -> set[str]:
    """The fields in which people type where the work is done."""
    return {
        field.name
        for backend in services.backends.values()
        for operation in backend.connection.operations.values()
        for field in form_fields(operation.params_model)
        if field.finds_targets and field.widget == "text"
    }


class FormHandlers:
    """The handlers of forms."""

    def __init__(self, services: Services, turns: ViewTurns, kinds: Mapping[str, str]) -> None:
        self._services = services
        self._turns = turns
        self._kinds = kinds
        self._typed_target_fields = _typed_target_fields(services)

    def opening(self, command: Command) -> OpenView | Ephemeral:
        """The view to show at once: the trigger expires after three seconds, so nothing is looked up before it."""
        operation, _, problem = self._find_operation(command)
        if operation is None:
            return Ephemeral(problem)
        return OpenView(loading_view(operation.title))

    def opening_start(self, click: Click) -> OpenView:
        """The view to show at once after a start button."""
        kind = self._kind_of_start(click)
        title = next(iter(self._services.backends.of_kind(kind)[0].connection.operations.values())).title
        return OpenView(loading_view(title))

    async def start(self, click: Click) -> Reply:
        """Show the empty form of a kind of back end."""
        kind = self._kind_of_start(click)
        try:
            actor = await authorize_actor(self._services, click.person)
            operation = next(iter(self._services.backends.of_kind(kind)[0].connection.operations))
            draft = await create_draft(self._services, actor.person, kind, operation, "")
            unfinished = await unfinished_draft(self._services, draft)
            return UpdateView(await self._render(draft, actor, unfinished_draft=unfinished))
        except NightshiftError as error:
            return UpdateView(message_view("Nightshift", str(error)))

    def _kind_of_start(self, click: Click) -> str:
        """The kind of back end of a start button. Raises BadPayload."""
        kind = click.action_id.removeprefix(START_PREFIX)
        if not self._services.backends.of_kind(kind):
            raise BadPayload("actions[0].action_id")
        return kind

    async def open_form(self, command: Command) -> Reply:
        """Show the form of the operation that was typed, filled in from the arguments."""
        operation, arguments, problem = self._find_operation(command)
        if operation is None:
            return Ephemeral(problem)
        try:
            actor = await authorize_actor(self._services, command.person)
            kind = self._kinds[command.name]
            draft = await create_draft(self._services, actor.person, kind, operation.key, command.channel)
            draft, notices = await prefill_draft(self._services, kind, draft, actor, arguments)
            unfinished = "" if arguments.pairs else await unfinished_draft(self._services, draft)
            return UpdateView(await self._render(draft, actor, notices=notices, unfinished_draft=unfinished))
        except NightshiftError as error:
            return UpdateView(message_view(operation.title, str(error)))

    def _find_operation(self, command: Command) -> tuple[Operation[Params] | None, Arguments, str]:
        """The operation that the verb names, and its arguments; or None and what is wrong with them."""
        kind = self._kinds[command.name]
        arguments = parse_arguments(command.text)
        configured = self._services.backends.of_kind(kind)
        if not configured:
            return None, arguments, f"No {kind} is configured here. An administrator can add one to the configuration."
        operations = configured[0].connection.operations
        for key, operation in operations.items():
            name = key.partition(".")[2]
            if arguments.verb in ("", name, name.partition("_")[0]):
                fields = (
                    *form_fields(operation.params_model),
                    *policy_fields(self._services, key, [backend.name for backend in configured]),
                )
                arguments = resolve_aliases(arguments, fields)
                problem = arguments.error or unknown_keys_message(arguments.pairs, fields)
                return None if problem else operation, arguments, problem
        verbs = ", ".join(key.partition(".")[2] for key in operations)
        return None, arguments, f"“{arguments.verb}” is not something {kind} can do here. It can: {verbs}."

    async def on_resume(self, click: Click) -> Reply:
        """Show a form that was closed unfinished."""
        actor = await authorize_actor(self._services, click.person)
        draft = await load_draft(self._services, click.value, actor.person)
        draft = await save_draft(self._services, draft, generation=draft.generation + 1)
        return UpdateView(await self._render(draft, actor))

    async def on_page(self, click: Click) -> Reply:
        """Show another page."""
        actor, draft, notices = await self._apply_form_state(click)
        if click.value:
            draft = await save_draft(self._services, draft, section=click.value)
        return UpdateView(await self._render(draft, actor, notices=notices))

    async def on_time_choice(self, click: Click) -> Reply:
        """Take one of the meanings of an ambiguous time, or the time of day that was missing."""
        at, choice = (click.time_of_day, 0) if click.action_id == TIME_PICKER else (None, click.number)
        actor, draft, notices = await self._apply_form_state(click)
        if at is not None:
            draft = await choose_time(self._services, draft, actor, at)
        else:
            draft = await choose_meaning(self._services, draft, choice)
        return UpdateView(await self._render(draft, actor, notices=notices))

    async def on_field_change(self, click: Click) -> Reply:
        """Show what follows from a field that others depend on: a template, a system, the time."""
        actor, draft, notices = await self._apply_form_state(click)
        if notices or click.field in ("", WHEN, REASON) or click.field in self._typed_target_fields:
            return UpdateView(await self._render(draft, actor, notices=notices))
        draft, problem = await load_dependent_fields(self._services, draft, click.field)
        return UpdateView(await self._render(draft, actor, notices=(problem,) if problem else ()))

    async def on_preview(self, submission: Submission) -> Reply:
        """Show what would happen, or what is wrong where."""
        async with self._turns.lock(submission.view.id):
            actor, draft, notices = await self._apply_form_state(submission)
        if notices:
            return UpdateView(await self._render(draft, actor, notices=notices))
        if conflict := await find_edit_conflict(self._services, draft):
            return PushView(conflict_view(_conflict_model(conflict)))
        title = self._services.backends.operation(draft.backend, draft.operation).title
        try:
            draft, checked = await preview_draft(self._services, draft, actor)
        except InputError as error:
            return self._field_errors(submission, draft, actor, title, error.problems)
        except NightshiftError as error:
            return self._field_errors(submission, draft, actor, title, {"": str(error)})
        return PushView(preview_view(await _preview_model(self._services, draft, actor, checked)))

    def _field_errors(
        self, submission: Submission, draft: Draft, actor: Actor, title: str, problems: Mapping[str, str]
    ) -> FieldErrors:
        """Errors under their fields, if every one of these is on the screen; else in the form, drawn again."""
        blocks = {field_name_of(block_id): block_id for block_id in submission.view.input_blocks}
        on_screen = all(field_id(name) in blocks for name in problems)
        return FieldErrors(
            by_block={blocks[field_id(name)]: text[:1900] for name, text in problems.items()} if on_screen else {},
            redraw=partial(self._render, draft, actor, errors=problems),
            summary=preview_error_view(title, list(problems.values())),
        )

    async def on_confirm(self, submission: Submission) -> Reply:
        """Submit what the preview showed."""
        ref = submission.view.draft_ref
        person = await authorize_person(self._services, submission.person)
        draft = await load_draft(self._services, ref.id, person)
        try:
            request = await submit(self._services, draft, ref.version)
        except EditOvertaken as error:
            conflict = await find_edit_conflict(self._services, draft)
            if conflict is None:
                raise Conflict(f"{error} {LOOK_AGAIN}") from error
            return UpdateView(conflict_view(_conflict_model(conflict)))
        text = (
            f"{request.name} runs as policy allows without asking."
            if request.requirement.effect == "approve"
            else f"{request.name} waits for approval. {headline(request.requirement)}"
        )
        return UpdateView(message_view("Sent", text, "You will get a message when it is decided and when it is done."))

    async def on_merge(self, click: Click) -> Reply:
        """Put an edit on top of the newest revision, and preview it again."""
        actor, draft = await self._load(click)
        conflict = await find_edit_conflict(self._services, draft)
        if conflict is not None and conflict.request.revision != click.number:
            return UpdateView(conflict_view(_conflict_model(conflict)))
        if conflict is not None:
            draft = await merge_edit(self._services, conflict, MERGE_CHOICES[click.action_id])
        try:
            draft, checked = await preview_draft(self._services, draft, actor)
        except InputError as error:
            title = self._services.backends.operation(draft.backend, draft.operation).title
            return UpdateView(preview_error_view(title, list(error.problems.values())))
        return UpdateView(preview_view(await _preview_model(self._services, draft, actor, checked)))

    async def on_drop(self, click: Click) -> Reply:
        """Give an edit up."""
        _, draft = await self._load(click)
        await drop_edit(self._services, draft)
        return UpdateView(message_view("Dropped", "Your edit is dropped. The request is as others have left it."))

    async def _load(self, payload: Click | Submission) -> tuple[Actor, Draft]:
        """The draft that a view shows, if it is the person's own."""
        view = payload.source_view if isinstance(payload, Click) else payload.view
        actor = await authorize_actor(self._services, payload.person)
        return actor, await load_draft(self._services, view.draft_ref.id, actor.person)

    async def _apply_form_state(self, payload: Click | Submission) -> tuple[Actor, Draft, tuple[str, ...]]:
        """Store what the view holds in its draft.

        A view that shows an edit of an earlier revision is not stored: it would undo what others have changed. The
        notices say so.
        """
        view = payload.source_view if isinstance(payload, Click) else payload.view
        actor, draft = await self._load(payload)
        if view.draft_ref.base_revision not in (None, draft.base_revision):
            return actor, draft, (OUTDATED_FORM,)
        values, labels = await by_name(self._services, draft, *parse_state(view.state, draft.backend, draft.generation))
        return actor, await apply_form_state(self._services, draft, actor, values, labels), ()

    async def _render(
        self,
        draft: Draft,
        actor: Actor,
        errors: Mapping[str, str] | None = None,
        notices: tuple[str, ...] = (),
        unfinished_draft: str = "",
    ) -> View:
        return form_view(await form_model(self._services, draft, actor, errors, notices, unfinished_draft))


def _conflict_error(text: str) -> Reply:
    return UpdateView(message_view("Not sent", text, keep_parent=True))


def _conflict_model(conflict: EditConflict) -> ConflictModel:
    def lines(changes: Sequence[ConflictingChange]) -> list[ChangeLine]:
        return [ChangeLine(change.field, change.before, change.after, change.by) for change in changes]

    return ConflictModel(
        draft_id=conflict.draft.id,
        version=conflict.draft.version,
        name=conflict.request.name,
        revision=conflict.request.revision,
        theirs=lines(conflict.theirs),
        mine=lines(conflict.mine),
        both=conflict.both,
        mergeable=conflict.mergeable,
    )


async def _preview_model(services: Services, draft: Draft, actor: Actor, checked: PreviewResult) -> PreviewModel:
    requirement = checked.requirement
    approval = [demand_sentence(requirement), *terms_text(requirement)]
    if requirement.effect == "ask":
        people = "1 person" if checked.notified_count == 1 else f"{checked.notified_count} people"
        approval.append(f"This will notify {'at least ' if checked.notified_count_is_minimum else ''}{people}.")
        approval += checked.notified
    paused = await pause_note(services, draft.backend, checked.start_at, checked.zone)
    lost = await lost_approval_note(services, draft, requirement)
    return PreviewModel(
        draft_id=draft.id,
        version=draft.version,
        title=checked.title,
        schedule=checked.content.schedule,
        zone=checked.zone,
        echo=echo_lines(services, parsed_reading(draft), actor),
        targets=checked.targets,
        search=next((value for label, value in checked.summary if label == SEARCH_LABEL), ""),
        summary=[row for row in checked.summary if row[0] != SEARCH_LABEL],
        reason=draft.reason,
        warnings=(*(note for note in (lost, paused) if note), *checked.warnings),
        scheduler_reason=checked.scheduler_reason,
        changes=checked.changes,
        approval=approval,
        submit_label="Run now" if requirement.effect == "approve" else "Request approval",
    )
