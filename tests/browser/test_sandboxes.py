"""The sandbox panel: its clock and what it does to Slack."""

import re

from playwright.sync_api import expect

from tests.browser.window import RUN_MS, Window


def test_the_clock_jumps_to_nine_and_what_was_asked_for_then_runs(window: Window) -> None:
    window.switch_user("Alice Adler")
    name = window.request_restart("hostgroup = web and location = Berlin", when="21:00")
    window.approve(name)
    expect(window.find_card(name)).to_contain_text("Scheduled")
    window.open_panel("Sandboxes")
    window.click_button("Jump to 21:00 in Berlin")
    expect(window.find_card(name)).to_contain_text(re.compile("Running|Done"), timeout=RUN_MS)
    window.screenshot("clock")


def test_a_lost_acknowledgement_is_shown_and_the_decision_counts_once(window: Window) -> None:
    window.switch_user("Alice Adler")
    name = window.request_restart("os = RedHat")
    window.open_panel("Sandboxes")
    slack = window.page.get_by_role("group", name="Faults of Slack")
    slack.get_by_role("switch", name="Lost ack").click()
    window.approve(name)
    expect(window.page.get_by_role("alert")).to_contain_text("operation_timeout")
    expect(window.find_card(name)).to_contain_text("Needs 1 more approval")
    expect(slack.get_by_role("switch", name="Lost ack")).to_have_attribute("aria-checked", "false")


def test_a_dropped_socket_is_opened_again(window: Window) -> None:
    window.open_panel("Sandboxes")
    line = window.page.locator(".bot-line")
    expect(line).to_contain_text("1 connection")
    window.click_button("Drop its socket")
    expect(line).to_contain_text("0 connections")
    expect(line).to_contain_text("1 connection", timeout=RUN_MS)


def test_what_slack_refuses_is_sent_when_it_no_longer_does(window: Window) -> None:
    window.switch_user("Alice Adler")
    name = window.request_restart("os = RedHat")
    window.open_panel("Sandboxes")
    refusal = window.page.get_by_role("group", name="Faults of Slack").get_by_role("switch", name="429")
    refusal.click()
    expect(refusal).to_have_attribute("aria-checked", "true")
    window.approve(name)
    window.open_panel("Wire log")
    expect(window.page.locator(".wire-line.failed", has_text="ratelimited").last).to_be_visible()
    expect(window.find_card(name)).not_to_contain_text("Needs 1 more approval")
    window.screenshot("slack-refuses")
    window.open_panel("Sandboxes")
    refusal.click()
    expect(window.find_card(name)).to_contain_text("Needs 1 more approval", timeout=RUN_MS)
