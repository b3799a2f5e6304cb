"""The person who looks at the page: names, zone and present time, all that rendering text needs."""

from dataclasses import dataclass, field

from playground.page.state.viewer_clock import ViewerClock
from playground.slack import User, Workspace


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person at a screen."""

    ws: Workspace
    user: User
    clock: ViewerClock = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "clock", ViewerClock(self.user.tz or "UTC", self.ws.clock.now()))

    def mentions_viewer(self, what: str, ident: str) -> bool:
        """Whether a mention means the viewer."""
        if what == "usergroup":
            group = self.ws.usergroups.get(ident)
            return group is not None and self.user.id in group.users
        return ident == self.user.id
