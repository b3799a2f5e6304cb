"""The main job for each back end, from the slash command to the outcome, by clicking."""

from playwright.sync_api import expect

from tests.browser.window import RUN_MS, Window


def test_a_service_is_restarted_on_hosts_of_foreman(window: Window) -> None:
    window.switch_user("Alice Adler")
    window.close_panel()
    window.open_place("ops")
    composer = window.page.locator("#composer textarea")
    composer.press_sequentially("/fo")
    window.page.get_by_role("option", name="/foreman").click()
    expect(composer).to_have_value("/foreman ")
    composer.press("Enter")
    window.pick("Template", "service", "Service Action - Script Default")
    window.fill("service", "nginx")
    window.fill("Where", "hostgroup = app and location = Berlin")
    window.fill("When", "now")
    window.fill("Why", "Memory leak")
    window.preview()
    window.click_button("Exact request", window.modal)
    expect(window.modal).to_contain_text("POST")
    window.click_button("Back", window.modal)
    expect(window.modal).to_contain_text("Approval")
    window.screenshot("form")
    name = window.confirm_request()
    window.approve(name)
    expect(window.find_card(name)).to_contain_text("Approved by @bob")
    expect(window.find_card(name)).to_contain_text("Done", timeout=RUN_MS)
    window.outcome(name, "succeeded")
    window.screenshot("foreman")


def test_a_job_of_opsramp_is_updated(window: Window) -> None:
    window.switch_user("Alice Adler")
    window.open_place("ops")
    window.type_and_send("/opsramp update")
    window.pick("Job", "Weekly", "Weekly AD checklist")
    window.click_button("More options (What it does, Name and queue, Schedule in OpsRamp)…", window.modal)
    expect(window.field("Name")).to_have_value("Weekly AD checklist")
    window.fill("Name", "Sunday AD checklist")
    window.click_button("Back to the form", window.modal)
    window.fill("When", "now")
    window.fill("Why", "Once a week is enough")
    window.preview()
    name = window.confirm_request()
    window.approve(name)
    window.outcome(name, "OpsRamp updated the job, and it holds what was sent.")
    window.open_panel("Sandboxes")
    window.page.locator("[data-k=opsramp-holds] summary").click()
    expect(window.page.locator("[data-k=opsramp-holds]")).to_contain_text("Sunday AD checklist")
    window.screenshot("opsramp")


def test_computers_are_maintained_by_immybot(window: Window) -> None:
    window.switch_user("Alice Adler")
    window.open_place("ops")
    window.type_and_send("/immybot")
    window.pick("Computers", "ALD-00", "ALD-001")
    window.pick("Computers", "ALD-00", "ALD-002")
    window.pick("What", "Full", "Full maintenance: everything that is deployed")
    window.fill("When", "now")
    window.fill("Why", "Monthly round")
    window.preview()
    name = window.confirm_request()
    window.approve(name)
    expect(window.find_card(name)).to_contain_text("Running", timeout=RUN_MS)
    window.open_panel("Sandboxes")
    window.click_button("+1 hour")
    window.outcome(name, "succeeded")
    window.screenshot("immybot")
