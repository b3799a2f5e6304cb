"""The happy path of each back end, run over each transport and on each database."""

import asyncio
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.form_filling import fill_pages
from tests.scenarios.steps import (
    RESTART_COMMAND,
    RUN_COMMAND,
    WAIT_SECONDS,
    advance_to_run,
    approve_request,
    click_for_reply,
    confirm_request,
    eventually,
    exact_request,
    find_card,
    find_outcome,
    go_to_page,
    jobs_received,
    make_request,
    open_form,
    press_preview,
    wait_for_texts,
)


async def test_now(env: Environment, alice: Person) -> None:
    before, name = jobs_received(env), await make_request(alice)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Approved by @bob", "Done", "20 of 20", env=env)
    for where in ("#results", "dm"):
        await find_outcome(alice, name, where=where)
    assert jobs_received(env) == before + 1


async def test_later(env: Environment, alice: Person) -> None:
    before = jobs_received(env)
    card = await approve_request(
        env, await make_request(alice, f'{RUN_COMMAND} when="tomorrow 21:00"', {"command": "id"})
    )
    await wait_for_texts(card, "Scheduled", env=env)
    assert jobs_received(env) == before
    tomorrow = env.clock.now().astimezone(ZoneInfo("Europe/Berlin")) + timedelta(days=1)
    env.clock.move_to(tomorrow.replace(hour=21, minute=0, second=5).astimezone(UTC))
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 1


async def test_a_denial_with_its_reason(env: Environment, alice: Person, bob: Person) -> None:
    before, name = jobs_received(env), await make_request(alice)
    card = await find_card(bob, name)
    await bob.click("Deny", card)
    question = await bob.modal(WAIT_SECONDS)
    await question.fill({"Why?": "Not today."})
    await question.submit()
    await wait_for_texts(card, "Denied", "@bob", "Not today.", env=env)
    await wait_for_texts(await find_card(alice, name, "dm"), "Not today.", env=env)
    assert jobs_received(env) == before


async def test_ones_own(env: Environment, bob: Person) -> None:
    name = await make_request(bob)
    card = await find_card(bob, name)
    assert "You asked for this yourself" in await click_for_reply(bob, "Approve", card)
    await approve_request(env, name, by="carol")
    await wait_for_texts(card, "Done", env=env)


async def test_two_failed_hosts(env: Environment, alice: Person) -> None:
    hosts = [host.name for host in env.foreman.state.find_hosts("os = RedHat")]
    env.foreman.fail_hosts({hosts[0]: "No space left on device", hosts[1]: "Connection refused"})
    name = await make_request(alice)
    await wait_for_texts(await approve_request(env, name), "Partly failed", "18 of 20 succeeded, 2 failed", env=env)
    thread = await alice.wait_for("2 failed", where=await find_card(alice, name, "#results"))
    for host, reason in ((hosts[0], "No space left on device"), (hosts[1], "Connection refused")):
        assert any(reason in line and line.endswith(f": {host}") for line in thread.text.splitlines())


async def test_a_series_scheduled_by_nightshift(env: Environment, alice: Person) -> None:
    before = jobs_received(env)
    name = await make_request(alice, f'{RUN_COMMAND} when="every 3 days at 12:00"', {"command": "id"})
    card = await approve_request(env, name)
    await wait_for_texts(card, "Run 1: waiting for its time", env=env)
    for number in (1, 2):
        await advance_to_run(env, card, number)
        await find_outcome(alice, name, f"(run {number})")
        await wait_for_texts(card, f"Run {number + 1}: waiting for its time", env=env)
    assert jobs_received(env) == before + 2
    assert "cancelled" in await click_for_reply(alice, "Cancel the series", card)
    await wait_for_texts(card, "Cancelled", env=env)


async def test_two_approvers_at_once(env: Environment, alice: Person, bob: Person, carol: Person) -> None:
    before, name = jobs_received(env), await make_request(alice)
    card = await find_card(bob, name)
    answers = await asyncio.gather(click_for_reply(bob, "Approve", card), click_for_reply(carol, "Approve", card))
    assert sorted("You approved" in text for text in answers) == [False, True]
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 1


async def test_searching_paging_and_errors_in_the_form(env: Environment, alice: Person) -> None:
    modal = await open_form(alice, '/foreman when=now because=so hosts="name = nowhere"')
    assert await modal.search("Template", "service") == ["Service Action - Script Default"]
    await modal.pick("Template", "Service Action - Script Default")
    await modal.fill({"service": "nginx"})
    await go_to_page(modal, "Advanced", "Hosts at a time")
    await modal.fill({"Hosts at a time": "3"})
    await go_to_page(modal, "Basics", "service")
    assert list((await modal.submit()).errors) == ["Where"]
    await modal.fill({"Where": "name ~ web"})
    preview = await press_preview(modal)
    assert '"concurrency_level": 3' in await exact_request(preview)
    await wait_for_texts(await approve_request(env, await confirm_request(preview)), "Done", env=env)


async def test_a_job_of_opsramp_is_updated(env: Environment, alice: Person) -> None:
    wanted = (
        "75" if env.opsramp.job_by_name("Restart print spooler")["script"]["parameters"][1]["value"] != "75" else "80"
    )
    modal = await open_form(alice, '/opsramp update job="Restart print spooler" when=now because=so')
    await fill_pages(modal, {"Script parameters": {"Timeout": wanted}})
    card = await approve_request(env, await confirm_request(await press_preview(modal)))
    await wait_for_texts(card, "What changes", "Done", "it holds what was sent", env=env)
    assert env.opsramp.job_by_name("Restart print spooler")["script"]["parameters"][1]["value"] == wanted


async def test_maintenance_of_immybot_with_a_failed_action(env: Environment, alice: Person) -> None:
    env.immybot.fail_computers({"DUN-002": [("Chrome", "Exit code 1603")]})
    modal = await open_form(alice, "/immybot when=now because=so")
    pages = {
        "Targets": {"Computers": ["DUN-001", "DUN-002"]},
        "Maintenance": {"What": "Global software", "Software or task": "Chrome"},
    }
    await fill_pages(modal, pages)
    name = await confirm_request(await press_preview(modal))
    card = await approve_request(env, name)
    await wait_for_texts(card, "Running", env=env)
    env.clock.advance(timedelta(seconds=20))
    await wait_for_texts(card, "Partly failed", "1 of 2 succeeded, 1 failed", env=env)
    thread = await alice.wait_for("DUN-002", where=await find_card(alice, name, "#results"))
    assert "Exit code 1603" in thread.text


async def test_the_hub_and_the_home_tab(env: Environment, alice: Person, bob: Person) -> None:
    name = await make_request(alice)
    reply = await bob.command("/nightshift approvals")
    await eventually(env, lambda: reply.ephemeral_texts)
    assert f"{name} ·" in reply.ephemeral_texts[0]
    home = await bob.open_home()
    await eventually(env, lambda: name in home.text)
    assert RESTART_COMMAND not in home.text
    withdrawn = await alice.command(f"/nightshift cancel {name}")
    await eventually(env, lambda: withdrawn.ephemeral_texts)
    assert withdrawn.ephemeral_texts == [f"{name} is withdrawn."]
