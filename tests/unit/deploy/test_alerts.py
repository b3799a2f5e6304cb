"""The alert rules and the dashboard: they name metrics that exist, and each rule fires by its cause alone."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bot.telemetry import metrics
from tests.unit.deploy.promql import Samples, parse

DEPLOY = Path(__file__).parents[3] / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus" / "nightshift.rules.yml").read_text())["groups"][0]["rules"]
DASHBOARD = (DEPLOY / "grafana" / "nightshift.json").read_text()
COLLECTORS = [value for name, value in vars(metrics).items() if name.isupper() and not name.startswith("_")]
ABSENT = object()


def samples(*without: object) -> Samples:
    registry = CollectorRegistry()
    for collector in COLLECTORS:
        if collector not in without:
            registry.register(collector)
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return [(s.name, s.labels, s.value) for family in families for s in family.samples]


def known_names() -> set[str]:
    kinds = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
    described = [family for collector in COLLECTORS for family in collector.describe()]
    return {family.name + ending for family in described for ending in kinds[family.type]}


CAUSES: dict[str, Callable[[], object]] = {
    "NightshiftDown": lambda: ABSENT,
    "NightshiftDatabaseDown": lambda: metrics.DATABASE_UP.set(0),
    "NightshiftNotReady": lambda: metrics.READY.set(0),
    "NightshiftStartsLate": lambda: metrics.OLDEST_SECONDS.labels("due").set(121),
    "NightshiftStartUnknown": lambda: metrics.RUNS.labels("foreman", "unknown").set(1),
    "NightshiftRunsSilent": lambda: metrics.SILENT_RUNS.labels("foreman").set(2),
    "NightshiftBackendFailing": lambda: metrics.BACKEND_CALLS.labels("foreman", "GET", "5xx").inc(21),
    "NightshiftBackendRefusesCredentials": lambda: metrics.BACKEND_CALLS.labels("foreman", "GET", "4xx").inc(21),
    "NightshiftMessagesWait": lambda: metrics.OLDEST_SECONDS.labels("unsent").set(301),
    "NightshiftMessagesRefused": lambda: metrics.REFUSED_MESSAGES.labels("keep").inc(),
    "NightshiftDeadlinesMissed": lambda: metrics.MISSED_DEADLINES.labels("click").inc(),
    "NightshiftDirectoryStale": lambda: metrics.DIRECTORY_SILENT.set(901),
    "NightshiftUnexpectedErrors": lambda: metrics.ERRORS.inc(),
}


def calm() -> None:
    """What a bot that is well says."""
    metrics.BUILD.labels("0", "3").set(1)
    for gauge in (metrics.RUNS, metrics.SILENT_RUNS, metrics.OLDEST_SECONDS):
        gauge.clear()
    for gauge in (metrics.DATABASE_UP, metrics.READY):
        gauge.set(1)
    metrics.DIRECTORY_SILENT.set(0)
    for what in ("waiting", "due", "unsent"):
        metrics.OLDEST_SECONDS.labels(what).set(1)
    metrics.RUNS.labels("foreman", "running").set(5)


@pytest.mark.parametrize("cause", CAUSES)
def test_each_alert_fires_by_its_cause_alone(cause: str) -> None:
    calm()
    before = samples()
    is_absent = CAUSES[cause]() is ABSENT
    after = samples(metrics.BUILD) if is_absent else samples()
    assert [rule["alert"] for rule in RULES if parse(rule["expr"]).fires(before, after)] == [cause]
    calm()


def test_every_alert_has_a_cause_here_and_says_what_to_do() -> None:
    assert {rule["alert"] for rule in RULES} == CAUSES.keys()
    for rule in RULES:
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["action"].endswith(".")
        assert rule["labels"]["severity"] in ("page", "warn")


def test_alerts_and_dashboard_name_metrics_that_exist() -> None:
    used = {parse(rule["expr"]).metric for rule in RULES} | set(re.findall(r"nightshift_\w+", DASHBOARD))
    assert used <= known_names()


def test_the_dashboard_shows_every_metric() -> None:
    dashboard: dict[str, Any] = json.loads(DASHBOARD)
    queries = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", []))
    families = {family.name for collector in COLLECTORS for family in collector.describe()}
    assert {name for name in families if name not in queries} == set()
