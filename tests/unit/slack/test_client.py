"""The token of Slack is read again when Slack accepts the old one no more, and only then."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError

from bot.backends.secrets import SecretNotFound
from bot.slack.client import SlackClient
from bot.slack_secrets import slack_secret
from tests.unit.slack.conftest import Office


async def test_a_new_token_in_the_file_is_used_at_once(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("xoxb-of-yesterday\n")
    client = SlackClient(lambda: slack_secret(SecretStr(f"file:{file}")), base_url=office.slack.api_url)
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await client.auth_test()
    assert office.calls("auth.test") == 1
    file.write_text(office.slack.bot_token)
    assert (await client.auth_test())["team_id"] == office.slack.workspace.team.id
    await client.auth_test()
    assert office.calls("auth.test") == 4
    file.unlink()
    office.slack.admin.reinstall("xoxb-of-tomorrow")
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await client.auth_test()


def test_a_secret_is_given_as_it_is_or_in_a_file(tmp_path: Path) -> None:
    assert slack_secret(SecretStr("xoxb-1")) == "xoxb-1"
    with pytest.raises(SecretNotFound, match="cannot be read"):
        slack_secret(SecretStr(f"file:{tmp_path / 'gone'}"))
