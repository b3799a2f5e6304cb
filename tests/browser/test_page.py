"""The page itself: what it shows, how it fits, and that a keyboard is enough. ``make bench ARGS=page`` measures it."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.window import DESKTOP_SIZE, PHONE_SIZE, RUN_MS, Window

MESSAGE_COUNT = 500


def test_the_page_opens_on_a_filled_workspace(window: Window) -> None:
    page = window.page
    expect(page.locator(".me-name")).to_contain_text("Bob Brown")
    expect(window.find_card("NS-1")).to_contain_text("Done")
    expect(window.find_card("NS-2")).to_contain_text("every")
    expect(window.find_card("NS-3")).to_contain_text("Waiting for approval")
    expect(page.locator(".suggestions li")).to_have_count(3)
    window.open_place("results")
    page.locator(".thread-line").first.click()
    expect(page.get_by_role("complementary", name="Thread")).to_contain_text("new certificate")
    window.screenshot("thread")


def test_a_click_changes_the_card(window: Window) -> None:
    window.switch_user("Alice Adler")
    name = window.request_restart("os = RedHat")
    for person, mark in (("Bob Brown", "Approved by @bob"), ("Carol Clark", "Approved by @bob and @carol")):
        window.approve(name, person)
        expect(window.find_card(name)).to_contain_text(mark)


def test_a_note_is_for_the_current_person(window: Window) -> None:
    window.switch_user("Alice Adler")
    name = window.request_restart("hostgroup = batch", when="tomorrow 22:00")
    note = window.page.locator(".toast").filter(has_text=name)
    expect(note).to_contain_text("Approval needed: Service Action: restart nginx on 8 hosts")
    window.switch_user("Bob Brown")
    expect(window.page.locator(".toast")).to_have_count(0)


def test_five_hundred_messages_scroll_to_the_first(window: Window) -> None:
    window.fill_channel("shared", MESSAGE_COUNT)
    expect(window.page.get_by_role("article")).to_have_count(MESSAGE_COUNT, timeout=RUN_MS)
    window.open_place("results")
    window.open_place("shared")
    expect(window.page.get_by_text(f"Message {MESSAGE_COUNT}:")).to_be_in_viewport()
    window.scroll_up()
    expect(window.page.get_by_text("Message 1:")).to_be_in_viewport()


def test_it_fits_a_phone(open_window: Callable[..., Window]) -> None:
    window = open_window(PHONE_SIZE)
    page = window.page
    window.click_button("Go there as Bob")
    expect(page.locator("#composer textarea")).to_be_visible()
    _fits_viewport(page)
    window.click_button("Channels")
    window.screenshot("phone-channels")
    window.open_place("results")
    window.click_button("Details", window.find_card("NS-1"))
    expect(window.modal).to_contain_text("Requested by")
    window.screenshot("phone")
    _fits_viewport(page)
    window.close()


def test_a_channel_with_few_messages_fills_the_window(window: Window) -> None:
    window.close_panel()
    window.switch_user("Alice Adler")
    window.open_place("ops")
    for part in (".workspace", ".main", "#composer"):
        box = window.page.locator(part).first.bounding_box()
        assert box is not None
        assert DESKTOP_SIZE[1] - 60 <= box["y"] + box["height"] <= DESKTOP_SIZE[1], (part, box)


def test_dark_is_dark(open_window: Callable[..., Window]) -> None:
    window = open_window(colours="dark")
    assert _background_color(window.page) == "rgb(26, 29, 33)"
    window.screenshot("dark")
    window.click_button("Light or dark colours")
    expect(window.page.locator("body.body--light")).to_have_count(1)
    assert _background_color(window.page) == "rgb(255, 255, 255)"


def test_a_keyboard_is_enough(window: Window) -> None:
    page = window.page
    _tab_to(page, page.get_by_role("button", name="Act as Alice Adler"))
    page.keyboard.press("Enter")
    expect(page.locator(".me-name")).to_contain_text("Alice Adler")
    _tab_to(page, page.locator("#composer textarea"))
    page.keyboard.type("/fo")
    page.keyboard.press("Tab")
    page.keyboard.type('template="Power Action - Script Default" hosts="hostgroup = app" because="New kernel"')
    page.keyboard.press("Enter")
    _tab_to(page, window.field("When"))
    page.keyboard.type("now")
    expect(window.modal).to_contain_text("as soon as it is approved")
    _tab_to(page, window.modal.get_by_role("button", name="Next"))
    page.keyboard.press("Enter")
    expect(window.modal).to_contain_text("Approval")
    _tab_to(page, window.modal.get_by_role("button", name="Request approval"))
    page.keyboard.press("Enter")
    expect(window.modal).to_contain_text("waits for approval")
    page.keyboard.press("Escape")
    expect(window.modal).to_have_count(0)
    expect(page.locator("#composer textarea")).to_be_focused()
    _tab_to(page, page.get_by_role("button", name="Act as Bob Brown"), back=True)
    page.keyboard.press("Enter")
    _tab_to(page, page.locator(".place", has_text="approvals"))
    page.keyboard.press("Enter")
    _tab_to(page, page.locator("#composer textarea"))
    _tab_to(page, window.button("Approve").last, back=True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("article").last).to_contain_text("You approved")


def _fits_viewport(page: Page) -> None:
    """Nothing sticks out to the right."""
    width = page.evaluate(
        "Math.max(document.documentElement.scrollWidth,"
        " ...[...document.querySelectorAll('article, header, pg-dialog')].map((e) => e.getBoundingClientRect().right))"
    )
    assert width <= PHONE_SIZE[0], width


def _background_color(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.querySelector('.slack')).backgroundColor"))


def _tab_to(page: Page, wanted: Locator, *, back: bool = False) -> None:
    """Press Tab until ``wanted`` has the focus."""
    expect(wanted).to_be_visible()
    element = wanted.element_handle()
    for _ in range(120):
        if element.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(
        f"Tab does not lead to {wanted}; it ends at {page.evaluate('document.activeElement.outerHTML')}"
    )
