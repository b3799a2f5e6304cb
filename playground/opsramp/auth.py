"""Checks of every call: the token, the tenant, the rate limit of its class."""

import secrets
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.clock import Clock
from playground.opsramp.world import Tenant
from playground.sandbox import Handler

KEY = "sandbox-key"
SECRET = "sandbox-secret"
TOKEN_PATHS = ("/tenancy/auth/oauth/token", "/auth/oauth/token")


class Auth:
    """Gives tokens and lets calls through. Public attributes are what tests and the playground set.

    ``token_paths`` are those that exist; ``token_life`` is in seconds; ``expired`` the status that an old token
    gets (401 or 407); ``life_as_text`` whether expires_in is a string; ``quoted`` whether rate-limit headers are in
    quotes; ``limits`` the calls a minute of each tenant by class.
    """

    def __init__(self, clock: Clock, tenants: dict[str, Tenant]) -> None:
        self._clock = clock
        self._tenants = tenants
        self._tokens: dict[str, datetime] = {}
        self._call_counts: Counter[tuple[str, str, int]] = Counter()
        self.token_paths = set(TOKEN_PATHS)
        self.token_ttl = 7199
        self.expired_status = 401
        self.expires_in_as_string = True
        self.quote_rate_headers = True
        self.rate_limits = {"get": 500, "get_paged": 50, "write": 50}

    def routes(self) -> list[web.RouteDef]:
        return [web.post(path, self._token) for path in TOKEN_PATHS]

    def revoke(self) -> None:
        """Revoke every token issued so far."""
        self._tokens.clear()

    async def _token(self, request: web.Request) -> web.StreamResponse:
        if request.path not in self.token_paths:
            return web.Response(status=404, text="<html>Not Found</html>", content_type="text/html")
        form = dict(await request.post())
        if form.get("grant_type") != "client_credentials":
            return _error_response(400, "unsupported_grant_type", "Unsupported grant type")
        if (form.get("client_id"), form.get("client_secret")) != (KEY, SECRET):
            return _error_response(401, "unauthorized", "Bad API credentials")
        token = secrets.token_hex(16)
        self._tokens[token] = self._clock.now() + timedelta(seconds=self.token_ttl)
        life = str(self.token_ttl) if self.expires_in_as_string else self.token_ttl
        return web.json_response(
            {"access_token": token, "token_type": "bearer", "expires_in": life, "scope": "global:manage"}
        )

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Reject requests without token or tenant, or over the rate limit; tell others how much of the limit
        is left."""
        if request.path in TOKEN_PATHS:
            return await handler(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        ends = self._tokens.get(token)
        if ends is None or ends <= self._clock.now():
            return _error_response(self.expired_status, "invalid_token", f"Invalid access token: {token[:4]}...")
        tenant = self._tenants.get(request.match_info.get("tenant", ""))
        if tenant is None:
            return web.json_response({"code": "0002", "message": "Tenant not found"}, status=404)
        if not tenant.active:
            return web.json_response({"code": "0010", "description": "Tenant is deactivated"}, status=410)
        headers = self._rate_headers(tenant.name, request)
        if int(headers["X-RateLimit-Remaining"].strip('"')) < 0:
            headers["X-RateLimit-Remaining"] = '"0"' if self.quote_rate_headers else "0"
            return _error_response(429, "throttled", "Too Many Requests", headers)
        response = await handler(request)
        response.headers.update(headers)
        return response

    def _rate_headers(self, tenant: str, request: web.Request) -> dict[str, str]:
        kind = "write" if request.method != "GET" else "get_paged" if "pageNo" in request.query else "get"
        minute = int(self._clock.now().timestamp() // 60)
        self._call_counts[tenant, kind, minute] += 1
        told = {
            "X-RateLimit-Limit": self.rate_limits[kind],
            "X-RateLimit-Remaining": self.rate_limits[kind] - self._call_counts[tenant, kind, minute],
            "X-RateLimit-Reset": (minute + 1) * 60,
        }
        return {name: f'"{value}"' if self.quote_rate_headers else str(value) for name, value in told.items()}


def _error_response(status: int, error: str, description: str, headers: dict[str, str] | None = None) -> web.Response:
    body: dict[str, Any] = {"error": error, "error_description": description}
    return web.json_response(body, status=status, headers=headers)
