"""What a card shows of a request, how much it leaves out, and in which order its room is used."""

from datetime import datetime
from typing import Any

import pytest

from bot.requests.disclosure import card_excerpts, has_hidden_text, passages
from bot.requests.model import Request, TargetSet
from bot.schedule import Now, Once, Schedule, ZonedTime
from bot.values import Resolution
from tests.unit.requests.build import pending_request

SCHEDULED = "Scheduled in Foreman. "
ONCE = Once(start=ZonedTime(wall=datetime(2026, 3, 4, 22), zone="Europe/Berlin"))
CHANGE = {"field": "Hosts", "before": "a", "after": "b"}


def request(**fields: Any) -> Request:
    base = {"targets": TargetSet(count=1, names=("web-1",)), "reason": "patch", "scheduler": "backend"}
    return pending_request().model_copy(update=base | fields)


def hidden(**fields: Any) -> int:
    return card_excerpts(request(**fields)).hidden


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        (lambda text: {"reason": text}, 1000),
        (lambda text: {"scheduler_reason": f"{SCHEDULED}{text}"}, 300 - len(SCHEDULED)),
        (lambda text: {"summary": (("Command", text),)}, 300),
        (lambda text: {"summary": ((text, "id"),)}, 80),
        (lambda text: {"warnings": (text,)}, 300),
        (lambda text: {"changes": (CHANGE | {"before": text},)}, 150),
        (lambda text: {"changes": (CHANGE | {"after": text},)}, 150),
        (lambda text: {"changes": (CHANGE | {"field": text},)}, 80),
        (lambda text: {"targets": TargetSet(count=0, noun="", note=text)}, 600 - len("0 . ")),
    ],
)
def test_a_text_is_shown_up_to_its_limit_and_the_rest_is_counted(fields: Any, limit: int) -> None:
    assert hidden(**fields("x" * limit)) == 0
    assert hidden(**fields("x" * (limit + 7))) == 7
    assert "x" * (limit + 1) not in str(card_excerpts(request(**fields("x" * (limit + 7)))))


@pytest.mark.parametrize(
    ("field", "row", "length", "most"),
    [
        ("summary", ("ab", "cde"), 5, 20),
        ("warnings", "abcd", 4, 20),
        ("changes", {"field": "a", "before": "bc", "after": "def"}, 6, 15),
    ],
)
def test_rows_are_shown_up_to_their_number_and_the_rest_is_counted(
    field: str, row: Any, length: int, most: int
) -> None:
    assert hidden(**{field: (row,) * most}) == 0
    shown = card_excerpts(request(**{field: (row,) * (most + 3)}))
    rows = {"summary": shown.parameters, "warnings": shown.warnings, "changes": shown.changes}[field]
    assert (len(rows), shown.hidden) == (most, 3 * length)


def test_all_that_is_hidden_counts() -> None:
    long = "x" * 310
    everything = request(
        summary=(("Command", long),),
        warnings=(long,),
        scheduler_reason=f"{SCHEDULED}{long}"[:310],
        changes=(CHANGE | {"after": "x" * 160},),
    )
    assert card_excerpts(everything).hidden == 40


def test_what_an_edit_has_changed_is_shown_until_the_decision_and_hides_nothing() -> None:
    revised = (CHANGE | {"after": "x" * 160},) * 16
    shown = card_excerpts(request(revision_changes=revised))
    assert (len(shown.revision_changes), shown.revision_changes_left_out.rows, shown.hidden) == (15, 1, 0)
    assert card_excerpts(request(revision_changes=revised, state="approved")).revision_changes == []


def test_a_card_has_room_for_four_thousand_characters_of_a_request() -> None:
    first = len("1 host: web-1")
    rows = (("", "x" * 300),) * 13
    room = 4000 - first - 13 * 300
    full = request(summary=rows, reason="x" * room)
    assert (card_excerpts(full).hidden, has_hidden_text(full)) == (0, False)
    over = request(summary=rows, reason="x" * (room + 1))
    assert (card_excerpts(over).hidden, has_hidden_text(over)) == (1, True)


@pytest.mark.parametrize(
    ("targets", "text"),
    [
        ({"count": 2, "names": ("a", "b")}, "2 hosts: a, b"),
        ({"count": 3, "names": ("a", "b")}, "3 hosts: a, b + 1 more"),
        ({"count": 3, "names": ()}, "3 hosts"),
        ({"count": 10, "names": tuple("abcdefghij")}, "10 hosts: a, b, c, d, e + 5 more"),
        ({"count": 2_000, "names": tuple("abcdefghijkl")}, "2,000 hosts: a, b, c, d, e + 1,995 more"),
        ({"count": 1, "names": ("a",), "fixed": False}, "1 host: a (worked out again when it starts)"),
        ({"count": 1, "names": ("a",), "note": "All of them."}, "1 host: a. All of them."),
    ],
)
def test_the_first_targets_are_named(targets: dict[str, Any], text: str) -> None:
    assert card_excerpts(request(targets=TargetSet(**targets))).targets.text == text


@pytest.mark.parametrize(
    ("scheduler", "schedule", "text"),
    [
        ("nightshift", Now(), ""),
        ("backend", Now(), ""),
        ("backend", ONCE, "It starts it."),
    ],
)
def test_who_keeps_the_time_is_said_where_it_is_not_nightshift(scheduler: str, schedule: Schedule, text: str) -> None:
    content = pending_request().content.model_copy(update={"schedule": schedule})
    kept = request(content=content, scheduler=scheduler, scheduler_reason="It starts it.")
    assert card_excerpts(kept).scheduler_reason.text == text
    assert ("Timing", "It starts it.") in {(passage.label, passage.text) for passage in passages(kept)}


def test_what_a_parameter_stands_for_is_in_the_passages() -> None:
    stands = Resolution(field="job_template_id", kind="template", id="189", name="Run", details={"script": "abc"})
    content = pending_request().content.model_copy(update={"resolutions": (stands,)})
    found = {passage.label: passage.text for passage in passages(request(content=content))}
    assert found["Job template id stands for"] == "template “Run” (id 189), script abc"


def test_everything_is_in_the_passages_as_people_read_it() -> None:
    full = request(
        summary=(("Command", ""), ("User", "root")),
        targets=TargetSet(count=3, names=("a", "b")),
        facts={"run_as": "root", "reboot": True, "quiet": False, "tags": ["a", "b"], "note": None},
        calls=({"method": "POST", "url": "/jobs"}, {"method": "PUT", "url": "/jobs/1", "body": {"name": "ü"}}),
        changes=(CHANGE | {"before": ""},),
    )
    found = {passage.label: passage.text for passage in passages(full)}
    assert (found["Command"], found["User"]) == ("nothing", "root")
    assert found["3 hosts"] == "a, b and 1 whose names are not known"
    assert (found["Run as"], found["Reboot"], found["Quiet"], found["Tags"]) == ("root", "yes", "no", "a, b")
    assert "Note" not in found
    assert (found["Changes Hosts, before"], found["Changes Hosts, after"]) == ("nothing", "b")
    assert (found["POST /jobs"], found["PUT /jobs/1"]) == ("no body", '{\n  "name": "ü"\n}')
    both = passages(request(targets=TargetSet(count=2, names=("a", "b"))))
    assert next(passage.text for passage in both if passage.label == "2 hosts") == "a, b"
    assert "3 hosts" not in {passage.label for passage in passages(request(targets=TargetSet(count=3)))}
