"""Two edits from the same revision: what collides, and what they are together."""

from hypothesis import given
from hypothesis import strategies as st

from bot.requests.merge import compare_edits, merge_values

FIELDS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from([None, "", [], 0, False, "x", "y", ["x"]]))


def set_fields(values: dict) -> dict:
    return {name: value for name, value in values.items() if value is not None and value not in ("", [])}


def test_changes_of_different_fields_do_not_collide() -> None:
    base = {"hosts": "name ~ web", "command": "id", "level": 3}
    mine, theirs = {**base, "command": "uptime"}, {**base, "hosts": "name = web05", "level": None}
    found = compare_edits(base, mine, theirs)
    assert (found.mine, found.theirs, found.both) == (("command",), ("hosts", "level"), ())
    merged = merge_values(found.own("mine"), mine, theirs)
    assert merged == {"hosts": "name = web05", "command": "uptime", "level": None}
    assert merge_values(found.own("theirs"), mine, theirs) == merged


def test_a_field_that_both_have_changed_is_decided_by_the_preference() -> None:
    base, mine, theirs = {"command": "id"}, {"command": "uptime"}, {"command": "reboot"}
    found = compare_edits(base, mine, theirs)
    assert (found.mine, found.theirs, found.both) == ((), (), ("command",))
    assert merge_values(found.own("mine"), mine, theirs) == mine
    assert merge_values(found.own("theirs"), mine, theirs) == theirs


def test_the_same_change_by_both_is_no_collision() -> None:
    assert compare_edits({"a": "1"}, {"a": "2"}, {"a": "2"}).both == ()


def test_a_field_that_one_has_emptied_is_a_change_and_an_empty_one_is_none() -> None:
    assert compare_edits({"a": "1"}, {"a": None}, {"a": "1"}).mine == ("a",)
    assert compare_edits({"a": None}, {}, {"a": ""}) == compare_edits({}, {}, {})


def test_a_zero_and_a_no_are_values() -> None:
    assert compare_edits({}, {"a": 0}, {"b": False}).model_dump() == {"mine": ("a",), "theirs": ("b",), "both": ()}


@given(FIELDS, FIELDS, FIELDS)
def test_no_change_is_lost_and_none_is_undone(base: dict, mine: dict, theirs: dict) -> None:
    found = compare_edits(base, mine, theirs)
    merged = set_fields(merge_values(found.own("mine"), mine, theirs))
    for name in {*base, *mine, *theirs}:
        one, two, before = (set_fields(values).get(name) for values in (mine, theirs, base))
        wanted = two if one == before else one
        assert merged.get(name) == wanted, name
    kept = set_fields(merge_values(found.own("theirs"), mine, theirs))
    assert all(kept.get(name) == set_fields(theirs).get(name) for name in (*found.both, *found.theirs))


@given(FIELDS, FIELDS)
def test_an_edit_of_the_newest_revision_collides_with_nothing(base: dict, mine: dict) -> None:
    found = compare_edits(base, mine, base)
    assert (found.theirs, found.both) == ((), ())
    assert set_fields(merge_values(found.own("mine"), mine, base)) == set_fields(mine)
