"""Details: the pages about a request, the same as a file, and the pages that an approver must have been shown."""

from collections.abc import Sequence

from blocks.card.model import SystemNames
from blocks.details import (
    READING_CALLBACK,
    call_page_count,
    calls_view,
    details_file,
    details_view,
    page_count,
    reading_view,
)
from blocks.details_history import HistoryEntry, history_view
from blocks.form import message_view
from blocks.text import View
from bot.errors import Conflict
from bot.requests.model import Decision, Person, Request, Run
from bot.storage import audit, requests, runs
from bot.storage.disclosures import Means
from bot.usecases.approvals.disclose import record_shown
from bot.usecases.approvals.permitted import permitted_actions
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services
from bot.usecases.sight import check_may_read_logs, check_may_see
from handlers.actors import authorize_person
from handlers.json_parts import BadPayload
from handlers.payloads import Click
from handlers.replies import OnShown, OpenView, Reply, SendFile, UpdateView
from handlers.routes import Route, RouteTable

_SENDING = "Sending the file …"


def register(table: RouteTable, services: Services) -> None:
    """Add the routes of Details."""
    details = DetailsHandlers(services)
    table.actions["details"] = Route(details.show)
    for action_id in ("details_previous", "details_next"):
        table.actions[action_id] = Route(details.turn_page, _error_view)
    table.actions["details_summary"] = Route(details.turn_page, _error_view)
    for action_id in ("details_request", "details_request_previous", "details_request_next"):
        table.actions[action_id] = Route(details.show_calls, _error_view)
    for action_id in ("details_history", "details_history_newer", "details_history_older"):
        table.actions[action_id] = Route(details.show_history, _error_view)
    table.actions["details_file"] = Route(
        details.send_file, _error_view, opening=lambda _: OpenView(_message(_SENDING))
    )


class DetailsHandlers:
    """The handlers of Details."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def show(self, click: Click) -> Reply:
        """Show the first page."""
        person = await authorize_person(self._services, click.person)
        return await details_reply(self._services, click.request_ref.id, person)

    async def turn_page(self, click: Click) -> Reply:
        """Show another page, of the revision that the person is reading."""
        ref, view = click.request_ref, click.source_view
        person = await authorize_person(self._services, click.person)
        request, decisions, all_runs = await load_details(self._services, ref.id, person)
        if request.revision != ref.revision:
            text = f"{request.name} has been changed since you opened this. Please open it again."
            raise Conflict(text, code=RefusalCode.REVISION_REPLACED)
        if ref.detail >= page_count(request):
            raise BadPayload("actions[0].value")
        if view.callback_id == READING_CALLBACK:
            shown = reading_view(request, ref.detail, view.metadata)
        else:
            shown = await _summary_view(self._services, request, decisions, all_runs, person, ref.detail)
        return UpdateView(shown, on_last_page(self._services, request, person, ref.detail))

    async def show_calls(self, click: Click) -> Reply:
        """Show the exact calls of a request."""
        ref = click.request_ref
        person = await authorize_person(self._services, click.person)
        request, _, _ = await load_details(self._services, ref.id, person)
        if ref.detail >= call_page_count(request):
            raise BadPayload("actions[0].value")
        return UpdateView(calls_view(request, ref.detail))

    async def show_history(self, click: Click) -> Reply:
        """Show what happened to a request."""
        ref = click.request_ref
        person = await authorize_person(self._services, click.person)
        request, _, _ = await load_details(self._services, ref.id, person)
        async with self._services.db.read() as tx:
            entries = [
                HistoryEntry(entry.at, entry.actor, entry.action, entry.data)
                async for entry in audit.entries(tx, request.id)
            ]
        return UpdateView(history_view(request, entries, ref.detail))

    async def send_file(self, click: Click) -> Reply:
        """Send everything about a request to the person as a file."""
        person = await authorize_person(self._services, click.person)
        request, _, _ = await load_details(self._services, click.request_ref.id, person)
        await check_may_read_logs(self._services, request, person)
        return SendFile(
            file_name=f"{request.name}-revision-{request.revision}.txt",
            title=f"{request.name}, revision {request.revision}",
            content=details_file(request),
            sent=_message("The file is in your direct messages with Nightshift."),
            not_sent=_message("Nightshift may not send files here. The pages show everything too."),
            on_shown=_recorder(self._services, request, person, "file"),
        )


async def details_reply(services: Services, request_id: str, person: Person) -> OpenView:
    """Open the first page of Details. Raises NotFound."""
    request, decisions, all_runs = await load_details(services, request_id, person)
    view = await _summary_view(services, request, decisions, all_runs, person)
    return OpenView(view, on_shown=on_last_page(services, request, person, 0))


async def _summary_view(
    services: Services,
    request: Request,
    decisions: Sequence[Decision],
    all_runs: Sequence[Run],
    person: Person,
    page: int = 0,
) -> View:
    """The summary, with the buttons of what the person may do."""
    permitted = await permitted_actions(services, request, decisions, all_runs, person) if page == 0 else ()
    backend = services.backends.get(request.content.backend)
    system = SystemNames(backend.connection.title, backend.kind.title) if backend is not None else None
    return details_view(request, decisions, all_runs, page, system=system, permitted=permitted)


def reading_reply(services: Services, request: Request, person: Person) -> OpenView:
    """Open the first of the pages that an approver reads in order to approve."""
    text = f"Part of {request.name} does not fit on its card. Read all of it before you approve."
    return OpenView(reading_view(request), text, on_last_page(services, request, person, 0))


def on_last_page(services: Services, request: Request, person: Person, page: int) -> OnShown | None:
    """Record that a person was shown all of a request, if this is its last page. Pages are turned one by one."""
    return _recorder(services, request, person, "pages") if page == page_count(request) - 1 else None


def _recorder(services: Services, request: Request, person: Person, means: Means) -> OnShown:
    async def record() -> None:
        await record_shown(services, request, person, means)

    return record


async def load_details(
    services: Services, request_id: str, person: Person
) -> tuple[Request, list[Decision], list[Run]]:
    """Return a request, its decisions and its runs, the newest first. Raises NotFound if the person may not see it."""
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
        decisions = await requests.decisions_of(tx, request_id)
        all_runs = await runs.of_request(tx, request_id)
    await check_may_see(services, request, person)
    return request, list(decisions), list(all_runs)


def _message(text: str) -> View:
    return message_view("Details", text, keep_parent=True)


def _error_view(text: str) -> UpdateView:
    return UpdateView(_message(text))
