"""A database of an earlier version is upgraded by the bot's own start, and everything in it goes on.

It was written by a bot that was killed at work: it has a request in every state, open drafts, two series, a delegation,
and messages that Slack does not have yet.
"""

import base64
from collections.abc import AsyncIterator, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from bot.storage import audit
from bot.storage.schema_version import needs_migration
from bot.storage.urls import default_sqlite_url
from bot.usecases.jobs.requeue import requeue_orphaned_runs
from playground.environment import SECRETS, Environment, run_bot, run_environment
from playground.slack import Message, Modal, Person
from tests.scenarios.conftest import is_bot_error
from tests.scenarios.steps import (
    WAIT_SECONDS,
    click_for_reply,
    confirm_request,
    eventually,
    find_outcome,
    open_form,
    press_preview,
    wait_for_texts,
)
from tests.transaction_guard import watch_transactions
from tests.upgrade.load import load_export
from tests.upgrade.observe import Observer, cards_by_name
from tests.upgrade.recreate import read_setting, recreate

CONTINUE = "Continue the form you left unfinished"
FOREMAN_JOBS = "/api/job_invocations"
IMMYBOT_RUNS = "/api/v1/run-immy-service-new"
OVER = {
    "expired": "expired",
    "succeeded": "succeeded",
    "succeeded, approved by policy": "succeeded",
    "succeeded, OpsRamp": "succeeded",
    "partly_failed": "partly_failed",
    "partly_failed, ImmyBot": "partly_failed",
    "failed on its hosts": "failed",
    "failed, refused": "failed",
    "cancelled before it started": "cancelled",
    "cancelled under way": "cancelled",
    "denied": "denied",
    "withdrawn": "withdrawn",
    "undeliverable": "undeliverable",
    "running, ended while Slack was slow": "partly_failed",
}
"""The requests that were over before the upgrade, and their states."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The bot after the upgrade. ``cards`` are those that an earlier version posted; ``calls_before`` counts the calls
    that started something then."""

    env: Environment
    requests: Observer
    cards: dict[str, Message]
    calls_before: tuple[int, int]

    def person(self, name: str) -> Person:
        return self.env.slack.person(name)

    def card(self, key: str) -> Message:
        return self.cards[self.requests.names[key]]

    def calls(self) -> tuple[int, int]:
        """How many calls that start something Foreman and ImmyBot have had."""
        return start_calls(self.env)


def start_calls(env: Environment) -> tuple[int, int]:
    foreman, immybot = env.foreman.requests_to("POST", FOREMAN_JOBS), env.immybot.requests_to("POST", IMMYBOT_RUNS)
    return len(foreman), len(immybot)


@asynccontextmanager
async def upgraded_bot(directory: Path, database_url: str) -> AsyncIterator[Upgraded]:
    """Load the database and run the bot on it. Slack must have nothing to complain of, and the bot no error to log."""
    setting = read_setting()
    load_export(database_url)
    assert needs_migration(database_url)
    with capture_logs() as log, watch_transactions() as calls_in_transactions:
        async with run_environment(directory, database_url=database_url, policy=setting.policy) as env:
            await recreate(env, setting)
            cards = cards_by_name(env.slack.channel("#approvals").messages, setting.names)
            calls = start_calls(env)
            async with run_bot(env, "http") as bot:
                assert not needs_migration(database_url)
                yield Upgraded(env, Observer(bot.db, setting.names), cards, calls)
            complaints = [exchange for exchange in env.slack.journal.entries if is_bot_error(exchange)]
    assert not complaints, complaints
    assert not errors_in(log), errors_in(log)
    assert not calls_in_transactions, calls_in_transactions[0]


def errors_in(log: Sequence[MutableMapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    return [entry for entry in log if entry["log_level"] in ("error", "critical")]


async def test_everything_in_an_older_database_goes_on(tmp_path: Path) -> None:
    async with upgraded_bot(tmp_path, default_sqlite_url(tmp_path / "data")) as upgraded:
        async with upgraded.requests.db.read() as tx:
            assert (await audit.verify(tx))[1] == ""
        await what_was_starting_is_found_or_sent_once(upgraded)
        await lists_of_requests_are_shown(upgraded)
        await unsent_messages_are_sent_once(upgraded)
        await what_is_unknown_is_resolved(upgraded)
        await what_waits_is_approved(upgraded)
        await drafts_are_picked_up(upgraded)
        await what_runs_and_is_scheduled_comes_to_its_end(upgraded)
        await what_failed_is_asked_for_again(upgraded)
        states = await upgraded.requests.states()
        assert {key: states[upgraded.requests.names[key]] for key in OVER} == OVER
        async with upgraded.requests.db.read() as tx:
            assert (await audit.verify(tx))[1] == ""


@pytest.mark.postgres
async def test_an_older_database_goes_on_in_postgres(tmp_path: Path, postgres_url: str) -> None:
    async with upgraded_bot(tmp_path, postgres_url) as upgraded:
        await what_was_starting_is_found_or_sent_once(upgraded)
        await lists_of_requests_are_shown(upgraded)
        async with upgraded.requests.db.read() as tx:
            assert (await audit.verify(tx))[1] == ""


async def lists_of_requests_are_shown(upgraded: Upgraded) -> None:
    alice = upgraded.person("alice")
    for line, name in (("list", "NS-40"), ("mine", "NS-40"), ("approvals", "NS-23")):
        reply = await alice.command(f"/nightshift {line}", "#ops")
        await upgraded.env.slack.wait_until(partial(getattr, reply, "ephemeral_texts"), WAIT_SECONDS)
        assert name in reply.ephemeral_texts[0]


async def what_was_starting_is_found_or_sent_once(upgraded: Upgraded) -> None:
    """A call that was sent is looked up by its token and never repeated; one that was not sent yet is sent once."""
    becomes, before = upgraded.requests.becomes, upgraded.calls_before
    await becomes("starting, sent and arrived", "running", (1, "running"))
    await becomes("starting, sent and not arrived", "unknown", (1, "unknown"))
    await becomes("starting, a series sent and arrived", "scheduled", (0, "scheduled_in_backend"))
    await becomes("starting, for later, sent and arrived", "scheduled", (1, "scheduled_in_backend"))
    await becomes("starting, sent and arrived, ImmyBot", "running", (1, "running"))
    await becomes("starting, sent and arrived, OpsRamp", "succeeded", (1, "succeeded"))
    await becomes("starting, prepared", "running", (1, "running"))
    await becomes("approved, not begun", "running", (1, "running"))
    foreman, immybot = upgraded.calls()
    assert (foreman - before[0], immybot - before[1]) == (2, 0)


async def unsent_messages_are_sent_once(upgraded: Upgraded) -> None:
    env, names = upgraded.env, upgraded.requests.names
    alice, bob = upgraded.person("alice"), upgraded.person("bob")
    ended = names["running, ended while Slack was slow"]
    await wait_for_texts(upgraded.card("running, ended while Slack was slow"), "Partly failed", "1 failed", env=env)
    await outcome_is_posted_once(upgraded, ended, "#results")
    await outcome_is_posted_once(upgraded, ended, "dm")
    not_tried = names["awaiting, its card not tried"]
    upgraded.cards[not_tried] = await bob.wait_for(f"{not_tried} ·", where="#approvals", timeout=20)
    refused = names["awaiting, its card refused for now"]
    assert bob.find_message(f"{refused} ·", where="#approvals") is None
    env.clock.advance(timedelta(minutes=6))
    upgraded.cards[refused] = await bob.wait_for(f"{refused} ·", where="#approvals", timeout=20)
    await alice.wait_for(f"{refused} ·", where="dm", timeout=20)
    await upgraded.requests.nothing_is_due()


async def outcome_is_posted_once(upgraded: Upgraded, name: str, place: str) -> None:
    """One outcome, with the failures in its thread."""
    alice = upgraded.person("alice")
    outcome = await find_outcome(alice, name, "partly failed", where=place, timeout=20)
    await eventually(upgraded.env, lambda: len(outcome.thread) == 1)
    assert "Unit nginx.service" in outcome.thread[0].text
    same = [message for message in alice.messages(place) if message.fallback_text == outcome.fallback_text]
    assert [message for message in same if not message.thread_ts] == [outcome]


async def what_is_unknown_is_resolved(upgraded: Upgraded) -> None:
    """People say that it did not run; and a call that arrives late after all is found by its token."""
    env, becomes = upgraded.env, upgraded.requests.becomes
    env.foreman.speed = 20 / 3600
    bob, alice = upgraded.person("bob"), upgraded.person("alice")
    await click_for_reply(bob, "It did not run: run it again", upgraded.card("unknown"))
    await becomes("unknown", "running")
    await click_for_reply(alice, "It did not run: run it again", upgraded.card("unknown, ImmyBot"))
    await becomes("unknown, ImmyBot", "running")
    call = (await upgraded.requests.plan_of("starting, sent and not arrived"))["calls"][0]
    credentials = base64.b64encode(f"nightshift:{SECRETS['SANDBOX_FOREMAN_PASSWORD']}".encode()).decode()
    async with httpx.AsyncClient(headers={"Authorization": f"Basic {credentials}"}) as http:
        (await http.post(env.urls["foreman"] + FOREMAN_JOBS, json=call["body"])).raise_for_status()
    assert env.bot is not None
    # The bot does this every 20 seconds.
    await requeue_orphaned_runs(env.bot.services)
    await becomes("starting, sent and not arrived", "running")


async def what_waits_is_approved(upgraded: Upgraded) -> None:
    """The buttons of the old cards work, and the decisions before the upgrade count."""
    alice, bob, carol, dave = (upgraded.person(name) for name in ("alice", "bob", "carol", "dave"))
    becomes, card = upgraded.requests.becomes, upgraded.card
    assert "You approved" in await approve(bob, card("awaiting"))
    await becomes("awaiting", "running")
    assert "You approved" in await approve(bob, card("awaiting, later"))
    await becomes("awaiting, later", "scheduled", (1, "scheduled_in_backend"))
    assert "You approved" in await approve(bob, card("awaiting, 1 of 2"))
    await becomes("awaiting, 1 of 2", "running")
    assert "You have approved this already" in await click_for_reply(
        dave, "Approve", card("awaiting, 1 of 2 on behalf")
    )
    preview = await carol.modal()
    await confirm_open_preview(preview)
    assert "You approved" in await approve(carol, card("awaiting, 1 of 2 on behalf"))
    await becomes("awaiting, 1 of 2 on behalf", "running")
    assert "1 of 2" in await approve(dave, card("awaiting, taken back"))
    assert "You approved" in await approve(carol, card("awaiting, taken back"))
    await becomes("awaiting, taken back", "running")
    edited = card("awaiting, edited by an approver")
    for author_or_delegate in (bob, dave):
        assert "You approved" not in await click_for_reply(author_or_delegate, "Approve", edited)
    assert "You approved" in await approve(carol, edited)
    await becomes("awaiting, edited by an approver", "running")
    changed = card("awaiting, changes asked for")
    await alice.click("Edit", changed)
    form = await alice.modal(WAIT_SECONDS)
    await form.ws.wait_until(lambda: "Loading…" not in form.text, WAIT_SECONDS)
    await form.fill({"command": "uptime --version"})
    await confirm_request(await press_preview(form))
    await wait_for_texts(changed, "Changed: ", env=upgraded.env)
    assert "You approved" in await approve(bob, changed)
    await becomes("awaiting, changes asked for", "running")


async def confirm_open_preview(preview: Modal) -> None:
    """Confirm a preview that was opened before the upgrade."""
    result = await preview.submit()
    assert result.error == "", result.error_details
    assert "NS-41" in preview.text
    await preview.close(everything=True)


async def approve(who: Person, card: Message) -> str:
    """Press Approve, and once more if conflicts are shown. Returns what the person reads."""
    reply = await who.click("Approve", card)
    await who.ws.wait_until(lambda: reply.ephemeral_texts or who.open_modal, WAIT_SECONDS)
    if reply.ephemeral_texts:
        return "\n".join(reply.ephemeral_texts)
    modal = await who.modal()
    await who.ws.wait_until(lambda: "Looking again at what" not in modal.text, WAIT_SECONDS)
    if "Approve anyway" in modal.buttons:
        await modal.click("Approve anyway")
        await who.ws.wait_until(lambda: "Approve anyway" not in modal.buttons, WAIT_SECONDS)
    text = modal.text
    await modal.close()
    return text


async def drafts_are_picked_up(upgraded: Upgraded) -> None:
    alice, bob, dave = (upgraded.person(name) for name in ("alice", "bob", "dave"))
    form = await pick_up(alice, "/foreman")
    assert (form.value("command"), form.value("Where")) == ("df -h", "name ~ db01")
    await form.fill({"Why": "disk"})
    assert await confirm_request(await press_preview(form)) == "NS-42"
    form = await pick_up(alice, "/foreman")
    assert form.value("command") == "uptime --since"
    preview = await press_preview(form)
    await preview.submit()
    assert "NS-23 cannot be edited any more" in preview.text
    await preview.close(everything=True)
    form = await pick_up(dave, "/foreman")
    assert form.value("When") == "03/04 at 6"
    choices = [button for button in form.buttons if "More options" not in button]
    assert len(choices) == 4
    await form.click(choices[0])
    await eventually(upgraded.env, lambda: choices[0] not in form.buttons, lambda: form.text)
    await form.close(everything=True)
    form = await pick_up(bob, "/immybot")
    assert form.value("When") == "when pigs fly"
    await form.close(everything=True)


async def pick_up(who: Person, line: str) -> Modal:
    """Open a form and go on with the one that was left unfinished."""
    form = await open_form(who, line)
    await form.click(CONTINUE)
    await form.ws.wait_until(lambda: CONTINUE not in form.buttons, WAIT_SECONDS)
    return form


async def what_runs_and_is_scheduled_comes_to_its_end(upgraded: Upgraded) -> None:
    env, becomes = upgraded.env, upgraded.requests.becomes
    before = upgraded.calls()
    env.clock.advance(timedelta(hours=2))
    for key in (
        "running",
        "running, ImmyBot",
        "running, OpsRamp",
        "starting, sent and arrived",
        "starting, prepared",
        "approved, not begun",
        "starting, sent and arrived, ImmyBot",
        "starting, sent and not arrived",
        "unknown",
    ):
        await becomes(key, "succeeded")
    assert upgraded.calls() == before
    env.clock.move_to(datetime(2027, 1, 12, 18, 0, tzinfo=UTC))
    await becomes("awaiting, its card refused for now", "expired")
    await becomes("awaiting, its card not tried", "expired")
    env.clock.move_to(datetime(2027, 1, 13, 4, 2, tzinfo=UTC))
    await becomes("starting, a series sent and arrived", "scheduled", (1, "running"))
    env.foreman.speed = 100.0
    env.clock.move_to(datetime(2027, 1, 13, 6, 2, tzinfo=UTC))
    await becomes("series of Foreman", "scheduled", (2, "succeeded"))
    env.clock.move_to(datetime(2027, 1, 13, 20, 2, tzinfo=UTC))
    await becomes("scheduled, held by Foreman", "succeeded")
    await becomes("scheduled, held by Nightshift", "succeeded")
    env.clock.move_to(datetime(2027, 1, 13, 22, 2, tzinfo=UTC))
    await becomes("starting, for later, sent and arrived", "succeeded")
    env.clock.move_to(datetime(2027, 1, 15, 3, 0, 5, tzinfo=UTC))
    await becomes("series of Nightshift", "scheduled", (3, "succeeded"))
    await click_for_reply(upgraded.person("alice"), "Cancel the series", upgraded.card("series of Nightshift"))
    await becomes("series of Nightshift", "cancelled")
    await click_for_reply(upgraded.person("bob"), "Cancel the series", upgraded.card("series of Foreman"))
    await becomes("series of Foreman", "cancelled")


async def what_failed_is_asked_for_again(upgraded: Upgraded) -> None:
    """The outcome that an earlier version posted still opens a form for the hosts that failed."""
    env, alice = upgraded.env, upgraded.person("alice")
    name = upgraded.requests.names["partly_failed"]
    outcome = next(m for m in env.slack.channel("#results").messages if f"{name} ·" in m.text)
    await alice.click("Run again on the failed ones", outcome)
    form = await alice.modal()
    await eventually(env, lambda: "Where" in form.labels)
    assert form.value("Where") == "job_invocation.id = 6 and job_invocation.result = failed"
    await form.close(everything=True)
