"""Cards as people see them: short enough to be read at a glance, on a desk and on a phone."""

import json

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenWindow
from tests.browser.measure import count_lines
from tests.browser.slack_api import BotApi
from tests.browser.window import DESKTOP_SIZE, PHONE_SIZE, Window
from tests.golden.write import GOLDEN_DIR

MAX_LINES = {DESKTOP_SIZE: 12, PHONE_SIZE: 18}


def open_ops(window: Window, *, is_narrow: bool) -> BotApi:
    """Open a channel, and type the command that tells where Slack's API is."""
    api = BotApi(window.demo.journal)
    if is_narrow:
        window.click_button("Go there as Bob")
        window.click_button("Channels")
    window.open_place("ops")
    known = len(api.entries("slash_commands"))
    window.type_and_send("/nightshift help")
    api.wait_for_payload("slash_commands", known)
    return api


def post(api: BotApi, window: Window, name: str) -> Locator:
    """Post a golden message. Returns it."""
    payload = json.loads((GOLDEN_DIR / f"{name}.json").read_text())
    posted = api.call("chat.postMessage", channel="#ops", **payload)
    assert posted["ok"], posted
    message = window.page.get_by_role("article").last
    expect(message).to_contain_text(payload["blocks"][0]["text"]["text"][2:])
    return message


@pytest.mark.parametrize(("size", "frame"), [(DESKTOP_SIZE, "1280"), (PHONE_SIZE, "390")])
def test_the_usual_card_is_read_at_a_glance(open_window: OpenWindow, size: tuple[int, int], frame: str) -> None:
    window = open_window(size=size)
    card = post(open_ops(window, is_narrow=size == PHONE_SIZE), window, "card-waiting")
    window.screenshot(f"card-waiting-{frame}")
    assert count_lines(card) <= MAX_LINES[size]
    for name in ("Approve", "Deny", "Details", "More actions"):
        expect(card.get_by_role("button", name=name)).to_have_count(1)
    expect(card.locator(".actions").get_by_role("button")).to_have_count(4)
