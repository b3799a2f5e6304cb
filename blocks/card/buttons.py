"""What can be done with a request: three buttons on its card, and the rest in a menu."""

from collections.abc import Sequence

from blocks.card.model import Card
from blocks.card.questions import question_about
from blocks.menu import Choice, Confirmation, choice_row
from blocks.results import failed_names
from blocks.text import Block, clip
from bot.requests.lifecycle import NOT_SENT_RUN_STATES
from bot.requests.model import Run


def button_row(card: Card) -> list[Block]:
    """The buttons of a card in its state."""
    return choice_row("decide", card.request, *_choices(card))


def value_of(card: Card) -> str:
    """What a button names: the request, and the revision that the card shows."""
    return f"{card.request.id}:{card.request.revision}"


def details_choice(card: Card) -> Choice:
    return Choice("Details", "details", value_of(card), spoken=f"of {card.request.name}, {card.request.title}")


def link_choices(card: Card, run: Run | None) -> list[Choice]:
    """The link to a run in its system, if it has one."""
    url = str(((run.handle if run else None) or {}).get("url") or "")
    label = f"Open in {card.system_names.product}"
    return [Choice(label, "open_link", url=url, spoken=f": {card.request.name}")] if url else []


def rerun_choices(card: Card, run: Run | None) -> list[Choice]:
    """The button that repeats the work on the targets that failed."""
    if run is None or run.state not in ("failed", "partly_failed") or not run.handle:
        return []
    count = len(failed_names(run))
    noun = card.request.targets.noun
    label = f"Rerun {count:,} failed…" if count else "Rerun failed…"
    spoken = f"{noun} of {card.request.name}"
    return [Choice(label, "rerun_failed", value_of(card), style="primary", spoken=spoken)]


def repeat_choice(card: Card, label: str = "Repeat…") -> Choice:
    """The button that opens the form for the same request again."""
    return Choice(label, "repeat", value_of(card))


def _choices(card: Card) -> tuple[list[Choice], list[Choice]]:
    """The buttons in their order, and what is only in the menu."""
    request = card.request
    if card.is_waiting:
        return _receipt_choices(card) if card.variant == "receipt" else _approver_choices(card)
    if card.is_over:
        return _final_choices(card)
    if card.is_in_doubt:
        return _doubtful_choices(card)
    if request.is_series:
        return _series_choices(card)
    run = card.runs[0] if card.runs else None
    details, link = details_choice(card), link_choices(card, run)
    if card.silent_run:
        ended = _asking(card, "Mark as ended…", "confirm_ended", card.silent_run.number)
        return [details, *link], [ended, _asking(card, "Stop…", "cancel")]
    if request.state == "running":
        return [_asking(card, "Stop", "cancel", style="danger"), details, *link], []
    if request.state == "scheduled":
        edit = [Choice("Reschedule…", "edit", value_of(card))] if _is_editable(card) else []
        return [details, *edit, *link], [_asking(card, "Cancel…", "cancel"), repeat_choice(card)]
    return [details, _asking(card, "Cancel", "cancel", style="danger"), *link], []


def _approver_choices(card: Card) -> tuple[list[Choice], list[Choice]]:
    value, request = value_of(card), card.request
    buttons = [
        Choice("Approve", "approve", value, style="" if card.must_read_first else "primary"),
        Choice("Deny…", "deny", value),
    ]
    if card.must_read_first:
        spoken = f"of {request.name}, {request.title}"
        buttons.insert(0, Choice("Read all", "details", value, style="primary", spoken=spoken))
    else:
        buttons.append(details_choice(card))
    entries = [
        Choice("Approve with a comment…", "approve_with", value),
        Choice("Request changes…", "changes", value),
        Choice("Edit…", "edit", value),
        _asking(card, "Withdraw…", "withdraw"),
    ]
    own = [d for d in card.current_decisions if d.retracted_at is None and card.reader in ("", d.person.user)]
    if own:
        label = "Undo my approval" if all(d.verdict == "approved" for d in own) else "Undo my decision"
        entries.append(Choice(label, "take_back", value))
    return buttons, entries


def _receipt_choices(card: Card) -> tuple[list[Choice], list[Choice]]:
    edit = Choice("Edit…", "edit", value_of(card))
    return [details_choice(card), edit, _asking(card, "Withdraw…", "withdraw")], []


def _final_choices(card: Card) -> tuple[list[Choice], list[Choice]]:
    request, run = card.request, card.runs[0] if card.runs else None
    buttons = []
    if card.review_is_due:
        buttons.append(Choice("Review…", "review", value_of(card), style="primary"))
    if request.state in ("denied", "expired", "withdrawn", "cancelled", "undeliverable"):
        return [*buttons, repeat_choice(card, "Edit and request again…"), details_choice(card)], []
    rerun = rerun_choices(card, run) if request.state in ("failed", "partly_failed") else []
    if buttons:
        rerun = [Choice(c.label, c.action_id, c.value, spoken=c.spoken) for c in rerun]
    buttons += [*rerun, details_choice(card), *link_choices(card, run)]
    all_of_them = f"Repeat on all {request.targets.count:,}…" if request.state == "partly_failed" else "Repeat…"
    return buttons, [repeat_choice(card, all_of_them)]


def _doubtful_choices(card: Card) -> tuple[list[Choice], list[Choice]]:
    value = value_of(card)
    said = [
        Choice("It ran…", "adopt", value, spoken=f": attach the run to {card.request.name}"),
        Choice("It did not run…", "not_run", value, spoken=f": start or close {card.request.name}"),
    ]
    entries = [details_choice(card)]
    if card.request.state != "unknown":
        entries.append(_asking(card, _cancel_label(card), "cancel"))
    return [*_proposal_choices(card), *said, *entries], []


def _proposal_choices(card: Card) -> list[Choice]:
    """The button that confirms which run it is, once somebody has named one."""
    request = card.request
    return [
        Choice(
            "Confirm this run",
            "confirm_remote",
            f"{request.id}:{run.version}",
            style="primary",
            question=Confirmation("Is this the run?", clip(run.proposal.title, 250), "Yes, this is it"),
        )
        for run in card.runs
        if run.state == "unknown" and run.proposal is not None
    ][:1]


def _series_choices(card: Card) -> tuple[list[Choice], list[Choice]]:
    buttons = [*_overlap_choices(card), details_choice(card), *_pause_choices(card)]
    series = next((run for run in card.runs if run.number == 0), None)
    entries = [Choice("Edit…", "edit", value_of(card))] if _is_editable(card) else []
    entries += [*link_choices(card, series), _asking(card, _cancel_label(card), "cancel")]
    return buttons, [entry for entry in entries if not entry.url]


def _pause_choices(card: Card) -> list[Choice]:
    """The buttons that pause a series, resume it, or take it over."""
    value = value_of(card)
    own = [pause for pause in card.pauses if pause.scope == "series"]
    if not own:
        return [Choice("Pause…", "pause_series", value)] if card.request.state == "scheduled" else []
    # Nightshift pauses a series whose author has left.
    is_orphaned = any(pause.by is None for pause in own)
    take_over = [_asking(card, "Take over", "take_over")] if is_orphaned else []
    return [*take_over, Choice("Resume", "resume_series", value)]


def _overlap_choices(card: Card) -> list[Choice]:
    """The button that ends a run of a series that keeps a later one from starting."""
    going = [run.number for run in card.runs if run.number and run.state == "running"]
    held_up = [run for run in card.runs if going and run.number > min(going) and run.state in ("pending", "missed")]
    if not any(run.problem for run in held_up):
        return []
    return [_asking(card, "It has ended: go on", "confirm_ended", min(going))]


def _asking(card: Card, label: str, action_id: str, detail: int = 0, style: str = "") -> Choice:
    """A choice that asks before it does anything."""
    value = f"{value_of(card)}:{detail}" if detail else value_of(card)
    return Choice(label, action_id, value, style=style, question=question_about(action_id, card.request, detail))


def _cancel_label(card: Card) -> str:
    return "Cancel the series…" if card.request.is_series else "Cancel…"


def _is_editable(card: Card) -> bool:
    return card.request.state == "scheduled" and _none_is_sent(card.runs)


def _none_is_sent(runs: Sequence[Run]) -> bool:
    return all(run.state in NOT_SENT_RUN_STATES for run in runs)
