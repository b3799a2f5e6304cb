"""What Slack sends, parsed once into frozen values.

A part that is needed and missing, or is not of the type that Slack documents, raises BadPayload. Parts that only
accompany a click (channel, message, times) are "" instead.
"""

import json
import re
from dataclasses import dataclass
from datetime import time
from typing import TypeAlias

from blocks.inputs import backend_of, field_name_of
from blocks.menu import MENU_ACTION, MENU_SEPARATOR
from bot.requests.model import Person
from bot.values import Json, JsonObject
from handlers.json_parts import BadPayload, child, is_count, loose_text, required, text_at

_REQUEST_REF = re.compile(r"([A-Za-z0-9_-]{1,64})(?::([0-9]{1,9})(?::([0-9]{1,4}))?)?")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class RequestRef:
    """A request and the revision that a card or view showed; 0 where none was named. ``detail`` is what else a button
    names: a page, which counts from 0, or the number of a run."""

    id: str
    revision: int
    detail: int = 0


@dataclass(frozen=True, slots=True)
class DraftRef:
    """A draft and the version that a view showed. ``base_revision`` is what an edit began from; None if not told."""

    id: str
    version: int
    base_revision: int | None = None


@dataclass(frozen=True, slots=True)
class LogRef:
    """The log of one target of a run."""

    request_id: str
    run_id: str
    target: str


@dataclass(frozen=True, slots=True)
class SourceView:
    """The view that something happened in."""

    id: str
    type: str
    callback_id: str
    title: str
    metadata: str
    state: JsonObject
    """What was entered, by block id and action id."""
    input_blocks: tuple[str, ...]
    """Ids of the input blocks on the screen."""

    @property
    def draft_ref(self) -> DraftRef:
        """The draft that the view shows. Raises BadPayload."""
        data = self._metadata()
        draft_id, version, base = data.get("d"), data.get("v"), data.get("b")
        if not isinstance(draft_id, str) or not _ID.fullmatch(draft_id) or not is_count(version):
            raise BadPayload("view.private_metadata")
        return DraftRef(draft_id, version, base if is_count(base) else None)

    @property
    def request_ref(self) -> RequestRef:
        """The request that the view asks about. Raises BadPayload."""
        data = self._metadata()
        request_id, revision = data.get("r"), data.get("v", 0)
        if not isinstance(request_id, str) or not _ID.fullmatch(request_id) or not is_count(revision):
            raise BadPayload("view.private_metadata")
        detail = data.get("n", 0)
        return RequestRef(request_id, revision, detail if is_count(detail) else 0)

    @property
    def confirmed_action(self) -> str:
        """The action id that the view asks about. Raises BadPayload."""
        action_id = self._metadata().get("a")
        if not isinstance(action_id, str):
            raise BadPayload("view.private_metadata")
        return action_id

    def _metadata(self) -> JsonObject:
        try:
            data = json.loads(self.metadata)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise BadPayload("view.private_metadata")
        return data


@dataclass(frozen=True, slots=True)
class Click:
    """A button that was pressed, or an input that was changed."""

    person: Person
    enterprise: str
    action_id: str
    block_id: str
    value: str
    selected: str
    """Value of the option that was picked from a menu, or the time of day that was picked."""
    trigger_id: str
    response_url: str
    view: SourceView | None
    """None for a click in a message."""
    channel: str
    message_ts: str
    action_ts: str

    @property
    def source_view(self) -> SourceView:
        """The view that was clicked in. Raises BadPayload for a click in a message."""
        if self.view is None:
            raise BadPayload("view")
        return self.view

    @property
    def request_ref(self) -> RequestRef:
        """The request that the button names. Raises BadPayload."""
        found = _REQUEST_REF.fullmatch(self.value)
        if found is None:
            raise BadPayload("actions[0].value")
        return RequestRef(found[1], int(found[2] or 0), int(found[3] or 0))

    @property
    def log_ref(self) -> LogRef:
        """The log that a button names, or that was picked from a menu. Raises BadPayload."""
        run_id, separator, target = (self.selected or self.value).partition("|")
        request_id = self.block_id.partition("|")[2]
        if not separator or not _ID.fullmatch(run_id) or not _ID.fullmatch(request_id):
            raise BadPayload("actions[0].selected_option")
        return LogRef(request_id, run_id, target)

    @property
    def number(self) -> int:
        """The number that the button carries. Raises BadPayload."""
        if not re.fullmatch("[0-9]{1,9}", self.value):
            raise BadPayload("actions[0].value")
        return int(self.value)

    @property
    def time_of_day(self) -> time:
        """The time of day that was picked. Raises BadPayload."""
        try:
            return time.fromisoformat(self.selected)
        except ValueError as error:
            raise BadPayload("actions[0].selected_time") from error

    @property
    def field(self) -> str:
        """The name of the form's field that was changed."""
        return field_name_of(self.block_id)

    @property
    def interaction_context(self) -> dict[str, Json]:
        """What is kept with a decision."""
        view_id = self.view.id if self.view else ""
        return {
            "action_ts": self.action_ts,
            "message_ts": self.message_ts,
            "channel": self.channel,
            "view": view_id,
        }


@dataclass(frozen=True, slots=True)
class Submission:
    """A modal that was submitted."""

    person: Person
    enterprise: str
    callback_id: str
    view: SourceView

    @property
    def answer(self) -> str:
        """The text typed into a modal that asks one question."""
        return text_at(child(child(self.view.state, "answer"), "answer"), "value").strip()

    @property
    def choice(self) -> str:
        """The value of the radio button that was chosen; "" where there is none."""
        chosen = child(child(self.view.state, "choice"), "choice")
        return text_at(child(chosen, "selected_option"), "value")

    @property
    def confirmed_action(self) -> str:
        """What the person was asked about: the action id of a button. Raises BadPayload."""
        return self.view.confirmed_action

    @property
    def interaction_context(self) -> dict[str, Json]:
        """What is kept with a decision."""
        return {"action_ts": "", "message_ts": "", "channel": "", "view": self.view.id}


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command."""

    person: Person
    enterprise: str
    name: str
    text: str
    channel: str
    trigger_id: str
    response_url: str


@dataclass(frozen=True, slots=True)
class OptionsQuery:
    """A search in a select."""

    person: Person
    enterprise: str
    block_id: str
    text: str
    view: SourceView

    @property
    def field(self) -> str:
        """The name of the form's field that is searched for."""
        return field_name_of(self.block_id)

    @property
    def backend(self) -> str:
        """The back end that the select offers choices of; "" where it names none."""
        return backend_of(self.block_id)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in the workspace: ``content``. ``user`` is "" where the event is about nobody."""

    team: str
    enterprise: str
    type: str
    user: str
    tab: str
    channel: str
    content: JsonObject

    @property
    def person(self) -> Person:
        """Who it is about. Raises BadPayload."""
        if not self.user or not self.team:
            raise BadPayload("event.user")
        return Person(team=self.team, user=self.user)


Payload: TypeAlias = Click | Submission | Command | OptionsQuery | Event


def parse(body: JsonObject) -> Payload:
    """Parse what Slack sent. Raises BadPayload."""
    if "command" in body:
        return _command(body)
    match body.get("type"):
        case "block_actions":
            return _click(body)
        case "view_submission":
            view = _view(body)
            if view is None:
                raise BadPayload("view")
            return Submission(_person(body), _enterprise(body), view.callback_id, view)
        case "block_suggestion":
            view = _view(body)
            if view is None:
                raise BadPayload("view")
            block_id = required(body, "block_id")
            return OptionsQuery(_person(body), _enterprise(body), block_id, text_at(body, "value"), view)
        case "event_callback":
            return _event(body)
    raise BadPayload("type")


def _command(body: JsonObject) -> Command:
    team, user = required(body, "team_id"), required(body, "user_id")
    return Command(
        person=Person(team=team, user=user),
        enterprise=loose_text(body, "enterprise_id"),
        name=required(body, "command"),
        text=text_at(body, "text"),
        channel=loose_text(body, "channel_id"),
        trigger_id=text_at(body, "trigger_id"),
        response_url=loose_text(body, "response_url"),
    )


def _click(body: JsonObject) -> Click:
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else None
    if not isinstance(action, dict):
        raise BadPayload("actions")
    container = child(body, "container")
    action_id, value = required(action, "action_id"), text_at(action, "value")
    selected = text_at(child(action, "selected_option"), "value") or text_at(action, "selected_time")
    if action_id == MENU_ACTION:
        # An entry of a menu stands for a button.
        action_id, _, value = selected.partition(MENU_SEPARATOR)
    return Click(
        person=_person(body),
        enterprise=_enterprise(body),
        action_id=action_id,
        block_id=text_at(action, "block_id"),
        value=value,
        selected=selected,
        trigger_id=text_at(body, "trigger_id"),
        response_url=loose_text(body, "response_url"),
        view=_view(body),
        channel=loose_text(container, "channel_id"),
        message_ts=loose_text(container, "message_ts"),
        action_ts=loose_text(action, "action_ts"),
    )


def _event(body: JsonObject) -> Event:
    event = child(body, "event")
    user = event.get("user")
    return Event(
        team=text_at(body, "team_id"),
        enterprise=loose_text(body, "enterprise_id"),
        type=required(event, "type"),
        user=text_at(user, "id") if isinstance(user, dict) else text_at(event, "user"),
        tab=loose_text(event, "tab"),
        channel=loose_text(event, "channel"),
        content=event,
    )


def _person(body: JsonObject) -> Person:
    """Who acts, by their own team: somebody of another organisation in a shared channel has a team of their own."""
    user = child(body, "user")
    team = text_at(user, "team_id") or text_at(child(body, "team"), "id") or text_at(body, "team_id")
    if not team:
        raise BadPayload("user.team_id")
    return Person(team=team, user=required(user, "id"))


def _enterprise(body: JsonObject) -> str:
    return loose_text(child(body, "enterprise"), "id")


def _view(body: JsonObject) -> SourceView | None:
    view = body.get("view")
    if not isinstance(view, dict):
        return None
    blocks = view.get("blocks")
    return SourceView(
        id=required(view, "id"),
        type=loose_text(view, "type"),
        callback_id=text_at(view, "callback_id"),
        title=loose_text(child(view, "title"), "text"),
        metadata=text_at(view, "private_metadata"),
        state=child(child(view, "state"), "values"),
        input_blocks=_input_blocks(blocks) if isinstance(blocks, list) else (),
    )


def _input_blocks(blocks: list[Json]) -> tuple[str, ...]:
    return tuple(
        block_id
        for block in blocks
        if isinstance(block, dict)
        and block.get("type") == "input"
        and isinstance(block_id := block.get("block_id"), str)
    )
