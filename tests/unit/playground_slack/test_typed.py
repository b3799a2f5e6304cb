"""Slash commands arrive as Slack sends them."""

import pytest

from playground.slack import Slack
from playground.slack.typed import slash_text_as_sent


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ('hosts="name = web01.example.com"', 'hosts="name = <http://web01.example.com|web01.example.com>"'),
        ("a && b", "a &amp;&amp; b"),
        ("see https://example.com/x?a=1&b=2", "see <https://example.com/x?a=1&amp;b=2>"),
        ("ops@example.com", "<mailto:ops@example.com|ops@example.com>"),
        ("name ~ web and not name ~ *.example.com", "name ~ web and not name ~ *.example.com"),
        ("<@U0BOB> until friday", "<@U0BOB> until friday"),
        ("@bob or @nobody in #ops", "<@U0BOB|bob> or @nobody in <#C000000001|ops>"),
    ],
)
async def test_text_is_sent_as_slack_does(slack: Slack, typed: str, sent: str) -> None:
    assert slash_text_as_sent(slack.workspace, typed) == sent
