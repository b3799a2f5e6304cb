"""The results in Details: targets by state, run by run, and their logs as a file."""

import asyncio
import json

from blocks.details_results import ResultsPlace, chosen_run, ordered_results, results_file, results_view
from blocks.form import message_view
from blocks.text import View
from bot.errors import BackendError, NotFound
from bot.requests.model import Person
from bot.usecases.runs.read_log import read_log
from bot.usecases.services import Services
from bot.usecases.sight import check_may_read_logs
from bot.visible_text import visible_log
from handlers.actors import authorize_person
from handlers.details import load_details
from handlers.json_parts import BadPayload
from handlers.payloads import Click, SourceView
from handlers.replies import OpenView, Reply, SendFile, UpdateView
from handlers.routes import Route, RouteTable

MAX_LOGS = 50
"""Maximum number of logs in a file, the failed first. Each is a call of the back end."""
LOGS_AT_ONCE = 5


def register(table: RouteTable, services: Services) -> None:
    """Add the routes of the results."""
    results = ResultsHandlers(services)
    table.actions["details_results"] = Route(results.show, _error_view)
    table.actions["results_run"] = Route(results.choose_run, _error_view)
    table.actions["results_state"] = Route(results.choose_state, _error_view)
    for action_id in ("results_previous", "results_next"):
        table.actions[action_id] = Route(results.turn_page, _error_view)
    table.actions["results_file"] = Route(
        results.send_file, _error_view, opening=lambda _: OpenView(_message("Reading the logs…"))
    )


class ResultsHandlers:
    """The handlers of the results."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def show(self, click: Click) -> Reply:
        """Show the results of the newest run."""
        return await self._show(click, click.request_ref.id, ResultsPlace())

    async def choose_run(self, click: Click) -> Reply:
        """Show the results of another run."""
        return await self._show(click, click.source_view.request_ref.id, ResultsPlace(click.selected))

    async def choose_state(self, click: Click) -> Reply:
        """Show the targets in one state."""
        view = click.source_view
        return await self._show(click, view.request_ref.id, ResultsPlace(_of_view(view).run_id, click.selected))

    async def turn_page(self, click: Click) -> Reply:
        """Show other targets."""
        view = click.source_view
        place = _of_view(view)
        return await self._show(click, view.request_ref.id, ResultsPlace(place.run_id, place.state, click.number))

    async def _show(self, click: Click, request_id: str, place: ResultsPlace) -> Reply:
        person = await authorize_person(self._services, click.person)
        request, _, runs = await load_details(self._services, request_id, person)
        return UpdateView(results_view(request, runs, place))

    async def send_file(self, click: Click) -> Reply:
        """Send the results of a run with the logs of its targets as a file, the failed first."""
        ref = click.source_view.request_ref
        person = await authorize_person(self._services, click.person)
        request, _, runs = await load_details(self._services, ref.id, person)
        await check_may_read_logs(self._services, request, person)
        run = chosen_run(runs, click.value)
        if run is None:
            raise NotFound("This run is not known here any more.")
        names = [str(row["name"]) for row in ordered_results(run)]
        logs = await self._read_logs(request.id, run.id, names[:MAX_LOGS], person) if run.handle else {}
        more = (
            f"Logs of {MAX_LOGS} targets are in it; the others are behind their buttons."
            if len(names) > MAX_LOGS
            else ""
        )
        return SendFile(
            file_name=f"{request.name}-run-{run.number}.txt",
            title=f"{request.name}, run {run.number}: results",
            content=results_file(request, run, logs),
            sent=_message(f"The file is in your direct messages with Nightshift. {more}".strip()),
            not_sent=_message("Nightshift may not send files here. Each log is behind its button."),
        )

    async def _read_logs(self, request_id: str, run_id: str, names: list[str], person: Person) -> dict[str, str]:
        """Return the logs by target. One that cannot be read says why."""
        limit = asyncio.Semaphore(LOGS_AT_ONCE)

        async def read(name: str) -> str:
            async with limit:
                try:
                    return visible_log(await read_log(self._services, request_id, run_id, name, person))
                except BackendError as error:
                    return f"(not read: {error})"

        return dict(zip(names, await asyncio.gather(*map(read, names)), strict=True))


def _of_view(view: SourceView) -> ResultsPlace:
    """What the view shows. Raises BadPayload."""
    try:
        data = json.loads(view.metadata)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("run"), str) or not isinstance(data.get("s"), str):
        raise BadPayload("view.private_metadata")
    return ResultsPlace(data["run"], data["s"])


def _message(text: str) -> View:
    return message_view("Results", text, keep_parent=True)


def _error_view(text: str) -> UpdateView:
    return UpdateView(_message(text))
