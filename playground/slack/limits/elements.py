"""Interactive elements: the shape of each, and the blocks and surfaces that take it."""

from datetime import date
from typing import Any

from playground.slack.limits.objects import (
    CHOICE_OPTION,
    CONFIRM,
    CONVERSATION_FILTER,
    DISPATCH_CONFIG,
    ID,
    IMAGE_SOURCE,
    OPTION_GROUP,
    OVERFLOW_OPTION,
    SELECT_OPTION,
    initial_among_options,
    options_or_groups,
    plain_text,
)
from playground.slack.limits.rules import (
    ObjectRule,
    Report,
    Rule,
    any_value,
    array,
    boolean_value,
    integer,
    one_of,
    string,
)

_COMMON: dict[str, Rule] = {"action_id": ID, "confirm": CONFIRM}
_FOCUS: dict[str, Rule] = {"focus_on_load": boolean_value}
_SELECT_BASE: dict[str, Rule] = {**_COMMON, **_FOCUS, "placeholder": plain_text(150)}
_MULTI_SELECT_BASE: dict[str, Rule] = {**_SELECT_BASE, "max_selected_items": integer(1, 100)}
_INPUT_BASE: dict[str, Rule] = {
    "action_id": ID,
    **_FOCUS,
    "placeholder": plain_text(150),
    "dispatch_action_config": DISPATCH_CONFIG,
}
_GROUPS = array(OPTION_GROUP, 100)
_IDS = array(string(255), 100)


def _date(report: Report, pointer: str, value: Any) -> None:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        report.add(pointer, "must be a date of the form YYYY-MM-DD")


def _check_image_source(report: Report, pointer: str, value: Any) -> None:
    if ("image_url" in value) == ("slack_file" in value):
        report.add(pointer, "must have exactly one of image_url or slack_file")


def _check_lengths(report: Report, pointer: str, value: Any) -> None:
    least, most = value.get("min_length"), value.get("max_length")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        report.add(f"{pointer}/min_length", "must not be greater than max_length")
    initial = value.get("initial_value")
    if isinstance(initial, str) and isinstance(most, int) and len(initial) > most:
        report.add(f"{pointer}/initial_value", f"must be less than {most + 1} characters")


_TIME = string(5, pattern=r"([01]\d|2[0-3]):[0-5]\d", hint="must be a time of the form HH:mm")
_NUMBER = string(40, pattern=r"-?\d+(\.\d+)?", hint="must be a number")

ELEMENTS: dict[str, Rule] = {
    "button": ObjectRule(
        {"text": plain_text(75)},
        {
            **_COMMON,
            "value": string(2000),
            "url": string(3000),
            "style": one_of("primary", "danger"),
            "accessibility_label": string(75),
        },
    ),
    "overflow": ObjectRule({"options": array(OVERFLOW_OPTION, 5)}, _COMMON),
    "static_select": ObjectRule(
        {},
        {
            **_SELECT_BASE,
            "options": array(SELECT_OPTION, 100),
            "option_groups": _GROUPS,
            "initial_option": SELECT_OPTION,
        },
        options_or_groups,
    ),
    "multi_static_select": ObjectRule(
        {},
        {
            **_MULTI_SELECT_BASE,
            "options": array(SELECT_OPTION, 100),
            "option_groups": _GROUPS,
            "initial_options": array(SELECT_OPTION, 100),
        },
        options_or_groups,
    ),
    "external_select": ObjectRule(
        {}, {**_SELECT_BASE, "initial_option": SELECT_OPTION, "min_query_length": integer(0, 1000)}
    ),
    "multi_external_select": ObjectRule(
        {}, {**_MULTI_SELECT_BASE, "initial_options": array(SELECT_OPTION, 100), "min_query_length": integer(0, 1000)}
    ),
    "users_select": ObjectRule({}, {**_SELECT_BASE, "initial_user": string(255)}),
    "multi_users_select": ObjectRule({}, {**_MULTI_SELECT_BASE, "initial_users": _IDS}),
    "channels_select": ObjectRule(
        {}, {**_SELECT_BASE, "initial_channel": string(255), "response_url_enabled": boolean_value}
    ),
    "multi_channels_select": ObjectRule({}, {**_MULTI_SELECT_BASE, "initial_channels": _IDS}),
    "conversations_select": ObjectRule(
        {},
        {
            **_SELECT_BASE,
            "initial_conversation": string(255),
            "default_to_current_conversation": boolean_value,
            "response_url_enabled": boolean_value,
            "filter": CONVERSATION_FILTER,
        },
    ),
    "multi_conversations_select": ObjectRule(
        {},
        {
            **_MULTI_SELECT_BASE,
            "initial_conversations": _IDS,
            "default_to_current_conversation": boolean_value,
            "filter": CONVERSATION_FILTER,
        },
    ),
    "datepicker": ObjectRule({}, {**_SELECT_BASE, "initial_date": _date}),
    "timepicker": ObjectRule({}, {**_SELECT_BASE, "initial_time": _TIME, "timezone": string(255)}),
    "datetimepicker": ObjectRule({}, {**_COMMON, **_FOCUS, "initial_date_time": integer(1_000_000_000, 9_999_999_999)}),
    "checkboxes": ObjectRule(
        {"options": array(CHOICE_OPTION, 10)},
        {**_COMMON, **_FOCUS, "initial_options": array(CHOICE_OPTION, 10)},
        initial_among_options,
    ),
    "radio_buttons": ObjectRule(
        {"options": array(CHOICE_OPTION, 10)},
        {**_COMMON, **_FOCUS, "initial_option": CHOICE_OPTION},
        initial_among_options,
    ),
    "plain_text_input": ObjectRule(
        {},
        {
            **_INPUT_BASE,
            "initial_value": string(3000, 0),
            "multiline": boolean_value,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
        _check_lengths,
    ),
    "email_text_input": ObjectRule({}, {**_INPUT_BASE, "initial_value": string(255, 0)}),
    "url_text_input": ObjectRule({}, {**_INPUT_BASE, "initial_value": string(3000, 0)}),
    "number_input": ObjectRule(
        {"is_decimal_allowed": boolean_value},
        {**_INPUT_BASE, "initial_value": _NUMBER, "min_value": _NUMBER, "max_value": _NUMBER},
    ),
    "rich_text_input": ObjectRule(
        {}, {**_INPUT_BASE, "initial_value": any_value, "min_lines": integer(1, 100), "max_lines": integer(1, 100)}
    ),
    "file_input": ObjectRule({}, {"action_id": ID, "filetypes": array(string(20), 100), "max_files": integer(1, 10)}),
    "image": ObjectRule({"alt_text": string(2000)}, IMAGE_SOURCE, _check_image_source),
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
