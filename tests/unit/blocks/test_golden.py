"""Every surface is as its golden files say, and Slack takes it. ``make golden`` writes them anew."""

import json
from typing import Any

import pytest

from playground.slack.limits import check_message
from tests.golden.cards import CARDS
from tests.golden.write import GOLDEN_DIR, golden_files

MAX_BUTTONS, MAX_ENTRIES = 3, 5
FILES = golden_files()


def test_every_surface_is_as_its_golden_files_say() -> None:
    stored = {path.name: path.read_text() for path in GOLDEN_DIR.iterdir()}
    changed = sorted(name for name in FILES.keys() | stored.keys() if FILES.get(name) != stored.get(name))
    assert not changed, f"{changed} changed: run make golden, and read the difference"


def blocks_of(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(FILES[f"{name}.json"])["blocks"]
    return found


@pytest.mark.parametrize("name", [name.removesuffix(".json") for name in FILES if name.endswith(".json")])
def test_slack_takes_it_and_it_has_at_most_three_buttons_and_a_menu(name: str) -> None:
    blocks = blocks_of(name)
    check_message(blocks)
    controls = [element for block in blocks if block["type"] == "actions" for element in block["elements"]]
    buttons = [element for element in controls if element["type"] == "button"]
    assert len(buttons) <= MAX_BUTTONS
    assert sum(element.get("style") == "primary" for element in buttons) <= 1
    assert all(element["accessibility_label"] for element in buttons)
    menus = [element for element in controls if element["type"] == "overflow"]
    assert len(menus) <= 1
    assert all(len(menu["options"]) <= MAX_ENTRIES for menu in menus)


@pytest.mark.parametrize("name", CARDS)
def test_what_was_asked_for_stays_on_the_card_to_the_end(name: str) -> None:
    texts = [block["block_id"] for block in blocks_of(name) if "block_id" in block]
    assert texts.count("state") == texts.count("facts") == 1
    text = FILES[f"{name}.txt"]
    assert "\nWhen " in text
    assert "\nWhere 16 hosts: web05.sin" in text


def test_hostile_text_forges_no_row_and_mentions_nobody() -> None:
    blocks = blocks_of("card-hostile")
    kinds = [block["type"] for block in blocks]
    assert kinds == ["header", "context", "rich_text", "rich_text", "rich_text", "context", "actions"]
    assert _mentioned(blocks) == {"U0BOB", "S0SRE"}
    state = next(block for block in blocks if block.get("block_id") == "state")
    assert [element["text"] for element in state["elements"]] == [
        "*Waiting for approval* · NS-12 · Foreman production · requested by <@U0ALICE>"
    ]
    markup = [e for block in blocks if block["type"] == "context" for e in block["elements"] if e["type"] == "mrkdwn"]
    assert len(markup) == 1
    assert not [line for line in FILES["card-hostile.txt"].splitlines() if line.startswith("✅ Approved by <")]


def _mentioned(value: object) -> set[str]:
    """The ids of everybody whom blocks mention."""
    if isinstance(value, dict):
        own = {str(value[key]) for key in ("user_id", "usergroup_id", "range") if key in value}
        return own.union(*map(_mentioned, value.values()))
    return set().union(*map(_mentioned, value)) if isinstance(value, list) else set()
