"""Direct messages that come together become one, and quiet hours are quiet."""

import pytest

from bot.requests.model import Request
from bot.requests.notify.preferences import Preferences
from bot.storage import person_settings
from bot.usecases.jobs.announce_starts import announce_starts
from bot.usecases.jobs.remind import send_reminders
from bot.usecases.runs.cancel import cancel
from tests.unit.usecases.harness import Harness
from tests.unit.usecases.sending import direct_messages, send, sender_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

GROUPS = {"@sre": ["bob", "dave"], "@leads": ["carol"]}
"""Dave is not in the channel."""
POLICY = """
[policy]
approvers = ["@sre"]
escalate_after = "2h"
escalate_to = ["@leads"]

[[policy.rules]]
name = "outage"
when = { targets = "db*" }
effect = "emergency"
approvers = ["@sre"]
review_by = ["@leads"]
"""


def has(bot: Harness, who: str, request: Request) -> bool:
    return any(request.name in message.text for message in direct_messages(bot, who))


async def test_what_comes_together_is_one_message_that_links_home(bot: Harness) -> None:
    sender = sender_of(bot)
    await send(bot, sender)
    before = len(direct_messages(bot, "dave"))
    several = [await bot.request(hosts="name ~ web0"), await bot.request(hosts="name ~ db")]
    await send(bot, sender)
    (digest,) = direct_messages(bot, "dave")[before:]
    assert all(request.name in digest.text for request in several)
    assert "2 messages since 10:00. Home shows what needs you. Open Home" in digest.text
    assert f"slack://app?team={bot.services.directory.team_id}&id=A0PLAYGRND&tab=home" in str(digest.blocks)
    third = await bot.request(hosts="name ~ cache")
    await send(bot, sender)
    assert len(direct_messages(bot, "dave")) == before + 1
    bot.forward(seconds=60)
    await send(bot, sender)
    card = direct_messages(bot, "dave")[-1]
    assert third.name in card.text
    assert card.buttons[:2] == ["Approve", "Deny"]
    assert {m.state for request in several for m in await bot.messages(request)} == {"shown"}


async def test_in_quiet_hours_only_an_escalation_is_sent(bot: Harness) -> None:
    sender = sender_of(bot)
    await send(bot, sender)
    for name in ("carol", "dave"):
        async with bot.services.db.write() as tx:
            quiet = Preferences(quiet="20-08", zone="Asia/Tokyo")
            await person_settings.set_preferences(tx, bot.person(name), quiet, bot.now)
    bot.forward(hours=2, minutes=5)  # 20:05 in Tokyo
    request = await bot.request()
    before = len(direct_messages(bot, "carol"))
    await send(bot, sender)
    assert not has(bot, "dave", request)
    bot.forward(hours=2)
    await send_reminders(bot.services)
    await send(bot, sender)
    (told,) = direct_messages(bot, "carol")[before:]
    assert request.name in told.text
    assert not has(bot, "dave", request)
    bot.forward(hours=3, minutes=50)
    await send(bot, sender)
    assert not has(bot, "dave", request)
    bot.forward(hours=6, minutes=10)
    await send(bot, sender)
    assert has(bot, "dave", request)


async def quiet(bot: Harness, who: str) -> None:
    async with bot.services.db.write() as tx:
        chosen = Preferences(quiet="20-08", zone="Asia/Tokyo")
        await person_settings.set_preferences(tx, bot.person(who), chosen, bot.now)


async def test_what_was_held_says_only_what_is_still_true(bot: Harness) -> None:
    sender = sender_of(bot, digest_seconds=0)
    await send(bot, sender)
    await quiet(bot, "alice")
    bot.forward(hours=2, minutes=5)  # 20:05 in Tokyo
    stopped, kept = await bot.approved(when="in 90 minutes"), await bot.approved(when="tomorrow 21:00")
    bot.forward(minutes=80)
    await announce_starts(bot.services)
    assert any("starts " in str(m.facts["text"]) for m in await bot.messages(stopped, "note"))
    await cancel(bot.services, stopped.id, bot.person("bob"))
    before = len(direct_messages(bot, "alice"))
    await send(bot, sender)
    bot.forward(hours=11)
    await send(bot, sender)
    told = [message.text for message in direct_messages(bot, "alice")[before:]]
    about_stopped = [text for text in told if stopped.name in text]
    assert about_stopped
    assert not any("starts" in text for text in about_stopped)
    assert any("It will not start." in text for text in about_stopped)
    assert any("Approved: " in text and f"@bob approved {kept.name}. It starts " in text for text in told)


async def test_an_emergency_that_needs_an_approval_does_not_wait_for_quiet_hours(bot: Harness) -> None:
    sender = sender_of(bot)
    await send(bot, sender)
    await quiet(bot, "dave")
    bot.forward(hours=2, minutes=5)  # 20:05 in Tokyo
    request = await bot.request(hosts="name ~ db", _emergency=True)
    assert request.state == "awaiting_approval"
    other = await bot.request()
    await send(bot, sender)
    assert has(bot, "dave", request)
    assert not has(bot, "dave", other)


async def test_a_digest_says_how_many_lines_it_leaves_out(bot: Harness) -> None:
    sender = sender_of(bot)
    await send(bot, sender)
    await quiet(bot, "dave")
    bot.forward(hours=2, minutes=5)  # 20:05 in Tokyo
    before = len(direct_messages(bot, "dave"))
    for number in range(22):
        await bot.request(hosts="name ~ cache", command=f"echo {number}")
    for _ in range(3):
        await send(bot, sender)
    bot.forward(hours=13)
    await send(bot, sender)
    (digest,) = direct_messages(bot, "dave")[before:]
    assert "22 messages since Mon 20:05. Home shows what needs you." in digest.text
    assert "and 2 more" in digest.text


async def test_a_result_does_not_wait_behind_other_news_and_many_of_them_become_one(bot: Harness) -> None:
    sender = sender_of(bot, digest_seconds=600)
    bot.forward(hours=15)  # 09:00 in Tokyo
    await send(bot, sender)
    states = []
    for _ in range(5):
        request, _ = await bot.started(hosts="name ~ cache")
        await send(bot, sender)
        await bot.poll()
        await send(bot, sender)
        states += [m.state for m in await bot.messages(request, "outcome") if m.recipient == "U0ALICE"]
    assert states == ["shown"] * 3 + ["due"] * 2
    bot.forward(minutes=10)
    await send(bot, sender)
    assert request.name in direct_messages(bot, "alice")[-1].text
