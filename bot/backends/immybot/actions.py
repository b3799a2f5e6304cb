"""Reads the actions of a session, and why some failed."""

import json
from collections.abc import Callable, Iterable

from bot.backends.http import Client
from bot.backends.immybot.codes import ACTION_RESULT, ACTION_TYPE, RESULT_REASON
from bot.backends.immybot.responses import Row, extract_rows, first_text, parse_int
from bot.backends.immybot.sessions import for_each_limited
from bot.errors import BackendError

_MAX_NAMED_ACTIONS = 3
_MAX_CACHED = 50_000


class ActionReader:
    """Reads the actions of sessions. ``redact`` removes secrets from ImmyBot's texts."""

    def __init__(self, client: Client, redact: Callable[[str], str]) -> None:
        self._client = client
        self._redact = redact
        self._reasons: dict[int, str] = {}

    async def failure_reasons(self, sessions: Iterable[int]) -> dict[int, str]:
        """Return why sessions that have ended failed. Each session is read once."""
        if len(self._reasons) > _MAX_CACHED:
            self._reasons.clear()
        wanted = list(dict.fromkeys(sessions))
        unread: dict[int, str] = {}

        async def read(session: int) -> None:
            try:
                self._reasons[session] = self._redact(failure_summary(await self._fetch(session)))
            except BackendError as error:
                # Without its reason, the outcome is still reported.
                unread[session] = f"why cannot be read: {error}"

        await for_each_limited([n for n in wanted if n not in self._reasons], read)
        return {n: unread.get(n) or self._reasons[n] for n in wanted}

    async def log(self, session: int) -> str:
        """Return the actions of a session, one on each line. Raises BackendError."""
        return self._redact("\n".join(_action_line(row) for row in await self._fetch(session)))

    async def _fetch(self, session: int) -> list[Row]:
        """Return the actions of one session without those that only group others."""
        params: dict[str, str | int] = {
            "filter": json.dumps([["maintenanceSessionId", "=", session]]),
            "take": 500,
            "requireTotalCount": "false",
        }
        answer = await self._client.send("GET", "/api/v1/maintenance-actions/dx", params=params)
        actions = extract_rows(self._client.name, "actions", answer.json)
        parents = {parse_int(row.get("parentId")) for row in actions} - {None}
        return [row for row in actions if parse_int(row.get("id")) not in parents]


def failure_summary(actions: Iterable[Row]) -> str:
    """Return a short text of the failed actions and their reasons."""
    failed = [_action_line(row) for row in actions if _result_name(row) in ("Failed", "Indeterminable")]
    if not failed:
        return "ImmyBot names no action that failed"
    more = f"; and {len(failed) - _MAX_NAMED_ACTIONS} more" if len(failed) > _MAX_NAMED_ACTIONS else ""
    return "; ".join(failed[:_MAX_NAMED_ACTIONS]) + more


def _result_name(row: Row) -> str:
    code = ACTION_RESULT.find(row.get("result")) or ACTION_RESULT.find(first_text(row, "resultName"))
    return code.name if code else ""


def _action_line(row: Row) -> str:
    kind = ACTION_TYPE.find(first_text(row, "actionTypeName")) or ACTION_TYPE.find(row.get("actionType"))
    what = (
        f"{kind.label if kind else first_text(row, 'actionTypeName')} {first_text(row, 'maintenanceDisplayName')}"
    ).strip()
    reason = RESULT_REASON.find(row.get("resultReason"))
    result = ACTION_RESULT.find(_result_name(row))
    words = first_text(row, "resultReasonMessage") or (reason.label if reason else "")
    if _result_name(row) not in ("Failed", "Indeterminable"):
        words = f"{result.label}{f' ({words})' if words else ''}" if result else words
    return f"{what or 'An action'}: {words or (result.label if result else 'no result yet')}"
