"""Progress of runs: a bar, the counts, and what the back end says."""

from collections.abc import Sequence

from blocks.text import Block, Element, clip, rich_text_lines, text_run
from blocks.times import absolute_time
from bot.requests.model import Request, Run
from bot.schedule import ZonedTime
from bot.values import JsonObject

BAR_WIDTH = 20
_STATE_LABELS = {
    "pending": "waiting for its time",
    "scheduled_in_backend": "waiting in the back end",
    "starting": "starting",
    "running": "running",
    "unknown": "not known whether it started",
    "succeeded": "succeeded",
    "partly_failed": "partly failed",
    "failed": "failed",
    "cancelled": "cancelled",
    "missed": "missed",
    "ended_unseen": "marked as ended",
}


def progress_bar(done: int, failed: int, total: int) -> str:
    """``▰▰▰▰▱▱`` of fixed width."""
    if total <= 0:
        return "▱" * BAR_WIDTH
    filled = min(BAR_WIDTH, round(BAR_WIDTH * (done + failed) / total))
    return "▰" * filled + "▱" * (BAR_WIDTH - filled)


def progress_blocks(runs: Sequence[Run], request: Request) -> list[Block]:
    """A block with a line or two for each run; empty before the first run."""
    rows: list[Sequence[Element]] = []
    for run in runs:
        rows += _run_rows(run, request)
    return [rich_text_lines(*rows)] if rows else []


def progress_counts(progress: JsonObject) -> str:
    """``12 of 43 · 10 succeeded · 2 failed · 31 pending``."""
    done = sum(_count(progress, name) for name in ("succeeded", "failed", "cancelled"))
    parts = [f"{done} of {_count(progress, 'total')}"]
    for name in ("succeeded", "failed", "pending", "cancelled"):
        count = _count(progress, name)
        if count or name in ("succeeded", "failed"):
            parts.append(f"{count} {name}")
    return " · ".join(parts)


def target_results(run: Run) -> list[JsonObject]:
    """What is known of each target of a run: ``name``, ``state`` and ``reason``."""
    progress: JsonObject = run.progress or {}
    results = progress.get("results")
    return [row for row in results if isinstance(row, dict)] if isinstance(results, list | tuple) else []


def _count(progress: JsonObject, name: str) -> int:
    count = progress.get(name)
    return count if isinstance(count, int) else 0


def _run_rows(run: Run, request: Request) -> list[Sequence[Element]]:
    label = (f"Run {run.number}: " if run.number else "The series: ") if request.is_series else ""
    start = run.due_at or (run.starts_at if run.number else None)
    when = f" · {absolute_time(ZonedTime.from_instant(start, request.zone))}" if start and request.is_series else ""
    if run.state == "scheduled_in_backend" and run.start_check is not None and run.start_check.state == "passed":
        when += " · checked"
    rows: list[Sequence[Element]] = []
    progress: JsonObject = run.progress or {}
    total = _count(progress, "total")
    if total:
        line = progress_bar(_count(progress, "succeeded"), _count(progress, "failed"), total)
        rows.append([text_run(label), text_run(line), text_run(f" {progress_counts(progress)}{when}")])
    elif request.is_series:
        rows.append([text_run(f"{label}{_STATE_LABELS[run.state]}{when}")])
    if run.problem and run.problem != request.outcome:
        rows.append([text_run(clip(run.problem, 500), italic=True)])
    return rows
