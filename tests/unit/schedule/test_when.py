"""The command: plain for people, JSON for programs, and lines of JSON in bulk."""

import io
import json

import pytest

from bot.commands import when

NOW = "2026-11-23T22:00:00+01:00"


def run(
    phrase: str = "", *, now: str = NOW, zone: str = "Europe/Berlin", as_json: bool = False, batch: bool = False
) -> int:
    return when.run(phrase, now=now, zone=zone, as_json=as_json, batch=batch)


def test_a_phrase_that_is_understood_is_echoed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("tomorrow 9pm") == 0
    assert capsys.readouterr().out == "Tue 24 Nov 2026 21:00 CET (Europe/Berlin), in 23 hours; 20:00 UTC\n"


def test_a_question_shows_each_answer_and_how_to_say_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("tomorrow at 9") == 1
    out = capsys.readouterr().out
    assert "Tue 24 Nov 2026 09:00 CET    (say: tomorrow at 09:00)" in out
    assert "Tue 24 Nov 2026 21:00 CET    (say: tomorrow at 21:00)" in out


def test_a_refusal_gives_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("tomorrow banana") == 1
    assert capsys.readouterr().out == "'banana' was not understood.\nAn example that works: tomorrow 21:00\n"


def test_json_carries_the_reading_its_words_and_its_echo(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("every friday 22:00 for 3 hours", as_json=True) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["kind"] == "understood"
    assert shown["schedule"]["window"] == 180
    assert shown["words"] == "every Friday at 22:00 Europe/Berlin for 3 hours"
    assert shown["echo"][0] == "Every Friday at 22:00 Europe/Berlin for 3 hours."


def test_a_time_without_an_offset_is_one_of_the_zone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("in 1 hour", now="2026-11-23T22:00") == 0
    assert capsys.readouterr().out.startswith("Mon 23 Nov 2026 23:00 CET")


@pytest.mark.parametrize(("now", "zone", "named"), [("noon", "UTC", "now"), (NOW, "Mars/Phobos", "zone")])
def test_wrong_arguments_are_named(now: str, zone: str, named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("tomorrow 9pm", now=now, zone=zone) == 2
    assert capsys.readouterr().err.startswith(f"{named}: ")


def answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *texts: str
) -> list[dict[str, object]]:
    asked = [{"id": n, "text": text, "now": NOW, "zone": "Etc/GMT+2"} for n, text in enumerate(texts)]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(map(json.dumps, asked)) + "\n"))
    assert run(batch=True) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_lines_in_bulk_are_answered_one_by_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = (
        "friday 21:00",
        "friday",
        "21:00 UTC",
        "friday 22:00 to saturday 02:00",
        "next week",
        "every 2 weeks on friday at 21:00 starting 4 december for 5 times",
        "weekdays until march",
        "tomorrow at 9",
        "now",
        "every day at 06:15 and 18:45",
    )
    found = answers(monkeypatch, capsys, *texts)
    assert found == [
        {"id": 0, "kind": "point", "start": "2026-11-27T21:00:00-02:00", "grain": "minute"},
        {"id": 1, "kind": "point", "start": "2026-11-27T00:00:00-02:00", "grain": "day"},
        {"id": 2, "kind": "point", "start": "2026-11-24T19:00:00-02:00", "grain": "minute"},
        {
            "id": 3,
            "kind": "window",
            "start": "2026-11-27T22:00:00-02:00",
            "end": "2026-11-28T02:00:00-02:00",
            "grain": "minute",
        },
        {
            "id": 4,
            "kind": "window",
            "start": "2026-11-30T00:00:00-02:00",
            "end": "2026-12-07T00:00:00-02:00",
            "grain": "day",
        },
        {
            "id": 5,
            "kind": "recurrence",
            "rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;BYHOUR=21;BYMINUTE=0;COUNT=5",
            "from": "2026-12-04",
        },
        {
            "id": 6,
            "kind": "recurrence",
            "rrule": "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR;UNTIL=20270301T000000",
        },
        {"id": 7, "kind": "refused"},
        {"id": 8, "kind": "point", "start": "2026-11-23T19:00:00-02:00", "grain": "minute"},
        {"id": 9, "kind": "refused"},
    ]


def test_a_line_of_another_form_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"id": 1}\n'))
    assert run(batch=True) == 2
    assert "not of the form" in capsys.readouterr().err
