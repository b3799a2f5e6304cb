"""The values of a request: their defaults, which stored rows rely on, and the states between which it moves."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.requests.hashing import canonical_json, sha256_hex
from bot.requests.lifecycle import (
    FINAL_RUN_STATES,
    FINAL_STATES,
    OPEN_STATES,
    STATE_LABELS,
    TRANSITIONS,
    can_transition,
    request_state_for_run,
)
from bot.requests.model import Content, RequestSummary, Requirement, Stage, TargetSet
from bot.requests.policy.load import load_policy
from bot.requests.subject import Subject
from bot.schedule import Now, RecurrenceRule, Series
from tests.unit.requests.build import NOW, make_directory, once, pending_request, person


def test_what_a_stored_row_does_not_say_has_its_default() -> None:
    assert (Stage().quorum, Content(backend="b", operation="o", params={}, schedule=Now()).renewal) == (1, 0)
    what = Requirement()
    assert (what.effect, what.requester_counts, what.late) == ("ask", False, "ask")
    assert (what.expires_after, what.warn_before) == (8 * 3600, 900)
    assert (TargetSet(count=1).fixed, TargetSet(count=1).noun) == (True, "hosts")
    assert Subject(backend="b", operation="o", requester="U", schedule=Now()).targets == 0
    known = make_directory({"sre": {"UBOB"}}).user(person("UBOB"))
    assert known is not None
    assert (known.deleted, known.bot, known.guest, known.external) == (False, False, False, False)


def test_the_defaults_of_a_policy() -> None:
    defaults = load_policy('[policy]\napprovers = ["@sre"]', now=NOW).defaults
    assert (defaults.zone, defaults.assume, defaults.short_names) == ("UTC", 3600, False)


def test_a_stage_needs_at_least_one_approval() -> None:
    with pytest.raises(ValidationError):
        Stage(quorum=0)


def test_content_has_a_hash_that_changes_with_any_of_it() -> None:
    content = Content(backend="b", operation="o", params={"a": 1, "b": [1, 2]}, schedule=Now())
    changes: list[dict[str, Any]] = [
        {"backend": "c"},
        {"operation": "p"},
        {"params": {"a": 1, "b": [2, 1]}},
        {"schedule": once()},
        {"targets": ("web-1",)},
        {"renewal": 1},
    ]
    hashes = {content.hash, *(content.model_copy(update=change).hash for change in changes)}
    assert len(hashes) == 7
    assert content.model_copy(update={"params": {"b": [1, 2], "a": 1}}).hash == content.hash
    assert sha256_hex("a").startswith("ca978112")
    assert canonical_json({"b": 1, "a": "ä"}) == '{"a":"ä","b":1}'


def test_a_request_knows_its_name_and_whether_it_is_a_series() -> None:
    daily = Series(rule=RecurrenceRule(freq="daily"), zone="UTC", first=once().start)
    assert [pending_request(schedule).is_series for schedule in (once(), daily)] == [False, True]
    assert pending_request().name == "NS-1"
    assert RequestSummary("r", 7, 1, "approved", "", "U", NOW).name == "NS-7"


def test_a_request_ends_in_a_final_state_and_leaves_it_never() -> None:
    assert {
        "succeeded",
        "partly_failed",
        "failed",
        "cancelled",
        "ended_unseen",
        "denied",
        "expired",
        "withdrawn",
        "undeliverable",
    } == FINAL_STATES
    assert {"awaiting_approval", "approved", "scheduled", "starting", "unknown", "running"} == OPEN_STATES
    assert set(STATE_LABELS) == FINAL_STATES | OPEN_STATES == set(TRANSITIONS)
    assert not any(can_transition(state, after) for state in FINAL_STATES for after in TRANSITIONS)
    assert can_transition("awaiting_approval", "approved")
    assert not can_transition("approved", "denied")


def test_the_state_of_a_run_gives_the_state_of_its_request() -> None:
    states = {state: request_state_for_run(state) for state in FINAL_RUN_STATES}
    assert states.pop("missed") == "failed"
    assert all(run == request for run, request in states.items())
    assert [request_state_for_run(state) for state in ("pending", "scheduled_in_backend", "starting", "running")] == [
        "scheduled",
        "scheduled",
        "starting",
        "running",
    ]
