"""Text of people and back ends is shown with everything that is in it, and on one line."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.text import escape, plain_text, preformatted, rich_text_lines, text_run
from bot.visible_text import visible, visible_lines, visible_log
from playground.slack.text import blocks_to_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("systemctl restart nginx", "systemctl restart nginx"),
        ("Grüße, 漢字, עברית 🟡", "Grüße, 漢字, עברית 🟡"),
        ("⚠️ and ✏️ keep their style", "⚠️ and ✏️ keep their style"),
        ("a\ufe0fb", "a<U+FE0F>b"),
        ("\ufe0f", "<U+FE0F>"),
        ("cat /tmp/\u202etxt.exe", "cat /tmp/<U+202E>txt.exe"),
        ("web\u200b01", "web<U+200B>01"),
        ("a\u2066b\u2069\u061c", "a<U+2066>b<U+2069><U+061C>"),
        ("\ufeffid\u00ad", "<U+FEFF>id<U+00AD>"),
        ("a\u3164b\u115f\u1160\uffa0", "a<U+3164>b<U+115F><U+1160><U+FFA0>"),
        ("id\U000e0041\U000e0100", "id<U+E0041><U+E0100>"),
        ("\x1b[31mred\x07\x00\x9b", "<U+001B>[31mred<U+0007><U+0000><U+009B>"),
        ("a\r\nb\x0bc\x0cd\x85e\u2028f\u2029g", "a<U+000D>⏎b<U+000B>c<U+000C>d<U+0085>e<U+2028>f<U+2029>g"),
        ("fine\n✅ Approved by Bob", "fine⏎✅ Approved by Bob"),
        ("one\ttwo", "one\ttwo"),
        ("10\u00a0000", "10<U+00A0>000"),
        ("\ud800", "<U+D800>"),
        ("e\u0301\u0323", "e\u0301\u0323"),
        ("e" + "\u0301" * 6, "e" + "\u0301" * 4 + "<U+0301><U+0301>"),
        ("", ""),
    ],
)
def test_what_cannot_be_seen_is_named(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_every_character_without_a_shape_is_named() -> None:
    hidden = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    for char in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(char) in hidden and char not in "\n\t":
            assert visible(f"a{char}b") == f"a<U+{ord(char):04X}>b"


def test_a_letter_may_carry_a_few_marks_of_any_script() -> None:
    for char in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(char) in ("Mn", "Me") and visible(f"a{char}") == f"a{char}":
            assert visible(f"a{char * 5}") == f"a{char * 4}<U+{ord(char):04X}>"


@given(st.text())
def test_it_changes_nothing_more_when_repeated_and_drops_nothing(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert visible_lines(visible_lines(text)) == visible_lines(text)
    for char in text:
        assert char in shown or f"<U+{ord(char):04X}>" in shown or char == "\n"


def test_a_log_keeps_its_lines_and_loses_its_colors() -> None:
    assert visible_log("\x1b[1;31mfailed\x1b[0m\r\nnext\x1b[2J\u202e") == "failed\nnext<U+001B>[2J<U+202E>"


FORGED = "ok\n✅ Approved by Bob\u202e"


def test_a_value_has_no_row_of_its_own_on_any_surface() -> None:
    def name(kind: str, ident: str) -> str:
        return ident

    row = blocks_to_text([rich_text_lines([text_run(FORGED)])], name)
    assert row == "ok⏎✅ Approved by Bob<U+202E>"
    assert plain_text(FORGED)["text"] == row
    assert escape(FORGED) == "ok⏎✅ Approved by Bob&lt;U+202E&gt;"
    # The lines stay in a box, which marks each as part of the value.
    assert preformatted(FORGED)["elements"][0]["text"] == "ok\n✅ Approved by Bob<U+202E>"


def test_markup_of_slack_is_only_text() -> None:
    assert escape("<!channel> <@U0BOB> <https://evil.example|x> &") == (
        "&lt;!channel&gt; &lt;@U0BOB&gt; &lt;https://evil.example|x&gt; &amp;"
    )
