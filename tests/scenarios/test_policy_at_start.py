"""An invalid policy keeps the bot from starting. The error names file, line and remedy."""

from pathlib import Path

import pytest

from playground.environment import run_environment
from tests.crash.process import BotProcess, kill_on_exit

APPROVERS = '[policy]\napprovers = ["@sre"]\n'
EVENT = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//\nBEGIN:VEVENT\nUID:1\nSUMMARY:Year end\nDTSTART:soon\nEND:VEVENT\n"

FAULTS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "settings": (
        APPROVERS + '[[policy.rules]]\nname = "many"\nquorm = 2\n[[policy.rules]]\nname = "few"\neffect = "allow"\n',
        [
            ("quorm = 2", 'the rule “many”: there is no setting "quorm" here; did you mean "quorum"?'),
            ('effect = "allow"', 'the rule “few”: "effect" does not fit'),
        ],
    ),
    "freezes": (
        APPROVERS
        + '[[policy.freezes]]\nname = "A"\nwhen = "2027-12-20 to 2027-12-27"\n'
        + '[[policy.freezes]]  # B\nname = "B"\nwhen = "2027-12-24 00:00 to 2027-12-31 00:00"\n'
        + 'effect = "ask"\napprovers = ["@sre"]\n',
        [("[[policy.freezes]]  # B", "the freeze “B”: it holds at the same time as “A” (Fri 24 Dec 2027")],
    ),
    "calendars": (
        APPROVERS
        + '[[policy.freezes]]\nname = "Gone"\ncalendar = "{here}/gone.ics"\n'
        + '[[policy.freezes]]\nname = "Broken"\ncalendar = "{here}/broken.ics"\n',
        [
            ('calendar = "{here}/gone.ics"', "the freeze “Gone”: its calendar cannot be read: there is no file {here}"),
            (
                'calendar = "{here}/broken.ics"',
                "the freeze “Broken”: its calendar cannot be read: {here}/broken.ics:4: "
                'the event "Year end" has faults',
            ),
        ],
    ),
}


@pytest.mark.parametrize("kind", FAULTS)
async def test_errors_are_named_with_file_line_and_remedy(kind: str, tmp_path: Path) -> None:
    (tmp_path / "broken.ics").write_text(EVENT + "END:VCALENDAR\n")
    policy, faults = FAULTS[kind]
    async with run_environment(tmp_path, policy=policy.replace("{here}", str(tmp_path))) as env:
        lines = env.config.read_text().splitlines()
        bot = BotProcess(env.env_vars, tmp_path / "log")
        async with kill_on_exit(bot):
            await bot.start(ready=False)
            assert await bot.wait_ended() == 2, bot.log_tail()
        said = [line for line in bot.log_path.read_text().splitlines() if line.startswith(str(env.config))]
        wanted = [
            f"{env.config}:{lines.index(line) + 1}: {fault}"
            for line, fault in (
                (a.replace("{here}", str(tmp_path)), b.replace("{here}", str(tmp_path))) for a, b in faults
            )
        ]
        assert len(said) == len(wanted), bot.log_tail()
        for line, start in zip(said, wanted, strict=True):
            assert line.startswith(start)
