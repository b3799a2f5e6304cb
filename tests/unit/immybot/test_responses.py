"""ImmyBot's answers: errors, rows, numbers and times."""

import pytest

from bot.backends.immybot import responses
from bot.errors import BadResponse
from bot.values import Json
from tests.unit.immybot.support import START


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, None, ""),
        (400, "text", "text"),
        (400, {"error": {"code": "c", "message": "m", "details": "m"}}, "m"),
        (400, {"error": {"code": "c", "details": ["a", {"b": 1}, None]}}, "c (a; b: 1; )"),
        (400, {"error": {"message": "m", "details": None}}, "m"),
        (400, {"errors": {"a": ["x", "y"], "": "z"}}, "a: x; y; z"),
        (400, {"errors": {}, "detail": "d", "title": "t"}, "d"),
        (400, {"title": "t"}, "t"),
    ],
)
def test_the_words_of_an_error(status: int, body: Json, words: str):
    assert responses.extract_error(status, body) == words


def test_rows_come_bare_or_under_a_key():
    for body in ([{"id": 1}], {"results": [{"id": 1}]}, {"data": [{"id": 1}]}):
        assert responses.extract_rows("i", "things", body) == [{"id": 1}]
    for odd in (None, {}, [1], {"results": {}}, "x"):
        with pytest.raises(BadResponse, match="i sent its list of things in a form that is not understood"):
            responses.extract_rows("i", "things", odd)
    assert responses.require_id("i", "things", {"n": "7"}, "n") == 7
    with pytest.raises(BadResponse, match="i sent one of its things without a usable id"):
        responses.require_id("i", "things", {"n": 7})


def test_numbers_texts_and_times():
    assert [responses.parse_int(v) for v in (7, " 7 ", "-7", True, "x", None, 1.5)] == [7, 7, -7] + 4 * [None]
    assert responses.first_text({"a": " ", "b": 4, "c": " x "}, "a", "b", "c") == "x"
    assert responses.first_text({}, "a") == ""
    assert responses.parse_instant("2026-03-04T12:00:00") == START
    assert responses.parse_instant("2026-03-04T13:00:00+01:00") == START
    assert [responses.parse_instant(v) for v in ("x", 4, None)] == [None, None, None]
