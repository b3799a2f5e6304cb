"""The people, groups and channels of a team that runs maintenance: the workspace that demos and tests start with."""

from playground.slack.model import Team, User, UserGroup
from playground.slack.workspace import Workspace

TEAM = Team("T0NIGHTSHIFT", "Nightshift Works", "nightshift-works")
OTHER_TEAM = "T0ELSEWHERE"
SIBLING_TEAM = "T0SIBLING"
"""Another workspace of the same Enterprise Grid."""
BOT = User("U0NIGHTBOT", "nightshift", "Nightshift", TEAM.id, is_bot=True)


def add_fixtures(ws: Workspace) -> None:
    """alice asks; bob and carol, the group @sre, approve; dave is an engineer; grace is one too, and another
    workspace of the Grid is her first; mallory is a guest; eve is from another organisation, in #shared only."""
    for user in (
        User("U0ALICE", "alice", "Alice Adler", TEAM.id, "Europe/Berlin", "alice@nightshift.example"),
        User("U0BOB", "bob", "Bob Brown", TEAM.id, "America/New_York", "bob@nightshift.example"),
        User("U0CAROL", "carol", "Carol Clark", TEAM.id, "Europe/London", "carol@nightshift.example"),
        User("U0DAVE", "dave", "Dave Dunn", TEAM.id, "Europe/Berlin", "dave@nightshift.example"),
        User("U0MALLORY", "mallory", "Mallory Moss", TEAM.id, "UTC", is_restricted=True),
        User("U0GRACE", "grace", "Grace Gray", SIBLING_TEAM, "Europe/Paris", grid_teams=(SIBLING_TEAM, TEAM.id)),
        User("U0EVE", "eve", "Eve Else", OTHER_TEAM, "UTC", is_stranger=True),
    ):
        ws.users[user.id] = user
    ws.usergroups["S0SRE"] = UserGroup("S0SRE", "sre", "Site reliability", ["U0BOB", "U0CAROL"])
    members = ("alice", "bob", "carol", "dave", BOT.name)
    ws.add_channel("#ops", (*members, "mallory", "grace"))
    ws.add_channel("#approvals", ("alice", "bob", "carol", BOT.name))
    ws.add_channel("#results", members)
    ws.add_channel("#ops-admin", ("bob", "carol", BOT.name), kind="private")
    ws.add_channel("#shared", ("alice", "eve", BOT.name), is_ext_shared=True)
