"""Slack's documented limits: what goes over one is refused, with the JSON pointer of the offending part."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack import ApiError, Slack
from playground.slack.limits import check_message, check_options, check_view
from tests.unit.playground_slack.bots import button, modal, text, text_input

Json = dict[str, Any]


def options(count: int, **more: Any) -> list[Json]:
    return [{"text": text(f"o{n}"), "value": str(n), **more} for n in range(count)]


def section(value: str = "x", **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": value}, **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def field(**spec: Any) -> Json:
    return {"type": "input", "label": text("Label"), "element": {"action_id": "a", **spec}}


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "s", "options": options(1), **more}


RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]}
CONFIRM = {"title": text("t"), "text": text("x"), "confirm": text("y"), "deny": text("n")}
CELL = {"type": "raw_text", "text": "x"}
TABLE = {"type": "table", "rows": [[CELL]]}

MESSAGE_LIMITS: list[tuple[list[Json], str]] = [
    ([section()] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ([{"type": "section"}], "missing required field: text [json-pointer:/blocks/0]"),
    (
        [{"type": "section", "fields": [text("x")] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    (
        [{"type": "section", "fields": [text("x"), text("x" * 2001)]}],
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/1/text]",
    ),
    (
        [{"type": "header", "text": text("x" * 151)}],
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
    ),
    (
        [{"type": "context", "elements": [text("x")] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        [actions(*(button("x", f"a{n}") for n in range(26)))],
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    ([actions()], "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"),
    (
        [actions(button("x" * 76, "a"))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        [actions(button("x", "a", value="v" * 2001))],
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    (
        [actions(button("x", "a" * 256))],
        "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
    ),
    (
        [actions(button("x", "a", url="h" * 3001))],
        "must be less than 3001 characters [json-pointer:/blocks/0/elements/0/url]",
    ),
    (
        [actions(button("x", "a", style="loud"))],
        "must be a valid enum value: primary, danger [json-pointer:/blocks/0/elements/0/style]",
    ),
    (
        [actions(button("x", "a", colour="red"))],
        "invalid additional property: colour [json-pointer:/blocks/0/elements/0]",
    ),
    (
        [actions(button("x", "a"), button("y", "a"))],
        "action_id must be unique in its block: a [json-pointer:/blocks/0/elements/1/action_id]",
    ),
    (
        [section(block_id="b"), section(block_id="b")],
        "block_id must be unique: b [json-pointer:/blocks/1/block_id]",
    ),
    ([section(block_id="b" * 256)], "must be less than 256 characters [json-pointer:/blocks/0/block_id]"),
    (
        [actions(button("x", "a", confirm={**CONFIRM, "text": text("x" * 301)}))],
        "must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]",
    ),
    (
        [actions(button("x", "a", confirm={**CONFIRM, "title": text("x" * 101)}))],
        "must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]",
    ),
    (
        [actions(button("x", "a", confirm={**CONFIRM, "deny": text("x" * 31)}))],
        "must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/deny/text]",
    ),
    (
        [actions(select(options=options(101)))],
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    ([actions(select(options=[]))], "no fewer than 1 items allowed [json-pointer:/blocks/0/elements/0/options]"),
    (
        [actions(select(options=[{"text": text("x" * 76), "value": "v"}]))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
    ),
    (
        [actions(select(options=[{"text": text("x"), "value": "v" * 151}]))],
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
    ),
    (
        [actions(select(options=options(1, description=text("x" * 76))))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/description/text]",
    ),
    (
        [actions(select(placeholder=text("x" * 151)))],
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/placeholder/text]",
    ),
    (
        [actions(select(initial_option=options(2)[1]))],
        "must be one of the provided options [json-pointer:/blocks/0/elements/0/initial_option]",
    ),
    (
        [actions({"type": "static_select", "action_id": "s"})],
        "must have exactly one of options or option_groups [json-pointer:/blocks/0/elements/0]",
    ),
    (
        [section(accessory={"type": "overflow", "action_id": "o", "options": options(6)})],
        "no more than 5 items allowed [json-pointer:/blocks/0/accessory/options]",
    ),
    (
        [actions({"type": "checkboxes", "action_id": "c", "options": options(11)})],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        [actions({"type": "radio_buttons", "action_id": "c", "options": options(11)})],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        [actions({"type": "plain_text_input", "action_id": "p"})],
        "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
    ),
    (
        [actions({"type": "datepicker", "action_id": "d", "initial_date": "tomorrow"})],
        "must be a date of the form YYYY-MM-DD [json-pointer:/blocks/0/elements/0/initial_date]",
    ),
    (
        [actions({"type": "timepicker", "action_id": "d", "initial_time": "25:00"})],
        "must be a time of the form HH:mm [json-pointer:/blocks/0/elements/0/initial_time]",
    ),
    (
        [actions({"type": "datetimepicker", "action_id": "d", "initial_date_time": 12})],
        "must be greater than 999999999 [json-pointer:/blocks/0/elements/0/initial_date_time]",
    ),
    (
        [field(type="number_input", is_decimal_allowed=True)],
        "unsupported type: number_input [json-pointer:/blocks/0/element/type]",
    ),
    ([field(type="rich_text_input")], "unsupported type: rich_text_input [json-pointer:/blocks/0/element/type]"),
    (
        [{"type": "markdown", "text": "x" * 12_001}],
        "must be less than 12001 characters [json-pointer:/blocks/0/text]",
    ),
    (
        [{"type": "markdown", "text": "x" * 6001}] * 2,
        "markdown blocks must be less than 12001 characters together [json-pointer:/blocks]",
    ),
    ([{**TABLE, "rows": [[CELL]] * 101}], "no more than 100 items allowed [json-pointer:/blocks/0/rows]"),
    ([{**TABLE, "rows": [[CELL] * 21]}], "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]"),
    ([TABLE, TABLE], "only one table is allowed in a message [json-pointer:/blocks/1]"),
    (
        [{"type": "image", "alt_text": "x" * 2001, "image_url": "https://x.example/y.png"}],
        "must be less than 2001 characters [json-pointer:/blocks/0/alt_text]",
    ),
    (
        [{"type": "image", "alt_text": "x", "image_url": "h" * 3001}],
        "must be less than 3001 characters [json-pointer:/blocks/0/image_url]",
    ),
    ([{"type": "divider", "text": "x"}], "invalid additional property: text [json-pointer:/blocks/0]"),
    ([{"type": "data_grid"}], "unsupported type: data_grid [json-pointer:/blocks/0/type]"),
    (
        [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text"}]}]}],
        "missing required field: text [json-pointer:/blocks/0/elements/0/elements/0]",
    ),
    (
        [{"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet", "elements": [text("x")]}]}],
        "unsupported type: plain_text [json-pointer:/blocks/0/elements/0/elements/0/type]",
    ),
]

VIEW_LIMITS: list[tuple[Json, str]] = [
    (modal(title=text("x" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
    (modal(submit=text("x" * 25)), "must be less than 25 characters [json-pointer:/view/submit/text]"),
    (modal(close=text("x" * 25)), "must be less than 25 characters [json-pointer:/view/close/text]"),
    (modal(private_metadata="x" * 3001), "must be less than 3001 characters [json-pointer:/view/private_metadata]"),
    (modal(callback_id="x" * 256), "must be less than 256 characters [json-pointer:/view/callback_id]"),
    (modal(external_id="x" * 256), "must be less than 256 characters [json-pointer:/view/external_id]"),
    (modal(*[{"type": "divider"}] * 101), "no more than 100 items allowed [json-pointer:/view/blocks]"),
    (
        {k: v for k, v in modal(text_input("a", "A")).items() if k != "submit"},
        "missing required field: submit, which a view with inputs needs [json-pointer:/view]",
    ),
    (modal(colour="red"), "invalid additional property: colour [json-pointer:/view]"),
    ({"type": "home", "blocks": []}, "unsupported type: home [json-pointer:/view/type]"),
    (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown [json-pointer:/view/blocks/0/type]"),
    (modal(TABLE), "unsupported type: table [json-pointer:/view/blocks/0/type]"),
    (modal(text_input("a", "x" * 2001)), "must be less than 2001 characters [json-pointer:/view/blocks/0/label/text]"),
    (
        modal(text_input("a", "A", max_length=3001)),
        "must be less than 3001 [json-pointer:/view/blocks/0/element/max_length]",
    ),
    (
        modal(text_input("a", "A", max_length=3, initial_value="four")),
        "must be less than 4 characters [json-pointer:/view/blocks/0/element/initial_value]",
    ),
    (
        modal({**text_input("a", "A"), "hint": text("x" * 2001)}),
        "must be less than 2001 characters [json-pointer:/view/blocks/0/hint/text]",
    ),
    (
        modal(field(type="number_input")),
        "missing required field: is_decimal_allowed [json-pointer:/view/blocks/0/element]",
    ),
    (
        modal(text_input("a", "A"), text_input("a", "B")),
        "block_id must be unique: a [json-pointer:/view/blocks/1/block_id]",
    ),
    (
        modal(field(type="button", text=text("x"))),
        "unsupported type: button [json-pointer:/view/blocks/0/element/type]",
    ),
    (
        modal(field(type="file_input", max_files=11)),
        "must be less than 11 [json-pointer:/view/blocks/0/element/max_files]",
    ),
]


@pytest.mark.parametrize(("blocks", "message"), MESSAGE_LIMITS)
def test_a_message_over_a_limit_is_refused(blocks: list[Json], message: str) -> None:
    with pytest.raises(ApiError) as refused:
        check_message(blocks)
    assert refused.value.code == "invalid_blocks"
    assert message in refused.value.messages


@pytest.mark.parametrize(("view", "message"), VIEW_LIMITS)
def test_a_modal_over_a_limit_is_refused(view: Json, message: str) -> None:
    with pytest.raises(ApiError) as refused:
        check_view(view, "modal")
    assert refused.value.code == "invalid_arguments"
    assert message in refused.value.messages


def test_what_is_at_the_limits_passes() -> None:
    check_message([section("x" * 200, block_id=f"b{n}") for n in range(50)])
    check_message([section("x" * 3000), {"type": "markdown", "text": "x" * 9000}, TABLE, RICH])
    full = button("x" * 75, "a" * 255, value="v" * 2000, url="h" * 3000, style="danger", confirm=CONFIRM)
    check_message([actions(full), actions(select(options=options(100))), section(accessory=select())])
    check_view(modal(*[{"type": "divider"}] * 100, title=text("x" * 24), private_metadata="x" * 3000), "modal")
    kinds: list[Json] = [
        {"type": "plain_text_input", "multiline": True, "min_length": 1, "max_length": 3000, "focus_on_load": True},
        {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "100"},
        {"type": "email_text_input"},
        {"type": "url_text_input"},
        {"type": "rich_text_input", "initial_value": RICH},
        {"type": "file_input", "max_files": 10},
        {"type": "static_select", "option_groups": [{"label": text("G"), "options": options(100)}]},
        {"type": "multi_static_select", "options": options(3), "initial_options": options(2), "max_selected_items": 2},
        {"type": "external_select", "min_query_length": 0, "placeholder": text("x" * 150)},
        {"type": "multi_external_select"},
        {"type": "users_select"},
        {"type": "multi_users_select", "initial_users": ["U0BOB"]},
        {"type": "conversations_select", "filter": {"include": ["public"], "exclude_bot_users": True}},
        {"type": "multi_conversations_select"},
        {"type": "channels_select"},
        {"type": "multi_channels_select"},
        {"type": "datepicker", "initial_date": "2026-12-24"},
        {"type": "timepicker", "initial_time": "21:00", "timezone": "Europe/Berlin"},
        {"type": "datetimepicker", "initial_date_time": 1_800_000_000},
        {"type": "checkboxes", "options": options(10), "initial_options": options(10)},
        {"type": "radio_buttons", "options": options(10), "initial_option": options(1)[0]},
    ]
    check_view(modal(*(field(**kind) for kind in kinds)), "modal")


def test_a_home_tab_takes_no_date_and_time_picker() -> None:
    picker = {"type": "datetimepicker", "action_id": "d"}
    check_message([actions(picker)])
    with pytest.raises(ApiError) as refused:
        check_view({"type": "home", "blocks": [actions(picker)]}, "home")
    assert refused.value.messages == ("unsupported type: datetimepicker [json-pointer:/view/blocks/0/elements/0/type]",)


def test_too_much_text_in_all_is_refused_though_each_block_fits() -> None:
    with pytest.raises(ApiError) as refused:
        check_message([section("x" * 2900, block_id=f"b{n}") for n in range(5)])
    assert refused.value.code == "msg_blocks_too_long"


def test_a_view_of_more_than_250_kilobytes_is_refused() -> None:
    blocks = [{**section("x" * 2900), "block_id": f"b{n}"} for n in range(90)]
    with pytest.raises(ApiError) as refused:
        check_view(modal(*blocks), "modal")
    assert refused.value.code == "view_too_large"


@pytest.mark.parametrize("answer", [None, {}, {"options": [{"text": text("x")}]}, {"options": [], "option_groups": []}])
def test_options_that_slack_cannot_show_are_refused(answer: Any) -> None:
    with pytest.raises(ApiError) as refused:
        check_options(answer)
    assert refused.value.code == "invalid_options"


async def test_a_refusal_reads_as_slack_writes_it(slack: Slack, client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel="#ops", text="x", blocks=[section("x" * 3001)])
    said = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert refused.value.response.data == {
        "ok": False,
        "error": "invalid_blocks",
        "errors": [said],
        "response_metadata": {"messages": [f"[ERROR] {said}"]},
    }
    assert slack.journal.entries[-1].messages == (said,)
    assert slack.person("alice").messages("#ops") == []
    with pytest.raises(SlackApiError) as refused:
        await client.views_publish(user_id="U0ALICE", view={"type": "home", "blocks": [section("")]})
    assert refused.value.response["error"] == "invalid_arguments"
    assert slack.journal.entries[-1].messages == (
        "must be more than 0 characters [json-pointer:/view/blocks/0/text/text]",
    )
