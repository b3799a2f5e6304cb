"""Overlap: what happens to a run of a series that is due while an earlier one is still going."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from bot.requests.model import Content, Overlap, Request, Requirement, Run, RunState
from bot.requests.pauses import local_time
from bot.values import FrozenModel

OVERLAPS_BY_STRICTNESS: tuple[Overlap, ...] = ("skip", "wait", "start")
DEFAULT_OVERLAP: Overlap = "skip"
OVERLAP_LABEL = "If the last run is still going"
OVERLAP_LABELS: Mapping[Overlap, str] = {"skip": "Skip it", "wait": "Wait for it", "start": "Start anyway"}
"""What people choose from, for the next run while the last one is still going."""
_GOING: Mapping[RunState, str] = {
    "starting": "is still going",
    "running": "is still going",
    "unknown": "may still be going",
}
"""The states in which a run is going or may be, and how that is said."""


_DUE: tuple[RunState, ...] = ("pending", "scheduled_in_backend")


class OverlapCode(StrEnum):
    """What becomes of a run that is due."""

    NOTHING_GOING = "nothing_going"
    MAY_OVERLAP = "may_overlap"
    SKIPS = "skips"
    WAITS = "waits"


class OverlapVerdict(FrozenModel):
    """Whether a run may start beside an earlier one. ``text`` says why it does not; "" if it may."""

    code: OverlapCode
    text: str = ""
    going: str = ""
    """Which run is going, as a sentence."""

    @property
    def may_start(self) -> bool:
        return self.code in (OverlapCode.NOTHING_GOING, OverlapCode.MAY_OVERLAP)


def effective_overlap(chosen: Overlap | None, limit: Overlap | None) -> Overlap:
    """Return what counts of the choice in the form and the term of policy: the stricter of the two."""
    named = [overlap for overlap in (chosen, limit) if overlap is not None]
    return min(named, key=OVERLAPS_BY_STRICTNESS.index, default=DEFAULT_OVERLAP)


def overlap_rows(content: Content, requirement: Requirement) -> tuple[tuple[str, str], ...]:
    """Return the label and value for the card of a series whose runs may do anything but be skipped; else nothing."""
    overlap = effective_overlap(content.overlap, requirement.overlap)
    is_shown = content.schedule.kind == "series" and overlap != DEFAULT_OVERLAP
    return ((OVERLAP_LABEL, OVERLAP_LABELS[overlap]),) if is_shown else ()


def judge_overlap(request: Request, run: Run, runs: Iterable[Run]) -> OverlapVerdict:
    """Return whether a run may start, here or in the back end that keeps it. ``runs`` are the newest of its request."""
    going = [other for other in runs if other.id != run.id and other.number and other.state in _GOING]
    if not going or not request.is_series or not run.number or run.state not in _DUE:
        return OverlapVerdict(code=OverlapCode.NOTHING_GOING)
    last = max(going, key=lambda other: other.number)
    why = f"{_run_text(last, request.zone)} {_GOING[last.state]}."
    going_text = f"{why[:1].upper()}{why[1:]}"
    match effective_overlap(request.content.overlap, request.requirement.overlap):
        case "skip":
            return OverlapVerdict(code=OverlapCode.SKIPS, text=f"Skipped: {why}", going=going_text)
        case "wait":
            return OverlapVerdict(code=OverlapCode.WAITS, text=f"Waiting: {why}", going=going_text)
        case "start":
            return OverlapVerdict(code=OverlapCode.MAY_OVERLAP)


def _run_text(run: Run, zone: str) -> str:
    """Return what people call a run: by its time, if that is known."""
    due = run.due_at or run.starts_at
    return f"the run of {local_time(due, zone)}" if due else f"run {run.number}"
