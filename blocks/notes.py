"""Notes and reminders: new messages about a request, in a few lines and with the buttons that they make one want."""

from collections.abc import Mapping, Sequence

from blocks.card.approvals import needed_approvals
from blocks.card.buttons import details_choice, repeat_choice, value_of
from blocks.card.model import Card
from blocks.card.questions import question_about
from blocks.limits import fit_message
from blocks.mentions import mentions
from blocks.menu import Choice, choice_row
from blocks.request import title_of
from blocks.text import Block, Element, clip, fallback, rich_text_lines, text_run, user_mention
from blocks.times import stamp
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Decision, Request
from bot.requests.notify.events import Event

MAX_TEXT_LENGTH = 2_000
_LABELS: Mapping[Event, tuple[str, str]] = {
    Event.EDITED: ("✏️", "Changed"),
    Event.ASKED_AGAIN: ("✋", "Approval needed again"),
    Event.CHANGES_REQUESTED: ("✏️", "Changes requested"),
    Event.APPROVED: ("✅", "Approved"),
    Event.DENIED: ("⛔", "Denied"),
    Event.EXPIRED: ("🕛", "Expired"),
    Event.ABOUT_TO_START: ("⏰", "Starts soon"),
    Event.HELD: ("⏸️", "Held"),
    Event.CANCELLED: ("⏹️", "Cancelled"),
    Event.UNKNOWN: ("❓", "Outcome unknown"),
    Event.SKIPPED: ("⏭️", "Run skipped"),
    Event.PAUSED: ("⏸️", "Paused"),
    Event.RESUMED: ("▶️", "Resumed"),
    Event.RELEASED: ("▶️", "Released"),
    Event.REVIEWED: ("🔎", "Reviewed"),
    Event.UNDELIVERABLE: ("📪", "Not delivered"),
}
"""The mark and the first words of the notes that tell of an event."""
_VERDICTS = {Event.APPROVED: "approved", Event.DENIED: "denied"}


def note_blocks(card: Card, event: Event, text: str, by: str = "", *, is_direct: bool = True) -> list[Block]:
    """A note on an event. ``text`` is its sentence, ``by`` the id of the user who caused it. Only a direct message has
    buttons."""
    mark, label = _LABELS[event]
    title = [text_run(f"{mark} "), text_run(f"{label}: {title_of(card.request)}", bold=True)]
    rows = _rows(card, event, text, by)
    buttons = choice_row("note", card.request, *_choices(card, event)) if is_direct else []
    return fit_message([rich_text_lines(title, *rows), *buttons])


def note_text(request: Request, event: Event, text: str) -> str:
    """The same in a line, for notifications, screen readers and digests."""
    return fallback(f"{_LABELS[event][1]}: {title_of(request)} ({request.name}). {text}")


def has_label(event: object) -> bool:
    """Return whether a note of an event begins with a title."""
    return event in _LABELS


def reminder_blocks(card: Card, names: Sequence[str], more: str = "") -> list[Block]:
    """A reminder with the buttons that decide. They go once the request is decided. ``names`` are mentioned, ``more``
    is said after it."""
    request = card.request
    if not card.is_waiting:
        return [rich_text_lines([text_run(f"🔔 {title_of(request)} ({request.name}): {STATE_LABELS[request.state]}")])]
    row = [text_run("🔔 "), *mentions(names), text_run(f"{needed_approvals(card)} needed", bold=True)]
    if request.approve_by:
        row += [text_run(" by "), stamp(request.approve_by, request.zone)]
    row.append(text_run(f": {title_of(request)} ({request.name})"))
    rows: list[Sequence[Element]] = [row]
    reasons = card.status.unapprovable_reasons if card.status else ()
    rows += [[text_run(clip(text, 500))] for text in (more, *reasons) if text]
    value, details = value_of(card), details_choice(card)
    if card.must_read_first:
        details = Choice("Read all", "details", value, style="primary", spoken=details.spoken)
    buttons = [
        Choice("Approve", "approve", value, style="" if card.must_read_first else "primary"),
        Choice("Deny…", "deny", value),
    ]
    row_of_buttons = [details, *buttons] if card.must_read_first else [*buttons, details]
    return fit_message([rich_text_lines(*rows), *choice_row("decide", request, row_of_buttons)])


def reminder_text(card: Card, more: str = "") -> str:
    """The same in a line."""
    request = card.request
    text = f"Reminder: {title_of(request)} ({request.name})"
    if not card.is_waiting:
        return fallback(f"{text}: {STATE_LABELS[request.state]}.")
    count = needed_approvals(card)
    return fallback(f"{text} needs {count[:1].lower()}{count[1:]}. {more}".strip())


def _rows(card: Card, event: Event, text: str, by: str) -> list[Sequence[Element]]:
    decided = _decisions(card, event)
    if not decided:
        caused = [text_run(" By "), user_mention(by)] if by else []
        return [[text_run(clip(text, MAX_TEXT_LENGTH)), *caused]]
    if event is Event.APPROVED:
        rest = f" approved {card.request.name}. {text}".rstrip()
        return [[*_people(decided), text_run(rest)], *(_said(d) for d in decided if d.comment)]
    return [[user_mention(decided[-1].person.user), text_run(f": {clip(text, MAX_TEXT_LENGTH)}")]]


def _decisions(card: Card, event: Event) -> list[Decision]:
    verdict = _VERDICTS.get(event)
    return [d for d in card.current_decisions if d.verdict == verdict and d.retracted_at is None]


def _people(decisions: Sequence[Decision]) -> list[Element]:
    """``@bob, @carol and @dave``; the first ten of more."""
    shown = decisions[:10]
    elements: list[Element] = []
    for number, decision in enumerate(shown):
        if number:
            elements.append(text_run(" and " if number == len(decisions) - 1 else ", "))
        elements.append(user_mention(decision.person.user))
    left_out = len(decisions) - len(shown)
    return [*elements, text_run(f" and {left_out} more")] if left_out else elements


def _said(decision: Decision) -> list[Element]:
    return [user_mention(decision.person.user), text_run(f": “{clip(decision.comment, 1_000)}”")]


def _choices(card: Card, event: Event) -> tuple[list[Choice], list[Choice]]:
    request, details, value = card.request, details_choice(card), value_of(card)
    match event:
        case Event.APPROVED | Event.ABOUT_TO_START if request.state == "scheduled" and not request.is_series:
            cancel = Choice("Cancel…", "cancel", value, question=question_about("cancel", request))
            return [details, Choice("Reschedule…", "edit", value)], [cancel]
        case Event.DENIED | Event.EXPIRED:
            return [repeat_choice(card, "Edit and request again…"), details], []
        case Event.CHANGES_REQUESTED if card.is_waiting:
            return [Choice("Edit…", "edit", value), details], []
        case Event.UNKNOWN if card.is_in_doubt:
            return [Choice("It ran…", "adopt", value), Choice("It did not run…", "not_run", value), details], []
        case _:
            return [details], []
