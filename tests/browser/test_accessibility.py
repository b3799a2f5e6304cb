"""axe-core finds nothing serious on any screen of the page."""

from collections.abc import Callable
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.window import PHONE_SIZE, Window

SERIOUS = ("serious", "critical")


def _check(window: Window, where: str, rules: tuple[str, ...] = ()) -> None:
    """Let axe look at what is shown now; only by some rules, where they are named."""
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = [
        f"{where}: {item['impact']}: {item['id']}: {item['help']}: {node['html'][:200]} {node['failureSummary']}"
        for item in Axe().run(window.page, options=options).response["violations"]
        if item["impact"] in SERIOUS
        for node in item["nodes"][:3]
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_serious(open_window: Callable[..., Window], colours: Literal["light", "dark"]) -> None:
    window = open_window(colours=colours)
    # Dark mode differs in its colours only.
    rules = () if colours == "light" else ("color-contrast",)
    _check(window, "channel and suggestions", rules)
    window.open_panel("Sandboxes")
    for summary in window.page.locator(".panel summary").all():
        summary.click()
    _check(window, "sandboxes", rules)
    window.open_panel("Wire log")
    window.page.locator(".wire-line").last.click()
    window.open_place("Home")
    expect(window.page.locator(".home-inner")).to_contain_text("Your requests")
    _check(window, "home and wire log", rules)
    window.open_place("results")
    window.page.locator(".thread-line").first.click()
    _check(window, "thread", rules)
    window.click_button("Close the thread")
    window.switch_user("Alice Adler")
    window.open_place("ops")
    window.type_and_send("/immybot")
    expect(window.field("When")).to_be_visible()
    window.submit("Next")
    expect(window.modal.locator(".error").first).to_be_visible()
    computers = window.modal.get_by_role("combobox", name="Computers", exact=True)
    computers.click()
    computers.fill("ALD")
    expect(window.page.get_by_role("option").first).to_contain_text("ALD")
    _check(window, "form with errors and an open select", rules)
    window.close()


def test_axe_finds_nothing_serious_on_a_phone(open_window: Callable[..., Window]) -> None:
    window = open_window(PHONE_SIZE)
    _check(window, "suggestions")
    window.click_button("Go there as Bob")
    _check(window, "channel")
    window.click_button("Channels")
    _check(window, "sidebar")
    window.open_place("results")
    window.click_button("Details", window.find_card("NS-1"))
    expect(window.modal).to_contain_text("Requested by")
    _check(window, "modal")
    window.close()
