"""A bot that is told to stop before it is ready stops."""

from pathlib import Path

from playground.environment import run_environment
from tests.crash.process import BotProcess, kill_on_exit


async def test_a_bot_that_waits_for_slack_can_be_stopped(tmp_path: Path) -> None:
    async with run_environment(tmp_path) as env:
        env.slack.faults.offline = True
        bot = BotProcess(env.env_vars, tmp_path / "bot.log")
        async with kill_on_exit(bot):
            await bot.start(ready=False)
            await bot.wait_for_log("Slack unavailable")
            assert await bot.stop() == 0
