"""A bot that is told to stop before it is ready stops."""

from pathlib import Path

from playground.stage import stage
from tests.crash.process import BotProcess, ending


async def test_a_bot_that_waits_for_slack_can_be_stopped(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        on.slack.faults.away = True
        bot = BotProcess(on.environment, tmp_path / "bot.log")
        async with ending(bot):
            await bot.start(ready=False)
            await bot.logged("Slack cannot be reached")
            assert await bot.stop() == 0
