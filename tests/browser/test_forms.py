"""What happens in forms: times, errors, searches."""

import re

from playwright.sync_api import expect

from tests.browser.window import Window


def _open(window: Window, line: str) -> None:
    window.switch_user("Alice Adler")
    window.open_place("ops")
    window.type_and_send(line)
    expect(window.field("When")).to_be_visible()


def test_an_ambiguous_time_is_answered_by_a_button(window: Window) -> None:
    _open(window, '/foreman hosts="hostgroup = web"')
    window.fill("When", "tomorrow at 9")
    evening = window.modal.get_by_role("button", name=re.compile("21:00"))
    expect(evening).to_be_visible()
    expect(window.modal).to_contain_text("first or the second half of the day")
    window.screenshot("ambiguous")
    evening.click()
    expect(evening).to_have_count(0)
    expect(window.modal).to_contain_text(re.compile("21:00 .*Europe/Berlin"))
    window.close()


def test_an_error_is_shown_under_its_field_until_it_is_corrected(window: Window) -> None:
    _open(window, '/foreman template="Service Action - Script Default" because="It leaks"')
    window.fill("service", "nginx")
    window.fill("Where", "colour = blue")
    window.fill("When", "now")
    window.submit("Next")
    hosts = window.field("Where")
    expect(hosts).to_have_attribute("aria-invalid", "true")
    note = window.page.locator(f"[id='{hosts.get_attribute('aria-describedby')}']")
    expect(note).to_contain_text("colour")
    window.screenshot("field-error")
    hosts.fill("hostgroup = cache and location = Berlin")
    window.preview()
    window.close()


def test_a_select_is_searched_in_the_back_end(window: Window) -> None:
    _open(window, "/foreman")
    template = window.modal.get_by_role("combobox", name="Template", exact=True)
    template.click()
    template.press_sequentially("pack")
    options = window.page.get_by_role("option")
    expect(options.first).to_contain_text("Package")
    # The results for the first letters disappear.
    expect(options.filter(has_not_text=re.compile("pack", re.IGNORECASE))).to_have_count(0)
    window.screenshot("search")
    template.press("ArrowDown")
    template.press("Enter")
    expect(template).to_have_value(re.compile("Package"))
    expect(window.field("package")).to_be_visible()
    window.close()
