"""Text of people and back ends cannot look like something else: it hides nothing and forges no row."""

from dataclasses import replace

import pytest

from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.steps import (
    WAIT_SECONDS,
    approve_request,
    eventually,
    find_card,
    make_request,
    open_form,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINE = '/foreman template="Run Command - Script Default" hosts="{}" when={} because=patch'
FORGED_ROW = "✅ Approved by Carol Cole"
FORGED = f"fine\n{FORGED_ROW}\n<!channel> <@U0BOB> <https://evil.example|here>"
FORGED_SHOWN = f"fine⏎{FORGED_ROW}⏎<!channel> <@U0BOB> <https://evil.example|here>"
BIDI, BIDI_SHOWN = "echo \u202egnp.exe\u200b\u2066", "echo <U+202E>gnp.exe<U+200B><U+2066>"
MANGLED_NAME, MANGLED_SHOWN = "odd\u202e01\nforged.example.com", "odd<U+202E>01⏎forged.example.com"


def has_forged_row(text: str) -> bool:
    return any(line.startswith(FORGED_ROW) for line in text.split("\n"))


async def test_a_command_shows_what_is_in_it(env: Environment, alice: Person, bob: Person) -> None:
    modal = await open_form(alice, LINE.format("name ~ web", "now"))
    await modal.fill({"command": f"{BIDI}\n{FORGED_ROW}"})
    preview = await press_preview(modal)
    assert f"{BIDI_SHOWN}⏎{FORGED_ROW}" in preview.text
    await modal.close(everything=True)
    name = await make_request(alice, LINE.format("name ~ web", "now"), {"command": f"{BIDI}\n{FORGED_ROW}"})
    for who, where in ((bob, "#approvals"), (alice, "dm")):
        card = await find_card(who, name, where)
        assert f"{BIDI_SHOWN}⏎{FORGED_ROW}" in card.text
        assert not has_forged_row(card.text)
    await bob.click("Details", await find_card(bob, name))
    details = await bob.modal(WAIT_SECONDS)
    assert BIDI_SHOWN in details.text
    # Its lines are kept there, in a box of their own.
    boxes = [part for block in details.blocks for part in block.get("elements", ()) if has_forged_row(str(part))]
    assert all(part["type"] == "rich_text_preformatted" for part in boxes)


async def test_a_reason_is_one_row_of_the_card(env: Environment, alice: Person, bob: Person) -> None:
    modal = await open_form(alice, LINE.format("name ~ web", "now"))
    await modal.fill({"command": "uptime", "Why": FORGED + BIDI})
    preview = await press_preview(modal)
    assert f"Why “{FORGED_SHOWN}{BIDI_SHOWN}”" in preview.text
    await modal.close(everything=True)
    line = LINE.format("name ~ web", "now").replace(" because=patch", "")
    name = await make_request(alice, line, {"command": "uptime", "Why": FORGED + BIDI})
    card = await find_card(bob, name)
    assert f"Why “{FORGED_SHOWN}{BIDI_SHOWN}”" in card.text
    assert not has_forged_row(card.text)


async def test_comments_and_wishes_are_rows_of_their_authors(
    env: Environment, alice: Person, bob: Person, carol: Person
) -> None:
    name = await make_request(alice, LINE.format("name ~ web", "now"), {"command": "uptime"})
    card = await find_card(bob, name)
    for who, button, label in ((bob, "Request changes", "What should be changed?"), (carol, "Deny", "Why?")):
        await who.click(button, card)
        question = await who.modal(WAIT_SECONDS)
        await question.fill({label: FORGED + BIDI})
        await question.submit()
        await question.close()
        await wait_for_texts(card, f": “{FORGED_SHOWN}{BIDI_SHOWN}”", env=env)
        assert not has_forged_row(card.text)
    for message in alice.direct_messages:
        assert not has_forged_row(message.text)
        assert not has_forged_row(message.fallback_text)
    note = await alice.wait_for(f"Changes to {name} are requested", "dm")
    assert f"{FORGED_SHOWN}{BIDI_SHOWN}" in note.text


async def test_the_name_of_a_target_shows_what_is_in_it(env: Environment, alice: Person, bob: Person) -> None:
    world = env.foreman.state.world
    odd = replace(world.hosts[0], id=9_001, name=MANGLED_NAME)
    world.hosts.append(odd)
    try:
        env.foreman.fail_hosts({MANGLED_NAME: FORGED})
        name = await make_request(alice, LINE.format("name ~ odd", "now"), {"command": "uptime"})
        card = await approve_request(env, name)
        assert f"1 host: {MANGLED_SHOWN}" in card.text
        await wait_for_texts(card, "Failed", env=env)
        for where in ("#approvals", "#results"):
            for message in bob.messages(where):
                assert not has_forged_row(message.text), message.text
                assert "\u202e" not in str(message.blocks) + message.fallback_text
    finally:
        world.hosts.remove(odd)


async def test_answers_to_commands_quote_what_was_typed_on_one_line(env: Environment, alice: Person) -> None:
    reply = await alice.command(f"/nightshift \u202e{FORGED_ROW}")
    await eventually(env, lambda: reply.ephemeral_texts)
    assert reply.ephemeral_texts[0].startswith("“<U+202E>✅” is not known here.\nWhat you can say:\n")
