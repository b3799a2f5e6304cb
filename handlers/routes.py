"""The table of handlers. A route is data: which function answers, and what is shown while it works."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from bot.requests.model import Person
from handlers.payloads import Click, Command, Event, OptionsQuery, Payload, Submission
from handlers.replies import Ephemeral, OpenView, PushView, Reply, UpdateView

PayloadT = TypeVar("PayloadT", Click, Submission, Command, OptionsQuery, Event)


@dataclass(frozen=True)
class Route(Generic[PayloadT]):
    """How one kind of click, submission, command, search or event is answered."""

    handler: Callable[[PayloadT], Awaitable[Reply]]
    error_reply: Callable[[str], Reply] = Ephemeral
    """Turns the sentence of an error into a reply."""
    opening: Callable[[PayloadT], OpenView | Ephemeral] | None = None
    """A view to open before the handler runs, which the reply replaces. An ephemeral message ends it instead."""
    pending: Callable[[PayloadT], OpenView | PushView | UpdateView] | None = None
    """A view to show when the handler takes longer than ``patience``, which the reply replaces."""
    patience: float = 2.0
    """Seconds to wait for the handler before acknowledging without its reply."""
    debounce: float = 0.0
    """Seconds without another such click before the handler runs."""
    exclusive: bool = False
    """Whether clicks in the same view wait for each other."""


AnyRoute: TypeAlias = Route[Click] | Route[Submission] | Route[Command] | Route[OptionsQuery] | Route[Event]


@dataclass(slots=True)
class RouteTable:
    """The routes by the names that Slack sends."""

    commands: dict[str, Route[Command]] = field(default_factory=dict)
    actions: dict[str, Route[Click]] = field(default_factory=dict)
    """By action id."""
    block_actions: dict[str, Route[Click]] = field(default_factory=dict)
    """By block id, for blocks whose action ids are numbered."""
    field_actions: dict[tuple[str, str], Route[Click]] = field(default_factory=dict)
    """By callback id of the view and name of the field that was changed; "" is any field."""
    submissions: dict[str, Route[Submission]] = field(default_factory=dict)
    """By callback id of the view."""
    events: dict[str, Route[Event]] = field(default_factory=dict)
    options: Route[OptionsQuery] | None = None
    on_home_click: Callable[[Person], object] | None = None
    """Told of whoever clicks in Home."""

    def click_route(self, click: Click) -> Route[Click] | None:
        """The route of a click: by action, then by block, then by field."""
        route = self.actions.get(click.action_id) or self.block_actions.get(click.block_id)
        if route is not None or click.view is None:
            return route
        callback_id = click.view.callback_id
        return self.field_actions.get((callback_id, click.field)) or self.field_actions.get((callback_id, ""))


def name_of(payload: Payload) -> str:
    """What was clicked, submitted, typed or reported, for the log."""
    match payload:
        case Click(action_id=name) | Submission(callback_id=name) | Command(name=name) | Event(type=name):
            return name
        case OptionsQuery(block_id=name):
            return name
