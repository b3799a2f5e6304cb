"""Which times of day are offered where a phrase names none."""

from datetime import UTC, datetime, time

from bot.requests.policy.rules import PolicySettings
from bot.usecases.drafts.usual_times import maintenance_hours

NOW = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)


def hours_of(*rules: dict[str, object], backend: str = "foreman.main", zone: str = "Europe/Berlin") -> list[str]:
    named = [{"name": f"rule {n}", **rule} for n, rule in enumerate(rules)]
    settings = PolicySettings.model_validate({"approvers": ["@sre"], "zone": "Europe/Berlin", "rules": named})
    return [at.isoformat("minutes") for at in maintenance_hours(settings, backend, zone, NOW)]


def test_maintenance_begins_with_the_hours_of_a_rule() -> None:
    assert hours_of({"when": {"hours": "22:00-06:00"}}) == ["22:00"]


def test_maintenance_begins_where_the_hours_of_a_refusal_end() -> None:
    assert hours_of({"when": {"hours": "08:00-18:00"}, "effect": "refuse"}) == ["18:00"]


def test_hours_are_told_on_the_clock_of_the_reader() -> None:
    assert hours_of({"when": {"hours": "22:00-06:00"}}, zone="Europe/London") == ["21:00"]
    assert hours_of({"when": {"hours": "22:00-06:00", "zone": "UTC"}}) == ["23:00"]


def test_rules_of_other_systems_say_nothing() -> None:
    rule = {"when": {"hours": "22:00-06:00", "backend": "opsramp.*"}}
    assert hours_of(rule) == []
    assert hours_of(rule, backend="opsramp.main") == ["22:00"]


def test_rules_without_hours_say_nothing() -> None:
    assert hours_of({"when": {"days": ["sun"]}}) == []
    assert time(22) not in hours_of({})
