"""Targets now against targets when asked."""

import pytest

from bot.requests.drift import drift
from bot.requests.model import Matched

HOSTS = tuple(f"web-{n}" for n in range(41))

MANY = tuple(f"db-{n}" for n in range(200))


def matched(*names: str, fixed: bool = False, count: int | None = None) -> Matched:
    return Matched(count=len(names) if count is None else count, names=names, fixed=fixed)


def test_what_came_and_went_in_words() -> None:
    found = drift(matched(*HOSTS), matched(*HOSTS, "web-103", "web-109"))
    assert found.words == "43 hosts, was 41: +web-103 and +web-109"
    assert (found.before, found.now, found.added, found.removed, found.percent) == (
        41,
        43,
        ("web-103", "web-109"),
        (),
        4.9,
    )
    swapped = drift(matched("a", "b"), matched("a", "c"))
    assert swapped.words == "2 hosts, was 2: +c and -b"
    assert swapped.percent == 100.0


def test_nothing_changed() -> None:
    found = drift(matched("Web-1", "web-2"), matched("web-2", "web-1"), 0)
    assert (found.words, found.percent, found.needs_confirmation) == ("", 0.0, False)


@pytest.mark.parametrize(
    ("then", "now", "allowed", "asks"),
    [
        (matched(*HOSTS[:10], fixed=True), matched(*HOSTS[:9], fixed=True), None, True),
        (matched(*HOSTS[:10]), matched(*HOSTS[:9]), None, False),
        (matched(*HOSTS[:10]), matched(*HOSTS[:8]), None, True),
        (matched(*HOSTS[:10]), matched(*HOSTS[:9]), 9, True),
        (matched(*HOSTS[:10]), matched(*HOSTS[:9]), 0, True),
        (matched(*HOSTS[:10]), matched(*HOSTS[:10]), 0, False),
        (matched(*HOSTS[:10], fixed=True), matched(*HOSTS[:9]), 10, False),
        (matched(*MANY), matched(*MANY[:180]), None, False),
        (matched(*MANY), matched(*MANY[:179]), None, True),
        (matched(*MANY, fixed=True), matched(*MANY[:199]), None, True),
        (matched(), matched("web-1"), None, True),
        (matched(), matched(), None, False),
        (matched("web-1"), matched(), None, True),
    ],
)
def test_when_it_must_be_confirmed(then: Matched, now: Matched, allowed: int | None, asks: bool) -> None:
    assert drift(then, now, allowed).needs_confirmation is asks


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        (matched("a", count=3000), matched("b", count=3400), "3,400 hosts, was 3,000 (not all names are known)"),
        (matched("a", count=3), matched("b"), "1 host, was 3: -a (not all names are known)"),
        (matched("a"), matched("b", count=3), "3 hosts, was 1: +b (not all names are known)"),
    ],
)
def test_names_are_told_as_far_as_they_are_known(then: Matched, now: Matched, words: str) -> None:
    assert drift(then, now).words == words
    assert drift(then, now).needs_confirmation
