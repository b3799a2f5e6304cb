"""Rules only make approvals stricter, unless they say that they loosen."""

import pytest

from bot.errors import ConfigError
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.loosening import policy_notes
from tests.unit.requests.build import policy, rule, subject

HEAD = '[policy]\napprovers = ["@sre"]\nexpires = "2h"\nlate = "drop"\ndrift = 5\nrenew_after_days = 30\n\n'
LIMIT = 'effect = "limit"\n'


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        policy(text)
    return [problem.partition(": ")[2] for problem in error.value.problems]


@pytest.mark.parametrize(
    ("term", "told"),
    [
        ('expires = "30d"', "expires: 30 days is easier than the 2 hours of [policy]"),
        ("requester_counts = true", "requester_counts: true is easier than the false of [policy]"),
        ('late = "ask"', "late: ask is easier than the drop of [policy]"),
        ("drift = 6", "drift: 6 is easier than the 5 of [policy]"),
        ("renew_after_days = 31", "renew_after_days: 31 is easier than the 30 of [policy]"),
        ('warn_before = "1m"', "warn_before: 1 minute is easier than the 15 minutes of [policy]"),
        ('escalate_after = "1h"\nescalate_to = ["@interns"]', "escalate_to: it adds approvers"),
    ],
)
def test_a_term_that_loosens_needs_to_say_so(term: str, told: str) -> None:
    (problem,) = problems_of(HEAD + rule("min_targets = 1", LIMIT + term))
    assert problem.startswith(f"the rule “r”: {told}")
    assert problem.endswith("say loosens = true, or change it.")
    policy(HEAD + rule("min_targets = 1", f"{LIMIT}{term}\nloosens = true"))


@pytest.mark.parametrize(
    "term",
    [
        'expires = "1h"', 'expires = "2h"', "requester_counts = false", 'late = "drop"', "drift = 0",
        "renew_after_runs = 3", 'warn_before = "20m"',
    ],
)  # fmt: skip
def test_a_term_that_tightens_does_not(term: str) -> None:
    policy(HEAD + rule("min_targets = 1", LIMIT + term))
    (problem,) = problems_of(HEAD + rule("min_targets = 1", f"{LIMIT}{term}\nloosens = true"))
    assert problem == "the rule “r”: it makes nothing easier than [policy] does; leave loosens out."


def test_what_loosens_counts_for_what_it_covers_whole() -> None:
    text = HEAD + rule('targets = "web*"', f'{LIMIT}expires = "3d"\nloosens = true')
    assert evaluate(policy(text), subject()).expires_after == 3 * 86400
    assert evaluate(policy(text), subject(names=("web-1", "db-1"))).expires_after == 7200


def test_a_rules_own_stage_may_have_its_own_escalation() -> None:
    policy(HEAD + rule("min_targets = 1", 'approvers = ["@dba"]\nescalate_after = "1h"\nescalate_to = ["@leads"]'))


def test_a_share_of_changed_targets_never_loosens_a_fixed_list() -> None:
    text = rule("min_targets = 1", "drift = 8")
    assert evaluate(policy(text), subject()).drift_percent == 8
    assert evaluate(policy(text), subject(fixed_targets=True)).drift_percent is None
    loose = rule("min_targets = 1", "drift = 80\nloosens = true")
    assert evaluate(policy(loose), subject(fixed_targets=True)).drift_percent == 80


def test_what_loosens_and_what_replaces_the_defaults_is_told() -> None:
    text = HEAD + rule('backend = "foreman"', f'{LIMIT}expires = "3d"\nrequester_counts = true\nloosens = true')
    text += rule('targets = ["db*", "pg*"], min_targets = 3', 'approvers = ["@dba"]', "databases")
    assert policy_notes(policy(text)) == (
        "nightshift.toml:8: the rule “r” loosens expires from 2 hours to 3 days and "
        "requester_counts from false to true.",
        "nightshift.toml:15: the rule “databases” replaces the default approvers for "
        "at least 3 targets and a target db* or pg*.",
    )
    assert policy_notes(policy("")) == ()
