"""The left column: the current person, the channels, the app."""

from collections.abc import Mapping

from playground.page.render.html import Html, h
from playground.page.render.icons import icon
from playground.page.render.message import avatar
from playground.page.state.viewer import Viewer
from playground.slack import Channel, User, Workspace


def sidebar_html(viewer: Viewer, current_place: str, unread: Mapping[str, int]) -> Html:
    """``here`` is the place that is open: a channel's id or ``home``; ``unread`` counts by channel."""
    ws, me = viewer.ws, viewer.user
    channels = [c for c in ws.channels.values() if me.id in c.members and c.kind != "im"]
    dms = [c for c in ws.channels.values() if c.peer == me.id]
    return h(
        "div",
        h("div", h("b", ws.team.name), class_="team"),
        _people(viewer),
        _group(
            "Channels", [_place(c.id, c.name, _sign(c), current_place, unread.get(c.id, 0), False) for c in channels]
        ),
        _group(
            "Apps",
            [
                _place("home", f"{ws.bot.real_name} · Home", avatar(ws.bot, small=True), current_place, 0, False),
                *(
                    _place(
                        c.id, f"{ws.bot.real_name} · Messages", icon("thread"), current_place, unread.get(c.id, 0), True
                    )
                    for c in dms
                ),
            ],
        ),
        class_="sidebar-inner",
    )


def role_label(ws: Workspace, user: User) -> str:
    """A person's role in the team, in a word or two."""
    if user.is_stranger:
        return "from another team"
    if user.is_restricted or user.is_ultra_restricted:
        return "guest"
    groups = [f"@{group.handle}" for group in ws.usergroups.values() if user.id in group.users]
    return f"approver, {', '.join(groups)}" if groups else "asks for work"


def _people(viewer: Viewer) -> Html:
    ws, me = viewer.ws, viewer.user
    now = viewer.clock.time(viewer.clock.now)
    faces = [
        h(
            "button",
            avatar(user),
            type="button",
            class_="face",
            data_act="become",
            data_user=user.id,
            aria_pressed="true" if user.id == me.id else "false",
            aria_label=f"Act as {user.real_name}, {role_label(ws, user)}",
            title=f"{user.real_name}, {role_label(ws, user)}",
        )
        for user in ws.people
        if not user.deleted
    ]
    return h(
        "section",
        h("h2", "You are", class_="side-title"),
        h("div", faces, class_="faces"),
        h("p", h("b", me.real_name), f" · {role_label(ws, me)}", class_="me-name"),
        h("p", f"{now} in {me.tz.rpartition('/')[2].replace('_', ' ')}", class_="me-zone"),
        class_="people",
    )


def _sign(channel: Channel) -> Html:
    if channel.is_ext_shared:
        return icon("link")
    return icon("lock" if channel.kind == "private" else "hash")


def _group(title: str, rows: list[Html]) -> Html:
    return h("section", h("h2", title, class_="side-title"), h("ul", [h("li", row) for row in rows]))


def _place(ident: str, name: str, icon_html: Html, current_place: str, unread: int, counted: bool) -> Html:
    badge = h("span", str(unread), class_="badge") if unread and counted else None
    words = h("span", f", {unread} unread", class_="unseen") if unread else None
    return h(
        "button",
        icon_html,
        h("span", name, class_="place-name"),
        words,
        badge,
        type="button",
        class_=f"place {'unread' if unread else ''}".strip(),
        data_act="go",
        data_place=ident,
        aria_current="page" if ident == current_place else None,
    )
