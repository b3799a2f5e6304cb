"""A reply is delivered in the way that is open then: the acknowledgement, a view, or a message."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from bot.errors import Conflict
from handlers.dispatcher import TRIGGER_EXPIRED, Acknowledgement, Dispatcher
from handlers.payloads import Click, Command, Submission, parse
from handlers.replies import Ephemeral, FieldErrors, Nothing, OpenView, PushView, Reply, UpdateView
from handlers.routes import Route
from handlers.turns import ViewTurns
from tests.unit.core.replies import VIEW, answering, click_payload, command_payload, failing, submission_payload


class FakeClient:
    """Records the calls of Slack's Web API. ``expired`` makes triggers too old."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.expired = False
        self.called = asyncio.Event()

    def __getattr__(self, name: str) -> Callable[..., Awaitable[dict[str, Any]]]:
        async def call(**values: Any) -> dict[str, Any]:
            self.calls.append((name, values))
            self.called.set()
            if self.expired and name in ("views_open", "views_push"):
                raise SlackApiError("no", {"ok": False, "error": "expired_trigger_id"})
            return {"view": {"id": "V2"}}

        return call


class Dispatched:
    """One request that is answered by a route. ``body`` is what it was acknowledged with."""

    def __init__(self, client: FakeClient | None = None) -> None:
        self.client = client or FakeClient()
        self.ack = Acknowledgement()
        self.turns = ViewTurns()

    async def run(self, route: Any, payload: dict[str, Any]) -> None:
        await Dispatcher(self.turns).run(route, cast(Any, parse(payload)), self.ack, cast(AsyncWebClient, self.client))

    @property
    def body(self) -> Any:
        assert self.ack.response is not None
        return json.loads(self.ack.response.body) if self.ack.response.body else None

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.client.calls]


async def test_an_error_of_a_handler_is_told_in_a_sentence() -> None:
    asked = Dispatched()
    await asked.run(Route(failing(Conflict("Bob was first."))), submission_payload())
    assert "Bob was first." in str(asked.body)


async def test_an_unexpected_error_is_told_with_the_reference_that_is_in_the_log() -> None:
    asked = Dispatched()
    with capture_logs() as logs:
        await asked.run(Route(failing(ZeroDivisionError())), submission_payload())
    assert [(line["event"], line["log_level"]) for line in logs] == [("unexpected error", "error")]
    assert logs[0]["reference"] in str(asked.body)


async def test_a_submission_in_time_is_answered_by_its_acknowledgement() -> None:
    for reply, action in ((UpdateView(VIEW), "update"), (PushView(VIEW), "push"), (Ephemeral("Done."), "update")):
        asked = Dispatched()
        await asked.run(Route(answering(reply)), submission_payload())
        assert asked.body["response_action"] == action
        assert asked.names == []


async def test_field_errors_in_time_are_shown_under_their_inputs() -> None:
    async def redraw() -> dict[str, Any]:
        raise AssertionError

    asked = Dispatched()
    await asked.run(Route(answering(FieldErrors({"when": "Not a time."}, redraw))), submission_payload())
    assert asked.body == {"response_action": "errors", "errors": {"when": "Not a time."}}


async def redrawn() -> dict[str, Any]:
    return {**VIEW, "callback_id": "redrawn"}


async def test_field_errors_of_fields_that_are_not_on_the_screen_are_drawn_into_the_view() -> None:
    asked = Dispatched()
    await asked.run(Route(answering(FieldErrors({}, redrawn))), submission_payload())
    assert (asked.body["response_action"], asked.body["view"]["callback_id"]) == ("update", "redrawn")


async def later(
    route: Any, payload: dict[str, Any], go_on: asyncio.Event, client: FakeClient | None = None
) -> Dispatched:
    """A request whose reply comes only after the acknowledgement, or after a pending view."""
    asked = Dispatched(client)
    running = asyncio.ensure_future(asked.run(route, payload))
    if payload.get("type") == "block_actions":
        await asked.client.called.wait()
    else:
        await asked.ack.done
    go_on.set()
    await running
    return asked


async def test_a_late_submission_shows_a_pending_view_and_then_the_reply() -> None:
    go_on = asyncio.Event()
    route = Route[Submission](
        answering(UpdateView(VIEW), after=go_on),
        pending=lambda _: UpdateView({**VIEW, "callback_id": "wait"}),
        patience=0.01,
    )
    asked = await later(route, submission_payload(), go_on)
    assert (asked.body["response_action"], asked.body["view"]["callback_id"]) == ("update", "wait")
    assert asked.client.calls == [("views_update", {"view_id": "V1", "view": VIEW})]


async def test_a_late_submission_without_a_pending_view_of_its_own_says_that_it_takes_longer() -> None:
    go_on = asyncio.Event()
    asked = await later(
        Route[Submission](answering(Ephemeral("Done."), after=go_on), patience=0.01), submission_payload(), go_on
    )
    assert "takes a little longer" in str(asked.body)
    assert "Done." in str(asked.client.calls)


async def test_late_field_errors_are_drawn_into_the_submitted_view_and_told_in_the_pushed_one() -> None:
    go_on = asyncio.Event()
    errors = FieldErrors({"when": "Not a time."}, redrawn, summary={**VIEW, "callback_id": "summary"})
    route = Route[Submission](answering(errors, after=go_on), pending=lambda _: PushView(VIEW), patience=0.01)
    asked = await later(route, submission_payload(), go_on)
    assert asked.body["response_action"] == "push"
    pushed, redone = (values for _, values in asked.client.calls)
    assert pushed["external_id"] == asked.body["view"]["external_id"]
    assert pushed["view"]["callback_id"] == "summary"
    assert (redone["view_id"], redone["view"]["callback_id"]) == ("V1", "redrawn")


async def test_a_late_click_shows_a_pending_view_and_then_the_reply() -> None:
    go_on = asyncio.Event()
    route = Route[Click](answering(Ephemeral("Done."), after=go_on), pending=lambda _: OpenView(VIEW), patience=0.01)
    asked = await later(route, click_payload("go"), go_on)
    assert asked.body is None
    assert asked.names == ["views_open", "views_update"]
    assert asked.client.calls[1][1]["view_id"] == "V2"
    assert "Done." in str(asked.client.calls[1])


async def test_a_view_is_pushed_onto_the_modal_that_was_clicked_in() -> None:
    asked = Dispatched()
    await asked.run(Route(answering(OpenView(VIEW))), click_payload("go", view="form"))
    assert asked.names == ["views_push"]


async def test_a_command_in_time_is_answered_by_its_acknowledgement_escaped() -> None:
    asked = Dispatched()
    await asked.run(Route(answering(Ephemeral("a < b"))), command_payload())
    assert asked.body is not None
    assert (asked.body["text"], asked.body["response_type"]) == ("a &lt; b", "ephemeral")


async def test_text_from_people_is_shown_as_it_is_in_an_answer() -> None:
    text = "paused: see https://evil.example/login *now* `x` <@U0CAROL>"
    asked = Dispatched()
    await asked.run(Route(answering(Ephemeral(text, more_lines=["_more_\nlines"]))), command_payload())
    elements = [{"type": "text", "text": part} for part in (text, "\n", "_more_", "\n", "lines")]
    assert asked.body is not None
    assert asked.body["blocks"] == [
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}
    ]


async def test_a_view_is_opened_before_the_handler_runs_and_replaced_by_its_reply() -> None:
    asked = Dispatched()

    async def handler(command: Command) -> Reply:
        assert asked.names == ["views_open"]
        assert asked.ack.sent
        return UpdateView(VIEW)

    await asked.run(Route(handler, opening=lambda _: OpenView(VIEW)), command_payload())
    assert asked.names == ["views_open", "views_update"]


async def test_a_fault_found_before_the_view_is_opened_is_the_whole_answer() -> None:
    asked = Dispatched()
    await asked.run(Route(failing(AssertionError()), opening=lambda _: Ephemeral("No such job.")), command_payload())
    assert asked.body["text"] == "No such job."
    assert asked.names == []


async def test_a_click_whose_trigger_has_expired_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    async def respond(_: Any, message: dict[str, Any]) -> None:
        said.append(message["text"])

    monkeypatch.setattr("handlers.dispatcher._Conversation._respond", respond)
    for route in (
        Route[Click](answering(OpenView(VIEW, "Look."))),
        Route[Click](answering(Ephemeral("Never.")), opening=lambda _: OpenView(VIEW)),
    ):
        client = FakeClient()
        client.expired = True
        await Dispatched(client).run(route, click_payload("go"))
    assert said == [f"Look. {TRIGGER_EXPIRED}", TRIGGER_EXPIRED]


async def test_changes_of_one_view_wait_for_each_other_and_typing_for_the_last_keystroke() -> None:
    asked, order = Dispatched(), []

    async def handler(click: Click) -> Reply:
        order.append(f"{click.action_id} begins")
        await asyncio.sleep(0.01)
        order.append(f"{click.action_id} ends")
        return Nothing()

    typing = Route(handler, debounce=0.05, exclusive=True)
    await asyncio.gather(
        asked.run(typing, click_payload("a", view="form")),
        asked.run(typing, click_payload("ab", view="form")),
    )
    assert order == ["ab begins", "ab ends"]
    order.clear()
    await asyncio.gather(
        asked.run(typing, click_payload("abc", view="form")),
        asked.run(Route(handler, exclusive=True), click_payload("page", view="form")),
        asked.run(Route(handler, exclusive=True), click_payload("other", view="form")),
    )
    assert order == ["page begins", "page ends", "other begins", "other ends"]
