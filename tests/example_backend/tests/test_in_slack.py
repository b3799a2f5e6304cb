"""Plays a request in the unchanged bot, from the slash command to the outcome, in a local Slack."""

from pathlib import Path

import pytest
from lantern.sandbox import TOKEN, LanternSandbox

from bot.clock import SystemClock
from playground.environment import run_bot, run_environment
from playground.server import serve

CONFIG = """
[backends.lantern.pier]
title = "Pier"
url = "{url}"
token = "env:LANTERN_TOKEN"
"""
WAIT_SECONDS = 20.0


async def test_from_the_slash_command_to_the_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANTERN_TOKEN", TOKEN)
    sandbox = LanternSandbox(SystemClock())
    async with (
        serve(sandbox.app) as url,
        run_environment(tmp_path, extra=CONFIG.format(url=url)) as env,
        run_bot(env, "http"),
    ):
        alice, bob = env.slack.person("alice"), env.slack.person("bob")
        await alice.command("/lantern lamps=hall,gate when=now because=flicker", "#ops")
        form = await alice.modal(WAIT_SECONDS)
        await form.wait_for_text("Seconds to dim", WAIT_SECONDS)
        await form.submit()
        await form.wait_for_text("2 lamps: hall, gate", WAIT_SECONDS)
        await form.submit()
        card = await bob.wait_for("Restart lamps", where="#approvals", timeout=WAIT_SECONDS)
        await bob.click("Approve", card)
        outcome = await bob.wait_for("Restart lamps: done", where="#results", timeout=WAIT_SECONDS)
        assert "2 of 2 lamps are lit again." in outcome.text
    assert [job.lamps for job in sandbox.jobs] == [["hall", "gate"]]
