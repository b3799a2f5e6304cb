"""Blocks of every kind, the ones that the bot does not send too."""

from typing import Any

from tests.browser.slack_api import Json


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def options(*names: str) -> list[Json]:
    return [{"text": plain(name), "value": name.casefold()} for name in names]


def field(label: str, kind: str, **more: Any) -> Json:
    element = {"type": kind, "action_id": "a", **more}
    return {"type": "input", "block_id": label, "label": plain(label), "element": element, "optional": True}


FORM: list[Json] = [
    field("Line", "plain_text_input"),
    field("Lines", "plain_text_input", multiline=True),
    field("Number", "number_input", is_decimal_allowed=False, min_value="1", max_value="9"),
    field("Mail", "email_text_input"),
    field("Address", "url_text_input"),
    field("Colour", "static_select", option_groups=[{"label": plain("Warm"), "options": options("Red", "Orange")}]),
    field("Sizes", "multi_static_select", options=options("Small", "Large")),
    field("Person", "users_select"),
    field("People", "multi_users_select"),
    field("Channel", "channels_select"),
    field("Conversation", "conversations_select"),
    field("Day", "datepicker"),
    field("Hour", "timepicker"),
    field("Moment", "datetimepicker"),
    field("One", "radio_buttons", options=options("Left", "Right")),
    field("Some", "checkboxes", options=options("Up", "Down")),
    field("Rich", "rich_text_input"),
]

ITEM = [{"type": "text", "text": "an item", "style": {"bold": True}}]
CONFIRM = {
    "title": plain("Really?"),
    "text": plain("It cannot be undone."),
    "confirm": plain("Yes"),
    "deny": plain("No"),
    "style": "danger",
}
FACTS: list[Json] = [
    {"type": "text", "text": "When ", "style": {"bold": True}},
    {"type": "date", "timestamp": 1767225600, "format": "{date_short_pretty} at {time}", "fallback": "then"},
    {"type": "text", "text": "\n"},
    {"type": "text", "text": "What ", "style": {"bold": True}},
    {"type": "text", "text": "nginx", "style": {"code": True}},
    {"type": "text", "text": "\nNeeds "},
    {"type": "usergroup", "usergroup_id": "S0SRE"},
    {"type": "text", "text": " and "},
    {"type": "user", "user_id": "U0BOB"},
]
"""What a card tells of a request."""
MESSAGE: list[Json] = [
    {"type": "header", "text": plain("Kitchen sink")},
    {
        "type": "section",
        "text": {
            "type": "mrkdwn",
            "text": "*bold* _italic_ ~gone~ `code` &lt;b&gt; <@U0ALICE> <https://example.com|link> :tada:",
        },
        "accessory": {"type": "overflow", "action_id": "more", "options": options("First", "Second")},
    },
    {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Left*\n1"}, {"type": "mrkdwn", "text": "*Right*\n2"}]},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "at <!date^1767225600^{date_num} {time}|then>"}]},
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_list",
                "style": "ordered",
                "elements": [{"type": "rich_text_section", "elements": ITEM}],
            },
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "<script>alert(1)</script>"}]},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a\n  b"}]},
        ],
    },
    {"type": "rich_text", "block_id": "facts", "elements": [{"type": "rich_text_section", "elements": FACTS}]},
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            {
                "type": "button",
                "action_id": "open_link",
                "text": plain("Approve"),
                "accessibility_label": "Approve NS-0, scrub the sink",
                "value": "v",
            },
            {"type": "overflow", "action_id": "menu", "options": options("Edit…", "Withdraw…")},
        ],
    },
    {
        "type": "table",
        "rows": [
            [{"type": "raw_text", "text": "Host"}, {"type": "raw_text", "text": "State"}],
            [{"type": "raw_text", "text": "web01"}, {"type": "raw_text", "text": "fine"}],
        ],
    },
    {
        "type": "actions",
        "elements": [
            {"type": "static_select", "action_id": "pick", "placeholder": plain("Pick"), "options": options("A", "B")},
            {"type": "datepicker", "action_id": "day", "initial_date": "2026-12-24"},
            {"type": "button", "action_id": "sure", "text": plain("Sure?"), "value": "v", "confirm": CONFIRM},
        ],
    },
]
