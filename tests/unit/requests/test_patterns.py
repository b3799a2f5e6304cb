"""Names and patterns: the quick ways find what the plain way finds."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.requests.patterns import Patterns, TargetNames, may_overlap

texts = st.text("ab-", max_size=5)
globs = st.text("ab-*?", max_size=5)
ends = st.builds(str.format, st.sampled_from(["*{}", "{}*"]), st.text("ab-", min_size=1, max_size=2))


@settings(deadline=None)
@given(st.lists(texts.filter(bool), max_size=5), globs)
def test_a_glob_finds_the_first_name_and_covers_all_or_not(names: list[str], glob: str) -> None:
    wanted = [name for name in names if fnmatchcase(name, glob)]
    pattern = Patterns([glob])
    assert pattern.first_match(TargetNames(names)) == next(iter(wanted), None)
    assert pattern.covers(TargetNames(names)) is (wanted == names != [])
    assert [pattern.match(name) for name in names] == [name in wanted for name in names]


@settings(deadline=None)
@given(st.lists(texts.filter(bool), max_size=5), st.lists(ends, min_size=10, max_size=20))
def test_many_globs_find_among_the_same_names_what_each_finds_alone(names: list[str], several: list[str]) -> None:
    together = TargetNames(names)
    assert [Patterns([glob]).first_match(together) for glob in several] == [
        Patterns([glob]).first_match(TargetNames(names)) for glob in several
    ]


def test_a_line_break_in_a_name_makes_no_two_of_it() -> None:
    names = TargetNames(["web-1\ndb-1", "app-1"])
    assert Patterns(["db-1"]).first_match(names) is None
    assert Patterns(["app-*"]).first_match(names) == "app-1"


@settings(deadline=None)
@given(globs, globs, texts)
def test_globs_that_share_a_name_may_meet(one: str, other: str, name: str) -> None:
    if name and fnmatchcase(name, one) and fnmatchcase(name, other):
        assert may_overlap([one], [other])


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ([], ["web-1"], True),
        (["web-1"], [], True),
        (["web-*"], ["db-*"], False),
        (["web-*"], ["WEB-1"], True),
        (["*.lab"], ["web*"], True),
        (["*.lab"], ["*.prod"], False),
        (["a?c"], ["abc"], True),
        (["a?c"], ["abd"], False),
        (["a?"], ["abc"], False),
        (["abc"], ["a?"], False),
        (["web", "db"], ["x", "db"], True),
        (["/x/"], ["web"], True),
        (["web"], ["/x/"], True),
        (["w[ab]"], ["zz"], True),
        (["zz"], ["w[ab]"], True),
        (["a"], ["ab"], False),
        (["a*"], ["a"], True),
        (["a"], ["a*"], True),
    ],
)
def test_which_patterns_may_meet(one: list[str], other: list[str], meet: bool) -> None:
    assert may_overlap(one, other) is meet


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("WEB-1", "web-1", True),
        ("web", "web-1", False),
        ("", "", True),
        ("*", "", False),
        ("*", "x", True),
        ("/b-\\d$/", "web-12", False),
        ("/b-\\d$/", "WEB-1", True),
        ("//", "//", True),
        ("/", "/", True),
        ("/a", "/a", True),
        ("[!a]b", "ab", False),
        ("[!a]b", "cb", True),
        ("a.c", "abc", False),
        ("a*", "ab", True),
        ("a*", "ba", False),
        ("*a", "ba", True),
        ("*a", "ab", False),
        ("*b*", "abc", True),
        ("a*c", "abc", True),
        ("a*c", "abcd", False),
    ],
)
def test_one_value(pattern: str, value: str, matches: bool) -> None:
    assert Patterns([pattern]).match(value) is matches


def test_nothing_is_covered_where_names_are_missing() -> None:
    assert not Patterns(["*"]).covers(TargetNames(["a"], 2))
    assert Patterns(["*"]).covers(TargetNames(["a"], 1))
    assert not Patterns(["*"]).covers(TargetNames([], 0))
