"""auth.test, bots.info, team.info and apps.connections.open."""

from playground.slack.api.registry import TIER_1, TIER_3, Args, method
from playground.slack.elements import Json
from playground.slack.errors import ApiError
from playground.slack.workspace import Workspace


@method("auth.test", per_minute=300)
def auth_test(ws: Workspace, args: Args) -> Json:
    return {
        "url": f"https://{ws.team.domain}.slack.com/",
        "team": ws.team.name,
        "user": ws.bot.name,
        "team_id": ws.team.id,
        "user_id": ws.bot.id,
        "bot_id": ws.settings.bot_id,
        "is_enterprise_install": False,
    }


@method("bots.info", "users:read", per_minute=TIER_3)
def bots_info(ws: Workspace, args: Args) -> Json:
    if args.text("bot", None) != ws.settings.bot_id:
        raise ApiError("bot_not_found")
    return {"bot": {"id": ws.settings.bot_id, "app_id": ws.settings.app_id, "user_id": ws.bot.id, "name": ws.bot.name}}


@method("team.info", "team:read", per_minute=TIER_3)
def team_info(ws: Workspace, args: Args) -> Json:
    return {"team": {"id": ws.team.id, "name": ws.team.name, "domain": ws.team.domain}}


@method("apps.connections.open", per_minute=TIER_1, caller="app")
def connections_open(ws: Workspace, args: Args) -> Json:
    return {
        "url": f"{ws.base_url.replace('http', 'ws', 1)}/socket?ticket={ws.new_ticket()}&app_id={ws.settings.app_id}"
    }
