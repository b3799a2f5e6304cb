"""The smallest and largest numbers that a policy accepts, and that everything in it has a name."""

import pytest

from bot.errors import ConfigError
from tests.unit.requests.build import policy

LIMIT = 'effect = "limit"'
ASK = 'approvers = ["@ops"]'


def rule(when: str = 'backend = "foreman.lab"', more: str = ASK) -> str:
    return f'[[policy.rules]]\nname = "r"\nwhen = {{ {when} }}\n{more}\n'


@pytest.mark.parametrize(
    ("text", "smallest", "largest"),
    [
        (rule("min_targets = ?"), 0, None),
        (rule("max_targets = ?"), 0, None),
        (rule(more=f"{ASK}\nquorum = ?"), 1, None),
        (rule(more='stages = [{ approvers = ["@ops"], quorum = ? }]'), 1, None),
        ('[policy]\napprovers = ["@sre"]\ndrift = ?\n', 0, 100),
        (rule(more=f"{LIMIT}\nrenew_after_days = ?"), 1, None),
        (rule(more=f"{LIMIT}\nrenew_after_runs = ?"), 1, None),
        (rule(more='effect = "approve"\nbudget = ?'), 1, None),
        ('[policy]\napprovers = ["@sre"]\nassume = ?\n', 1, None),
        ('[policy]\napprovers = ["@sre"]\nexpires = ?\n', 1, None),
        ('[policy]\napprovers = ["@sre"]\nwarn_before = ?\n', 1, None),
        (
            '[[policy.freezes]]\nname = "f"\nwhen = "every friday at 22:00"\nlasts = "1h"\n'
            'effect = "ask"\napprovers = ["@ops"]\nquorum = ?\n',
            1,
            None,
        ),
        ('[[policy.freezes]]\nname = "f"\ncalendar = "https://example.org/f.ics"\nmax_age = ?\n', 1, None),
    ],
)
def test_a_number_is_accepted_within_its_limits(text: str, smallest: int, largest: int | None) -> None:
    for value in (smallest, *([largest] if largest is not None else [])):
        assert policy(text.replace("?", str(value)))
    for value in (smallest - 1, *([largest + 1] if largest is not None else [])):
        with pytest.raises(ConfigError, match="does not fit"):
            policy(text.replace("?", str(value)))


@pytest.mark.parametrize(
    "text",
    [
        rule().replace('"r"', '""'),
        '[[policy.freezes]]\nname = ""\nwhen = "every friday at 22:00"\nlasts = "1h"\n',
    ],
)
def test_rules_and_freezes_have_names(text: str) -> None:
    with pytest.raises(ConfigError, match="name"):
        policy(text)
    assert policy(text.replace('""', '"x"'))
