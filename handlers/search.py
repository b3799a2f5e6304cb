"""Searching for requests, in a modal and in the words of ``/nightshift list``."""

from blocks.search import ANY, PERSON, SEARCH_CALLBACK, STATE, STATE_GROUPS, SYSTEM, TEXT, found_view
from bot.storage.inbox import SearchFilter
from bot.usecases.home.inbox import search
from bot.usecases.services import Services
from handlers.actors import authorize_person
from handlers.payloads import Submission
from handlers.replies import Reply, UpdateView
from handlers.routes import Route, RouteTable


def register(table: RouteTable, services: Services) -> None:
    """Add the route of the search."""

    async def on_search(submission: Submission) -> Reply:
        person = await authorize_person(services, submission.person)
        text, state, system = (_entered(submission, name) for name in (TEXT, STATE, SYSTEM))
        requester = _entered(submission, PERSON)
        label, states = STATE_GROUPS.get(state, ("", ()))
        found = SearchFilter(
            states=states,
            backends=(system,) if system not in ("", ANY) else (),
            requester=requester,
            text=text.strip(),
        )
        rows, note = await search(services, person, found)
        system_title = services.backends[system].connection.title if system in services.backends else ""
        who = await services.directory.names_of({requester}) if requester else {}
        by = f"by {who.get(requester, requester)}" if requester else ""
        words = ", ".join(
            part for part in (f"“{text.strip()}”" if text.strip() else "", label, system_title, by) if part
        )
        return UpdateView(found_view(rows, words or "All requests", note))

    table.submissions[SEARCH_CALLBACK] = Route(on_search)


def _entered(submission: Submission, name: str) -> str:
    """Return what was typed or chosen in an input; "" for nothing."""
    block = submission.view.state.get(name)
    state = block.get(name) if isinstance(block, dict) else None
    if not isinstance(state, dict):
        return ""
    chosen = state.get("selected_option")
    value = chosen.get("value") if isinstance(chosen, dict) else state.get("selected_user") or state.get("value")
    return value if isinstance(value, str) else ""
