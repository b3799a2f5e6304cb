"""How few clicks and how little scrolling it takes to request something."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.window import PHONE_SIZE, Window

COUNT_CLICKS = """() => {
  window.clicks = 0;
  document.addEventListener("pointerdown", () => { window.clicks += 1; }, true);
}"""
SCROLLED = """() => Math.max(0, ...[...document.querySelectorAll("[role=dialog], [role=dialog] *, pg-dialog *")].map(
  (element) => element.scrollTop))"""
SCREENS_TO_SCROLL = """() => Math.max(1, ...[...document.querySelectorAll("[role=dialog] *, pg-dialog *")].filter(
  (element) => element.scrollHeight > element.clientHeight + 8 && getComputedStyle(element).overflowY !== "visible"
).map((element) => element.scrollHeight / element.clientHeight))"""


def _clicks(page: Page) -> int:
    return int(page.evaluate("window.clicks"))


def _fill_by_hand(window: Window) -> None:
    """Fill in an empty form with a click into each field."""
    window.pick("Template", "service", "Service Action - Script Default")
    for label, text in (
        ("service", "nginx"),
        ("Where", "web05 web10"),
        ("When", "tomorrow 9pm"),
        ("Why", "The certificate is new"),
    ):
        field = window.field(label)
        expect(field).to_be_visible()
        field.click()
        window.page.keyboard.type(text)


def test_a_command_with_everything_is_sent_with_two_clicks(window: Window) -> None:
    window.switch_user("Alice Adler")
    window.open_place("ops")
    window.page.evaluate(COUNT_CLICKS)
    window.type_and_send(
        '/foreman template="Run Command - Script Default" inputs.command=uptime hosts="web05 web10" '
        'when="tomorrow 21:00" because="A look"'
    )
    expect(window.field("When")).to_be_visible()
    window.preview()
    window.submit("Request approval")
    expect(window.modal).to_contain_text("waits for approval")
    assert _clicks(window.page) == 2
    window.close()


def test_an_empty_form_takes_six_clicks_and_no_scrolling(window: Window) -> None:
    window.switch_user("Alice Adler")
    window.open_place("ops")
    window.type_and_send("/foreman")
    expect(window.field("When")).to_be_visible()
    window.page.evaluate(COUNT_CLICKS)
    _fill_by_hand(window)
    expect(window.modal).to_contain_text("2 hosts: web05.sin.example.com, web10.nyc.example.com")
    assert _clicks(window.page) <= 6
    assert window.page.evaluate(SCROLLED) == 0
    window.screenshot("form-filled")
    window.preview()
    expect(window.modal).to_contain_text("restart nginx on 2 hosts")
    window.screenshot("preview-filled")
    window.close()


def test_a_form_takes_one_scroll_on_a_phone(open_window: OpenWindow) -> None:
    window = open_window(PHONE_SIZE)
    window.page.get_by_role("button", name="Close").first.click()
    window.click_button("Channels")
    window.switch_user("Alice Adler")
    window.open_place("ops")
    window.type_and_send("/foreman")
    expect(window.field("When")).to_be_visible()
    _fill_by_hand(window)
    window.screenshot("form-phone")
    assert window.page.evaluate(SCREENS_TO_SCROLL) <= 2
    window.preview()
    window.screenshot("preview-phone")
    window.close()
