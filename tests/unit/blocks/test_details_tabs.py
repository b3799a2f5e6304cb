"""The tabs of Details: results page by page, the calls word for word, the history in words."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from blocks.details import calls_view
from blocks.details_history import PAGE_SIZE as HISTORY_SIZE
from blocks.details_history import WORDS, HistoryEntry, history_view
from blocks.details_results import PAGE_SIZE, ResultsPlace, results_file, results_view
from bot.requests.model import Run
from playground.slack.limits import check_view
from tests.unit.blocks.test_details import texts_of
from tests.unit.requests.build import pending_request

NOW = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)
REQUEST = pending_request().model_copy(update={"title": "Restart nginx on 25 hosts"})


def run_with(results: list[dict[str, str]], **more: Any) -> Run:
    counts = {state: sum(row["state"] == state for row in results) for state in ("succeeded", "failed")}
    progress = {"total": len(results), **counts, "results": results}
    fields: dict[str, Any] = {"id": "n1", "request_id": "r1", "number": 1, "state": "partly_failed", "version": 1}
    return Run(**(fields | {"handle": {"kind": "run", "id": "9"}, "progress": progress} | more))


def many(count: int, failed: int) -> list[dict[str, str]]:
    return [
        {"name": f"web{n:02}", "state": "failed" if n >= count - failed else "succeeded", "reason": f"line {n}"}
        for n in range(count)
    ]


def shown_targets(view: dict[str, Any]) -> list[str]:
    return [block["text"]["text"] for block in view["blocks"] if block["type"] == "section"]


def labels(view: dict[str, Any]) -> list[str]:
    rows = [block["elements"] for block in view["blocks"] if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row if element["type"] == "button"]


def test_failed_targets_come_first_with_their_last_line_and_a_log_each() -> None:
    view = results_view(REQUEST, [run_with(many(25, 3))], ResultsPlace())
    check_view(view, "modal")
    assert shown_targets(view)[:4] == [
        "❌ web22: failed · line 22", "❌ web23: failed · line 23", "❌ web24: failed · line 24",
        "✅ web00: succeeded · line 0",
    ]  # fmt: skip
    logs = [block["accessory"]["value"] for block in view["blocks"] if block["type"] == "section"]
    assert logs[0] == "n1|web22"
    assert len(logs) == PAGE_SIZE
    assert "Next 10" in labels(view)


def test_every_target_is_on_one_page_of_its_state() -> None:
    runs = [run_with(many(25, 3))]
    for state, count in (("all", 25), ("failed", 3), ("succeeded", 22)):
        names: list[str] = []
        for first in range(0, count, PAGE_SIZE):
            names += shown_targets(results_view(REQUEST, runs, ResultsPlace("n1", state, first)))
        assert len(names) == len(set(names)) == count


def test_the_largest_results_fit() -> None:
    results = [{"name": "n" * 250 + str(n), "state": "failed", "reason": "漢" * 5_000} for n in range(2_000)]
    view = results_view(REQUEST, [run_with(results)] * 150, ResultsPlace())
    check_view(view, "modal")


def test_what_has_not_run_says_when_it_starts() -> None:
    waiting = REQUEST.model_copy(update={"start_at": NOW, "zone": "Europe/Berlin"})
    assert "It starts Sat 28 Nov 2026, 21:00 CET." in texts_of(results_view(waiting, [], ResultsPlace())["blocks"])
    denied = REQUEST.model_copy(update={"state": "denied"})
    assert "It did not run." in texts_of(results_view(denied, [], ResultsPlace())["blocks"])


def test_the_file_has_every_target_and_the_logs_that_were_read() -> None:
    text = results_file(REQUEST, run_with(many(25, 3)), {"web22": "first\nsecond"})
    assert "web22: failed\nline 22\n| first\n| second\n" in text
    assert all(f"web{n:02}: " in text for n in range(25))


def test_calls_are_whole() -> None:
    call = {"method": "POST", "url": "https://there/jobs", "body": {"command": "x" * 30_000}}
    request = REQUEST.model_copy(update={"calls": (call,)})
    text, page = "", 0
    while True:
        view = calls_view(request, page)
        check_view(view, "modal")
        text += texts_of([b for b in view["blocks"] if b["type"] == "rich_text"])
        if "Next page" not in labels(view):
            break
        page += 1
    assert "POST https://there/jobs" in text
    assert text.count("x") >= 30_000


def test_the_history_is_in_words_and_in_pages() -> None:
    entries = [HistoryEntry(NOW + timedelta(seconds=n), "T1/UBOB", "request.approved", {"comment": f"c{n}"})
               for n in range(60)]  # fmt: skip
    first, last = history_view(REQUEST, entries, 0), history_view(REQUEST, entries, 2)
    for view in (first, last):
        check_view(view, "modal")
    assert "approved it: c59" in texts_of(first["blocks"])
    assert "c0" in texts_of(last["blocks"])
    assert f"1–{HISTORY_SIZE} of 60" in str(first["blocks"])


def test_every_action_of_a_request_has_words() -> None:
    recorded = set()
    for path in Path("bot/usecases").rglob("*.py"):
        recorded |= set(re.findall(r'"((?:request|run|series)\.[a-z_]+)"', path.read_text()))
    assert recorded - set(WORDS) == set()


@pytest.mark.parametrize("action", ["request.approved", "something.new"])
def test_an_entry_of_the_bot_names_it(action: str) -> None:
    view = history_view(REQUEST, [HistoryEntry(NOW, "nightshift", action, {})], 0)
    assert "Nightshift" in texts_of(view["blocks"])
