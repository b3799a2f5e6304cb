"""The playground's page in a browser: the first paint, a click to the updated card, and frames while scrolling."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from benchmarks.measurements import Measurement, below
from tests.browser.window import DESKTOP_SIZE, RUN_MS, Window, new_page, run_browser, run_demo

MESSAGE_COUNT = 500


async def page(size: float) -> Sequence[Measurement]:
    """Measure in a thread: Playwright's synchronous interface does not run in an event loop."""
    return await asyncio.to_thread(_measure)


def _measure() -> list[Measurement]:
    with (
        tempfile.TemporaryDirectory(prefix="nightshift-page-") as name,
        run_demo(Path(name)) as demo,
        run_browser() as b,
    ):
        paints = []
        for _ in range(2):
            window = Window(new_page(b, DESKTOP_SIZE, "light"), demo, Path(name)).open()
            paints.append(_first_paint(window.page))
        clicks = _approve_clicks(window)
        frames = _scroll_frames(window)
    return [
        below("page: first paint in a cold browser", min(paints), "ms", 2000),
        below("page: click to updated card", min(clicks), "ms", 300),
        below("page: slowest frames of 500 messages", sorted(frames)[-5], "ms", 100),
    ]


def _first_paint(page: Page) -> float:
    script = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    return float(page.wait_for_function(script).json_value())


def _approve_clicks(window: Window) -> list[float]:
    """Milliseconds from each click on Approve to the card that shows it."""
    window.switch_user("Alice Adler")
    name = window.request_restart("os = RedHat")
    times = []
    for person, mark in (("Bob Brown", "Approved by @bob"), ("Carol Clark", "Approved by @carol")):
        window.switch_user(person)
        window.open_place("approvals")
        times.append(_click_to_update_ms(window, window.find_card(name), mark))
    return times


def _click_to_update_ms(window: Window, card: Locator, mark: str) -> float:
    card.evaluate(
        """(card, mark) => {
          let clicked = 0;
          card.addEventListener("click", () => (clicked = performance.now()), { capture: true, once: true });
          new MutationObserver((_, observer) => {
            if (!clicked || !card.textContent.includes(mark)) return;
            observer.disconnect();
            window.answerMs = performance.now() - clicked;
          }).observe(card, { subtree: true, childList: true, characterData: true });
          window.answerMs = 0;
        }""",
        mark,
    )
    window.click_button("Approve", card)
    window.page.wait_for_function("window.answerMs > 0")
    return float(window.page.evaluate("window.answerMs"))


def _scroll_frames(window: Window) -> list[float]:
    """Milliseconds of each frame while 500 messages scroll."""
    window.fill_channel("shared", MESSAGE_COUNT)
    expect(window.page.get_by_role("article")).to_have_count(MESSAGE_COUNT, timeout=RUN_MS)
    return window.scroll_up()
