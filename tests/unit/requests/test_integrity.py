"""Stored content is what was signed, or it is not: under its own version of the hash, and with a late schedule."""

import pytest

from bot.requests.integrity import is_intact
from bot.requests.model import HASH_VERSION, Content, Decision
from bot.schedule import Now
from bot.values import Resolution
from tests.unit.requests.build import NOW, once, pending_request, person

CONTENT = Content(backend="foreman.main", operation="foreman.run", params={"a": 1}, schedule=once())


def test_version_1_signs_what_the_first_release_signed() -> None:
    content = Content(backend="b", operation="o", params={"a": 1}, schedule=Now(), targets=("web",))
    assert content.hash == "2f613fb518671ef16bad1a33a3b0648543c8927a1c1c592ddaeffb5ec81dcc00"


def test_a_version_is_part_of_what_is_signed() -> None:
    assert HASH_VERSION > 1
    assert CONTENT.model_copy(update={"hash_version": HASH_VERSION}).hash != CONTENT.hash


def approval(**changes: object) -> Decision:
    fields = {
        "id": "v1",
        "request_id": "r1",
        "revision": 1,
        "content_hash": CONTENT.hash,
        "person": person("UBOB"),
        "verdict": "approved",
        "at": NOW,
    }
    return Decision.model_validate({**fields, **changes})


LATE = CONTENT.model_copy(update={"schedule": Now()})


@pytest.mark.parametrize(
    ("stored", "decision", "intact"),
    [
        (CONTENT, approval(), True),
        (CONTENT.model_copy(update={"params": {"a": 2}}), approval(), False),
        (LATE, approval(rescheduled_hash=LATE.hash), True),
        (LATE, approval(), False),
        (LATE, approval(rescheduled_hash=LATE.hash, retracted_at=NOW), False),
        (LATE, approval(rescheduled_hash=LATE.hash, verdict="denied"), False),
        (LATE, approval(rescheduled_hash=LATE.hash, content_hash="of another revision"), False),
        (LATE.model_copy(update={"params": {"a": 2}}), approval(rescheduled_hash=LATE.hash), False),
    ],
)
def test_content_is_what_was_signed_or_what_a_late_approval_chose(
    stored: Content, decision: Decision, intact: bool
) -> None:
    request = pending_request().model_copy(update={"content": stored, "content_hash": CONTENT.hash})
    assert is_intact(request, [decision]) is intact


def test_what_parameters_stand_for_is_signed_from_version_2_on() -> None:
    template = Resolution(field="feature", kind="template", id="7", name="Run Command")
    for version, signed in ((1, False), (HASH_VERSION, True)):
        content = CONTENT.model_copy(update={"hash_version": version})
        resolved = content.model_copy(update={"resolutions": (template,)})
        renamed = content.model_copy(update={"resolutions": (template.model_copy(update={"name": "Reboot"}),)})
        assert (resolved.hash != content.hash) is signed
        assert (resolved.hash != renamed.hash) is signed
