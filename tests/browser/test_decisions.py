"""Approvals and denials, by clicking."""

from playwright.sync_api import expect

from tests.browser.window import RUN_MS, Window


def test_a_request_for_many_hosts_needs_two_approvers(window: Window) -> None:
    window.become("Alice Adler")
    name = window.ask_foreman("hostgroup = web or hostgroup = app")
    window.approve(name, "Bob Brown")
    expect(window.card(name)).to_contain_text("1 of 2 approved")
    window.press("Try this")
    expect(window.page.locator(".tools-body").first).to_be_hidden()
    window.picture("approval")
    window.approve(name, "Carol Clark")
    expect(window.card(name)).to_contain_text("Approved by @carol")
    expect(window.card(name)).to_contain_text("Running", timeout=RUN_MS)
    window.picture("quorum")


def test_a_request_is_denied_with_a_reason(window: Window) -> None:
    window.become("Alice Adler")
    name = window.ask_foreman("hostgroup = batch", when="tomorrow 22:00")
    window.become("Bob Brown")
    window.go("approvals")
    window.press("Deny", window.card(name))
    window.fill("Why?", "Month end: not on the batch hosts")
    window.submit("Deny")
    expect(window.modal).to_contain_text("denied")
    window.close()
    expect(window.card(name)).to_contain_text("Denied by @bob")
    expect(window.card(name)).to_contain_text("not on the batch hosts")
    window.become("Alice Adler")
    window.go("Messages")
    expect(window.card(name)).to_contain_text("Denied")
    window.picture("denial")


def test_a_guest_is_told_that_they_may_not_approve(window: Window) -> None:
    window.become("Mallory Moss")
    window.go("ops")
    window.say("/nightshift approvals")
    answer = window.page.get_by_role("article").filter(has_text="Only visible to you").last
    expect(answer).to_contain_text("Guests cannot use Nightshift")
