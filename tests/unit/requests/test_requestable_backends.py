"""What the form offers: back ends that policy refuses a person whatever they ask are left out, and no others."""

import pytest

from bot.requests.policy.refusals import refuses_every_request
from bot.schedule import Now
from tests.unit.requests.build import policy, rule, subject

REFUSE = 'effect = "refuse"'


def is_refused(text: str, **values: object) -> bool:
    return refuses_every_request(policy(text), subject(names=(), schedule=Now(), starts=(), **values))


@pytest.mark.parametrize(
    "conditions",
    [
        'backend = "foreman.prod"',
        'backend = "foreman"',
        'operation = "foreman.*"',
        'backend = "foreman.prod", requester = "UANN"',
        'requester = "@interns"',
    ],
)
def test_a_refusal_of_whatever_is_asked_counts(conditions: str):
    assert is_refused(rule(conditions, REFUSE), groups=frozenset({"@interns"}))


@pytest.mark.parametrize(
    "conditions",
    [
        'backend = "foreman.lab"',
        'requester = "UBOB"',
        'backend = "foreman.prod", max_targets = 100',
        'backend = "foreman.prod", schedule = "now"',
        'backend = "foreman.prod", template = "*"',
        'backend = "foreman.prod", channel = "*"',
    ],
)
def test_a_refusal_of_some_requests_or_of_others_does_not(conditions: str):
    assert not is_refused(rule(conditions, REFUSE), groups=frozenset({"@interns"}))


def test_a_refusal_with_an_exception_does_not():
    assert not is_refused(rule('backend = "foreman.prod"', f"{REFUSE}\nunless = {{ template = 'Status' }}"))


def test_only_those_may_ask_who_are_named():
    text = '[policy]\napprovers = ["@sre"]\nmay_request = ["@ops"]\n'
    assert is_refused(text)
    assert not is_refused(text, groups=frozenset({"@ops"}))


def test_a_rule_that_asks_may_name_them_too():
    text = rule('backend = "foreman.prod"', 'approvers = ["@ops"]\nmay_request = ["@ops"]')
    assert is_refused(text)
    assert not is_refused(text, backend="foreman.lab")
    assert not is_refused(text, groups=frozenset({"@ops"}))
