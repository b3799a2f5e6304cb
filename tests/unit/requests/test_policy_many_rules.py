"""Policies with many rules. How long a decision takes is measured by ``make bench ARGS=policy``."""

from bot.requests.policy.evaluate import evaluate
from tests.unit.requests.build import NOW, policy, subject

RULE = """[[policy.rules]]
name = "rule {n}"
when = {{backend = "foreman.*", min_targets = {few}, template = "*job {n}*", targets = "web-{n}*", days = ["wed"]}}
approvers = ["@group{n}"]
"""


def test_of_two_hundred_rules_only_those_that_match_apply() -> None:
    rules = policy("".join(RULE.format(n=n, few=n % 40) for n in range(200)))
    names = tuple(f"web-{n}.example.org" for n in range(43))
    asked = subject(names=names, facts={"template": "Run job 17"}, starts=(NOW,))
    assert evaluate(rules, asked).rules == ("rule 1", "rule 17")
