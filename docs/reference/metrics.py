"""Writes the page of all metrics."""

from bot.telemetry import metrics
from docs.reference.markdown import code, page, table

_INTRO = """`/metrics` has these in Prometheus's format, on the port that `--admin` names, or else where Slack
posts to. Every label has a bounded set of values. Alert rules are in `deploy/prometheus`, a dashboard in
`deploy/grafana`."""


def metrics_page() -> str:
    """Return the page."""
    collectors = [value for name, value in vars(metrics).items() if name.isupper() and not name.startswith("_")]
    rows = []
    for collector in collectors:
        (family,) = collector.describe()
        name = f"{family.name}_total" if family.type == "counter" else family.name
        rows.append((code(name), family.type, ", ".join(map(code, collector._labelnames)), family.documentation))
    return page("Metrics", _INTRO, table(("Name", "Kind", "Labels", "Meaning"), rows))
