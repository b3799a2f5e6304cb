"""Two requests on the same target at the same time."""

from datetime import timedelta
from typing import Any

import pytest

from bot.requests.conflicts import Conflict, Work, conflicts
from bot.requests.windows import Span
from tests.unit.requests.build import NOW


def span(start: float, end: float) -> Span:
    return Span(NOW + timedelta(hours=start), NOW + timedelta(hours=end))


def work(request: str, names: tuple[str, ...], *windows: Span, backend: str = "foreman.prod", title: str = "") -> Work:
    return Work(request=request, backend=backend, title=title, names=names, windows=windows)


def found(mine: Work, *others: Work, **options: Any) -> tuple[Conflict, ...]:
    return conflicts(mine, others, **options)


def test_the_same_target_at_the_same_time_in_words() -> None:
    mine = work("NS-1", ("web-1", "web-2"), span(0, 2))
    other = work("NS-2", ("WEB-2", "db-1"), span(1, 3), backend="immybot.acme", title="Maintenance")
    (one,) = found(mine, other)
    assert one.words == "NS-2 (Maintenance, immybot.acme) works on web-2 too: Wed 4 Mar 2026 13:00 to 14:00 UTC."
    assert (one.names, one.start, one.end) == (("web-2",), *span(1, 2))
    (shown,) = found(mine, other, zone="Europe/Berlin")
    assert "14:00 to 15:00 CET" in shown.words


@pytest.mark.parametrize(
    ("names", "window", "options", "is_conflict"),
    [
        (("web-2",), span(2, 3), {}, False),
        (("web-2",), span(-1, 0), {}, False),
        (("web-2",), span(-1, 0.1), {}, True),
        (("web-3",), span(0, 2), {}, False),
        (("web-2.example.org",), span(0, 2), {}, False),
        (("web-2.example.org",), span(0, 2), {"short_names": True}, True),
        (("web-2.",), span(0, 2), {}, True),
        ((), span(0, 2), {}, False),
    ],
)
def test_when_two_requests_meet(
    names: tuple[str, ...], window: Span, options: dict[str, bool], is_conflict: bool
) -> None:
    mine = work("NS-1", ("web-1", "web-2"), span(0, 2))
    assert bool(found(mine, work("NS-2", names, window), **options)) is is_conflict


def test_addresses_are_never_shortened() -> None:
    mine, other = work("NS-1", ("10.0.0.1",), span(0, 2)), work("NS-2", ("10.0.0.2",), span(0, 2))
    assert found(mine, other, short_names=True) == ()


def test_a_request_does_not_meet_itself() -> None:
    mine = work("NS-1", ("web-1",), span(0, 2))
    assert found(mine, mine) == ()


def test_series_meet_as_often_as_they_do() -> None:
    nightly = [span(24 * day, 24 * day + 2) for day in range(5)]
    mine = work("NS-1", ("web-1",), *nightly)
    other = work("NS-2", ("web-1",), span(1, 1.5), span(1.6, 1.7), span(25, 30), span(95, 100))
    (one,) = found(mine, other)
    assert one.times == 4
    assert one.words.endswith("13:00 to 13:30 UTC, the first of 4 times.")


def test_the_earliest_comes_first_and_many_names_are_cut() -> None:
    names = tuple(f"web-{n}" for n in range(9))
    mine = work("NS-1", names, span(0, 9))
    later, sooner = work("NS-2", names, span(5, 6)), work("NS-3", ("web-1",), span(1, 2))
    first, second = found(mine, later, sooner)
    assert (first.request, second.request) == ("NS-3", "NS-2")
    assert "works on web-0, web-1, web-2 and 6 more too" in second.words
