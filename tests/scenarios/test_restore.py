"""A backup is restored: no number is given twice, and nothing that has run since starts again by itself."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from bot.commands import backup, log, restore
from playground.environment import Environment, environment_variables, run_bot, run_environment
from tests.scenarios.steps import approve_request, eventually, find_card, make_request, wait_for_texts

LINE = '/foreman run template="Run Command - Script Default" hosts="name ~ web05" because=so when="in {}"'
UPTIME = {"command": "uptime"}


def jobs(env: Environment) -> int:
    return len(env.foreman.state.jobs.invocations)


async def run_command(env: Environment, run: Callable[..., int], *arguments: object) -> int:
    with environment_variables(env.env_vars), ThreadPoolExecutor(1) as executor:
        return await asyncio.get_running_loop().run_in_executor(executor, run, *arguments)


async def test_a_backup_of_two_hours_ago_is_restored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "saved.sqlite"
    async with run_environment(tmp_path) as env:
        alice, bob = env.slack.person("alice"), env.slack.person("bob")
        env.foreman.speed = 100.0
        async with run_bot(env, "http"):
            has_run = await make_request(alice, LINE.format("2 hours"), UPTIME)
            to_come = await make_request(alice, LINE.format("4 hours"), UPTIME)
            for name in (has_run, to_come):
                await approve_request(env, name)
            assert await run_command(env, backup.run, saved, env.config) == 0
            env.clock.advance(timedelta(hours=2, seconds=5))
            await wait_for_texts(await find_card(bob, has_run), "Running", env=env)
            env.clock.advance(timedelta(minutes=1))
            await wait_for_texts(await find_card(bob, has_run), "ucceeded", env=env)
            await make_request(alice, LINE.format("9 hours"), UPTIME)
        assert jobs(env) == 1
        capsys.readouterr()
        assert await run_command(env, restore.run, saved, env.config) == 0
        said = capsys.readouterr().out
        assert re.search(rf"{has_run}  Scheduled.*\n.*shows 1 run since that may be it", said), said
        async with run_bot(env, "http"):
            card = await find_card(bob, has_run)
            await wait_for_texts(card, "Paused: the database was restored", env=env)
            await wait_for_texts(await find_card(bob, to_come), "Scheduled, paused", env=env)
            await bob.wait_for(f"{to_come}, Scheduled: ", where="#ops-admin", timeout=5)
            assert await make_request(alice, LINE.format("9 hours"), UPTIME) == "NS-1001"
            assert "cancelled" in (await alice.command(f"/nightshift cancel {has_run}")).ephemeral_texts[0]
            refused = await alice.command(f"/nightshift release {to_come}")
            assert refused.ephemeral_texts[0] == "Only @sre may release requests while everything is paused."
            released = await bob.command(f"/nightshift release {to_come}")
            assert released.ephemeral_texts[0].startswith(f"{to_come} may start during the pause")
            await bob.wait_for(f"{to_come} may start although everything is paused", where=None, timeout=5)
            assert jobs(env) == 1
            env.clock.advance(timedelta(hours=2))
            await eventually(env, lambda: jobs(env) == 2)
            await wait_for_texts(await find_card(bob, to_come), "Running", env=env)
            env.clock.advance(timedelta(minutes=1))
            await wait_for_texts(await find_card(bob, to_come), "ucceeded", env=env)
        assert await run_command(env, lambda: log.run(to_come, as_json=False, config=env.config)) == 0
        lines = capsys.readouterr().out.splitlines()
        assert re.fullmatch(rf"{to_come}  Run Command: .*  \(Done, requested by \S.*\)", lines[0]), lines[0]
        assert "U0ALICE" not in lines[0]
        assert any("starts.released" in line for line in lines)
        assert await run_command(env, lambda: log.run("NS-77", as_json=False, config=env.config)) == 2
        assert capsys.readouterr().err == "There is no request NS-77 in this database.\n"


async def test_what_is_no_backup_replaces_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with run_environment(tmp_path) as env:
        async with run_bot(env, "http"):
            assert await run_command(env, backup.run, tmp_path / "saved.sqlite", env.config) == 0
            assert await run_command(env, backup.run, tmp_path / "saved.sqlite", env.config) == 2
            assert "exists already" in capsys.readouterr().err
            assert await run_command(env, restore.run, tmp_path / "saved.sqlite", env.config) == 2
            assert "Nightshift is running" in capsys.readouterr().err
        (tmp_path / "text").write_text("no database")
        for name in ("text", "absent"):
            assert await run_command(env, restore.run, tmp_path / name, env.config) == 2
            assert str(tmp_path / name) in capsys.readouterr().err
