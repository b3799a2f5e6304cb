"""Templates that policy names are compared with those that the systems have, as far as they tell."""

from bot.requests.policy.known import Known
from bot.requests.policy.known_values import FactOf, named_facts, unknown_values
from tests.unit.requests.build import policy

KNOWN = Known(
    {
        "foreman.prod": {"foreman.run": frozenset({"template", "query"})},
        "foreman.lab": {"foreman.run": frozenset({"template", "query"})},
        "opsramp.main": {"opsramp.run_job": frozenset({"job_type"})},
    }
)
PROD, LAB = FactOf("foreman.prod", "foreman.run", "template"), FactOf("foreman.lab", "foreman.run", "template")
LOADED = policy(
    """[[policy.rules]]
name = "power"
when = { backend = "foreman.prod", template = ["Power Action*", "Puppet Run Onec"] }
unless = { template = "Ping" }

[[policy.rules]]
name = "everywhere"
when = { facts = { template = "Reboot now" } }
"""
)
THERE = {PROD: frozenset({"Power Action - Reboot", "Puppet Run Once"}), LAB: frozenset({"Reboot now"})}


def test_a_template_that_no_system_of_the_rule_has_is_named_with_what_was_meant() -> None:
    assert named_facts(LOADED, KNOWN) == {PROD, LAB}
    first, second = unknown_values(LOADED, KNOWN, THERE)
    assert 'the rule “power”: foreman.prod has no template "Puppet Run Onec"; did you mean "Puppet Run Once"?' in first
    assert 'foreman.prod has no template "Ping"; correct it, or remove it.' in second


def test_what_a_system_does_not_tell_is_not_found_missing() -> None:
    assert unknown_values(LOADED, KNOWN, {}) == []
    assert unknown_values(LOADED, KNOWN, {LAB: frozenset()}) == []
    both = {PROD: frozenset({"Power Action", "Puppet Run Onec", "Ping"}), LAB: frozenset[str]()}
    (found,) = unknown_values(LOADED, KNOWN, both)
    assert 'foreman.lab or foreman.prod has no template "Reboot now"' in found
