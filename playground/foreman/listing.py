"""Lists: search, order, pages."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from aiohttp import web

from playground.foreman import views
from playground.foreman.errors import bad_search
from playground.foreman.search import SearchError

T = TypeVar("T")
_DEFAULT_PAGE = 20


def list_response(
    request: web.Request,
    search_items: Callable[[str], Sequence[T]],
    render: Callable[[T], Any],
    *,
    key: Callable[[T], Any],
    descending: bool = False,
) -> web.Response:
    """A page of what the search finds, in order of ``key`` unless the request says the other way round. Raises
    ApiError for a search that cannot be used."""
    search = request.query.get("search")
    try:
        found = list(search_items(search or ""))
        total = len(search_items("")) if search else len(found)
    except SearchError as error:
        raise bad_search(str(error)) from error
    order = request.query.get("order", "").upper()
    found.sort(key=key, reverse=order.endswith("DESC") if order else descending)
    page, size = _page(request, len(found))
    rows = [render(thing) for thing in found[(page - 1) * size : page * size]]
    return web.json_response(views.listing(rows, total, len(found), page, size, search))


def _page(request: web.Request, available: int) -> tuple[int, int]:
    wanted = request.query.get("per_page", str(_DEFAULT_PAGE))
    size = max(available, 1) if wanted == "all" else max(int(wanted), 1)
    return max(int(request.query.get("page", "1")), 1), size
