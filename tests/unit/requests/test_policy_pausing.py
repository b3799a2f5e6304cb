"""Who may pause a system, or everything, by policy."""

import pytest

from bot.errors import ConfigError
from bot.requests.policy.pausing import people_who_may_pause
from tests.unit.requests.build import policy, rule, stage

OWN_PEOPLE = rule('backend = "foreman.prod"', 'effect = "limit"\nmay_pause = ["@foreman"]')


def test_the_default_approvers_may_pause_if_nobody_else_is_named() -> None:
    for backend in ("", "foreman.prod"):
        assert people_who_may_pause(policy(""), backend) == (stage("@sre"),)


def test_those_whom_the_policy_names_may_pause_instead_of_the_default_approvers() -> None:
    named = policy('[policy]\napprovers = ["@sre"]\nmay_pause = ["@leads", "U0ANN"]\n')
    for backend in ("", "foreman.prod"):
        assert people_who_may_pause(named, backend) == (stage("@leads", "U0ANN"),)


def test_a_rule_names_more_people_for_its_systems_and_not_for_everything() -> None:
    assert people_who_may_pause(policy(OWN_PEOPLE), "foreman.prod") == (stage("@sre"), stage("@foreman"))
    assert people_who_may_pause(policy(OWN_PEOPLE), "foreman.lab") == (stage("@sre"),)
    assert people_who_may_pause(policy(OWN_PEOPLE), "") == (stage("@sre"),)


def test_a_rule_about_more_than_its_system_cannot_say_who_may_pause() -> None:
    with pytest.raises(ConfigError, match="may_pause is about whole systems"):
        policy(rule('backend = "foreman", min_targets = 4', 'effect = "limit"\nmay_pause = ["@foreman"]'))
