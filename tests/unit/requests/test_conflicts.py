"""Two requests on the same target at the same time."""

from datetime import timedelta
from typing import Any

import pytest

from bot.requests.conflicts import ConflictSearch, PlannedWork, TargetConflict, earliest_first
from bot.requests.spans import TimeSpan
from tests.unit.requests.build import NOW


def time_span(start: float, end: float) -> TimeSpan:
    return TimeSpan(NOW + timedelta(hours=start), NOW + timedelta(hours=end))


def planned_work(
    request: str, names: tuple[str, ...], *windows: TimeSpan, backend: str = "foreman.prod", title: str = ""
) -> PlannedWork:
    return PlannedWork(request=request, backend=backend, title=title, names=names, windows=windows)


def find(mine: PlannedWork, *others: PlannedWork, **options: Any) -> tuple[TargetConflict, ...]:
    search = ConflictSearch(mine, **options)
    return earliest_first(conflict for other in others if (conflict := search.conflict_with(other)))


def test_the_same_target_at_the_same_time_in_words() -> None:
    mine = planned_work("NS-1", ("web-1", "web-2"), time_span(0, 2))
    other = planned_work("NS-2", ("WEB-2", "db-1"), time_span(1, 3), backend="immybot.acme", title="Maintenance")
    (one,) = find(mine, other)
    assert one.text == "NS-2 (Maintenance, immybot.acme) works on web-2 too: Wed 4 Mar 2026 13:00 to 14:00 UTC."
    assert (one.names, one.start, one.end) == (("web-2",), *time_span(1, 2))
    (shown,) = find(mine, other, zone="Europe/Berlin")
    assert "14:00 to 15:00 CET" in shown.text


@pytest.mark.parametrize(
    ("names", "window", "options", "is_conflict"),
    [
        (("web-2",), time_span(2, 3), {}, False),
        (("web-2",), time_span(-1, 0), {}, False),
        (("web-2",), time_span(-1, 0.1), {}, True),
        (("web-3",), time_span(0, 2), {}, False),
        (("web-2.example.org",), time_span(0, 2), {}, False),
        (("web-2.example.org",), time_span(0, 2), {"short_names": True}, True),
        (("web-2.",), time_span(0, 2), {}, True),
        ((), time_span(0, 2), {}, False),
    ],
)
def test_when_two_requests_meet(
    names: tuple[str, ...], window: TimeSpan, options: dict[str, bool], is_conflict: bool
) -> None:
    mine = planned_work("NS-1", ("web-1", "web-2"), time_span(0, 2))
    assert bool(find(mine, planned_work("NS-2", names, window), **options)) is is_conflict


def test_addresses_are_never_shortened() -> None:
    mine, other = (
        planned_work("NS-1", ("10.0.0.1",), time_span(0, 2)),
        planned_work("NS-2", ("10.0.0.2",), time_span(0, 2)),
    )
    assert find(mine, other, short_names=True) == ()


def test_a_request_does_not_meet_itself() -> None:
    mine = planned_work("NS-1", ("web-1",), time_span(0, 2))
    assert find(mine, mine) == ()


def test_series_meet_as_often_as_they_do() -> None:
    nightly = [time_span(24 * day, 24 * day + 2) for day in range(5)]
    mine = planned_work("NS-1", ("web-1",), *nightly)
    other = planned_work(
        "NS-2", ("web-1",), time_span(1, 1.5), time_span(1.6, 1.7), time_span(25, 30), time_span(95, 100)
    )
    (one,) = find(mine, other)
    assert one.overlap_count == 4
    assert one.text.endswith("13:00 to 13:30 UTC, the first of 4 times.")


def test_the_earliest_comes_first_and_many_names_are_cut() -> None:
    names = tuple(f"web-{n}" for n in range(9))
    mine = planned_work("NS-1", names, time_span(0, 9))
    later, sooner = planned_work("NS-2", names, time_span(5, 6)), planned_work("NS-3", ("web-1",), time_span(1, 2))
    first, second = find(mine, later, sooner)
    assert (first.request, second.request) == ("NS-3", "NS-2")
    assert "works on web-0, web-1, web-2 and 6 more too" in second.text


def test_spans_that_overlap_within_a_list_meet_each_span_of_the_other() -> None:
    mine = planned_work("NS-1", ("web-1",), time_span(0, 10), time_span(5, 12))
    (found,) = find(mine, planned_work("NS-2", ("web-1",), time_span(0, 10), time_span(11, 13)))
    assert found.overlap_count == 3
