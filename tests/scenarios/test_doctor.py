"""``nightshift doctor`` names each fault with what to do about it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import pytest_asyncio

from bot.commands import doctor
from bot.commands.report import Report
from bot.commands.slack_checks import _check_clock, check_approvers, check_slack
from playground.environment import Environment, environment_variables, run_bot, run_environment

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def env(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Environment]:
    async with run_environment(tmp_path_factory.mktemp("doctor")) as environment, run_bot(environment, "http"):
        yield environment


async def said_of_slack(env: Environment, capsys: pytest.CaptureFixture[str]) -> tuple[str, list[str]]:
    report = Report()
    assert env.bot is not None
    await check_slack(env.bot, report)
    return capsys.readouterr().out, report.to_do


async def test_nothing_is_wrong(env: Environment, capsys: pytest.CaptureFixture[str]) -> None:
    said, to_do = await said_of_slack(env, capsys)
    assert "ok    Slack: the app token opens Socket Mode" in said
    assert to_do == []


async def test_each_missing_scope_is_named_with_what_fails_without_it(
    env: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = env.slack.workspace.settings
    env.slack.workspace.settings = replace(settings, scopes=settings.scopes - {"usergroups:read", "files:write"})
    said, to_do = await said_of_slack(env, capsys)
    env.slack.workspace.settings = settings
    assert "FAULT scope usergroups:read is missing: nobody can be an approver through a group" in said
    assert "note  scope files:write is not granted: long logs and requests cannot be given as files" in said
    assert to_do == ["add it under OAuth & Permissions, then reinstall the app"]


async def test_a_wrong_app_token_is_named(env: Environment, capsys: pytest.CaptureFixture[str]) -> None:
    env.slack.faults.fail_with_code("apps.connections.open", "invalid_auth")
    said, to_do = await said_of_slack(env, capsys)
    env.slack.faults.clear()
    assert "FAULT Slack: the app token is not accepted (invalid_auth)" in said
    assert "SLACK_APP_TOKEN" in to_do[0]


@pytest.mark.parametrize(("seconds", "fault"), [(0, ""), (600, "s behind Slack's"), (-600, "s ahead of Slack's")])
async def test_a_clock_that_is_off_is_named(seconds: int, fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    _check_clock(format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True), report)
    assert bool(report.to_do) == bool(fault)
    assert fault in capsys.readouterr().out


async def test_approvers_who_are_not_in_their_channel_are_noted(
    env: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    channel = env.slack.channel("#approvals")
    channel.members.remove("U0BOB")
    assert env.bot is not None
    env.bot.directory.invalidate_channels()
    await check_approvers(env.bot, Report())
    channel.members.add("U0BOB")
    said = capsys.readouterr().out
    assert "not in #approvals get a direct message instead: " in said
    assert "bob" in said


async def test_a_database_that_is_not_migrated_is_one_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with run_environment(tmp_path) as fresh:
        with environment_variables(fresh.env_vars):
            assert await asyncio.to_thread(doctor.run, fresh.config) == 1
    said = capsys.readouterr().out
    assert "FAULT database: it is not up to date" in said
    assert "no such table" not in said
    assert "1 fault. Fix the first, then run nightshift doctor again." in said
