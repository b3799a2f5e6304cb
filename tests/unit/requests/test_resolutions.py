"""What parameters stand for, in words, and how that differs from what was approved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.requests.resolutions import Difference, DifferenceCode, compare_resolutions, describe_value
from bot.values import Resolution, digest

COMMAND = Resolution(
    field="feature", kind="template", id="7", name="Run Command", details={"runs as": "root", "text": digest("a")}
)
JOB = Resolution(field="job", kind="job", id="j1", name="Nightly", details={"parameters": "Keep = 7"})
SCRIPT = Resolution(field="job", kind="script", id="9", name="Rotate logs", details={"version": "1.4"})


def changed(resolution: Resolution, **values: object) -> Resolution:
    return resolution.model_copy(update=values)


def test_a_value_is_shown_with_what_it_stands_for() -> None:
    assert describe_value("Run Script", [COMMAND]) == "Run Script → template “Run Command” (id 7), runs as root"
    assert describe_value("anything", []) == "anything"


@pytest.mark.parametrize("text", ["Run Command", "7"])
def test_a_value_that_is_the_thing_itself_is_told_once(text: str) -> None:
    assert describe_value(text, [COMMAND]) == "Run Command (id 7), runs as root"


def test_a_job_is_shown_with_its_script() -> None:
    expected = "Nightly (id j1), parameters Keep = 7 → script “Rotate logs” (id 9), version 1.4"
    assert describe_value("Nightly", [JOB, SCRIPT]) == expected


def test_the_same_is_no_difference_in_any_order() -> None:
    assert compare_resolutions([JOB, SCRIPT], [SCRIPT, JOB]) == ()


def test_a_feature_that_is_pointed_elsewhere() -> None:
    other = changed(COMMAND, id="8", name="Power Action - Reboot", details={"runs as": "nobody"})
    assert compare_resolutions([COMMAND], [other], {"feature": "Feature"}) == (
        Difference(
            code=DifferenceCode.RESOLVES_DIFFERENTLY,
            field="Feature",
            before="template “Run Command” (id 7)",
            after="template “Power Action - Reboot” (id 8)",
        ),
    )


def test_another_name_of_the_same_thing_is_another_thing_to_people() -> None:
    renamed = changed(COMMAND, name="Power Action - Reboot", details={**COMMAND.details, "text": digest("b")})
    name, text = compare_resolutions([COMMAND], [renamed])
    assert name.code is DifferenceCode.RESOLVES_DIFFERENTLY
    assert text.code is DifferenceCode.DETAIL_CHANGED


def test_a_text_that_changed_is_told_without_its_digest() -> None:
    (difference,) = compare_resolutions([COMMAND], [changed(COMMAND, details={"runs as": "root", "text": digest("b")})])
    assert difference.text == "Feature: text of template “Run Command” (id 7): as approved → changed"
    assert difference.needs_new_approval


def test_a_detail_that_changed_is_told_with_both_values() -> None:
    (difference,) = compare_resolutions([SCRIPT], [changed(SCRIPT, details={"version": "2.0"})])
    assert difference.text == "Job: version of script “Rotate logs” (id 9): 1.4 → 2.0"


def test_a_detail_that_is_not_known_any_more_is_a_difference() -> None:
    (difference,) = compare_resolutions([SCRIPT], [changed(SCRIPT, details={})])
    assert (difference.before, difference.after) == ("1.4", "unknown")
    (difference,) = compare_resolutions([changed(SCRIPT, details={})], [SCRIPT])
    assert (difference.before, difference.after) == ("unknown", "1.4")


def test_what_a_parameter_no_longer_stands_for_and_what_is_new() -> None:
    gone, new = compare_resolutions([SCRIPT], [COMMAND])
    assert (gone.code, gone.text) == (
        DifferenceCode.RESOLVES_NO_LONGER,
        "Job: script “Rotate logs” (id 9) → nothing that the back end knows",
    )
    assert (new.code, new.text) == (DifferenceCode.RESOLVES_NEWLY, "Feature: template “Run Command” (id 7)")


def test_another_kind_of_thing_behind_one_parameter_is_one_difference() -> None:
    task = Resolution(field="job", kind="task", id="9", name="Rotate logs")
    (difference,) = compare_resolutions([SCRIPT], [task])
    assert difference.code is DifferenceCode.RESOLVES_DIFFERENTLY
    assert difference.text == "Job: script “Rotate logs” (id 9) → task “Rotate logs” (id 9)"


def test_content_that_was_approved_before_this_was_recorded_is_shown_and_needs_no_new_approval() -> None:
    (difference,) = compare_resolutions(None, [COMMAND])
    assert difference.code is DifferenceCode.NOT_RESOLVED_BEFORE
    assert not difference.needs_new_approval
    assert compare_resolutions(None, []) == ()


names = st.text("ab", min_size=1, max_size=2)
resolutions = st.lists(
    st.builds(
        Resolution, field=names, kind=names, id=names, name=names, details=st.dictionaries(names, names, max_size=2)
    ),
    max_size=4,
    unique_by=lambda r: (r.field, r.kind),
)


@given(resolutions, resolutions)
def test_there_is_a_difference_exactly_if_the_values_differ(approved: list[Resolution], now: list[Resolution]) -> None:
    same = sorted(map(repr, approved)) == sorted(map(repr, now))
    by_key = {(r.field, r.kind): r for r in approved} == {(r.field, r.kind): r for r in now}
    assert same <= by_key
    differences = compare_resolutions(approved, now)
    assert bool(differences) is not by_key
    assert all(difference.needs_new_approval for difference in differences)
