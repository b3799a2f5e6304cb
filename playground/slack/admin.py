"""Changes that an administrator makes to the team; the bot gets the events that Slack would send."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from playground.slack.model import Channel, User, UserGroup
from playground.slack.transport.delivery import Delivery
from playground.slack.transport.payloads import group_object, user_object


class Admin:
    """Changes people, groups and channels. People, groups and channels are named as they are shown."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._ws = delivery.ws

    def add_user(self, user: User) -> None:
        """Somebody joins the team."""
        self._ws.users[user.id] = user
        self._ws.announce("people", user)
        self._send_event("team_join", {"user": user_object(self._ws, user)})

    def change_user(self, name: str, **fields: Any) -> None:
        """Set fields of a user, such as ``deleted``, ``is_restricted``, ``tz`` or ``real_name``."""
        user = self._ws.user_by_name(name)
        for field, value in fields.items():
            if not hasattr(user, field):
                raise AttributeError(f"A user has no {field}.")
            setattr(user, field, value)
        user.updated = max(int(self._ws.clock.now().timestamp()), user.updated + 1)
        self._ws.announce("people", user)
        self._send_event("user_change", {"user": user_object(self._ws, user), "cache_ts": int(time.time())})

    def deactivate(self, name: str) -> None:
        self.change_user(name, deleted=True)

    def set_group(self, handle: str, names: Sequence[str], *, enabled: bool = True) -> UserGroup:
        """Give a user group exactly these members; a group that does not exist is created."""
        group = self._ws.user_group(handle)
        before, now = set(group.users), [self._ws.user_by_name(name).id for name in names]
        group.users, group.date_delete = now, 0 if enabled else int(time.time())
        previous, group.date_update = group.date_update, group.date_update + 1
        self._ws.announce("people", group)
        self._send_event("subteam_members_changed", self._membership_event(group, before, previous))
        self._send_event("subteam_updated", {"subteam": group_object(self._ws, group)})
        return group

    def add_to_channel(self, name: str, channel: str) -> None:
        self._set_membership(name, self._ws.channel_by_name(channel), joins=True)

    def remove_from_channel(self, name: str, channel: str) -> None:
        self._set_membership(name, self._ws.channel_by_name(channel), joins=False)

    def archive(self, channel: str) -> None:
        found = self._ws.channel_by_name(channel)
        found.is_archived = True
        self._ws.announce("channel", found)
        self._send_event("channel_archive", {"channel": found.id})

    def unarchive(self, channel: str) -> None:
        found = self._ws.channel_by_name(channel)
        found.is_archived = False
        self._ws.announce("channel", found)
        kind = "group_unarchive" if found.kind == "private" else "channel_unarchive"
        self._send_event(kind, {"channel": found.id})

    def rename_channel(self, channel: str, name: str) -> None:
        found = self._ws.channel_by_name(channel)
        found.name = name
        self._ws.announce("channel", found)
        kind = "group_rename" if found.kind == "private" else "channel_rename"
        self._send_event(kind, {"channel": {"id": found.id, "name": name, "created": 0}})

    def change_channel_id(self, channel: str) -> str:
        """Give a channel another id, as Slack does when it is shared with another organisation. Returns the new id."""
        found = self._ws.channel_by_name(channel)
        old, found.id = found.id, self._ws.new_id("C")
        self._ws.channels = {each.id: each for each in self._ws.channels.values()}
        self._ws.announce("channel", found)
        self._send_event("channel_id_changed", {"old_channel_id": old, "new_channel_id": found.id})
        return found.id

    def uninstall(self) -> None:
        """Remove the app, which revokes its tokens."""
        self._ws.uninstalled = True
        self._send_event("tokens_revoked", {"tokens": {"oauth": [], "bot": [self._ws.bot.id]}})
        self._send_event("app_uninstalled", {})

    def reinstall(self, bot_token: str) -> None:
        """Install the app again after it was removed: it has another token, and its old one stays invalid."""
        self._ws.uninstalled = False
        self._ws.settings = replace(self._ws.settings, bot_token=bot_token)

    def _set_membership(self, name: str, channel: Channel, *, joins: bool) -> None:
        user = self._ws.user_by_name(name)
        (channel.members.add if joins else channel.members.discard)(user.id)
        self._ws.announce("channel", channel)
        kind = "member_joined_channel" if joins else "member_left_channel"
        self._send_event(kind, {"user": user.id, "channel": channel.id, "channel_type": "C", "team": self._ws.team.id})

    def _membership_event(self, group: UserGroup, before: set[str], previous: int) -> dict[str, Any]:
        added, removed = sorted(set(group.users) - before), sorted(before - set(group.users))
        return {
            "subteam_id": group.id,
            "team_id": self._ws.team.id,
            "date_previous_update": previous,
            "date_update": group.date_update,
            "added_users": added,
            "added_users_count": len(added),
            "removed_users": removed,
            "removed_users_count": len(removed),
        }

    def _send_event(self, kind: str, content: dict[str, Any]) -> None:
        self._delivery.deliver_event(kind, {"type": kind, **content, "event_ts": self._ws.new_ts()})
