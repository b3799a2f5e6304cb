"""The modal in which somebody chooses their own notifications, quiet hours, time zone and clock."""

from collections.abc import Mapping, Sequence

from blocks.text import Block, Element, View, context, modal, plain_text
from bot.requests.notify.preferences import Preferences

SETTINGS_CALLBACK = "settings"
COPIES, RESULTS, QUIET, ZONE, CLOCK = "copies", "results", "quiet", "zone", "clock"
DEFAULT = "default"
"""The value of a choice that keeps the default: Slack takes no empty values."""
_CHOICES: Mapping[str, Sequence[tuple[str, str]]] = {
    COPIES: [("no", "Channel, and direct message if I am not in it"), ("yes", "Direct message and channel")],
    RESULTS: [
        (DEFAULT, "All but the successes of a series"),
        ("all", "All"),
        ("failures", "Failures only"),
        ("none", "None"),
    ],
    QUIET: [
        ("off", "Off"),
        ("22-07", "22:00–07:00"),
        ("20-08", "20:00–08:00"),
        ("18-09w", "18:00–09:00 and weekends"),
    ],
    CLOCK: [(DEFAULT, "As in Slack"), ("24", "24 hours: 21:00"), ("12", "12 hours: 9:00 PM")],
}


def settings_view(preferences: Preferences, profile_zone: str, *, typed_zone: str = "", problem: str = "") -> View:
    """The modal, filled in. ``profile_zone`` is that of the Slack profile; ``problem`` is about ``typed_zone``."""
    zone = typed_zone or preferences.zone
    zone_input: Element = {
        "type": "plain_text_input",
        "action_id": ZONE,
        "max_length": 60,
        "placeholder": plain_text(f"As in Slack: {profile_zone or 'none'}", 150),
    }
    if zone:
        zone_input["initial_value"] = zone
    blocks: list[Block] = [
        _select(COPIES, "Approvals that need you", "yes" if preferences.copies else "no"),
        _select(RESULTS, "Results of your requests by direct message", preferences.results or DEFAULT),
        _select(QUIET, "Quiet hours", preferences.quiet, "Only escalations are sent then. All else waits."),
        _input(ZONE, "Time zone of the times you type", zone_input, "“Saturday 21:00” means this zone: Europe/Berlin."),
        _select(CLOCK, "Clock", preferences.clock or DEFAULT),
    ]
    if problem:
        blocks.append(context(f"⚠️ {problem}"))
    return modal("Your settings", blocks, callback_id=SETTINGS_CALLBACK, submit="Save", close="Cancel")


def _select(name: str, label: str, chosen: str, hint: str = "") -> Block:
    options: list[Element] = [{"text": plain_text(text, 75), "value": value} for value, text in _CHOICES[name]]
    initial = next(option for option in options if option["value"] == chosen)
    element: Element = {"type": "static_select", "action_id": name, "options": options, "initial_option": initial}
    return _input(name, label, element, hint)


def _input(name: str, label: str, element: Element, hint: str) -> Block:
    block: Block = {
        "type": "input",
        "block_id": name,
        "label": plain_text(label, 2000),
        "optional": name == ZONE,
        "element": element,
    }
    return {**block, "hint": plain_text(hint, 2000)} if hint else block
