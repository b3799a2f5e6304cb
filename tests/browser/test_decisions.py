"""Approvals and denials, by clicking."""

from playwright.sync_api import expect

from tests.browser.window import RUN_MS, Window


def test_a_request_for_many_hosts_needs_two_approvers(window: Window) -> None:
    window.switch_user("Alice Adler")
    name = window.request_restart("hostgroup = web or hostgroup = app")
    window.approve(name, "Bob Brown")
    expect(window.find_card(name)).to_contain_text("Needs 1 more approval")
    window.close_panel()
    window.screenshot("approval")
    window.approve(name, "Carol Clark")
    expect(window.find_card(name)).to_contain_text("Approved by @bob and @carol")
    expect(window.find_card(name)).to_contain_text("Running", timeout=RUN_MS)
    window.screenshot("quorum")


def test_a_request_is_denied_with_a_reason(window: Window) -> None:
    window.switch_user("Alice Adler")
    name = window.request_restart("hostgroup = batch", when="tomorrow 22:00")
    window.switch_user("Bob Brown")
    window.open_place("approvals")
    window.click_button("Deny…", window.find_card(name))
    window.fill("Why?", "Month end: not on the batch hosts")
    window.submit("Deny")
    expect(window.modal).to_contain_text("denied")
    window.close()
    expect(window.find_card(name)).to_contain_text("@bob")
    expect(window.find_card(name)).to_contain_text("not on the batch hosts")
    window.switch_user("Alice Adler")
    window.open_place("Messages")
    expect(window.find_card(name)).to_contain_text("Denied")
    window.screenshot("denial")


def test_a_guest_is_told_that_they_may_not_approve(window: Window) -> None:
    window.switch_user("Mallory Moss")
    window.open_place("ops")
    window.type_and_send("/nightshift approvals")
    answer = window.page.get_by_role("article").filter(has_text="Only visible to you").last
    expect(answer).to_contain_text("Guests cannot use Nightshift")
