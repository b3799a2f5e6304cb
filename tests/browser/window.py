"""A browser window on the playground, driven as a person would: by labels, places and buttons."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.browser.chromium import find_chromium

START_SECONDS = 120
STOP_SECONDS = 15
TIMEOUT_MS = 20_000
DESKTOP_SIZE, PHONE_SIZE = (1280, 800), (390, 800)
CHROMIUM_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
RUN_MS = 30_000
"""Timeout for a run in a sandbox, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A running ``nightshift demo``: its page's address and its journal."""

    url: str
    journal: Path


@contextmanager
def run_demo(directory: Path) -> Iterator[Demo]:
    """Run ``nightshift demo`` on a free port until the block ends, filled and ready. Raises RuntimeError."""
    journal, log = directory / "journal.jsonl", directory / "demo.log"
    arguments = ["demo", "--port", "0", "--journal", str(journal)]
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", "from bot.cli import main; main()", *arguments], stdout=output, stderr=output
        )
    try:
        yield Demo(_wait_for_address(process, log), journal)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_address(process: subprocess.Popen[bytes], log: Path) -> str:
    """The page's address, once the workspace is filled."""
    end = time.monotonic() + START_SECONDS
    while "filled" not in log.read_text() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
    text = log.read_text()
    if "workspace is filled" not in text:
        raise RuntimeError(f"nightshift demo was not ready within {START_SECONDS} s; its output:\n{text}")
    return next(word for word in text.split() if word.startswith("http://"))


@contextmanager
def run_browser() -> Iterator[Browser]:
    """Run a headless Chromium with a temporary profile. Raises NoChromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(playwright), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


def new_page(browser: Browser, size: tuple[int, int], colours: Literal["light", "dark"]) -> Page:
    """Open an empty page in a context of its own."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, color_scheme=colours, reduced_motion="reduce"
    )
    page.set_default_timeout(TIMEOUT_MS)
    return page


class Window:
    """A window. Elements are found as a person or a screen reader finds them: by their label, role and text."""

    def __init__(self, page: Page, demo: Demo, screenshots: Path) -> None:
        self.page = page
        self.demo = demo
        self._screenshots = screenshots

    def open(self) -> "Window":
        """Load the page, and wait until the messages are there."""
        self.page.goto(self.demo.url)
        expect(self.page.get_by_role("article").first).to_be_visible()
        return self

    def screenshot(self, name: str) -> None:
        """Leave a screenshot."""
        self.page.screenshot(path=self._screenshots / f"{name}.png", animations="disabled")

    # Navigation

    def switch_user(self, name: str) -> None:
        self.page.get_by_role("button", name=f"Act as {name}").click()
        expect(self.page.locator(".me-name")).to_contain_text(name)

    def open_place(self, place: str) -> None:
        """Open a channel, ``Home`` or ``Messages``."""
        self.page.locator(".place", has_text=place).first.click()
        expect(self.page.locator(".place[aria-current]")).to_contain_text(place)

    def open_panel(self, name: str) -> None:
        """Open a panel on the right: Try this, Sandboxes, Wire log."""
        button = self.page.get_by_role("button", name=name, exact=True)
        if button.get_attribute("aria-pressed") == "false":
            button.click()
        expect(self.page.locator(".tools-head")).to_contain_text(name)

    def close_panel(self, name: str = "Try this") -> None:
        """Close the panel on the right, which leaves the whole width to the messages."""
        button = self.page.get_by_role("button", name=name, exact=True)
        expect(button).to_have_attribute("aria-pressed", "true")
        button.click()
        expect(self.page.locator(".tools-body").first).to_be_hidden()

    def type_and_send(self, text: str) -> None:
        """Type into the composer and press Enter."""
        composer = self.page.locator("#composer textarea")
        composer.fill(text)
        composer.press("Enter")

    def fill_channel(self, place: str, count: int) -> None:
        """Send many messages to a channel as Alice, quicker than anybody types."""
        self.switch_user("Alice Adler")
        self.open_place(place)
        self.page.evaluate(
            """(count) => {
            const composer = document.querySelector("#composer");
            const place = composer.getAttribute("place");
            for (let n = 1; n <= count; n++) {
              const detail = { act: "send", place, text: `Message ${n}: the quick brown fox jumps over the lazy dog` };
              composer.dispatchEvent(new CustomEvent("act", { bubbles: true, detail }));
            }
            }""",
            count,
        )

    def scroll_up(self) -> list[float]:
        """Scroll through the messages to the first one. Returns the milliseconds of each frame."""
        frames: list[float] = self.page.evaluate(
            """async () => {
              const view = document.querySelector(".middle .scroll");
              const frames = [];
              let last = performance.now();
              while (frames.length < 80) {
                view.scrollBy(0, -500);
                await new Promise(requestAnimationFrame);
                frames.push(performance.now() - last);
                last = performance.now();
              }
              return frames;
            }"""
        )
        return frames

    # Messages

    def find_card(self, name: str) -> Locator:
        """The newest message here that is about a request and has buttons: its card, or its outcome."""
        buttons = self.page.get_by_role("button").or_(self.page.get_by_role("link"))
        about_it = self.page.get_by_role("article").filter(has_text=re.compile(rf"\b{name}\b"))
        return about_it.filter(has=buttons).last

    def button(self, label: str, within: Locator | None = None) -> Locator:
        """The button with this text, or an icon with this name. A card's buttons are spoken with more words than they
        show, such as "Approve NS-12, restart nginx on 16 hosts"."""
        buttons = (within or self.page).get_by_role("button")
        shown = self.page.get_by_text(re.compile(rf"^\s*{re.escape(label)}\s*$"))
        return buttons.and_(shown).or_((within or self.page).get_by_role("button", name=label, exact=True))

    def click_button(self, label: str, within: Locator | None = None) -> None:
        self.button(label, within).click()

    # Modals

    @property
    def modal(self) -> Locator:
        return self.page.get_by_role("dialog")

    def field(self, label: str) -> Locator:
        """A field, optional or not."""
        return self.modal.get_by_label(re.compile(rf"^{re.escape(label)}( \(optional\))?$"))

    def fill(self, label: str, text: str) -> None:
        self.field(label).fill(text)

    def pick(self, label: str, query: str, option: str = "") -> None:
        """Type into a select, and click the option that it finds."""
        box = self.modal.get_by_role("combobox", name=label, exact=True)
        box.click()
        box.fill(query)
        self.page.get_by_role("option", name=option or query).first.click()

    def submit(self, label: str) -> None:
        self.modal.get_by_role("button", name=label, exact=True).click()

    def close(self) -> None:
        """Press the X of the modal."""
        self.modal.get_by_role("button", name="Close", exact=True).first.click()
        expect(self.modal).to_have_count(0)

    # The story

    def preview(self) -> None:
        """Press Next, and wait for what would happen."""
        self.submit("Next")
        expect(self.modal).to_contain_text("Approval")

    def confirm_request(self) -> str:
        """Confirm the preview; returns the request's name."""
        self.submit("Request approval")
        expect(self.modal).to_contain_text("waits for approval")
        found = re.search(r"NS-\d+", self.modal.inner_text())
        assert found is not None
        self.close()
        return found[0]

    def request_restart(self, hosts: str, when: str = "now", service: str = "nginx") -> str:
        """Ask for the restart of a service, from the command to the confirmation."""
        self.open_place("ops")
        self.type_and_send(
            f'/foreman template="Service Action - Script Default" hosts="{hosts}" when="{when}" because="It leaks"'
        )
        self.fill("service", service)
        self.preview()
        return self.confirm_request()

    def approve(self, name: str, person: str = "Bob Brown") -> None:
        """Approve a request as somebody."""
        self.switch_user(person)
        self.open_place("approvals")
        self.click_button("Approve", self.find_card(name))

    def outcome(self, name: str, text: str) -> Locator:
        """The message of a request's outcome, waited for."""
        self.open_place("results")
        card = self.find_card(name)
        expect(card).to_contain_text(text, timeout=RUN_MS)
        return card
