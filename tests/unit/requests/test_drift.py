"""Targets now against targets when asked."""

import pytest

from bot.requests.drift import compare_targets
from bot.requests.model import TargetSet

HOSTS = tuple(f"web-{n}" for n in range(41))

MANY = tuple(f"db-{n}" for n in range(200))


def target_set(*names: str, fixed: bool = False, count: int | None = None) -> TargetSet:
    return TargetSet(count=len(names) if count is None else count, names=names, fixed=fixed)


def test_what_came_and_went_in_words() -> None:
    found = compare_targets(target_set(*HOSTS), target_set(*HOSTS, "web-103", "web-109"))
    assert found.text == "43 hosts, was 41: +web-103 and +web-109"
    assert (found.before, found.now, found.added, found.removed, found.percent) == (
        41,
        43,
        ("web-103", "web-109"),
        (),
        4.9,
    )
    swapped = compare_targets(target_set("a", "b"), target_set("a", "c"))
    assert swapped.text == "2 hosts, was 2: +c and -b"
    assert swapped.percent == 100.0


def test_nothing_changed() -> None:
    found = compare_targets(target_set("Web-1", "web-2"), target_set("web-2", "web-1"), 0)
    assert (found.text, found.percent, found.needs_confirmation) == ("", 0.0, False)


@pytest.mark.parametrize(
    ("then", "now", "allowed", "asks"),
    [
        (target_set(*HOSTS[:10], fixed=True), target_set(*HOSTS[:9], fixed=True), None, True),
        (target_set(*HOSTS[:10]), target_set(*HOSTS[:9]), None, False),
        (target_set(*HOSTS[:10]), target_set(*HOSTS[:8]), None, True),
        (target_set(*HOSTS[:10]), target_set(*HOSTS[:9]), 9, True),
        (target_set(*HOSTS[:10]), target_set(*HOSTS[:9]), 0, True),
        (target_set(*HOSTS[:10]), target_set(*HOSTS[:10]), 0, False),
        (target_set(*HOSTS[:10], fixed=True), target_set(*HOSTS[:9]), 10, False),
        (target_set(*MANY), target_set(*MANY[:180]), None, False),
        (target_set(*MANY), target_set(*MANY[:179]), None, True),
        (target_set(*MANY, fixed=True), target_set(*MANY[:199]), None, True),
        (target_set(), target_set("web-1"), None, True),
        (target_set(), target_set(), None, False),
        (target_set("web-1"), target_set(), None, True),
    ],
)
def test_when_it_must_be_confirmed(then: TargetSet, now: TargetSet, allowed: int | None, asks: bool) -> None:
    assert compare_targets(then, now, allowed).needs_confirmation is asks


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        (target_set("a", count=3000), target_set("b", count=3400), "3,400 hosts, was 3,000 (not all names are known)"),
        (target_set("a", count=3), target_set("b"), "1 host, was 3: -a (not all names are known)"),
        (target_set("a"), target_set("b", count=3), "3 hosts, was 1: +b (not all names are known)"),
    ],
)
def test_names_are_told_as_far_as_they_are_known(then: TargetSet, now: TargetSet, words: str) -> None:
    assert compare_targets(then, now).text == words
    assert compare_targets(then, now).needs_confirmation
