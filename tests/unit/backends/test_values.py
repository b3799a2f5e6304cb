"""The values of the contract: their defaults, and JSON that earlier versions stored."""

import pytest

from bot.backends.base import (
    ConnectionSettings,
    Handle,
    HttpCall,
    Operation,
    Placement,
    Plan,
    Preview,
    Progress,
    TargetResult,
    Targets,
)
from bot.backends.payload import as_list, as_object, as_objects, as_text, as_texts, is_object_list, value_at

PLAN = Plan(operation="a.b", token="t1", placement=Placement(scheduler="backend", reason="r"), calls=())


def test_defaults():
    assert Targets(count=3).model_dump() == {
        "count": 3, "names": (), "noun": "hosts", "note": "", "fixed": True, "facts": {}, "known_for": {},
    }  # fmt: skip
    assert HttpCall(method="GET", url="/").body is None
    assert (PLAN.context, PLAN.warnings) == ({}, ())
    preview = Preview(targets=Targets(count=0), plan=PLAN)
    assert (preview.warnings, preview.facts, preview.changes) == ((), {}, ())
    assert Handle(id="7").model_dump() == {"kind": "run", "id": "7", "url": "", "detail": {}}
    assert TargetResult(name="a", state="failed").reason == ""
    assert Progress(state="waiting").model_dump(exclude={"state"}) == {
        "total": 0, "succeeded": 0, "failed": 0, "pending": 0, "cancelled": 0, "summary": "", "results": (),
        "starts_at": None, "runs": (),
    }  # fmt: skip
    assert ConnectionSettings().model_dump() == {
        "title": "",
        "approvals_channel": "",
        "results_channel": "",
        "scheduler": "nightshift",
    }
    assert (Operation.owns_schedule, Operation.scheduling_note, Operation.reference_notes) == (False, "", ())


def test_the_states_that_end_a_run():
    states = ("waiting", "running", "succeeded", "partly_failed", "failed", "cancelled")
    assert [state for state in states if Progress(state=state).is_final] == [*states[2:]]


def test_a_placement_that_was_stored_under_its_earlier_name_still_loads():
    assert Placement.model_validate({"holder": "nightshift", "reason": "r"}) == Placement(
        scheduler="nightshift", reason="r"
    )
    assert Placement.model_validate(PLAN.placement) is PLAN.placement


@pytest.mark.parametrize("value", [None, 1, "text", True])
def test_json_of_another_type_reads_as_nothing(value: str | int | None):
    assert (as_object(value), [*as_list(value)], as_objects(value), as_texts(value)) == ({}, [], [], [])
    assert value_at(value, "a") is None
    assert not is_object_list(value)


def test_json_of_the_expected_type_is_returned():
    assert (as_object({"a": 1}), as_list([1]), as_list((1,))) == ({"a": 1}, [1], (1,))
    assert as_objects([{"a": 1}, 2, {}]) == [{"a": 1}, {}]
    assert as_texts(["a", 2, "b"]) == ["a", "b"]
    assert (as_text(" a "), as_text(4)) == ("a", "")
    assert (is_object_list([{}]), is_object_list([{}, 1]), is_object_list({})) == (True, False, False)
    assert (value_at({"a": {"b": 2}}, "a", "b"), value_at({"a": {"b": 2}}, "a", "c", "d"), value_at(3)) == (2, None, 3)
