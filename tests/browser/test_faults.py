"""Faults are switched on in the sandboxes, shown, and survived."""

import re

from playwright.sync_api import Locator, expect

from tests.browser.window import RUN_MS, Window


def _toggle_fault(window: Window, back_end: str, words: str) -> Locator:
    window.open_panel("Sandboxes")
    group = window.page.get_by_role("group", name=f"Faults of {back_end}")
    return group.get_by_role("switch", name=words, exact=True)


def test_an_answer_is_lost_on_the_way_back_and_the_job_still_runs_once(window: Window) -> None:
    window.switch_user("Alice Adler")
    name = window.request_restart("hostgroup = batch and location = Berlin", service="lost-answer")
    switch = _toggle_fault(window, "Foreman", "Lost answer")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    window.screenshot("fault")
    window.approve(name)
    expect(window.find_card(name)).to_contain_text("Running", timeout=RUN_MS)
    window.click_button("+1 hour")
    expect(window.find_card(name)).to_contain_text("Done", timeout=RUN_MS)
    expect(switch).to_have_attribute("aria-checked", "false")
    window.page.locator("[data-k=foreman-holds] summary").click()
    expect(window.page.locator("[data-k=foreman-holds] li").filter(has_text="lost-answer")).to_have_count(1)
    window.screenshot("fault-survived")


def test_a_500_from_the_back_end_is_shown_in_the_form(window: Window) -> None:
    switch = _toggle_fault(window, "Foreman", "500")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    window.switch_user("Alice Adler")
    window.open_place("ops")
    window.type_and_send("/foreman")
    template = window.modal.get_by_role("combobox", name="Template", exact=True)
    template.click()
    template.fill("service")
    expect(window.page.get_by_role("option")).to_contain_text("failed (500)")
    window.screenshot("fault-in-form")
    switch.click()
    template.fill("servic")
    expect(window.page.get_by_role("option", name="Service Action")).to_have_count(1)
    window.close()


def test_the_bot_is_killed_while_a_job_runs_and_comes_back(window: Window) -> None:
    window.switch_user("Alice Adler")
    name = window.request_restart("hostgroup = cache")
    window.approve(name)
    expect(window.find_card(name)).to_contain_text("Running", timeout=RUN_MS)
    window.open_panel("Sandboxes")
    window.click_button("Kill the bot")
    expect(window.page.locator(".bot-line")).to_contain_text("was killed")
    window.click_button("Details", window.find_card(name))
    # A connection that was open when the bot died gets no answer; a new one is refused.
    expect(window.page.get_by_role("alert")).to_contain_text(re.compile("dispatch_failed|operation_timeout"))
    window.screenshot("bot-killed")
    window.click_button("Start it again")
    expect(window.page.locator(".bot-line")).to_contain_text("is running", timeout=RUN_MS)
    expect(window.find_card(name)).to_contain_text("Done", timeout=RUN_MS)
    window.outcome(name, "succeeded")
    window.screenshot("bot-back")
