"""Creates, shows, replaces and closes views. A person has a stack of at most three."""

from typing import Any, Literal

from playground.slack.elements import Json
from playground.slack.errors import ApiError
from playground.slack.limits import check_view
from playground.slack.model import View, with_block_ids
from playground.slack.workspace import Workspace

MAX_STACK = 3


def new_view(ws: Workspace, user: str, content: Any, kind: Literal["modal", "home"]) -> View:
    """A view that is not shown yet. Raises ApiError if Slack would reject the content."""
    check_view(content, kind)
    _check_external_id(ws, content, None)
    return View(ws.new_id("V"), user, _with_block_ids(ws, content), ws.new_hash())


def open_view_for_user(ws: Workspace, view: View) -> None:
    """Put a view on the screen as the first of a new stack."""
    ws.stacks[view.user] = [view]
    ws.views[view.id] = view
    ws.announce("view", view, view.user)


def push_view(ws: Workspace, view: View) -> None:
    """Put a view on top of the ones that are open. Raises ApiError when there are three already."""
    stack = ws.stacks[view.user]
    if len(stack) >= MAX_STACK:
        raise ApiError("push_limit_reached")
    view.root_id, view.previous_id = stack[0].id, stack[-1].id
    stack.append(view)
    ws.views[view.id] = view
    ws.announce("view", view, view.user)


def replace_view(ws: Workspace, view: View, content: Any) -> None:
    """Give an open view new content; entries are kept where the ids are kept. Raises ApiError."""
    check_view(content, "home" if view.type == "home" else "modal")
    _check_external_id(ws, content, view)
    view.content, view.hash, view.errors = _with_block_ids(ws, content), ws.new_hash(), {}
    view.form.sync(view.blocks)
    ws.announce("home" if view.type == "home" else "view", view, view.user)


def remove_views(ws: Workspace, user: str, views: list[View]) -> None:
    """Remove views from a person's screen."""
    stack = ws.stacks.get(user, [])
    ws.stacks[user] = [view for view in stack if view not in views]
    for view in views:
        ws.views.pop(view.id, None)
        ws.announce("view", view, user)


def view_payload(ws: Workspace, view: View) -> Json:
    """The view as the API and interaction payloads show it."""
    content = view.content
    return {
        "id": view.id,
        "team_id": ws.team.id,
        "type": view.type,
        "blocks": view.blocks,
        "private_metadata": content.get("private_metadata", ""),
        "callback_id": content.get("callback_id", ""),
        "state": {"values": view.form.values()},
        "hash": view.hash,
        "title": content.get("title"),
        "clear_on_close": content.get("clear_on_close", False),
        "notify_on_close": content.get("notify_on_close", False),
        "close": content.get("close"),
        "submit": content.get("submit"),
        "previous_view_id": view.previous_id or None,
        "root_view_id": view.root_id,
        "app_id": ws.settings.app_id,
        "external_id": view.external_id,
        "app_installed_team_id": ws.team.id,
        "bot_id": ws.settings.bot_id,
    }


def _with_block_ids(ws: Workspace, content: Json) -> Json:
    return {**content, "blocks": with_block_ids(content["blocks"], ws.new_id)}


def _check_external_id(ws: Workspace, content: Json, itself: View | None) -> None:
    external = content.get("external_id")
    if external and any(v.external_id == external and v is not itself for v in ws.views.values()):
        raise ApiError("duplicate_external_id")
