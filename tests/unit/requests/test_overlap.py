"""What becomes of a run of a series that is due while another one is still going."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.requests.model import Content, Overlap, Request, Requirement, Run, RunState
from bot.requests.overlap import OVERLAPS_BY_STRICTNESS, OverlapCode, effective_overlap, judge_overlap, overlap_rows
from bot.schedule import Now, RecurrenceRule, Series
from tests.unit.requests.build import NOW, once, pending_request

DAILY = Series(rule=RecurrenceRule(freq="daily"), zone="UTC", first=once().start)
CHOICES = st.none() | st.sampled_from(OVERLAPS_BY_STRICTNESS)


def make_run(number: int, state: RunState) -> Run:
    due = NOW + timedelta(days=number)
    return Run(id=f"n_{number}", request_id="r1", number=number, state=state, version=1, due_at=due)


def series(overlap: Overlap | None = None, limit: Overlap | None = None) -> Request:
    request = pending_request(DAILY)
    content = request.content.model_copy(update={"overlap": overlap})
    return request.model_copy(update={"content": content, "requirement": Requirement(overlap=limit)})


@pytest.mark.parametrize("state", ["running", "starting", "unknown"])
def test_a_run_is_skipped_by_default_while_another_is_or_may_be_going(state: RunState) -> None:
    verdict = judge_overlap(series(), make_run(2, "pending"), [make_run(2, "pending"), make_run(1, state)])
    assert verdict.code is OverlapCode.SKIPS
    how = "may still be going" if state == "unknown" else "is still going"
    assert verdict.text == f"Skipped: the run of Thu 05 Mar 12:00 UTC {how}."


@pytest.mark.parametrize("state", ["succeeded", "failed", "partly_failed", "cancelled", "missed", "pending"])
def test_a_run_that_is_not_going_is_in_nobodys_way(state: RunState) -> None:
    assert judge_overlap(series(), make_run(2, "pending"), [make_run(1, state)]).may_start


def test_a_run_waits_or_starts_as_was_chosen() -> None:
    runs = [make_run(2, "pending"), make_run(1, "running")]
    assert judge_overlap(series("wait"), runs[0], runs).code is OverlapCode.WAITS
    assert judge_overlap(series("start"), runs[0], runs).code is OverlapCode.MAY_OVERLAP
    assert judge_overlap(series("start", limit="wait"), runs[0], runs).code is OverlapCode.WAITS


def test_an_earlier_run_that_is_repeated_looks_at_later_ones_too() -> None:
    assert not judge_overlap(series(), make_run(1, "pending"), [make_run(2, "running")]).may_start


def test_single_runs_and_handovers_are_not_judged_and_what_a_back_end_keeps_is() -> None:
    going = [make_run(1, "running")]
    assert judge_overlap(pending_request(Now()), make_run(2, "pending"), going).may_start
    assert judge_overlap(series(), make_run(0, "pending"), going).may_start
    kept = judge_overlap(series(), make_run(2, "scheduled_in_backend"), going)
    assert (kept.code, kept.going) == (OverlapCode.SKIPS, "The run of Thu 05 Mar 12:00 UTC is still going.")


@given(chosen=CHOICES, limit=CHOICES)
def test_the_stricter_of_choice_and_policy_counts_and_skip_if_neither_is_set(
    chosen: Overlap | None, limit: Overlap | None
) -> None:
    overlap = effective_overlap(chosen, limit)
    order = OVERLAPS_BY_STRICTNESS.index
    assert all(order(overlap) <= order(each) for each in (chosen, limit) if each is not None)
    assert overlap in (chosen, limit) or (chosen, limit, overlap) == (None, None, "skip")


@pytest.mark.parametrize("version", [1, 2])
def test_a_choice_is_signed_and_no_choice_leaves_earlier_hashes_as_they_were(version: int) -> None:
    content = Content.model_validate(
        {"backend": "b", "operation": "o", "params": {}, "schedule": DAILY, "hash_version": version}
    )
    assert {"overlap", "change"}.isdisjoint(content.model_dump(mode="json"))
    chosen = {content.model_copy(update={"overlap": overlap}).hash for overlap in (None, *OVERLAPS_BY_STRICTNESS)}
    assert len(chosen) == 4
    stored = content.model_copy(update={"overlap": "wait"})
    assert Content.model_validate(stored.model_dump(mode="json")) == stored


@pytest.mark.parametrize(
    ("chosen", "limit", "shown"),
    [
        (None, None, ""),
        ("skip", None, ""),
        ("wait", None, "Wait for it"),
        ("start", "wait", "Wait for it"),
        (None, "start", "Start anyway"),
        ("start", "skip", ""),
    ],
)
def test_a_card_shows_what_counts_unless_it_is_the_default(
    chosen: Overlap | None, limit: Overlap | None, shown: str
) -> None:
    asked = series(chosen, limit)
    label = "If the last run is still going"
    assert overlap_rows(asked.content, asked.requirement) == (((label, shown),) if shown else ())
    single = pending_request(Now())
    assert overlap_rows(single.content, Requirement(overlap="start")) == ()
