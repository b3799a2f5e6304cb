"""What a session did: its actions, and why the failed ones failed."""

import json
from collections.abc import Callable, Iterable

from bot.backends.http import Client
from bot.backends.immybot.answers import Row, rows, whole, words
from bot.backends.immybot.codes import ACTION_RESULT, ACTION_TYPE, RESULT_REASON
from bot.backends.immybot.sessions import each
from bot.errors import BackendError

_NAMED = 3
_REMEMBERED = 50_000


class Actions:
    """Reads the actions of sessions; ``scrub`` takes secrets out of what ImmyBot says about them."""

    def __init__(self, client: Client, scrub: Callable[[str], str]) -> None:
        self._client = client
        self._scrub = scrub
        self._reasons: dict[int, str] = {}

    async def reasons(self, sessions: Iterable[int]) -> dict[int, str]:
        """Why sessions that have ended did not pass; each is asked for once."""
        if len(self._reasons) > _REMEMBERED:
            self._reasons.clear()
        wanted = list(dict.fromkeys(sessions))
        unread: dict[int, str] = {}

        async def read(session: int) -> None:
            try:
                self._reasons[session] = self._scrub(why(await self._of(session)))
            except BackendError as error:
                # The outcome is known without its reason and is not held back for it.
                unread[session] = f"why cannot be read: {error}"

        await each([n for n in wanted if n not in self._reasons], read)
        return {n: unread.get(n) or self._reasons[n] for n in wanted}

    async def log(self, session: int) -> str:
        """Every action of a session, one a line. Raises BackendError."""
        return self._scrub("\n".join(_line(row) for row in await self._of(session)))

    async def _of(self, session: int) -> list[Row]:
        """The actions of one session; one that only groups others is left out."""
        params: dict[str, str | int] = {
            "filter": json.dumps([["maintenanceSessionId", "=", session]]),
            "take": 500,
            "requireTotalCount": "false",
        }
        answer = await self._client.send("GET", "/api/v1/maintenance-actions/dx", params=params)
        found = rows(self._client.name, "actions", answer.json)
        parents = {whole(row.get("parentId")) for row in found} - {None}
        return [row for row in found if whole(row.get("id")) not in parents]


def why(actions: Iterable[Row]) -> str:
    """The failed actions and their reasons, in a few words."""
    failed = [_line(row) for row in actions if _result(row) in ("Failed", "Indeterminable")]
    if not failed:
        return "ImmyBot names no action that failed"
    more = f"; and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
    return "; ".join(failed[:_NAMED]) + more


def _result(row: Row) -> str:
    code = ACTION_RESULT.find(row.get("result")) or ACTION_RESULT.find(words(row, "resultName"))
    return code.name if code else ""


def _line(row: Row) -> str:
    kind = ACTION_TYPE.find(words(row, "actionTypeName")) or ACTION_TYPE.find(row.get("actionType"))
    what = f"{kind.label if kind else words(row, 'actionTypeName')} {words(row, 'maintenanceDisplayName')}".strip()
    reason = RESULT_REASON.find(row.get("resultReason"))
    result = ACTION_RESULT.find(_result(row))
    said = words(row, "resultReasonMessage") or (reason.label if reason else "")
    if _result(row) not in ("Failed", "Indeterminable"):
        said = f"{result.label}{f' ({said})' if said else ''}" if result else said
    return f"{what or 'An action'}: {said or (result.label if result else 'no result yet')}"
