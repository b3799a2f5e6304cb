"""Text from slash commands and phones comes out as people meant it."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.typed_text import has_typeset_punctuation, plain_punctuation, plain_quotes, slash_text


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("name = <http://web01.example.com|web01.example.com>", "name = web01.example.com"),
        ("<https://example.com/a?b=1&amp;c=2>", "https://example.com/a?b=1&c=2"),
        ("<http://example.com/|example.com>", "example.com"),
        ("<http://evil.example/x|the wiki>", "http://evil.example/x"),
        ("<mailto:ops@example.com|ops@example.com>", "ops@example.com"),
        ("ask <@U0BOB|bob> or <@U0CAROL>", "ask @bob or @U0CAROL"),
        ("see <#C1|ops> and <#C2|>", "see #ops and #C2"),
        ("<!subteam^S1|@sre> <!subteam^S1> <!here>", "@sre @S1 @here"),
        ("a &amp;&amp; b &gt; c", "a && b > c"),
        ("&amp;lt; stays &lt;", "&lt; stays <"),
        ("uptime &lt;x&gt;", "uptime <x>"),
        ("nothing at all", "nothing at all"),
    ],
)
def test_slash_text_is_what_was_typed(sent: str, typed: str) -> None:
    assert slash_text(sent) == typed


@given(st.text())
def test_whatever_is_typed_without_links_comes_back(typed: str) -> None:
    assert slash_text(html.escape(typed, quote=False)) == typed


def test_phones_change_quotes_and_dashes() -> None:
    assert plain_punctuation("“ls” —force web‑01 ‘x’") == "\"ls\" --force web-01 'x'"
    assert plain_quotes("“a” — b") == '"a" — b'
    assert [has_typeset_punctuation(text) for text in ("a “b”", "a --b", "a —b")] == [True, False, True]
