"""Answers that are kept for a while."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.backends.cache import ExpiringCache


class ManualClock:
    current = datetime(2026, 3, 4, tzinfo=UTC)

    def now(self) -> datetime:
        return self.current


class Source:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def fetch(self) -> int:
        self.calls += 1
        number = self.calls
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise self.error
        return number


async def test_an_answer_is_kept_until_its_time_is_over():
    clock, source = ManualClock(), Source()
    cache = ExpiringCache(clock, 10)
    assert await cache.get("a", source.fetch) == 1
    clock.current += timedelta(seconds=9.9)
    assert await cache.get("a", source.fetch) == 1
    clock.current += timedelta(seconds=0.1)
    assert await cache.get("a", source.fetch) == 2
    assert await cache.get("b", source.fetch) == 3


async def test_an_error_is_not_kept():
    source = Source()
    cache = ExpiringCache(ManualClock(), 10)
    source.error = ValueError("no")
    with pytest.raises(ValueError, match="no"):
        await cache.get("a", source.fetch)
    source.error = None
    assert await cache.get("a", source.fetch) == 2


async def test_a_fetch_goes_on_without_the_one_who_asked_and_serves_the_next():
    source = Source()
    source.gate = asyncio.Event()
    cache = ExpiringCache(ManualClock(), 10)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(cache.get("a", source.fetch), 0.01)
    source.gate.set()
    assert await cache.get("a", source.fetch) == 1


async def test_the_oldest_of_more_than_two_hundred_answers_goes():
    source = Source()
    cache = ExpiringCache(ManualClock(), 10)
    for number in range(200):
        await cache.get(number, source.fetch)
    assert await cache.get(0, source.fetch) == 1
    await cache.get(200, source.fetch)
    assert source.calls == 201
    assert await cache.get(1, source.fetch) == 2
    assert await cache.get(0, source.fetch) == 202


async def test_a_renewed_answer_is_the_youngest():
    clock, source = ManualClock(), Source()
    cache = ExpiringCache(clock, 10)
    await cache.get(0, source.fetch)
    clock.current += timedelta(seconds=10)
    for number in range(1, 200):
        await cache.get(number, source.fetch)
    assert await cache.get(0, source.fetch) == 201
    await cache.get(200, source.fetch)
    assert await cache.get(0, source.fetch) == 201


async def test_closing_stops_what_is_being_fetched():
    source = Source()
    source.gate = asyncio.Event()
    cache = ExpiringCache(ManualClock(), 10)
    waiting = asyncio.ensure_future(cache.get("a", source.fetch))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await cache.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    source.gate = None
    assert await cache.get("a", source.fetch) == 2


async def test_a_cache_that_was_closed_serves_nothing_of_before():
    source = Source()
    cache = ExpiringCache(ManualClock(), 10)
    assert await cache.get("a", source.fetch) == 1
    await cache.close()
    assert await cache.get("a", source.fetch) == 2


async def test_an_answer_from_before_a_moment_is_fetched_again_for_whoever_asks_for_later_ones():
    clock, source = ManualClock(), Source()
    cache = ExpiringCache(clock, 10)
    began = clock.current
    assert await cache.get("a", source.fetch) == 1
    clock.current += timedelta(seconds=1)
    assert await cache.get("a", source.fetch, since=began - timedelta(seconds=1)) == 1
    assert await cache.get("a", source.fetch, since=began) == 2
    assert await cache.get("a", source.fetch) == 2


async def test_an_answer_from_before_the_clock_was_set_back_is_not_used():
    clock, source = ManualClock(), Source()
    cache = ExpiringCache(clock, 10)
    assert await cache.get("a", source.fetch) == 1
    clock.current -= timedelta(hours=1)
    assert await cache.get("a", source.fetch) == 2
