"""A decision is made quickly, however many rules there are."""

from time import perf_counter

from bot.requests.policy.evaluate import evaluate
from tests.unit.requests.build import NOW, policy, subject

RULE = """[[policy.rules]]
name = "rule {n}"
when = {{backend = "foreman.*", min_targets = {few}, template = "*job {n}*", targets = "web-{n}*", days = ["wed"]}}
approvers = ["@group{n}"]
"""


def test_two_hundred_rules_are_decided_on_within_a_millisecond() -> None:
    rules = policy("".join(RULE.format(n=n, few=n % 40) for n in range(200)))
    asked = subject(
        names=tuple(f"web-{n}.example.org" for n in range(43)), facts={"template": "Run job 17"}, starts=(NOW,)
    )
    assert evaluate(rules, asked).rules == ("rule 1", "rule 17")
    times = []
    for _ in range(50):
        before = perf_counter()
        evaluate(rules, asked)
        times.append(perf_counter() - before)
    assert min(times) < 0.001
