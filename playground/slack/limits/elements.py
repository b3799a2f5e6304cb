"""Interactive elements: the shape of each, and the blocks and surfaces that take it."""

from datetime import date
from typing import Any

from playground.slack.limits.objects import (
    CHOICE_OPTION,
    CONFIRM,
    CONVERSATION_FILTER,
    DISPATCH,
    ID,
    IMAGE_SOURCE,
    OPTION_GROUP,
    OVERFLOW_OPTION,
    SELECT_OPTION,
    initial_among_options,
    options_or_groups,
    plain,
)
from playground.slack.limits.rules import (
    Report,
    Rule,
    Shape,
    anything,
    array,
    boolean,
    integer,
    one_of,
    string,
)

_COMMON: dict[str, Rule] = {"action_id": ID, "confirm": CONFIRM}
_FOCUS: dict[str, Rule] = {"focus_on_load": boolean}
_PICK: dict[str, Rule] = {**_COMMON, **_FOCUS, "placeholder": plain(150)}
_MANY: dict[str, Rule] = {**_PICK, "max_selected_items": integer(1, 100)}
_TYPED: dict[str, Rule] = {
    "action_id": ID,
    **_FOCUS,
    "placeholder": plain(150),
    "dispatch_action_config": DISPATCH,
}
_GROUPS = array(OPTION_GROUP, 100)
_IDS = array(string(255), 100)


def _date(report: Report, at: str, value: Any) -> None:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        report.add(at, "must be a date of the form YYYY-MM-DD")


def _one_image(report: Report, at: str, value: Any) -> None:
    if ("image_url" in value) == ("slack_file" in value):
        report.add(at, "must have exactly one of image_url or slack_file")


def _lengths(report: Report, at: str, value: Any) -> None:
    least, most = value.get("min_length"), value.get("max_length")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        report.add(f"{at}/min_length", "must not be greater than max_length")
    initial = value.get("initial_value")
    if isinstance(initial, str) and isinstance(most, int) and len(initial) > most:
        report.add(f"{at}/initial_value", f"must be less than {most + 1} characters")


_TIME = string(5, pattern=r"([01]\d|2[0-3]):[0-5]\d", hint="must be a time of the form HH:mm")
_NUMBER = string(40, pattern=r"-?\d+(\.\d+)?", hint="must be a number")

ELEMENTS: dict[str, Rule] = {
    "button": Shape(
        {"text": plain(75)},
        {
            **_COMMON,
            "value": string(2000),
            "url": string(3000),
            "style": one_of("primary", "danger"),
            "accessibility_label": string(75),
        },
    ),
    "overflow": Shape({"options": array(OVERFLOW_OPTION, 5)}, _COMMON),
    "static_select": Shape(
        {},
        {**_PICK, "options": array(SELECT_OPTION, 100), "option_groups": _GROUPS, "initial_option": SELECT_OPTION},
        options_or_groups,
    ),
    "multi_static_select": Shape(
        {},
        {
            **_MANY,
            "options": array(SELECT_OPTION, 100),
            "option_groups": _GROUPS,
            "initial_options": array(SELECT_OPTION, 100),
        },
        options_or_groups,
    ),
    "external_select": Shape({}, {**_PICK, "initial_option": SELECT_OPTION, "min_query_length": integer(0, 1000)}),
    "multi_external_select": Shape(
        {}, {**_MANY, "initial_options": array(SELECT_OPTION, 100), "min_query_length": integer(0, 1000)}
    ),
    "users_select": Shape({}, {**_PICK, "initial_user": string(255)}),
    "multi_users_select": Shape({}, {**_MANY, "initial_users": _IDS}),
    "channels_select": Shape({}, {**_PICK, "initial_channel": string(255), "response_url_enabled": boolean}),
    "multi_channels_select": Shape({}, {**_MANY, "initial_channels": _IDS}),
    "conversations_select": Shape(
        {},
        {
            **_PICK,
            "initial_conversation": string(255),
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": CONVERSATION_FILTER,
        },
    ),
    "multi_conversations_select": Shape(
        {},
        {
            **_MANY,
            "initial_conversations": _IDS,
            "default_to_current_conversation": boolean,
            "filter": CONVERSATION_FILTER,
        },
    ),
    "datepicker": Shape({}, {**_PICK, "initial_date": _date}),
    "timepicker": Shape({}, {**_PICK, "initial_time": _TIME, "timezone": string(255)}),
    "datetimepicker": Shape({}, {**_COMMON, **_FOCUS, "initial_date_time": integer(1_000_000_000, 9_999_999_999)}),
    "checkboxes": Shape(
        {"options": array(CHOICE_OPTION, 10)},
        {**_COMMON, **_FOCUS, "initial_options": array(CHOICE_OPTION, 10)},
        initial_among_options,
    ),
    "radio_buttons": Shape(
        {"options": array(CHOICE_OPTION, 10)},
        {**_COMMON, **_FOCUS, "initial_option": CHOICE_OPTION},
        initial_among_options,
    ),
    "plain_text_input": Shape(
        {},
        {
            **_TYPED,
            "initial_value": string(3000, 0),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
        _lengths,
    ),
    "email_text_input": Shape({}, {**_TYPED, "initial_value": string(255, 0)}),
    "url_text_input": Shape({}, {**_TYPED, "initial_value": string(3000, 0)}),
    "number_input": Shape(
        {"is_decimal_allowed": boolean},
        {**_TYPED, "initial_value": _NUMBER, "min_value": _NUMBER, "max_value": _NUMBER},
    ),
    "rich_text_input": Shape(
        {}, {**_TYPED, "initial_value": anything, "min_lines": integer(1, 100), "max_lines": integer(1, 100)}
    ),
    "file_input": Shape({}, {"action_id": ID, "filetypes": array(string(20), 100), "max_files": integer(1, 10)}),
    "image": Shape({"alt_text": string(2000)}, IMAGE_SOURCE, _one_image),
}

_SELECTS = {kind for kind in ELEMENTS if kind.endswith("select")}
_PICKERS = {"datepicker", "timepicker", "datetimepicker"}
_CHOICES = {"checkboxes", "radio_buttons"}

IN_SECTION = {"button", "overflow", "image"} | _SELECTS | _PICKERS - {"datetimepicker"} | _CHOICES
IN_ACTIONS = {"button", "overflow"} | _SELECTS | _PICKERS | _CHOICES
IN_INPUT = (
    {"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input"}
    | _SELECTS | _PICKERS | _CHOICES
)  # fmt: skip

NOT_IN_MESSAGES = {"email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input"}
NOT_IN_HOME = {"datetimepicker", "email_text_input", "url_text_input", "number_input", "file_input"}
