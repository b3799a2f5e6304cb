"""Cards as people see them: short enough to be read at a glance, on a desk and on a phone."""

import json

import pytest
from playwright.sync_api import Locator

from tests.browser.conftest import OpenWindow
from tests.browser.measure import count_lines
from tests.browser.slack_api import BotApi
from tests.browser.window import DESKTOP_SIZE, PHONE_SIZE, Window
from tests.golden.write import GOLDEN_DIR

MAX_LINES = {DESKTOP_SIZE: 12, PHONE_SIZE: 18}


def show(window: Window, name: str) -> Locator:
    """Post a golden message to a channel that Bob sees. Returns it."""
    api = BotApi(window.demo.journal)
    payload = json.loads((GOLDEN_DIR / f"{name}.json").read_text())
    posted = api.call("chat.postMessage", channel="#ops", **payload)
    assert posted["ok"], posted
    return window.page.get_by_role("article").last


@pytest.mark.parametrize(("size", "frame"), [(DESKTOP_SIZE, "1280"), (PHONE_SIZE, "390")])
def test_the_usual_card_is_read_at_a_glance(open_window: OpenWindow, size: tuple[int, int], frame: str) -> None:
    window = open_window(size=size)
    window.open_place("ops")
    card = show(window, "card-waiting")
    window.screenshot(f"card-waiting-{frame}")
    assert count_lines(card) <= MAX_LINES[size]
    assert card.locator(".actions button, .actions a").count() == 4
