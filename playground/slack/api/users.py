"""users.* and usergroups.*: people and their groups."""

from playground.slack.api.registry import TIER_2, TIER_3, Args, method, paginate
from playground.slack.elements import Json
from playground.slack.errors import ApiError
from playground.slack.transport.payloads import group_object, user_object
from playground.slack.workspace import Workspace


@method("users.info", "users:read")
def info(ws: Workspace, args: Args) -> Json:
    user = ws.users.get(args.text("user", None))
    if user is None:
        raise ApiError("user_not_found")
    locale = {"locale": user.locale} if args.boolean("include_locale") else {}
    return {"user": {**user_object(ws, user), **locale}}


@method("users.list", "users:read", per_minute=TIER_2)
def listing(ws: Workspace, args: Args) -> Json:
    found, more = paginate([u for u in ws.users.values() if not u.is_stranger], args)
    with_locale = args.boolean("include_locale")
    members = [{**user_object(ws, u), **({"locale": u.locale} if with_locale else {})} for u in found]
    return {"members": members, "cache_ts": 0, **more}


@method("users.lookupByEmail", "users:read.email", per_minute=TIER_3)
def by_email(ws: Workspace, args: Args) -> Json:
    wanted = args.text("email", None).casefold()
    found = next((u for u in ws.users.values() if u.email.casefold() == wanted and not u.deleted), None)
    if found is None:
        raise ApiError("users_not_found")
    return {"user": user_object(ws, found)}


@method("usergroups.list", "usergroups:read", per_minute=TIER_2)
def groups(ws: Workspace, args: Args) -> Json:
    wanted = [g for g in ws.usergroups.values() if args.boolean("include_disabled") or not g.date_delete]
    return {"usergroups": [group_object(ws, g, users=args.boolean("include_users")) for g in wanted]}


@method("usergroups.users.list", "usergroups:read", per_minute=TIER_2)
def group_users(ws: Workspace, args: Args) -> Json:
    group = ws.usergroups.get(args.text("usergroup", None))
    if group is None or (group.date_delete and not args.boolean("include_disabled")):
        raise ApiError("no_such_subteam")
    return {"users": list(group.users)}
