"""What a card shows of a request, and what it leaves out.

The card shows these excerpts, Details shows the passages, which are whole, and an approval asks whether anything is
hidden. All of them ask here, so that they cannot disagree.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.requests.model import Request
from bot.requests.pauses import KEPT_SINCE_PAUSE
from bot.requests.resolutions import describe, readable_details
from bot.requests.text import count_noun
from bot.schedule import Now
from bot.values import DIGEST_PREFIX, Json, Resolution
from bot.visible_text import visible

_ENUM_VALUE = re.compile(r"[a-z]+(_[a-z]+)+")
"""A value that a back end has a fixed list of: ``static_query``."""
MAX_NAMES = 5
MAX_TITLE_LENGTH = 150
MAX_PARAMETERS = 20
MAX_WARNINGS = 20
MAX_CHANGES = 15
MAX_LABEL_LENGTH = 80
MAX_VALUE_LENGTH = 300
MAX_TARGETS_LENGTH = 600
MAX_REASON_LENGTH = 1_000
MAX_CHANGE_LENGTH = 150
MAX_CARD_LENGTH = 4_000
"""Maximum number of a request's own characters on its card. The rest of a message is for states and decisions."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of a text as it is shown, and the number of characters after it that are not."""

    text: str
    hidden: int


@dataclass(frozen=True, slots=True)
class LabeledExcerpt:
    """An excerpt with its label. ``hidden`` counts the characters left out of both."""

    label: str
    value: str
    hidden: int


@dataclass(frozen=True, slots=True)
class ChangeExcerpt:
    """A field with its values before and after. ``hidden`` counts the characters left out of all three."""

    field: str
    before: str
    after: str
    hidden: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that the card has no room for: how many, and how many characters they have."""

    rows: int
    characters: int


@dataclass(frozen=True, slots=True)
class CardExcerpts:
    """What a card shows of a request."""

    targets: Excerpt
    parameters: Sequence[LabeledExcerpt]
    parameters_left_out: LeftOut
    scheduler_reason: Excerpt
    reason: Excerpt
    warnings: Sequence[Excerpt]
    warnings_left_out: LeftOut
    changes: Sequence[ChangeExcerpt]
    changes_left_out: LeftOut
    revision_changes: Sequence[ChangeExcerpt]
    revision_changes_left_out: LeftOut

    @property
    def hidden(self) -> int:
        """The number of characters of what the request would do that the card does not show.

        The differences to an earlier revision do not count: what holds now is in the other rows.
        """
        texts = (self.targets, self.scheduler_reason, self.reason, *self.warnings)
        left_out = (self.parameters_left_out, self.warnings_left_out, self.changes_left_out)
        return (
            sum(text.hidden for text in texts)
            + sum(row.hidden for row in self.parameters)
            + sum(change.hidden for change in self.changes)
            + sum(rows.characters for rows in left_out)
        )


@dataclass(frozen=True, slots=True)
class Passage:
    """One text of a request, whole."""

    label: str
    text: str


def has_hidden_text(request: Request) -> bool:
    """Return whether the card of a request leaves out some of its text, so that its approvers must read it elsewhere.

    Names of targets after the first few are not meant: the card says how many there are.
    """
    return card_excerpts(request).hidden > 0


def card_excerpts(request: Request) -> CardExcerpts:
    """Return what the card of a request shows."""
    room = _Room(MAX_CARD_LENGTH)
    targets = room.take(_targets_text(request), MAX_TARGETS_LENGTH)
    parameters = [room.take_labeled(label, text) for label, text in request.summary[:MAX_PARAMETERS]]
    warnings = [room.take(text, MAX_VALUE_LENGTH) for text in request.warnings[:MAX_WARNINGS]]
    changes = [room.take_change(change) for change in request.changes[:MAX_CHANGES]]
    # The difference to an earlier revision is shown until the decision.
    revised = request.revision_changes if request.state == "awaiting_approval" else ()
    return CardExcerpts(
        targets=targets,
        parameters=parameters,
        parameters_left_out=_left_out(request.summary[MAX_PARAMETERS:]),
        warnings=warnings,
        warnings_left_out=_left_out([(text,) for text in request.warnings[MAX_WARNINGS:]]),
        changes=changes,
        changes_left_out=_left_out([tuple(change.values()) for change in request.changes[MAX_CHANGES:]]),
        reason=room.take(request.reason, MAX_REASON_LENGTH),
        scheduler_reason=room.take(timing_note(request), MAX_VALUE_LENGTH),
        revision_changes=[room.take_change(change) for change in revised[:MAX_CHANGES]],
        revision_changes_left_out=_left_out([tuple(change.values()) for change in revised[MAX_CHANGES:]]),
    )


def timing_note(request: Request) -> str:
    """Return who keeps the time and what is not checked because of it; "" if Nightshift keeps it, as it does for most
    requests, or if the work starts at once."""
    if request.scheduler_reason == KEPT_SINCE_PAUSE:
        return request.scheduler_reason
    starts_at_once = isinstance(request.content.schedule, Now) and "Scheduled in " not in request.scheduler_reason
    return "" if request.scheduler == "nightshift" or starts_at_once else request.scheduler_reason


def passages(request: Request) -> tuple[Passage, ...]:
    """Return everything that a request will do, in the order in which it is read. Depends on its revision only."""
    signed, calls = signed_passages(request), call_passages(request.calls)
    what = [Passage("What", request.title)] if len(visible(request.title)) <= MAX_TITLE_LENGTH else []
    return (*(passage for passage in what if passage.text), *summary_passages(request), *signed, *calls)


def summary_passages(request: Request) -> tuple[Passage, ...]:
    """Return what a request will do in words, each fact once: what the card shows, whole, and what is behind it.

    Its title is above them, and among them only if it is too long for that. ``call_passages`` are the exact calls, and
    ``signed_passages`` what an approval signs beside the words.
    """
    targets = request.targets
    count = count_noun(targets.count, targets.noun)
    unnamed = targets.count - len(targets.names)
    names = ", ".join(targets.names) + (f" and {unnamed:,} whose names are not known" if unnamed > 0 else "")
    found = [Passage("What", request.title)] if len(visible(request.title)) > MAX_TITLE_LENGTH else []
    found += [Passage("Why", request.reason), Passage("Said as", request.phrase)]
    found += [Passage(label, text or "nothing") for label, text in request.summary]
    found += [Passage("Timing", request.scheduler_reason), Passage("Targets", targets.note)]
    found += [Passage("Warning", text) for text in request.warnings]
    found += _change_passages("Changes", request.changes)
    found += _change_passages("Edited", request.revision_changes)
    said = [text for _, text in request.summary]
    found += [_resolution_passage(each) for each in request.content.resolutions if not _is_said(each, said)]
    facts = [Passage(_fact_label(name), _fact_text(value)) for name, value in request.facts.items()]
    found += [fact for fact in facts if not _is_a_parameter(fact, request.summary)]
    found.append(Passage(count, names if targets.names else ""))
    return tuple(passage for passage in found if passage.text)


def signed_passages(request: Request) -> tuple[Passage, ...]:
    """Return what an approval signs beside the words: the digests of the content and of what its parameters stand
    for."""
    digests = [
        Passage(f"{_fact_label(each.field)}, {name}", value)
        for each in request.content.resolutions
        for name, value in each.details.items()
        if value.startswith(DIGEST_PREFIX)
    ]
    return (*digests, Passage("Content", request.content_hash)) if request.content_hash else tuple(digests)


def call_passages(calls: Iterable[Mapping[str, Json]]) -> tuple[Passage, ...]:
    """Return the exact calls, word for word."""
    return tuple(map(_call_passage, calls))


class _Room:
    """The characters that a card still has room for."""

    def __init__(self, length: int) -> None:
        self._left = length

    def take(self, text: str, max_length: int) -> Excerpt:
        """Return as much of a text as there is room for."""
        shown = visible(text)
        length = min(max_length, self._left)
        self._left -= min(length, len(shown))
        return Excerpt(shown[:length], max(0, len(shown) - length))

    def take_labeled(self, label: str, text: str) -> LabeledExcerpt:
        name, value = self.take(label, MAX_LABEL_LENGTH), self.take(text, MAX_VALUE_LENGTH)
        return LabeledExcerpt(name.text, value.text, name.hidden + value.hidden)

    def take_change(self, change: Mapping[str, str]) -> ChangeExcerpt:
        name = self.take(change["field"], MAX_LABEL_LENGTH)
        before, after = (self.take(change[key], MAX_CHANGE_LENGTH) for key in ("before", "after"))
        return ChangeExcerpt(name.text, before.text, after.text, name.hidden + before.hidden + after.hidden)


def _left_out(rows: Iterable[Sequence[str]]) -> LeftOut:
    lengths = [sum(len(visible(text)) for text in row) for row in rows]
    return LeftOut(len(lengths), sum(lengths))


def _targets_text(request: Request) -> str:
    targets = request.targets
    names = ", ".join(targets.names[:MAX_NAMES])
    unnamed = targets.count - min(MAX_NAMES, len(targets.names))
    text = count_noun(targets.count, targets.noun)
    if names:
        text += f": {names}" + (f" + {unnamed:,} more" if unnamed > 0 else "")
    if not targets.fixed:
        text += " (worked out again when it starts)"
    return f"{text}. {targets.note}" if targets.note else text


def _change_passages(title: str, changes: Iterable[Mapping[str, str]]) -> list[Passage]:
    return [
        Passage(f"{title} {change['field']}, {when}", change[when] or "nothing")
        for change in changes
        for when in ("before", "after")
    ]


def _is_said(resolution: Resolution, texts: Iterable[str]) -> bool:
    """Whether the parameters name what one of them stands for, as ``describe_value`` does."""
    details = "".join(f", {name} {value}" for name, value in readable_details(resolution))
    return any(f"{resolution.name} (id {resolution.id}){details}" in text for text in texts)


def _is_a_parameter(fact: Passage, summary: Iterable[tuple[str, str]]) -> bool:
    """Whether a parameter of the same label has the value of a fact: ``Template: Reboot (id 7)``."""
    return any(
        label.casefold() == fact.label.casefold() and (text == fact.text or text.startswith(f"{fact.text} (id "))
        for label, text in summary
    )


def _resolution_passage(resolution: Resolution) -> Passage:
    details = "".join(f", {name} {value}" for name, value in readable_details(resolution))
    return Passage(f"{_fact_label(resolution.field)} stands for", describe(resolution) + details)


def _fact_label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _fact_text(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and _ENUM_VALUE.fullmatch(value):
        return value.replace("_", " ")
    if isinstance(value, list | tuple):
        return ", ".join(map(_fact_text, value))
    return "" if value is None else str(value)


def _call_passage(call: Mapping[str, Json]) -> Passage:
    line = f"{call['method']} {call['url']}"
    body = call.get("body")
    text = json.dumps(body, indent=2, ensure_ascii=False) if body is not None else "no body"
    return Passage(line, text)
