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
    assert TargetNames(["web-1\ndb-1"]).folded == ("web-1 db-1",)
    assert TargetNames([""]).folded == ("",)


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
        (["ab"], ["*c"], False),
        (["ab"], ["*b"], True),
        (["*c"], ["ab"], False),
        (["*"], [""], True),
        ([""], ["*"], True),
        (["a"], [""], False),
        (["?"], ["?"], True),
        (["ab"], ["ab"], True),
        (["ab"], ["ac"], False),
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
        ("//", "x", False),
        ("/^$/", "", False),
        ("/ab", "ab", False),
        ("/", "x", False),
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


@pytest.mark.parametrize(
    ("patterns", "value", "matches"),
    [
        (["a*", "b"], "b", True),
        (["a*", "b"], "ax", True),
        (["a*", "b"], "c", False),
        (["a", "b"], "b", True),
        (["a*", "b*"], "bx", True),
        ([], "a", False),
        (["/^ab$/"], "/^ab$/", False),
        (["[]a]x"], "]x", True),
        (["[]a]x"], "ax", True),
        (["[ab]c"], "ac", True),
        (["[ab]c"], "a", False),
        (["w[ab]-1"], "wa-1", True),
        (["a**c"], "abc", True),
        (["**"], "", False),
        (["a\\\\b"], "a\\b", False),
    ],
)
def test_any_of_several_patterns(patterns: list[str], value: str, matches: bool) -> None:
    assert Patterns(patterns).match(value) is matches


@pytest.mark.parametrize(
    ("pattern", "names", "first"),
    [
        ("/web-1$/", ["web-12", "web-1"], "web-1"),
        ("/^web$/", ["xweb", "web"], "web"),
        ("/^$/", [], None),
        ("", [], None),
        ("web-1", ["web-12", "WEB-1"], "WEB-1"),
        ("w?b", ["weeb", "web"], "web"),
        ("?", ["ab", "c", "d"], "c"),
        ("*b", ["bc", "ab"], "ab"),
        ("b*", ["ab", "bc"], "bc"),
        ("*b*", ["ac", "abc"], "abc"),
    ],
)
def test_the_first_name_that_matches(pattern: str, names: list[str], first: str | None) -> None:
    assert Patterns([pattern]).first_match(TargetNames(names)) == first


def test_from_the_fourth_search_on_a_table_tells_which_beginnings_do_not_occur() -> None:
    names = TargetNames(["web-1", "db-1"])
    assert [names.none_has_edge("app", (True, 3)) for _ in range(5)] == [False] * 3 + [True] * 2
    assert not names.none_has_edge("web", (True, 3))
    assert [names.none_has_edge("b-1", (False, 3)) for _ in range(4)] == [False] * 4
    assert names.none_has_edge("web", (False, 3))


def test_names_are_complete_if_as_many_are_known_as_there_are_targets() -> None:
    assert [TargetNames(["a", "b"], count).complete for count in (None, 1, 2, 3)] == [True, True, True, False]


@pytest.mark.parametrize("pattern", ["w[ab", "/(/", "[z-a]"])
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"is never closed|is not a"):
        Patterns([pattern])
