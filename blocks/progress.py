"""Progress of runs: a bar, the counts, and what is known in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from blocks.text import Block, Element, clip, lines, t
from blocks.times import fixed
from bot.requests.model import Request, Run
from bot.schedule import Moment

WIDTH = 20
_STATES = {
    "held": "waiting for its time",
    "placed": "waiting in the back end",
    "starting": "starting",
    "running": "running",
    "unknown": "not known whether it started",
    "succeeded": "succeeded",
    "partly_failed": "partly failed",
    "failed": "failed",
    "cancelled": "cancelled",
    "missed": "missed",
}


def bar(done: int, failed: int, total: int) -> str:
    """``▰▰▰▰▱▱`` of fixed width."""
    if total <= 0:
        return "▱" * WIDTH
    filled = min(WIDTH, round(WIDTH * (done + failed) / total))
    return "▰" * filled + "▱" * (WIDTH - filled)


def progress_lines(runs: Sequence[Run], request: Request) -> list[Block]:
    """A block with a line or two for each run; nothing where there is none yet."""
    rows: list[Sequence[Element]] = []
    for run in runs:
        rows += _run(run, request)
    return [lines(*rows)] if rows else []


def counts(progress: Mapping[str, Any]) -> str:
    """``12 of 43 · 10 succeeded · 2 failed · 31 pending``."""
    done = progress.get("succeeded", 0) + progress.get("failed", 0) + progress.get("cancelled", 0)
    parts = [f"{done} of {progress.get('total', 0)}"]
    for name in ("succeeded", "failed", "pending", "cancelled"):
        if progress.get(name) or name in ("succeeded", "failed"):
            parts.append(f"{progress.get(name, 0)} {name}")
    return " · ".join(parts)


def _run(run: Run, request: Request) -> list[Sequence[Element]]:
    label = (f"Run {run.number}: " if run.number else "The series: ") if request.is_series else ""
    when = f" · {fixed(Moment.at(run.due_at, request.zone))}" if run.due_at and request.is_series else ""
    rows: list[Sequence[Element]] = []
    progress = run.progress or {}
    if progress.get("total"):
        line = bar(progress.get("succeeded", 0), progress.get("failed", 0), progress["total"])
        rows.append([t(label), t(line), t(f" {counts(progress)}{when}")])
    elif request.is_series:
        rows.append([t(f"{label}{_STATES[run.state]}{when}")])
    if run.problem and run.problem != request.outcome:
        rows.append([t(clip(run.problem, 500), italic=True)])
    return rows
