"""The results of a run in Details: each target with its state and last line, and its log behind a button."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blocks.details_tabs import tab_blocks
from blocks.limits import fit_view
from blocks.progress import progress_counts, target_results
from blocks.text import (
    Block,
    Element,
    View,
    actions,
    button,
    clip,
    context,
    modal,
    plain_text,
    rich_text_lines,
    text_run,
)
from blocks.times import absolute_time
from bot.requests.lifecycle import FINAL_RUN_STATES
from bot.requests.model import Request, Run
from bot.requests.text import count_noun
from bot.schedule import ZonedTime
from bot.values import JsonObject

RESULTS_CALLBACK = "details_results"
PAGE_SIZE = 10
MAX_REASON_LENGTH = 300
MAX_RUNS_LISTED = 100
ALL = "all"
STATES: Mapping[str, tuple[str, str]] = {
    "failed": ("❌", "Failed"),
    "running": ("▶️", "Running"),
    "pending": ("⏳", "Pending"),
    "cancelled": ("⛔", "Cancelled"),
    "skipped": ("➖", "Skipped"),
    "succeeded": ("✅", "Succeeded"),
}
"""The mark and the word of each state of a target, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class ResultsPlace:
    """What of the results is shown: the run, the state to filter by, and the first target."""

    run_id: str = ""
    state: str = ALL
    first: int = 0


def results_view(request: Request, runs: Sequence[Run], place: ResultsPlace) -> View:
    """A page of the results of one run, failed targets first."""
    blocks = tab_blocks("details_results", request)
    run = chosen_run(runs, place.run_id)
    if run is None:
        blocks.append(rich_text_lines([text_run(_nothing_yet(request))]))
        return modal(request.name, blocks, callback_id=RESULTS_CALLBACK)
    results = ordered_results(run)
    matching = [row for row in results if place.state in (ALL, row["state"])]
    first = place.first if place.first < len(matching) else 0
    page = matching[first : first + PAGE_SIZE]
    blocks.append(rich_text_lines(*_summary_rows(request, run)))
    if controls := _controls(runs, run, results, place.state):
        blocks.append(actions(f"results|{request.id}", *controls))
    can_read_logs = bool(run.handle)
    blocks += [_target_block(request, run, first + n, row, with_log=can_read_logs) for n, row in enumerate(page)]
    if page:
        blocks += _page_blocks(len(matching), first, len(page), total=_count(run, "total"), known=len(results))
    metadata = json.dumps({"r": request.id, "v": request.revision, "run": run.id, "s": place.state})
    return fit_view(modal(request.name, blocks, callback_id=RESULTS_CALLBACK, metadata=metadata))


def chosen_run(runs: Sequence[Run], run_id: str) -> Run | None:
    """The run with an id, or else the newest that has started; None if none has."""
    known = next((run for run in runs if run.id == run_id), None)
    return known or next((run for run in runs if run.handle or target_results(run) or run.problem), None)


def ordered_results(run: Run) -> list[JsonObject]:
    """What is known of each target, the failed first."""
    order = list(STATES)
    return sorted(target_results(run), key=lambda row: order.index(str(row["state"])) if row["state"] in order else 1)


def results_file(request: Request, run: Run, logs: Mapping[str, str]) -> str:
    """Everything that is known of a run's targets, as text, with the logs that were read."""
    lines = [f"{request.name}, run {run.number}: {request.title}", progress_counts(run.progress or {})]
    for row in ordered_results(run):
        lines += ["", f"{row['name']}: {row['state']}", str(row.get("reason") or "")]
        if log := logs.get(str(row["name"])):
            lines += [f"| {line}" for line in log.split("\n")]
    return "\n".join(lines) + "\n"


def _nothing_yet(request: Request) -> str:
    if request.start_at is not None and request.state in ("approved", "scheduled", "awaiting_approval"):
        return f"No results yet. It starts {absolute_time(ZonedTime.from_instant(request.start_at, request.zone))}."
    return "No results yet." if request.state not in ("denied", "expired", "withdrawn") else "It did not run."


def _summary_rows(request: Request, run: Run) -> list[list[Element]]:
    name = f"Run {run.number}: " if request.is_series and run.number else ""
    counts = progress_counts(run.progress or {}) if _count(run, "total") else run.state.replace("_", " ")
    rows = [[text_run(f"{name}{counts}", bold=True)]]
    if run.problem:
        rows.append([text_run(clip(run.problem, 1000))])
    elif summary := str((run.progress or {}).get("summary") or ""):
        rows.append([text_run(clip(summary, 1000))])
    return rows


def _controls(runs: Sequence[Run], run: Run, results: Sequence[JsonObject], state: str) -> list[Element]:
    controls: list[Element] = []
    started = [each for each in runs if each.handle or target_results(each)][:MAX_RUNS_LISTED]
    if len(started) > 1:
        controls.append(_select("results_run", "Run", [(each.id, f"Run {each.number}") for each in started], run.id))
    if results:
        counts = {name: sum(row["state"] == name for row in results) for name in STATES}
        options = [(ALL, f"All {len(results):,}")]
        options += [(name, f"{word} {counts[name]:,}") for name, (_, word) in STATES.items() if counts[name]]
        controls.append(_select("results_state", "Result", options, state))
        label = "All logs as a file" if run.state in FINAL_RUN_STATES else "Logs so far as a file"
        controls.append(button(label, "results_file", run.id))
    return controls


def _select(action: str, label: str, options: Sequence[tuple[str, str]], chosen: str) -> Element:
    """A choice of what is shown. Slack reads out the placeholder as its name."""
    elements: list[Element] = [{"text": plain_text(label, 75), "value": value} for value, label in options]
    initial = next((element for element in elements if element["value"] == chosen), elements[0])
    return {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain_text(label, 75),
        "options": elements,
        "initial_option": initial,
    }


def _target_block(request: Request, run: Run, number: int, row: JsonObject, *, with_log: bool) -> Block:
    mark, word = STATES.get(str(row["state"]), ("•", str(row["state"])))
    name, reason = str(row["name"]), clip(str(row.get("reason") or ""), MAX_REASON_LENGTH)
    text = f"{mark} {clip(name, 200)}: {word.lower()}"
    block: Block = {
        "type": "section",
        "block_id": f"log{number}|{request.id}",
        "text": plain_text(f"{text} · {reason}" if reason else text, 600),
    }
    if with_log and len(name) <= MAX_NAME_IN_VALUE:
        block["accessory"] = button("Log", "log", f"{run.id}|{name}", spoken=f"Log of {clip(name, 60)}")
    return block


MAX_NAME_IN_VALUE = 1_500
"""Maximum length of a target's name in the value of its button."""


def _page_blocks(matching: int, first: int, shown: int, *, total: int, known: int) -> list[Block]:
    turning = []
    if first > 0:
        turning.append(button(f"Previous {PAGE_SIZE}", "results_previous", str(max(0, first - PAGE_SIZE))))
    left = matching - first - shown
    if left > 0:
        spoken = f"Next {min(left, PAGE_SIZE)} of {matching}"
        turning.append(button(f"Next {min(left, PAGE_SIZE)}", "results_next", str(first + PAGE_SIZE), spoken=spoken))
    more = f" {count_noun(total - known, 'more targets')} not told by the back end." if total > known else ""
    place = context(f"{first + 1}–{first + shown} of {matching:,}, failed first.{more}")
    return [*([actions("results_pages", *turning)] if turning else []), place]


def _count(run: Run, name: str) -> int:
    count = (run.progress or {}).get(name)
    return count if isinstance(count, int) else 0
