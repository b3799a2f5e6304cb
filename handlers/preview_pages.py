"""The pages behind the preview's buttons: the exact request, and all targets."""

from collections.abc import Sequence

from blocks.form import message_view
from blocks.preview import CALLS_ACTION, PAGES_TITLES, TARGETS_ACTION, call_pages, pages_view, target_pages
from blocks.text import Block, View
from bot.errors import Conflict
from bot.requests.model import TargetSet
from bot.usecases.drafts.preview import PreviewResult, preview_result_of
from bot.usecases.drafts.store import load_draft
from bot.usecases.services import Services
from handlers.actors import authorize_person
from handlers.json_parts import BadPayload
from handlers.payloads import Click
from handlers.replies import PushView, Reply, UpdateView
from handlers.routes import Route, RouteTable


def register(table: RouteTable, services: Services) -> None:
    """Add the routes of the pages."""

    async def view_of(click: Click, action: str) -> View:
        ref = click.request_ref
        person = await authorize_person(services, click.person)
        draft = await load_draft(services, ref.id, person)
        checked = preview_result_of(draft)
        if checked is None or draft.version != ref.revision:
            raise Conflict("The form has been changed since. Please close this and press Next again.")
        pages = _pages(action, checked)
        if ref.detail >= len(pages):
            raise BadPayload("actions[0].value")
        return pages_view(action, draft.id, draft.version, pages, ref.detail)

    for action in PAGES_TITLES:

        async def show(click: Click, action: str = action) -> Reply:
            return PushView(await view_of(click, action))

        async def turn(click: Click, action: str = action) -> Reply:
            return UpdateView(await view_of(click, action))

        table.actions[action] = Route(show)
        for direction in ("previous", "next"):
            table.actions[f"{action}_{direction}"] = Route(turn, _error_view)


def _pages(action: str, checked: PreviewResult) -> Sequence[list[Block]]:
    if action == TARGETS_ACTION:
        return target_pages(TargetSet(**checked.targets.model_dump()))
    assert action == CALLS_ACTION
    return call_pages(checked.calls)


def _error_view(text: str) -> UpdateView:
    return UpdateView(message_view("Review and request", text, keep_parent=True))
