"""How a run goes or went: counts, duration, and the failures by reason."""

from collections.abc import Sequence
from datetime import datetime

from blocks.progress import count_of, target_results
from blocks.text import Element, clip, text_run
from bot.requests.model import Request, Run
from bot.requests.notify.words import is_only_a_state
from bot.requests.text import count_noun

MAX_REASONS = 3
MAX_NAMES = 5
MAX_REASON_LENGTH = 160
_NO_REASON = "No reason given"


def ended_counts(run: Run) -> str:
    """``13 of 16 succeeded, 3 failed``; "" if nothing was counted."""
    total, failed, cancelled = (count_of(run.progress or {}, name) for name in ("total", "failed", "cancelled"))
    if not total:
        return ""
    more = [f"{count:,} {word}" for count, word in ((failed, "failed"), (cancelled, "cancelled")) if count]
    return ", ".join([f"{count_of(run.progress or {}, 'succeeded'):,} of {total:,} succeeded", *more])


def running_counts(run: Run) -> str:
    """``8 of 16 done, 1 failed``; "" if nothing was counted."""
    counts = {name: count_of(run.progress or {}, name) for name in ("total", "succeeded", "failed", "cancelled")}
    if not counts["total"]:
        return ""
    done = counts["succeeded"] + counts["failed"] + counts["cancelled"]
    failed = f", {counts['failed']:,} failed" if counts["failed"] else ""
    return f"{done:,} of {counts['total']:,} done{failed}"


def failed_names(run: Run) -> list[str]:
    """The names of the targets that failed, as far as they are known."""
    return [str(result["name"]) for result in target_results(run) if result["state"] == "failed"]


def names_text(names: Sequence[str], total: int | None = None) -> str:
    """``web05, web10 + 3 more``."""
    total = len(names) if total is None else total
    rest = total - min(total, MAX_NAMES, len(names))
    return ", ".join(names[:MAX_NAMES]) + (f" + {rest:,} more" if rest else "")


def failure_rows(run: Run, max_reasons: int = MAX_REASONS) -> list[Sequence[Element]]:
    """A row for each reason of a failure, the most frequent first: ``exit 1: web05, web10``."""
    by_reason = failures_by_reason(run)
    rows: list[Sequence[Element]] = [
        [text_run(f"{clip(reason, MAX_REASON_LENGTH)}: "), text_run(clip(names_text(names), 300), bold=True)]
        for reason, names in by_reason[:max_reasons]
    ]
    left = by_reason[max_reasons:]
    if left:
        targets = sum(len(names) for _, names in left)
        text = f"{count_noun(targets, 'more failures')} for {count_noun(len(left), 'other reasons')}, all in Details"
        rows.append([text_run(text, italic=True)])
    return rows


def failures_by_reason(run: Run) -> list[tuple[str, list[str]]]:
    """The names of the targets that failed, by reason, the most frequent reason first."""
    found: dict[str, list[str]] = {}
    for result in target_results(run):
        if result["state"] == "failed":
            found.setdefault(str(result["reason"] or _NO_REASON), []).append(str(result["name"]))
    return sorted(found.items(), key=lambda item: -len(item[1]))


def told_of_the_end(run: Run, request: Request) -> str:
    """What went wrong, or what the system says of the end; "" if the counts and the state say all of it."""
    text = run.problem or str((run.progress or {}).get("summary") or "") or request.outcome
    is_counted = count_of(run.progress or {}, "total") > 0
    return "" if is_counted and is_only_a_state(text) else text


def duration_text(start: datetime | None, end: datetime | None) -> str:
    """``1 min 12 s``; "" if one of the two is not known, or both are the same."""
    if start is None or end is None or end < start:
        return ""
    seconds = int((end - start).total_seconds())
    hours, minutes, rest = seconds // 3600, seconds % 3600 // 60, seconds % 60
    if hours:
        return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{rest} s" if rest else ""
