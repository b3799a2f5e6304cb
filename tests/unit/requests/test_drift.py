"""Targets and facts now against those that were approved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.requests.drift import Observation, compare_facts, compare_observations, compare_targets
from bot.requests.model import TargetSet
from bot.requests.resolutions import DifferenceCode
from bot.values import Resolution

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


def numbered(first: int, count: int, known: int) -> TargetSet:
    return TargetSet(count=count, names=tuple(f"web-{n}" for n in range(first, first + known)), fixed=False)


def test_sets_whose_names_are_cut_are_never_the_same() -> None:
    found = compare_targets(numbered(0, 3000, 2000), numbered(0, 3000, 2000), 100)
    assert (found.comparable, found.needs_confirmation) == (False, True)
    assert found.text == "3,000 hosts, was 3,000 (not all names are known)"
    assert compare_targets(numbered(0, 3000, 3000), numbered(0, 3000, 2000)).needs_confirmation


def test_disjoint_sets_of_three_thousand_names_are_all_drift() -> None:
    found = compare_targets(numbered(0, 3000, 3000), numbered(3000, 3000, 3000))
    assert (found.comparable, found.needs_confirmation, found.percent) == (True, True, 200.0)
    assert not compare_targets(numbered(0, 3000, 3000), numbered(5, 3000, 3000)).needs_confirmation


def test_two_targets_of_one_name_count_twice() -> None:
    found = compare_targets(target_set("pc", "pc", "a"), target_set("pc", "a"))
    assert (found.removed, found.added) == (("pc",), ())
    assert compare_targets(target_set("pc", "PC"), target_set("Pc", "pc"), 0).text == ""


few_names = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=6)


@given(few_names, few_names)
def test_no_drift_means_the_same_names(before: list[str], now: list[str]) -> None:
    found = compare_targets(target_set(*before), target_set(*now), 0)
    assert found.needs_confirmation is (sorted(before) != sorted(now))


def test_facts_with_another_value_are_told_in_words() -> None:
    approved = {"run_as": "root", "hosts": ["a"], "forced": True, "tags": None, "same": 1}
    now = {"run_as": "deploy", "hosts": ["a", "b"], "forced": False, "tags": "", "same": 1, "new": 2}
    assert [difference.text for difference in compare_facts(approved, now, {"run_as": "Runs as"})] == [
        "Runs as: root → deploy",
        "Hosts: a → a, b",
        "Forced: yes → no",
    ]
    assert [difference.text for difference in compare_facts({"query": "x"}, {})] == ["Query: x → nothing"]


COMMAND = Resolution(field="feature", kind="template", id="7", name="Run Command", details={"runs as": "root"})
REBOOT = Resolution(field="feature", kind="template", id="8", name="Reboot", details={"runs as": "root"})
FACTS = {"template": "Run Command", "run_as": "root", "provider": "script"}


def observed(*resolutions: Resolution, names: tuple[str, ...] = ("a",), **facts: str) -> Observation:
    return Observation(targets=target_set(*names), facts={**FACTS, **facts}, resolutions=resolutions)


def test_an_unchanged_world_has_no_differences() -> None:
    assert compare_observations(observed(COMMAND), observed(COMMAND)) == ()


def test_a_fact_that_repeats_a_resolution_is_told_once() -> None:
    differences = compare_observations(observed(COMMAND), observed(REBOOT, template="Reboot"))
    assert [difference.text for difference in differences] == [
        "Feature: template “Run Command” (id 7) → template “Reboot” (id 8)"
    ]
    differences = compare_observations(observed(COMMAND), observed(REBOOT, template="Reboot", provider="Ansible"))
    assert differences[-1].text == "Provider: script → Ansible"


def test_targets_are_told_if_they_need_to_be_confirmed() -> None:
    approved, now = observed(COMMAND), observed(COMMAND, names=("b",))
    (difference,) = compare_observations(approved, now)
    assert (difference.code, difference.needs_new_approval) == (DifferenceCode.TARGETS_CHANGED, True)
    assert difference.text == "Targets: 1 host → 1 host: +b and -a"
    assert compare_observations(approved, now, max_drift_percent=200) == ()
    for count, code in ((1, DifferenceCode.TARGETS_NOT_COMPARABLE), (2, DifferenceCode.TARGETS_CHANGED)):
        cut = now.model_copy(update={"targets": TargetSet(count=count)})
        (difference,) = compare_observations(approved, cut)
        assert difference.code is code
        assert difference.after.endswith("(not all names are known)")


def test_what_an_earlier_release_approved_is_compared_by_its_facts() -> None:
    earlier = observed(COMMAND).model_copy(update={"resolutions": None})
    assert [d.code for d in compare_observations(earlier, observed(COMMAND))] == [DifferenceCode.NOT_RESOLVED_BEFORE]
    codes = [d.code for d in compare_observations(earlier, observed(REBOOT, template="Reboot"))]
    assert codes == [DifferenceCode.NOT_RESOLVED_BEFORE, DifferenceCode.FACT_CHANGED]


@pytest.mark.parametrize("empty", [None, "", [], ()])
def test_a_fact_without_a_value_is_nothing(empty: object) -> None:
    (appeared,) = compare_facts({"run_as": empty}, {"run_as": "root"})  # type: ignore[dict-item]
    assert (appeared.before, appeared.after) == ("nothing", "root")
    (gone,) = compare_facts({"run_as": "root"}, {"run_as": empty})  # type: ignore[dict-item]
    assert (gone.before, gone.after) == ("root", "nothing")
    assert compare_facts({"run_as": empty}, {}) == ()  # type: ignore[dict-item]
