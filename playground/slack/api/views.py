"""views.*: modals and the home tab."""

import time

from playground.slack.api.registry import Args, method
from playground.slack.elements import Json
from playground.slack.errors import ApiError
from playground.slack.modals import new_view, open_view_for_user, push_view, replace_view, view_payload
from playground.slack.model import Trigger, View
from playground.slack.workspace import Workspace


@method("views.open")
def open_view(ws: Workspace, args: Args) -> Json:
    content = _content(args)
    trigger = _trigger(ws, args)
    view = new_view(ws, trigger.user, content, "modal")
    _exchange(trigger, view)
    # Slack's desktop client does not show a view opened over another one; the call succeeds all the same.
    if not ws.stacks.get(trigger.user):
        open_view_for_user(ws, view)
    return {"view": view_payload(ws, view)}


@method("views.push")
def push(ws: Workspace, args: Args) -> Json:
    content = _content(args)
    trigger = _trigger(ws, args)
    if trigger.view is None or trigger.view not in ws.stacks.get(trigger.user, []):
        raise ApiError("not_found")
    view = new_view(ws, trigger.user, content, "modal")
    push_view(ws, view)
    _exchange(trigger, view)
    return {"view": view_payload(ws, view)}


@method("views.update")
def update(ws: Workspace, args: Args) -> Json:
    content = _content(args)
    ident, external = args.text("view_id"), args.text("external_id")
    if not ident and not external:
        raise ApiError("invalid_arguments", ["one of view_id or external_id is required"])
    view = ws.views.get(ident) or next((v for v in ws.views.values() if external and v.external_id == external), None)
    if view is None:
        raise ApiError("not_found")
    if "hash" in args and args.text("hash") != view.hash:
        raise ApiError("hash_conflict")
    replace_view(ws, view, content)
    return {"view": view_payload(ws, view)}


@method("views.publish")
def publish(ws: Workspace, args: Args) -> Json:
    content = _content(args)
    user = args.text("user_id", None)
    person = ws.users.get(user)
    if person is None or person.is_bot or person.deleted:
        raise ApiError("user_not_found")
    home = ws.homes.get(user)
    if home is None:
        home = new_view(ws, user, content, "home")
        ws.homes[user] = home
        ws.announce("home", home, user)
    else:
        if "hash" in args and args.text("hash") != home.hash:
            raise ApiError("hash_conflict")
        replace_view(ws, home, content)
    return {"view": view_payload(ws, home)}


def _content(args: Args) -> Json:
    content = args.json("view", "invalid_arguments")
    if not isinstance(content, dict):
        raise ApiError("invalid_arguments", ["missing required field: view"])
    return content


def _trigger(ws: Workspace, args: Args) -> Trigger:
    """The trigger of a call, if it is still good. Raises ApiError."""
    ident = args.text("trigger_id") or args.text("interactivity_pointer")
    if not ident:
        raise ApiError("invalid_arguments", ["missing required field: trigger_id"])
    trigger = ws.triggers.get(ident)
    if trigger is None:
        raise ApiError("invalid_trigger_id")
    if trigger.used:
        raise ApiError("exchanged_trigger_id")
    if time.monotonic() - trigger.created_at > ws.settings.trigger_ttl:
        raise ApiError("expired_trigger_id")
    return trigger


def _exchange(trigger: Trigger, view: View) -> None:
    trigger.used, trigger.opened = True, view
