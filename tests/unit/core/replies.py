"""Payloads of Slack, and handlers that give a reply."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from handlers.replies import Reply

VIEW = {"type": "modal", "callback_id": "form", "title": {"type": "plain_text", "text": "A form"}, "blocks": []}


def click_payload(action_id: str, block_id: str = "b", view: str = "") -> dict[str, Any]:
    where = {"view": {"id": "V1", "type": "modal", "callback_id": view}} if view else {}
    actions = [{"type": "button", "action_id": action_id, "block_id": block_id}]
    user = {"id": "U1", "team_id": "T1"}
    return {
        "type": "block_actions",
        "trigger_id": "1.2",
        "user": user,
        "team": {"id": "T1"},
        "actions": actions,
        **where,
    }


def submission_payload() -> dict[str, Any]:
    view = {"id": "V1", "type": "modal", "callback_id": "form"}
    return {"type": "view_submission", "user": {"id": "U1", "team_id": "T1"}, "view": view}


def command_payload() -> dict[str, Any]:
    return {"command": "/do", "text": "", "user_id": "U1", "team_id": "T1", "trigger_id": "1.2", "response_url": ""}


def answering(reply: Reply, *, after: asyncio.Event | None = None) -> Callable[[Any], Awaitable[Reply]]:
    """A handler that gives a reply, once something has happened."""

    async def handler(_: Any) -> Reply:
        if after is not None:
            await after.wait()
        return reply

    return handler


def failing(error: Exception) -> Callable[[Any], Awaitable[Reply]]:
    async def handler(_: Any) -> Reply:
        raise error

    return handler
