"""The page about Slack names every scope and event of the manifest, and the rates of the code."""

from pathlib import Path

from bot.commands.manifest import BOT_EVENTS, OPTIONAL_SCOPES, SCOPES
from bot.slack.rate_limits import CALLS_PER_MINUTE, READS_PER_MINUTE

PAGE = Path("docs/slack.md").read_text()


def test_every_scope_and_event_of_the_manifest_is_explained() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]
    missing = [name for name in (*SCOPES, *OPTIONAL_SCOPES, *BOT_EVENTS) if not any(f"`{name}`" in row for row in rows)]
    assert missing == []


def test_the_rates_are_those_of_the_code() -> None:
    told = {
        f"{CALLS_PER_MINUTE['chat.postMessage']} a minute in all",
        f"{CALLS_PER_MINUTE['chat.update']} a minute, several",
        f"{CALLS_PER_MINUTE['conversations.open']} a minute, each",
        f"{READS_PER_MINUTE['users.info']} a minute; beyond",
        f"| pages of users | {READS_PER_MINUTE['users.list']} a minute",
        f"| groups, channels listed | {READS_PER_MINUTE['usergroups.list']} a minute",
    }
    assert [text for text in told if text not in PAGE] == []
