"""Routes that only read."""

from typing import Any

from aiohttp import web

from playground.foreman import views
from playground.foreman.errors import not_found
from playground.foreman.listing import list_response
from playground.foreman.state import State
from playground.foreman.world import Bookmark, JobTemplate, Taxonomy


class CatalogRoutes:
    """Templates, hosts, bookmarks, features, places, and what the server says of itself."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/ping", self._ping),
            web.get("/api/status", self._status),
            web.get("/api/statuses", self._statuses),
            web.get("/api/job_templates", self._templates),
            web.get("/api/job_templates/{id}", self._template),
            web.get("/api/templates/{id}/template_inputs", self._inputs),
            web.get("/api/templates/{id}/foreign_input_sets", self._foreign_input_sets),
            web.get("/api/hosts", self._hosts),
            web.get("/api/bookmarks", self._bookmarks),
            web.get("/api/bookmarks/{id}", self._bookmark),
            web.get("/api/organizations", self._organizations),
            web.get("/api/locations", self._locations),
            web.get("/api/organizations/{id}", self._taxonomy),
            web.get("/api/locations/{id}", self._taxonomy),
            web.get("/api/remote_execution_features", self._features),
        ]

    async def _ping(self, request: web.Request) -> web.Response:
        return web.json_response({"results": {"foreman": {"database": {"active": True, "duration_ms": "0"}}}})

    async def _status(self, request: web.Request) -> web.Response:
        return web.json_response({"result": "ok", "status": 200, "version": self._state.version, "api_version": 2})

    async def _statuses(self, request: web.Request) -> web.Response:
        plugins = {"foreman_remote_execution": self._state.remote_execution, "foreman-tasks": self._state.tasks}
        shown = {name: ".".join(map(str, version)) for name, version in plugins.items()}
        return web.json_response(views.statuses(self._state.version, shown))

    async def _templates(self, request: web.Request) -> web.Response:
        def find(query: str) -> list[JobTemplate]:
            return self._state.find_by_name(
                query,
                self._state.world.templates,
                job_category=lambda t: t.category,
                snippet=lambda t: str(t.snippet).lower(),
                provider_type=lambda t: t.provider,
            )

        return list_response(request, find, views.template_row, key=lambda t: t.name)

    async def _template(self, request: web.Request) -> web.Response:
        return web.json_response(views.template_full(self._named_template(request)))

    async def _inputs(self, request: web.Request) -> web.Response:
        template = self._named_template(request)
        own = template.inputs
        return list_response(
            request, lambda q: own, lambda item: views.input_row(item, template), key=lambda item: item.id
        )

    async def _foreign_input_sets(self, request: web.Request) -> web.Response:
        def show(item: Any) -> dict[str, Any]:
            target = self._state.world.template(item.target)
            return {
                "id": item.id,
                "target_template_id": item.target,
                "target_template_name": target.name if target else None,
                "include_all": item.include_all,
                "include": item.include or None,
                "exclude": item.exclude or None,
            }

        sets = self._named_template(request).foreign
        return list_response(request, lambda query: sets, show, key=lambda item: item.id)

    async def _hosts(self, request: web.Request) -> web.Response:
        thin = request.query.get("thin") in ("1", "true")

        def show(host: Any) -> dict[str, Any]:
            return {"id": host.id, "name": host.name} if thin else views.host_row(host)

        return list_response(request, self._state.find_hosts, show, key=lambda host: host.name)

    async def _bookmarks(self, request: web.Request) -> web.Response:
        def find(query: str) -> list[Bookmark]:
            return self._state.find_by_name(query, self._state.world.bookmarks, controller=lambda b: b.controller)

        return list_response(request, find, _bookmark_row, key=lambda bookmark: bookmark.name)

    async def _bookmark(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        found = next((b for b in self._state.world.bookmarks if wanted in (str(b.id), b.name)), None)
        if found is None:
            raise not_found("bookmark", wanted)
        return web.json_response(_bookmark_row(found))

    async def _organizations(self, request: web.Request) -> web.Response:
        return self._taxonomy_list(request, self._state.world.organizations)

    async def _locations(self, request: web.Request) -> web.Response:
        return self._taxonomy_list(request, self._state.world.locations)

    def _taxonomy_list(self, request: web.Request, places: list[Taxonomy]) -> web.Response:
        return list_response(
            request, lambda q: self._state.find_by_name(q, places), _place_row, key=lambda place: place.name
        )

    async def _taxonomy(self, request: web.Request) -> web.Response:
        world, wanted = self._state.world, request.match_info["id"]
        kind = "organization" if "organizations" in request.path else "location"
        places = world.organizations if kind == "organization" else world.locations
        found = next((place for place in places if str(place.id) == wanted), None)
        if found is None:
            raise not_found(kind, wanted)
        return web.json_response(_place_row(found))

    async def _features(self, request: web.Request) -> web.Response:
        """This list has no pages."""
        rows = []
        for feature in self._state.world.features:
            template = self._state.world.template(feature.template)
            rows.append(
                {
                    "id": feature.id,
                    "label": feature.label,
                    "name": feature.name,
                    "description": None,
                    "job_template_id": feature.template,
                    "job_template_name": template.name if template else None,
                    "host_action_button": False,
                }
            )
        return web.json_response(views.listing(rows, len(rows), len(rows), 1, len(rows), None))

    def _named_template(self, request: web.Request) -> JobTemplate:
        wanted = request.match_info["id"]
        template = self._state.world.template(wanted.partition("-")[0])
        template = template or next((t for t in self._state.world.templates if t.name == wanted), None)
        if template is None:
            raise not_found("job_template", wanted)
        return template


def _place_row(place: Taxonomy) -> dict[str, Any]:
    return {"id": place.id, "name": place.name, "title": place.name, "description": None}


def _bookmark_row(bookmark: Bookmark) -> dict[str, Any]:
    return {
        "id": bookmark.id,
        "name": bookmark.name,
        "controller": bookmark.controller,
        "query": bookmark.query,
        "public": True,
    }
