"""A payload of Slack is parsed into a frozen value; what does not fit is named by one error."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from structlog.testing import capture_logs

from bot.bolt import bolt_request
from bot.requests.model import Person
from handlers.json_parts import BadPayload
from handlers.payloads import Click, Command, Event, OptionsQuery, Submission, parse
from handlers.router import Router
from handlers.routes import RouteTable

Json = dict[str, Any]
USER = {"id": "U1", "team_id": "T2"}
VIEW = {
    "id": "V1",
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "A form"},
    "private_metadata": '{"d": "d_1", "v": 3}',
    "state": {"values": {"answer": {"answer": {"type": "plain_text_input", "value": " because "}}}},
    "blocks": [{"type": "context", "block_id": "x"}, {"type": "input", "block_id": "answer"}],
}


def click(value: str = "r_1:2", **more: Any) -> Json:
    action = {"action_id": "approve", "block_id": "decide", "value": value, "action_ts": "1.5"}
    container = {"type": "message", "message_ts": "1.2", "channel_id": "C1"}
    body = {"type": "block_actions", "user": USER, "team": {"id": "T1"}, "container": container, "trigger_id": "9.9"}
    return {**body, "enterprise": {"id": "E1"}, "response_url": "http://reply", "actions": [action], **more}


def submission(**view: Any) -> Json:
    return {"type": "view_submission", "user": USER, "view": {**VIEW, **view}}


def command(**more: Any) -> Json:
    return {"command": "/do", "text": "it", "user_id": "U1", "team_id": "T1", "channel_id": "C1", **more}


def event(**more: Any) -> Json:
    return {"type": "event_callback", "team_id": "T1", "event": {"type": "app_home_opened", "user": "U1", **more}}


def parsed(body: Json) -> Any:
    return parse(body)


def test_a_click_has_its_person_by_their_own_team_its_request_and_its_context() -> None:
    value = parsed(click())
    assert isinstance(value, Click)
    assert (value.person, value.enterprise) == (Person(team="T2", user="U1"), "E1")
    assert (value.request_ref.id, value.request_ref.revision) == ("r_1", 2)
    assert value.interaction_context == {"action_ts": "1.5", "message_ts": "1.2", "channel": "C1", "view": ""}
    assert value.view is None


def test_without_a_team_of_their_own_a_person_is_of_the_payloads_team() -> None:
    assert parsed(click(user={"id": "U1"})).person == Person(team="T1", user="U1")
    assert parsed(click(user={"id": "U1"}, team=None, team_id="T3")).person == Person(team="T3", user="U1")


def test_a_submission_has_its_answer_its_draft_and_the_inputs_on_the_screen() -> None:
    value = parsed(submission())
    assert isinstance(value, Submission)
    assert (value.answer, value.view.input_blocks, value.view.title) == ("because", ("answer",), "A form")
    assert (value.view.draft_ref.id, value.view.draft_ref.version) == ("d_1", 3)
    about_request = parsed(submission(private_metadata='{"r": "r_1"}')).view.request_ref
    assert (about_request.id, about_request.revision) == ("r_1", 0)


def test_the_other_kinds_have_their_parts() -> None:
    do, home = parsed(command()), parsed(event(tab="home"))
    assert isinstance(do, Command)
    assert (do.name, do.text, do.person, do.channel) == ("/do", "it", Person(team="T1", user="U1"), "C1")
    assert isinstance(home, Event)
    assert (home.type, home.person, home.tab) == ("app_home_opened", Person(team="T1", user="U1"), "home")
    assert parsed(event(user={"id": "U2"})).user == "U2"
    block_id = "job|4|foreman.main"
    query = parsed({"type": "block_suggestion", "user": USER, "view": VIEW, "block_id": block_id, "value": "re"})
    assert isinstance(query, OptionsQuery)
    assert (query.field, query.backend, query.text) == ("job", "foreman.main", "re")


BAD = [
    ({}, "type"),
    ({"type": "shortcut"}, "type"),
    (click(user=None), "id"),
    (click(user=5), "id"),
    (click(user={"id": "U1", "team_id": 5}), "team_id"),
    (click(user={"id": "U1"}, team=None), "user.team_id"),
    (click(actions=[]), "actions"),
    (click(actions=None), "actions"),
    (click(actions=["approve"]), "actions"),
    (click(actions=[{"value": "r_1:2"}]), "action_id"),
    (click(view={"callback_id": "form"}), "id"),
    (submission(id=None), "id"),
    (submission(private_metadata=["x"]), "private_metadata"),
    ({"type": "view_submission", "user": USER}, "view"),
    ({"type": "block_suggestion", "user": USER, "view": None, "block_id": "x"}, "view"),
    ({"type": "block_suggestion", "user": USER, "view": VIEW}, "block_id"),
    (command(user_id=""), "user_id"),
    (event(type=None), "type"),
]


@pytest.mark.parametrize(("body", "part"), BAD)
async def test_what_lacks_a_part_is_acknowledged_and_logged_with_its_name(body: Json, part: str) -> None:
    with pytest.raises(BadPayload) as raised:
        parse(body)
    assert raised.value.part == part

    async def never() -> Any:
        raise AssertionError

    request = AsyncBoltRequest(body={}, mode="socket_mode")
    request.body = body
    with capture_logs() as logs:
        response = await Router(RouteTable()).async_process(req=request, resp=BoltResponse(status=200), next=never)
    assert response is not None
    assert (response.status, response.body) == (200, "")
    assert [(line["event"], line["log_level"], line["part"]) for line in logs] == [
        ("unusable payload", "warning", part)
    ]


@pytest.mark.parametrize(
    "read",
    [
        lambda: parsed(click("")).request_ref,
        lambda: parsed(click("r 1:2")).request_ref,
        lambda: parsed(click("r_1:two")).request_ref,
        lambda: parsed(click("two")).number,
        lambda: parsed(click()).log_ref,
        lambda: parsed(click()).source_view,
        lambda: parsed(submission(private_metadata="")).view.draft_ref,
        lambda: parsed(submission(private_metadata="[]")).view.draft_ref,
        lambda: parsed(submission(private_metadata='{"d": "d_1", "v": "3"}')).view.draft_ref,
        lambda: parsed(submission(private_metadata='{"d": "d_1", "v": true}')).view.draft_ref,
        lambda: parsed(submission(private_metadata='{"r": 5, "v": 1}')).view.request_ref,
        lambda: parsed(submission(private_metadata="[" * 100_000)).view.request_ref,
        lambda: parsed(event(user=None)).person,
    ],
)
def test_a_value_that_is_not_ours_is_refused_when_it_is_needed(read: Callable[[], object]) -> None:
    with pytest.raises(BadPayload):
        read()


@pytest.mark.parametrize("body", [{**event(), "event": None}, {**event(), "event": []}, click(user=5)])
def test_what_bolt_would_fail_on_never_reaches_it(body: Json) -> None:
    with capture_logs() as logs:
        assert bolt_request(body) is None
    assert [(line["event"], line["log_level"]) for line in logs] == [("unusable payload", "warning")]
    assert bolt_request(event()) is not None
    assert bolt_request(click()) is not None
