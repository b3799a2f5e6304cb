"""Fills a workspace as a large company has it: tens of thousands of people and channels, hundreds of user groups."""

import random

from playground.slack.model import Channel, User, UserGroup
from playground.slack.workspace import Workspace

USERS, GROUPS, LARGEST_GROUP, CHANNELS = 50_000, 300, 2_000, 20_000


def fill_workspace(
    ws: Workspace,
    *,
    users: int = USERS,
    groups: int = GROUPS,
    largest: int = LARGEST_GROUP,
    channels: int = CHANNELS,
    seed: int = 1,
) -> None:
    """Add people, user groups and channels. ``@sre`` becomes the largest group, and its members are in #approvals."""
    rng = random.Random(seed)
    ids = [f"U1{number:07d}" for number in range(users)]
    for number, ident in enumerate(ids):
        # As everywhere, some have left.
        user = User(ident, f"person{number}", f"Person {number}", ws.team.id, "Europe/Berlin", deleted=number % 7 == 6)
        user.updated = 1_700_000_000 + number
        ws.users[ident] = user
    present = [ident for ident in ids if not ws.users[ident].deleted]
    sre = ws.user_group("sre")
    sre.users += rng.sample(present, largest - len(sre.users))
    ws.channel_by_name("#approvals").members |= set(sre.users)
    for number in range(groups - len(ws.usergroups)):
        members = rng.sample(present, rng.randint(3, max(3, largest // 20)))
        group = UserGroup(ws.new_id("S"), f"team{number}", f"Team {number}", members)
        ws.usergroups[group.id] = group
    # The channels of the bot come last, as the newest would.
    own = list(ws.channels.values())
    for number in range(channels):
        added = Channel(f"C1{number:07d}", f"topic{number}", members={ids[0]}, is_archived=number % 3 == 0)
        ws.channels[added.id] = added
    for channel in own:
        del ws.channels[channel.id]
        ws.channels[channel.id] = channel
