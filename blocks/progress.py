"""The runs of a series: a line or two for each."""

from collections.abc import Sequence

from blocks.text import Element, clip, text_run
from blocks.times import agreed_time
from bot.requests.model import Request, Run
from bot.schedule import ZonedTime
from bot.values import JsonObject

BAR_WIDTH = 10
RUN_STATE_LABELS = {
    "pending": "waiting for its time",
    "scheduled_in_backend": "waiting in the back end",
    "starting": "starting",
    "running": "running",
    "unknown": "not known whether it started",
    "succeeded": "done",
    "partly_failed": "partly failed",
    "failed": "failed",
    "cancelled": "cancelled",
    "missed": "missed",
    "ended_unseen": "marked as ended",
}


def progress_bar(done: int, total: int) -> str:
    """``▰▰▰▰▱▱`` of fixed width."""
    filled = min(BAR_WIDTH, round(BAR_WIDTH * done / total)) if total > 0 else 0
    return "▰" * filled + "▱" * (BAR_WIDTH - filled)


def target_results(run: Run) -> list[JsonObject]:
    """What is known of each target of a run: ``name``, ``state`` and ``reason``."""
    progress: JsonObject = run.progress or {}
    results = progress.get("results")
    return [row for row in results if isinstance(row, dict)] if isinstance(results, list | tuple) else []


def count_of(progress: JsonObject, name: str) -> int:
    """One of the counts of a run's progress; 0 if it is not known."""
    count = progress.get(name)
    return count if isinstance(count, int) else 0


def progress_counts(progress: JsonObject) -> str:
    """``12 of 43 · 10 succeeded · 2 failed · 31 pending``."""
    done = sum(count_of(progress, name) for name in ("succeeded", "failed", "cancelled"))
    parts = [f"{done} of {count_of(progress, 'total')}"]
    for name in ("succeeded", "failed", "pending", "cancelled"):
        count = count_of(progress, name)
        if count or name in ("succeeded", "failed"):
            parts.append(f"{count} {name}")
    return " · ".join(parts)


def series_rows(runs: Sequence[Run], request: Request) -> list[Sequence[Element]]:
    """The rows on the runs of a series, the newest first."""
    return [row for run in runs for row in _run_rows(run, request)]


def _run_rows(run: Run, request: Request) -> list[Sequence[Element]]:
    label = f"Run {run.number}" if run.number else "The series"
    start = run.due_at or (run.starts_at if run.number else None)
    when = ""
    if start:
        when = f" · {agreed_time(ZonedTime.from_instant(start, request.zone), request.created_at)}"
    if run.state == "scheduled_in_backend" and run.start_check is not None and run.start_check.state == "passed":
        when += " · checked"
    rows: list[Sequence[Element]] = [[text_run(f"{label}: {RUN_STATE_LABELS[run.state]}{_counts(run)}{when}")]]
    if run.problem and run.problem != request.outcome:
        rows.append([text_run(clip(run.problem, 500), italic=True)])
    return rows


def _counts(run: Run) -> str:
    progress: JsonObject = run.progress or {}
    total = count_of(progress, "total")
    if not total:
        return ""
    others = [f", {count_of(progress, name):,} {name}" for name in ("failed", "cancelled") if count_of(progress, name)]
    return "".join([f", {count_of(progress, 'succeeded'):,} of {total:,}", *others])
