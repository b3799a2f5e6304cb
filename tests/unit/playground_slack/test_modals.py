"""Modals: what a real Bolt app does to them, and what a person may do in them."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from playground.slack import Modal, NotVisible, SearchFailed, Settings, Slack, run_workspace
from tests.unit.playground_slack.bots import Transport, bolt, button, modal, text, text_input

Json = dict[str, Any]


async def opened(slack: Slack, app: Any, view: Json) -> Modal:
    """The modal that /open shows to alice."""

    @app.command("/open")
    async def command(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    reply = await slack.person("alice").command("/open")
    assert reply.modal is not None
    return await slack.person("alice").modal()


def answer(app: Any, **said: Any) -> list[Json]:
    """Answer submissions of the form with ``said``; the returned list collects the views."""
    seen: list[Json] = []

    @app.view("form")
    async def submitted(ack: Any, view: Any) -> None:
        seen.append(view)
        await ack(**said)

    return seen


def options(*labels: str) -> list[Json]:
    return [{"text": text(label), "value": label.lower()} for label in labels]


def select(block_id: str, label: str, **spec: Any) -> Json:
    element = {"action_id": "value", **spec}
    return {"type": "input", "block_id": block_id, "label": text(label), "element": element, "optional": True}


async def test_what_is_entered_arrives_as_slack_reports_it(slack: Slack) -> None:
    async with bolt(slack) as app:
        seen = answer(app)
        kinds = [
            select("name", "Name", type="plain_text_input", initial_value="x"),
            select("count", "Count", type="number_input", is_decimal_allowed=False),
            select("one", "One", type="static_select", options=options("Red", "Green")),
            select("many", "Many", type="multi_static_select", options=options("Red", "Green", "Blue")),
            select("radio", "Radio", type="radio_buttons", options=options("Red", "Green")),
            select("flag", "Flag", type="checkboxes", options=options("Yes")),
            select("who", "Who", type="users_select"),
            select("places", "Places", type="multi_conversations_select"),
            select("day", "Day", type="datepicker", initial_date="2026-01-01"),
            select("hour", "Hour", type="timepicker"),
            select("moment", "Moment", type="datetimepicker"),
            select("empty", "Empty", type="plain_text_input"),
            select("rich", "Rich", type="rich_text_input"),
            select("cleared", "Cleared", type="plain_text_input", initial_value="x"),
        ]
        form = await opened(slack, app, modal(*kinds))
        assert form.value("Name") == "x"
        assert form.value("Day") == "2026-01-01"
        await form.fill(
            {"Name": "zsh", "Count": 5, "One": "Green", "Many": ["Red", "Blue"], "Radio": "Red", "Flag": True,
             "Who": "bob", "Places": ["#ops", "#results"], "Hour": "21:00", "Moment": 1798000000,
             "Rich": "as text", "Cleared": None}
        )  # fmt: skip
        assert form.value("Many") == ["Red", "Blue"]
        assert form.value("Who") == "@bob"
        assert form.value("Places") == ["#ops", "#results"]
        assert form.value("Empty") is None
        await form.submit()
    state = {block: entry["value"] for block, entry in seen[0]["state"]["values"].items()}
    assert state["name"] == {"type": "plain_text_input", "value": "zsh"}
    assert state["count"]["value"] == "5"
    assert state["one"]["selected_option"] == {"text": text("Green"), "value": "green"}
    assert [o["value"] for o in state["many"]["selected_options"]] == ["red", "blue"]
    assert state["radio"]["selected_option"]["value"] == "red"
    assert [o["value"] for o in state["flag"]["selected_options"]] == ["yes"]
    assert state["who"]["selected_user"] == "U0BOB"
    assert state["places"]["selected_conversations"] == [slack.channel("#ops").id, slack.channel("#results").id]
    assert state["day"]["selected_date"] == "2026-01-01"
    assert state["hour"]["selected_time"] == "21:00"
    assert state["moment"]["selected_date_time"] == 1798000000
    assert state["rich"]["rich_text_value"]["elements"][0]["elements"] == [{"type": "text", "text": "as text"}]
    assert state["cleared"]["value"] is None
    assert state["empty"] == {"type": "plain_text_input", "value": None}


async def test_an_option_or_field_that_is_not_there_is_named_with_those_that_are(slack: Slack) -> None:
    async with bolt(slack) as app:
        view = modal(select("one", "One", type="static_select", options=options("Red", "Green")))
        form = await opened(slack, app, view)
        with pytest.raises(NotVisible, match="'Red', 'Green'"):
            await form.fill({"One": "Blue"})
        with pytest.raises(NotVisible, match="'One'"):
            form.field("Two")


async def test_the_client_refuses_empty_required_fields_and_misfits_by_itself(slack: Slack) -> None:
    async with bolt(slack) as app:
        seen = answer(app)
        count = select("count", "Count", type="number_input", is_decimal_allowed=False, max_value="10")
        form = await opened(slack, app, modal(text_input("why", "Why"), text_input("id", "Id", max_length=3), count))
        await form.fill({"Id": "toolong", "Count": "11"})
        result = await form.submit()
        assert set(result.errors) == {"Why", "Id", "Count"}
        assert not result.sent
        await form.fill({"Why": "x", "Id": "abc", "Count": "10"})
        result = await form.submit()
    assert result.closed
    assert len(seen) == 1


async def test_values_stay_over_an_update_only_where_the_ids_stay(slack: Slack) -> None:
    async with bolt(slack) as app:
        second = modal(
            text_input("kept", "Kept", initial_value="new"),
            text_input("gone_2", "Gone", initial_value="new"),
            text_input("more", "More", optional=True),
        )
        answer(app, response_action="update", view=second)
        form = await opened(slack, app, modal(text_input("kept", "Kept"), text_input("gone", "Gone")))
        await form.fill(Kept="typed", Gone="typed")
        result = await form.submit()
        assert result.modal is not None
        assert form.labels == ["Kept", "Gone", "More"]
        assert (form.value("Kept"), form.value("Gone"), form.value("More")) == ("typed", "new", None)


async def test_views_can_be_pushed_three_deep_and_cleared_at_once(slack: Slack) -> None:
    async with bolt(slack) as app:
        closed: list[Json] = []

        @app.action("deeper")
        async def deeper(ack: Any, body: Any, client: Any) -> None:
            await ack()
            with suppress(SlackApiError):
                await client.views_push(trigger_id=body["trigger_id"], view=page(body["view"]["title"]["text"] + "+"))

        @app.view_closed("form")
        async def noticed(ack: Any, body: Any) -> None:
            await ack()
            closed.append(body)

        def page(title: str) -> Json:
            actions = {"type": "actions", "elements": [button("Deeper", "deeper")]}
            return modal(actions, title=text(title), close=text("Back"), notify_on_close=True)

        form = await opened(slack, app, page("A"))
        await form.click("Deeper")
        await form.click("Deeper")
        assert (form.title, form.depth) == ("A++", 3)
        await form.click("Deeper")
        assert form.depth == 3
        assert slack.journal.calls("views.push")[-1].error == "push_limit_reached"
        await form.close()
        assert (form.title, closed[0]["is_cleared"]) == ("A+", False)
        answer(app, response_action="clear")
        result = await form.submit()
        assert result.closed
        assert not form.is_open
        assert [body["is_cleared"] for body in closed[1:]] == [True, True]
        with pytest.raises(NotVisible):
            _ = form.text


async def test_a_pushed_view_returns_to_the_one_below_when_it_is_submitted(slack: Slack) -> None:
    async with bolt(slack) as app:
        answer(app, response_action="push", view=modal(text_input("b", "B"), callback_id="second"))

        @app.view("second")
        async def done(ack: Any) -> None:
            await ack()

        form = await opened(slack, app, modal(text_input("a", "A")))
        await form.fill(A="1")
        await form.submit()
        assert (form.labels, form.depth) == (["B"], 2)
        await form.fill(B="2")
        result = await form.submit()
        assert result.closed
        assert (form.labels, form.value("A")) == (["A"], "1")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"response_action": "errors", "errors": {"nowhere": "No."}}, "invalid_response"),
        ({"response_action": "update", "view": {"type": "modal"}}, "invalid_arguments"),
        ({"response_action": "fly"}, "invalid_response"),
    ],
)
async def test_an_answer_that_slack_cannot_use_is_shown_and_written_down(slack: Slack, said: Json, code: str) -> None:
    async with bolt(slack) as app:
        answer(app, **said)
        form = await opened(slack, app, modal(text_input("a", "A", optional=True)))
        result = await form.submit()
    assert result.error == code
    assert result.error_details
    assert not result.closed
    assert [(e.kind, e.error) for e in slack.journal.entries if e.kind == "answer"] == [("answer", code)]


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_a_select_asks_the_bot_for_its_options_as_one_types(slack: Slack, transport: Transport) -> None:
    async with bolt(slack, transport) as app:
        queries: list[str] = []

        @app.options("value")
        async def load(ack: Any, payload: Any) -> None:
            queries.append(payload["value"])
            names = ["Service Action - Script Default", "Service Action", "Package"]
            await ack(options=options(*[name for name in names if payload["value"].lower() in name.lower()]))

        seen = answer(app)
        form = await opened(slack, app, modal(select("t", "Template", type="external_select", min_query_length=2)))
        assert await form.search("Template", "s") == []
        assert queries == []
        assert await form.search("Template", "serv") == ["Service Action - Script Default", "Service Action"]
        await form.pick("Template", "Service Action", query="act")
        with pytest.raises(NotVisible):
            await form.pick("Template", "Servant")
        await form.submit()
    assert seen[0]["state"]["values"]["t"]["value"]["selected_option"]["value"] == "service action"


async def test_more_options_than_slack_can_show_are_an_error(slack: Slack) -> None:
    async with bolt(slack) as app:

        @app.options("value")
        async def load(ack: Any) -> None:
            await ack(options=options(*map(str, range(101))))

        form = await opened(slack, app, modal(select("t", "Template", type="external_select", min_query_length=0)))
        with pytest.raises(SearchFailed) as failed:
            await form.search("Template", "")
    assert failed.value.messages == ("no more than 100 items allowed [json-pointer:/options]",)


async def test_a_field_that_dispatches_tells_the_bot_and_may_change_the_form(slack: Slack) -> None:
    async with bolt(slack) as app:

        @app.action("value")
        async def changed(ack: Any, body: Any, action: Any, client: Any) -> None:
            await ack()
            shown = body["view"]["state"]["values"]["query"]["value"]["value"]
            assert shown == action["value"]
            view = modal(body["view"]["blocks"][0], text_input("hosts", f"Hosts of {action['value']}"))
            await client.views_update(view_id=body["view"]["id"], view=view)

        form = await opened(slack, app, modal(text_input("query", "Query", dispatch_action=True)))
        await form.fill({"Query": "os = RedHat", "Hosts of os = RedHat": "all"})
        assert form.value("Query") == "os = RedHat"
        assert form.value("Hosts of os = RedHat") == "all"


async def test_a_trigger_works_once_and_only_for_a_while() -> None:
    async with run_workspace(settings=Settings(trigger_ttl=0.3)) as slack, bolt(slack) as app:
        errors: list[str] = []

        async def attempt(client: Any, trigger_id: str) -> None:
            try:
                await client.views_open(trigger_id=trigger_id, view=modal())
            except SlackApiError as error:
                errors.append(error.response["error"])

        @app.command("/twice")
        async def twice(ack: Any, body: Any, client: Any) -> None:
            await ack()
            await attempt(client, body["trigger_id"])
            await attempt(client, body["trigger_id"])

        @app.command("/late")
        async def late(ack: Any, body: Any, client: Any) -> None:
            await ack()
            await asyncio.sleep(0.31)
            await attempt(client, body["trigger_id"])
            await attempt(client, "1.2.made-up")

        await slack.person("alice").command("/twice")
        await slack.wait_until(lambda: len(slack.journal.calls("views.open")) == 2)
        await slack.person("bob").command("/late", settle_timeout=0)
        await slack.wait_until(lambda: len(slack.journal.calls("views.open")) == 4)
    assert errors == ["exchanged_trigger_id", "expired_trigger_id", "invalid_trigger_id"]
    assert slack.person("bob").open_modal is None


async def test_an_update_is_refused_when_raced_and_when_the_view_is_gone(slack: Slack, client: Any) -> None:
    async with bolt(slack) as app:
        form = await opened(slack, app, modal(external_id="ext"))
        view_id, old = form.container.id, form.container.hash
        await client.views_update(external_id="ext", hash=old, view=modal(title=text("Second"), external_id="ext"))
        assert form.title == "Second"
        with pytest.raises(SlackApiError) as raced:
            await client.views_update(view_id=view_id, hash=old, view=modal())
        assert raced.value.response["error"] == "hash_conflict"
        await form.close()
        with pytest.raises(SlackApiError) as gone:
            await client.views_update(view_id=view_id, view=modal())
        assert gone.value.response["error"] == "not_found"


async def test_the_bot_hears_of_a_closed_view_only_if_it_asked(slack: Slack) -> None:
    async with bolt(slack) as app:
        form = await opened(slack, app, modal())
        await form.close()
    assert not form.is_open
    assert slack.journal.calls("form") == []


async def test_a_select_waits_for_three_characters_unless_it_says_otherwise(slack: Slack) -> None:
    async with bolt(slack) as app:
        form = await opened(slack, app, modal(select("t", "Template", type="external_select")))
        assert await form.search("Template", "se") == []
        with pytest.raises(SearchFailed, match="dispatch_failed"):
            await form.search("Template", "ser")


async def test_a_view_opened_over_another_is_not_shown(slack: Slack) -> None:
    async with bolt(slack) as app:

        @app.action("again")
        async def again(ack: Any, body: Any, client: Any) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=modal(title=text("Other")))

        form = await opened(slack, app, modal({"type": "actions", "elements": [button("Again", "again")]}))
        await form.click("Again")
        assert slack.journal.calls("views.open")[-1].error == ""
        assert (form.title, form.depth) == ("Form", 1)
