"""What Slack posts is taken apart as the standard library would, only quicker."""

import json
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.payloads import parse_payload, percent_decode

FORM = "application/x-www-form-urlencoded"
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT)
def test_a_quoted_value_comes_back_as_it_was(text: str) -> None:
    assert percent_decode(urllib.parse.quote_plus(text).encode()).decode() == text


@given(TEXT)
def test_a_value_quoted_in_any_other_way_is_read_as_the_standard_library_reads_it(text: str) -> None:
    sparing = urllib.parse.quote(text, safe=" \n\t\r;~!*'()/?:@,$#[]{}\"_")
    assert percent_decode(sparing.encode()).decode() == urllib.parse.unquote_plus(sparing)


@given(st.dictionaries(TEXT, TEXT | st.integers() | st.lists(TEXT)))
def test_an_interaction_is_the_json_in_its_form(content: dict[str, object]) -> None:
    body = urllib.parse.urlencode({"payload": json.dumps(content)}).encode()
    assert parse_payload(body, FORM) == content


@given(st.dictionaries(st.text("abc", min_size=1), TEXT.filter(bool)))
def test_a_command_is_its_fields(fields: dict[str, str]) -> None:
    assert parse_payload(urllib.parse.urlencode(fields).encode(), FORM) == fields


def test_an_interaction_among_other_fields_is_found() -> None:
    assert parse_payload(b"token=x&payload=%7B%22a%22%3A1%7D", FORM) == {"a": 1}
    assert parse_payload(b"payload=%7B%22a%22%3A1%7D&token=x", FORM) == {"a": 1}


def test_an_event_is_json() -> None:
    assert parse_payload('{"text": "ä=%41&b"}'.encode(), "application/json; charset=utf-8") == {"text": "ä=%41&b"}


@pytest.mark.parametrize("body", [b"payload=", b"payload=%7B", b"payload=[1]", b"payload=%zz", b"payload=1&payload=2"])
def test_what_is_no_object_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_payload(body, FORM)
