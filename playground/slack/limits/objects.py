"""Composition objects: texts, options, confirmations. Lengths as Slack documents them."""

from typing import Any

from playground.slack.limits.rules import (
    ObjectRule,
    Report,
    Rule,
    any_value,
    array,
    boolean_value,
    by_type,
    one_of,
    string,
)

ID = string(255)


def plain_text(max_length: int, min_length: int = 1) -> Rule:
    """A plain_text object with a maximum length."""
    return by_type({"plain_text": ObjectRule({"text": string(max_length, min_length)}, {"emoji": boolean_value})})


def any_text(max_length: int, min_length: int = 1) -> Rule:
    """A plain_text or mrkdwn object with a maximum length."""
    return by_type(
        {
            "plain_text": ObjectRule({"text": string(max_length, min_length)}, {"emoji": boolean_value}),
            "mrkdwn": ObjectRule({"text": string(max_length, min_length)}, {"verbatim": boolean_value}),
        }
    )


def option(label: Rule, *, url: bool = False) -> Rule:
    optional: dict[str, Rule] = {"description": label}
    if url:
        optional["url"] = string(3000)
    return ObjectRule({"text": label, "value": string(150)}, optional)


SELECT_OPTION = option(plain_text(75))
CHOICE_OPTION = option(any_text(75))
OVERFLOW_OPTION = option(plain_text(75), url=True)
OPTION_GROUP = ObjectRule({"label": plain_text(75), "options": array(SELECT_OPTION, 100)})

CONFIRM = ObjectRule(
    {"title": plain_text(100), "text": any_text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": one_of("primary", "danger")},
)

DISPATCH_CONFIG = ObjectRule({}, {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 2)})

CONVERSATION_FILTER = ObjectRule(
    {},
    {
        "include": array(one_of("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": boolean_value,
        "exclude_bot_users": boolean_value,
    },
)

IMAGE_SOURCE: dict[str, Rule] = {"image_url": string(3000), "slack_file": any_value}


def options_or_groups(report: Report, pointer: str, value: Any) -> None:
    """A static select has options or groups, and its initial options are among them."""
    both = "options" in value and "option_groups" in value
    if both or not ("options" in value or "option_groups" in value):
        report.add(pointer, "must have exactly one of options or option_groups")
        return
    initial_among_options(report, pointer, value)


def options_of(value: Any) -> list[Any]:
    groups = value.get("option_groups") or []
    found = list(value.get("options") or [])
    for group in groups:
        found += group.get("options") or [] if isinstance(group, dict) else []
    return found


def initial_among_options(report: Report, pointer: str, value: Any) -> None:
    """The initial options are among the offered ones."""
    offered = [(o.get("value"), o.get("text")) for o in options_of(value) if isinstance(o, dict)]
    chosen = [("initial_option", value["initial_option"])] if "initial_option" in value else []
    several = value.get("initial_options")
    chosen += [(f"initial_options/{n}", o) for n, o in enumerate(several)] if isinstance(several, list) else []
    for where, choice in chosen:
        if isinstance(choice, dict) and (choice.get("value"), choice.get("text")) not in offered:
            report.add(f"{pointer}/{where}", "must be one of the provided options")
