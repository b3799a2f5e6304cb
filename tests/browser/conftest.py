"""The playground as a person starts it, and a browser for it.

Every test leaves a screenshot in a directory that pytest keeps for a while; the published ones go to
NIGHTSHIFT_SCREENSHOTS too, which ``make screenshots`` sets to docs/img.
"""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page

from tests.browser.chromium import NoChromium
from tests.browser.window import DESKTOP_SIZE, Demo, Window, new_page, run_browser, run_demo

README_SCREENSHOTS = ("approval.png", "form.png")
"""The screenshots that the README shows."""
MAX_SCREENSHOT_BYTES = 300_000

OpenWindow = Callable[..., Window]
PAGES_KEY = pytest.StashKey[list[Page]]()
SCREENSHOTS_KEY = pytest.StashKey[Path]()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """``nightshift demo`` on a free port, filled and ready."""
    with run_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium with a temporary profile."""
    try:
        with run_browser() as running:
            yield running
    except NoChromium as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def shared_page(browser: Browser) -> Page:
    """A page that tests share one after the other, with the playground's scripts loaded."""
    return new_page(browser, DESKTOP_SIZE, "light")


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the screenshots go."""
    directory = tmp_path_factory.mktemp("screenshots")
    yield directory
    target = os.environ.get("NIGHTSHIFT_SCREENSHOTS")
    for name in README_SCREENSHOTS:
        picture = directory / name
        if picture.exists():
            assert picture.stat().st_size < MAX_SCREENSHOT_BYTES, f"{name} is too large for the README"
            if target:
                shutil.copy(picture, target)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Take a screenshot of a failed test too."""
    report = yield
    if report.when == "call" and report.failed:
        for number, page in enumerate(item.stash.get(PAGES_KEY, [])):
            page.screenshot(path=item.stash[SCREENSHOTS_KEY] / f"failed-{item.name}-{number}.png")
            report.sections.append(("Screenshots", str(item.stash[SCREENSHOTS_KEY])))
    return report


@pytest.fixture
def open_window(
    request: pytest.FixtureRequest, demo: Demo, browser: Browser, shared_page: Page, screenshots: Path
) -> Iterator[OpenWindow]:
    """Opens a window on the playground in a cold browser, of a size and in light or dark, or loads it anew in a page;
    nothing may go wrong in its console."""
    wrong: list[str] = []
    pages: list[Page] = []
    request.node.stash[PAGES_KEY], request.node.stash[SCREENSHOTS_KEY] = pages, screenshots

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            wrong.append(message.text)

    def failed(error: Error) -> None:
        wrong.append(str(error))

    def open_(
        size: tuple[int, int] = DESKTOP_SIZE, colours: Literal["light", "dark"] = "light", page: Page | None = None
    ) -> Window:
        page = page or new_page(browser, size, colours)
        page.on("console", note)
        page.on("pageerror", failed)
        pages.append(page)
        return Window(page, demo, screenshots).open()

    yield open_
    for page in pages:
        _close_modal(page)
        page.remove_listener("console", note)
        page.remove_listener("pageerror", failed)
        if page is not shared_page:
            page.close()
    assert not wrong, "The browser's console says: " + "; ".join(wrong)


def _close_modal(page: Page) -> None:
    """Close the modal that a failed test left open; it belongs to the person, not to the window."""
    page.evaluate("document.querySelector('[data-act=close-all]')?.click()")
    page.locator("[data-act=close-all]").wait_for(state="detached")


@pytest.fixture
def window(open_window: OpenWindow, shared_page: Page) -> Window:
    """A window of 1280 by 800, light."""
    return open_window(page=shared_page)
