"""What a file leaves out of a request: it follows from the rest, or it is unknown and read strictly."""

from datetime import timedelta
from typing import Any

import pytest

from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.unknown_inputs import complete_subject, unknown_sentence
from bot.requests.subject import Subject
from bot.schedule import Now
from tests.unit.requests.build import NOW, once, policy, rule

DESCRIBED: dict[str, Any] = {
    "backend": "foreman.prod", "operation": "foreman.run", "requester": "UANN", "names": ("web-1",), "schedule": Now(),
}  # fmt: skip
REFUSE = 'effect = "refuse"'


def judged(text: str, **values: Any) -> tuple[str, str]:
    """What comes out, and what is not known."""
    found = policy(text)
    subject = complete_subject(found, Subject(**(DESCRIBED | values)), NOW)
    return evaluate(found, subject).effect, unknown_sentence(found, subject)


def test_starts_follow_from_the_schedule() -> None:
    by_night = rule('hours = "22:00-06:00"', REFUSE)
    assert judged(by_night, schedule=once("2026-03-04 23:00")) == ("refuse", "")
    assert judged(by_night, schedule=once("2026-03-04 12:00")) == ("ask", "")
    assert judged(by_night) == ("ask", ""), "it starts at noon"
    assert judged(by_night, schedule=once("2026-03-04 12:00"), starts=(NOW + timedelta(hours=11),))[0] == "refuse"


@pytest.mark.parametrize(
    ("conditions", "given", "unknown"),
    [
        ('facts = { tenants = "Acme" }', {"facts": {"tenants": []}}, "the fact tenants"),
        (
            'template = "x", reboot = "Force"',
            {"facts": {"template": "y", "reboot": "z"}},
            "the facts template and reboot",
        ),
        ('channel = "#ops"', {"channel_name": "dev"}, "the channel"),
        ("conflicts = true", {"conflicts": ()}, "whether other requests work on the same targets"),
        ('requester = "@web"', {"groups": frozenset()}, "whether the requester is in @web"),
    ],
)
def test_what_a_rule_asks_for_and_nobody_tells_is_read_strictly(
    conditions: str, given: dict[str, Any], unknown: str
) -> None:
    assert judged(rule(conditions, REFUSE)) == ("refuse", f"Not known, and read strictly: {unknown}.")
    assert judged(rule(conditions, REFUSE), **given) == ("ask", "")
    assert judged(rule(f"{conditions}, max_targets = 9", 'effect = "approve"'))[0] == "ask"


def test_what_no_rule_of_the_operation_asks_for_is_not_missed() -> None:
    elsewhere = rule('backend = "opsramp", channel = "#ops", facts = { clients = "c" }', REFUSE)
    assert judged(elsewhere) == ("ask", "")


def test_who_may_request_it_may_be_unknown_too() -> None:
    text = rule("max_targets = 9", 'may_request = ["@web"]')
    assert judged(text) == ("refuse", "Not known, and read strictly: whether the requester is in @web.")
    assert judged(text, groups=frozenset({"@web"})) == ("ask", "")


def test_the_number_of_targets_follows_from_their_names_and_must_be_known() -> None:
    assert judged(rule("min_targets = 2", REFUSE), names=("a", "b"))[0] == "refuse"
    nothing = {name: value for name, value in DESCRIBED.items() if name != "names"}
    with pytest.raises(ValueError, match="say how many there are, or give their names"):
        complete_subject(policy(""), Subject(**nothing), NOW)


def test_a_start_that_nobody_knows_may_be_at_any_time() -> None:
    found = policy(rule('hours = "22:00-06:00"', REFUSE))
    subject = Subject(**DESCRIBED, unknown=frozenset({"starts"}), targets=1)
    (reason,) = evaluate(found, subject).reasons
    assert reason.startswith("The rule “r” refuses this: a start at an unknown time.")
    assert unknown_sentence(found, subject) == "Not known, and read strictly: when it starts."
