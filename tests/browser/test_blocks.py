"""Block Kit in the page: what is chosen and typed reaches the bot as Slack would send it."""

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.kitchen_sink import FORM, MESSAGE, plain
from tests.browser.slack_api import BotApi, Json
from tests.browser.window import Window


def _start(window: Window, person: str = "Alice Adler") -> BotApi:
    """Type a command, whose trigger and response_url are then there to be used."""
    backdoor = BotApi(window.demo.journal)
    window.switch_user(person)
    window.open_place("ops")
    known = len(backdoor.entries("slash_commands"))
    window.type_and_send("/nightshift help")
    backdoor.wait_for_payload("slash_commands", known)
    return backdoor


def test_every_kind_of_field_reports_what_was_entered(window: Window) -> None:
    backdoor = _start(window)
    view = {"type": "modal", "title": plain("Fields"), "submit": plain("Send"), "blocks": FORM}
    assert backdoor.call("views.open", trigger_id=backdoor.trigger_id, view=view)["ok"]
    for label, text in (
        ("Line", "one"), ("Lines", "one\ntwo"), ("Number", "12"), ("Mail", "a@b.example"),
        ("Address", "https://example.com"), ("Day", "2026-12-24"), ("Hour", "21:30"), ("Moment, date", "2026-12-24"),
        ("Moment, time", "21:30"), ("Rich", "rich"),
    ):  # fmt: skip
        window.fill(label, text)
    for label, option in (
        ("Colour", "Orange"), ("Sizes", "Small"), ("Sizes", "Large"), ("Person", "Bob Brown"),
        ("People", "Carol Clark"), ("Channel", "#ops"), ("Conversation", "#results"),
    ):  # fmt: skip
        window.pick(label, option)
    window.modal.get_by_role("radio", name="Right").check()
    window.modal.get_by_role("checkbox", name="Down").check()
    window.submit("Send")
    expect(window.modal).to_contain_text("at most 9")
    window.fill("Number", "7")
    window.screenshot("fields")
    known = len(backdoor.entries("interactive"))
    window.submit("Send")
    values = backdoor.wait_for_payload("interactive", known)["view"]["state"]["values"]
    # The bot did not send this form, and says so.
    expect(window.modal).to_contain_text("cannot be used any more")
    window.close()
    said = {label: _entered(entry["a"]) for label, entry in values.items()}
    assert said == {
        "Line": "one", "Lines": "one\ntwo", "Number": "7", "Mail": "a@b.example", "Address": "https://example.com",
        "Colour": "orange", "Sizes": ["small", "large"], "Person": "U0BOB", "People": ["U0CAROL"],
        "Channel": "C000000001", "Conversation": "C000000003", "Day": "2026-12-24", "Hour": "21:30",
        "Moment": 1798144200, "One": "right", "Some": ["down"], "Rich": "rich",
    }  # fmt: skip


def test_messages_show_their_blocks_and_tell_what_is_pressed(window: Window) -> None:
    backdoor = _start(window, "Bob Brown")
    assert "ok" in backdoor.post_to_response_url(blocks=MESSAGE, text="Kitchen sink")
    message = window.page.get_by_role("article").filter(has_text="Kitchen sink").last
    for tag, text in (
        ("b", "bold"),
        ("i", "italic"),
        ("s", "gone"),
        ("code", "code"),
        ("td", "web01"),
        ("li", "an item"),
    ):
        expect(message.locator(tag, has_text=re.compile(f"^{text}$"))).to_be_visible()
    expect(message.get_by_role("heading", name="Kitchen sink")).to_be_visible()
    expect(message).to_contain_text("<b> @alice link 🎉")
    expect(message.locator("blockquote")).to_have_text("<script>alert(1)</script>")
    expect(message.locator(".context time")).to_have_text("2025-12-31 7:00 PM")
    facts = message.locator("[data-k=facts]")
    expect(facts).to_have_text(re.compile("When Dec 31, 2025 at 7:00 PM *What nginx *Needs @sre and @bob"))
    expect(facts.locator("b")).to_have_text(["When ", "What "])
    expect(facts.locator("br")).to_have_count(2)
    expect(facts.locator(".mention.me")).to_have_text(["@sre", "@bob"])
    window.screenshot("blocks")
    known = len(backdoor.entries("interactive"))
    window.click_button("More actions", message.locator(".section"))
    window.page.get_by_role("button", name="Second", exact=True).click()
    assert backdoor.wait_for_payload("interactive", known)["actions"][0]["selected_option"]["value"] == "second"
    decide = message.locator("[data-k=decide]")
    expect(decide.get_by_role("button", name="Approve NS-0, scrub the sink", exact=True)).to_have_text("Approve")
    window.click_button("More actions", decide)
    expect(decide.get_by_role("button", name="Edit…")).to_be_visible()
    decide.get_by_role("button", name="Withdraw…").click()
    chosen = backdoor.wait_for_payload("interactive", known + 1)
    assert chosen["actions"][0]["selected_option"]["value"] == "withdraw…"
    message.get_by_role("combobox", name="Pick").click()
    window.page.get_by_role("option", name="B", exact=True).click()
    chosen = backdoor.wait_for_payload("interactive", known + 2)
    assert chosen["actions"][0]["selected_option"]["value"] == "b"
    window.click_button("Sure?", message)
    question = window.page.get_by_role("alertdialog")
    expect(question).to_contain_text("It cannot be undone.")
    window.screenshot("confirm")
    window.click_button("No", question)
    expect(question).to_have_count(0)
    assert len(backdoor.entries("interactive")) == known + 3
    window.click_button("Sure?", message)
    window.click_button("Yes", question)
    assert backdoor.wait_for_payload("interactive", known + 3)["actions"][0]["value"] == "v"


def test_three_views_lie_on_each_other_and_go_one_by_one(window: Window) -> None:
    backdoor = _start(window)
    # The bot only acknowledges this click, and leaves its trigger to be used.
    button = {"type": "button", "action_id": "open_link", "text": plain("Deeper")}
    trigger = backdoor.trigger_id
    for depth in (1, 2, 3):
        view = {
            "type": "modal", "title": plain(f"View {depth}"), "close": plain("Back"),
            "blocks": [{"type": "actions", "elements": [button]}],
        }  # fmt: skip
        method = "views.open" if depth == 1 else "views.push"
        assert backdoor.call(method, trigger_id=trigger, view=view)["ok"]
        expect(window.modal.get_by_role("heading")).to_have_text(f"View {depth}")
        known = len(backdoor.entries("interactive"))
        window.click_button("Deeper", window.modal)
        trigger = backdoor.wait_for_payload("interactive", known)["trigger_id"]
    assert backdoor.call("views.push", trigger_id=trigger, view=view)["error"] == "push_limit_reached"
    window.screenshot("stack")
    window.submit("Back")
    expect(window.modal.get_by_role("heading")).to_have_text("View 2")
    window.close()


def test_blocks_that_slack_would_refuse_are_shown_as_its_error(window: Window) -> None:
    backdoor = _start(window)
    expect(window.page.get_by_role("article").last).to_contain_text("What you can say")
    window.open_panel("Wire log")
    bad = [{"type": "header", "text": {"type": "mrkdwn", "text": "Never shown"}}]
    assert "invalid_blocks" in backdoor.post_to_response_url(blocks=bad)
    entry = window.page.locator(".wire-entry").filter(has=window.page.locator(".wire-errors")).last
    expect(entry).to_contain_text("invalid_blocks")
    expect(entry.locator(".wire-errors code")).to_have_text(re.compile("^/blocks/0/text"))
    expect(window.page.get_by_text("Never shown").and_(window.page.locator("article *"))).to_have_count(0)
    window.screenshot("refused")


def _entered(entry: Json) -> Any:
    """The value of a field's state, options by their value and rich text as its words."""
    (value,) = (value for name, value in entry.items() if name != "type")
    if isinstance(value, dict):
        return value["value"] if "value" in value else value["elements"][0]["elements"][0]["text"]
    if isinstance(value, list):
        return [item["value"] if isinstance(item, dict) else item for item in value]
    return value
