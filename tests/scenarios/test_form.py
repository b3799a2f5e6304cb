"""The form opens at once, is prefilled from the command, has the template's inputs, and loses nothing."""

import asyncio

import pytest

from playground.environment import Environment
from playground.foreman.world import JobTemplate, TemplateInput
from playground.sandbox import Fault
from playground.slack import Person
from tests.scenarios.steps import (
    RESTART_COMMAND,
    WAIT_SECONDS,
    approve_request,
    confirm_request,
    eventually,
    go_to_page,
    job_requests,
    open_form,
    press_preview,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVICE = "Service Action - Script Default"


async def quiet(env: Environment) -> None:
    """Wait until the bot has asked Slack nothing for a while: after its start it checks the policy."""
    seen = -1
    while seen != (seen := len(env.slack.journal.entries)):
        await asyncio.sleep(0.3)


async def test_the_form_opens_before_anything_is_looked_up(env: Environment, alice: Person) -> None:
    await quiet(env)
    before = len(env.slack.journal.entries)
    env.foreman.faults.append(Fault("slow", seconds=1.0, remaining=None))
    command = asyncio.create_task(alice.command(RESTART_COMMAND))
    modal = await alice.modal()
    assert "Loading…" in modal.text
    calls = [e.name for e in list(env.slack.journal.entries)[before:] if e.direction == "from_bot"]
    assert calls == ["views.open"]
    env.foreman.faults.clear()
    assert (await command).error == ""
    await modal.wait_for_text("Template", WAIT_SECONDS)


async def test_arguments_fill_the_form_in(alice: Person) -> None:
    line = f'/foreman run template="{SERVICE}" hosts="os = RedHat" when="tomorrow 21:00" because="patch"'
    modal = await open_form(alice, line)
    assert modal.title == "Run a Foreman job"
    assert {label: modal.value(label) for label in ("Template", "Where", "When", "Why", "action", "service")} == {
        "Template": SERVICE,
        "Where": "os = RedHat",
        "When": "tomorrow 21:00",
        "Why": "patch",
        "action": "restart",
        "service": None,
    }
    assert "21:00 CET (Europe/Berlin)" in modal.text


async def test_typographic_quotes_entities_and_other_names_of_keys_are_understood(alice: Person) -> None:
    modal = await open_form(
        alice, f"/foreman template=“{SERVICE}” hosts='name ~ a & os = Debian' why=„so — quickly“ when=now"
    )
    assert modal.value("Template") == SERVICE
    assert modal.value("Where") == "name ~ a & os = Debian"
    assert modal.value("Why") == "so — quickly"


async def test_what_slack_and_phones_make_of_a_text_is_undone(alice: Person) -> None:
    line = '/foreman run template="Run Command - Script Default" hosts=“name = web05.sin.example.com” when="in 3 hours"'
    modal = await open_form(alice, f"{line} why='see https://example.com/?a=1&b=2'")
    assert modal.value("Where") == "name = web05.sin.example.com"
    assert modal.value("Why") == "see https://example.com/?a=1&b=2"
    await modal.fill({"Where": "name = “web05.sin.example.com”", "command": "ls —la"})
    preview = await press_preview(modal)
    assert 'name = "web05.sin.example.com"' in preview.text
    assert "“command” has curly quotes or long dashes" in preview.text


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("run hots=x", "This key is not known: hots. Known are: template, feature, inputs, hosts,"),
        ("run hots=x nix=y", "These keys are not known: hots, nix. Known are: template,"),
        ("run emergency=yes", "emergency=: policy has no rule for emergencies here. Leave it out to ask for approval."),
        ("run hosts='name", "A quotation mark is not closed."),
        ("run now please", "“now” is not a key=value pair. Put values with spaces in quotes."),
        ("destroy", "“destroy” is not something foreman can do here. It can: run."),
    ],
)
async def test_a_phrase_that_is_not_understood_is_answered_to_its_author_only(
    alice: Person, typed: str, answer: str
) -> None:
    reply = await alice.command(f"/foreman {typed}")
    (text,) = reply.ephemeral_texts
    assert text.startswith(answer)
    assert alice.open_modal is None


async def test_an_argument_that_names_nothing_is_reported_on_the_form(alice: Person) -> None:
    modal = await open_form(alice, '/foreman template="Make Coffee" hosts="os = RedHat"')
    assert "Template: there is nothing named exactly “Make Coffee”. Please choose below." in modal.text
    assert modal.value("Template") is None
    assert modal.value("Where") == "os = RedHat"


async def test_templates_are_searched_as_somebody_types(alice: Person) -> None:
    modal = await open_form(alice, "/foreman")
    assert await modal.search("Template", "service action") == [SERVICE]
    assert await modal.search("Template", "make coffee") == []
    assert "Package manager snippet" not in await modal.search("Template", "")


async def test_more_than_a_hundred_choices_end_in_a_row_that_says_so_and_picks_nothing(
    env: Environment, alice: Person
) -> None:
    many = [JobTemplate(1000 + n, f"Patch level {n:03}", "Patches") for n in range(150)]
    env.foreman.state.world.templates += many
    try:
        modal = await open_form(alice, "/foreman")
        found = await modal.search("Template", "Patch level")
        assert len(found) == 100
        assert found[-1] == "There are more: refine your search"
        await modal.pick("Template", found[-1], query="Patch level")
        await modal.fill({"Where": "os = RedHat", "When": "now", "Why": "so"})
        result = await modal.submit()
        assert list(result.errors) == ["Template"]
    finally:
        del env.foreman.state.world.templates[-len(many) :]


async def test_a_chosen_template_brings_its_own_inputs(alice: Person) -> None:
    modal = await open_form(alice, "/foreman")
    assert "service" not in modal.labels
    await modal.pick("Template", SERVICE)
    assert (await modal.wait_for_field("service")).required
    assert modal.value("action") == "restart"
    assert modal.option_texts("action") == ["restart", "start", "stop", "status"]
    await modal.pick("Template", "Run Command - Script Default")
    assert (await modal.wait_for_field("command")).required
    assert "service" not in modal.labels


async def test_inputs_are_inherited_through_foreign_input_sets(alice: Person) -> None:
    modal = await open_form(alice, '/foreman template="Install Package - Katello Script Default"')
    assert not modal.field("package").required
    assert "options" in modal.labels
    assert "action" not in modal.labels


async def test_hidden_inputs_are_chosen_from_the_configured_secrets_and_never_typed(
    env: Environment, alice: Person
) -> None:
    modal = await open_form(alice, '/foreman template="Change Local Password" hosts="name ~ web" when=now because=so')
    assert modal.option_texts("new password") == ["sudo"]
    await modal.fill({"username": "root", "new password": "sudo"})
    await approve_request(env, await confirm_request(await press_preview(modal)))
    await eventually(env, lambda: job_requests(env))
    (call,) = job_requests(env)
    assert call.body["job_invocation"]["inputs"] == {"username": "root", "new password": "correct-horse"}
    assert "correct-horse" not in repr(list(env.slack.journal.entries))


async def test_pages_keep_what_was_typed(alice: Person) -> None:
    modal = await open_form(alice, '/foreman template="Run Command - Script Default" hosts="os = Debian"')
    await modal.fill({"command": "id", "Why": "curious"})
    await go_to_page(modal, "Advanced", "Run as")
    await modal.fill({"Hosts at a time": "5", "Run as": "deploy"})
    await go_to_page(modal, "Basics", "command")
    assert modal.value("command") == "id"
    assert modal.value("Why") == "curious"
    await go_to_page(modal, "Advanced", "Run as")
    assert modal.value("Hosts at a time") == "5"
    assert modal.value("Run as") == "deploy"


async def test_closing_the_form_loses_nothing(alice: Person) -> None:
    modal = await open_form(alice, '/foreman template="Run Command - Script Default" hosts="name ~ db01"')
    await modal.fill({"command": "uptime", "When": "tomorrow 03:00"})
    await go_to_page(modal, "Advanced", "Run as")
    await modal.close()
    modal = await open_form(alice, "/foreman")
    await go_to_page(modal, "Continue the form you left unfinished", "Run as")
    await go_to_page(modal, "Basics", "command")
    assert modal.value("command") == "uptime"
    assert modal.value("Where") == "name ~ db01"
    assert modal.value("When") == "tomorrow 03:00"


async def test_a_time_that_is_not_clear_becomes_buttons(env: Environment, alice: Person) -> None:
    modal = await open_form(alice, '/foreman when="03/04 at 6"')
    question = modal.text
    choices = [b for b in modal.buttons if "More options" not in b]
    assert len(choices) >= 2, question
    await modal.click(choices[0])
    await eventually(env, lambda: choices[0] not in modal.buttons)
    assert "Europe/Berlin" in modal.text


async def test_a_guest_reads_why_there_is_no_form(env: Environment) -> None:
    mallory = env.slack.person("mallory")
    modal = await open_form(mallory, "/foreman")
    assert "Guests cannot use Nightshift here." in modal.text
    assert modal.labels == []


async def test_odd_inputs_of_a_template_are_filled_in_and_arrive_as_they_were_chosen(
    env: Environment, alice: Person
) -> None:
    long_name, long_option = "n" * 255, "o" * 160
    inputs = (
        TemplateInput(9001, "disk|part"),
        TemplateInput(9002, long_name, required=True),
        TemplateInput(9003, "size", options=(long_option, "small")),
        TemplateInput(9004, "place", options=tuple(f"rack {number:03}" for number in range(150))),
    )
    env.foreman.state.world.templates.append(JobTemplate(1999, "Odd inputs", "Odd", inputs=inputs))
    try:
        form = await open_form(alice, '/foreman run template="Odd inputs" hosts="name ~ web05" when=now because=so')
        assert (await form.search("place", "rack 14"))[-1] == "rack 149"
        await form.pick("place", "rack 149", query="149")
        await form.fill({"disk|part": "sda1", "size": f"{'o' * 74}…"})
        result = await form.submit()
        assert list(result.errors) == [long_name]
        await form.fill({long_name: "yes"})
        name = await confirm_request(await press_preview(form))
        card = await approve_request(env, name)
        await eventually(env, lambda: "Done" in card.text, lambda: card.text)
        sent = job_requests(env)[-1].body["job_invocation"]["inputs"]
        assert sent == {"disk|part": "sda1", long_name: "yes", "size": long_option, "place": "rack 149"}
    finally:
        del env.foreman.state.world.templates[-1]


@pytest.mark.allows_bot_errors
async def test_a_form_that_slack_refuses_is_a_sentence_with_a_reference(env: Environment, alice: Person) -> None:
    env.slack.faults.fail_with_code("views.update", "a_code_of_tomorrow")
    await alice.command(RESTART_COMMAND)
    modal = await alice.modal()
    await modal.wait_for_text("It stands in the bot's log as", WAIT_SECONDS)
