"""Where two jobs differ, and how that reads."""

from bot.backends.base import Change
from bot.backends.opsramp import compare
from bot.values import Json, JsonObject


def custom(*parameters: JsonObject, **more: Json) -> dict[str, Json]:
    return {"script": {"jobType": "custom", "customScript": {"id": 5}, "parameters": [*parameters]}, **more}


START = "2026-03-04T22:30:00+0000"  # a Wednesday


def test_differences_and_how_they_read():
    names = {"1": "one", "2": "two"}
    expected = custom(
        {"paramId": 1, "value": "a"},
        {"paramId": 2, "itopMacro": {"id": 3}},
        credentialSet={"uniqueId": "c"},
        entities=["1", "2"],
        schedule={"startDate": START, "pattern": {"weekDays": "Monday, Friday"}},
    )
    same = custom(
        {"paramId": 2, "itopMacro": {"id": 3}},
        {"paramId": 1, "value": "a"},
        entities=["2", "1"],
        schedule={"startDate": "2026-03-04T22:30:59Z", "pattern": {"weekDays": "Friday, Monday"}},
    )
    assert compare.differences(expected, same) == []
    other = custom({"paramId": 1, "value": "b"}, entities=["1"], schedule={"startDate": "odd"})
    found = compare.differences(expected, other)
    assert [(d.path, d.expected, d.actual) for d in found if d.path.startswith("script")] == [
        ("script.parameters.1", "a", "b"), ("script.parameters.2", "macro 3", None)
    ]  # fmt: skip
    host = [difference for difference in found if difference.path == "script.parameters.1"]
    assert compare.describe_differences(host, {"script.parameters.1": "Host"}, names) == (
        "Host is b there instead of a.",
    )
    assert {d.path for d in found} == {"script.parameters.1", "script.parameters.2", "entities", "schedule.startDate",
                                       "schedule.pattern.weekDays"}  # fmt: skip
    assert compare.differences({"a": "secret:x"}, {}) == []


def test_values_for_people():
    show = compare.display_value
    assert [show("p", v, {}) for v in (None, "", True, False, 4, "x", "secret:a", "•••")] == [
        "nothing", "nothing", "yes", "no", "4", "x", "the secret a", "•••"
    ]  # fmt: skip
    many = [str(n) for n in range(12)]
    assert show("entities", many[:10], {"0": "zero"}) == "zero, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert show("entities", many, {}) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"


def test_the_diff_of_a_job():
    before: JsonObject = {"name": "n", "entities": ["1", "2"], "credentialSet": {"uniqueId": "c"},
                          "schedule": {"startDate": START, "pattern": {"type": "never"}}}  # fmt: skip
    after: JsonObject = {"name": "m", "entities": ["2", "3"], "credentialSet": {"uniqueId": "d"}, "odd": 1}
    assert compare.changes(before, after, {"name": "Name"}, {"1": "one"}) == (
        Change(field="Name", before="n", after="m"),
        Change(field="Devices", before="one and 1 that stay", after="3 and 1 that stay"),
        Change(field="credentialSet.uniqueId", before="not told by OpsRamp", after="d"),
        Change(field="odd", before="nothing", after="1"),
        Change(field="Schedule", before="one time, not recurring, at 2026-03-04 22:30 UTC", after="no schedule"),
    )
    gone = compare.changes({"entities": ["1"]}, {"entities": []}, {}, {})
    assert gone == (Change(field="Devices", before="1", after="nothing"),)
