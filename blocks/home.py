"""The Home tab: an inbox. Times are the reader's own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from blocks.inbox_rows import decision_row, plain_row, running_row
from blocks.text import (
    Block,
    Element,
    View,
    actions,
    bullets,
    button,
    clip,
    context,
    header,
    plain_text,
    rich_text,
    rich_text_lines,
    text_run,
)
from bot.requests.inbox import ComingRow, InboxRow
from bot.requests.text import count_noun

MAX_DECISIONS = 10
MAX_ROWS = 8
MAX_COMING = 15
MAX_LINES = 10
MORE_ACTION = "home_more"
SEARCH_ACTION = "home_search"
MORE: Mapping[str, str] = {"search": "Search all requests", "settings": "Settings", "help": "Help"}
"""The entries of the menu next to the start buttons."""


@dataclass(frozen=True, slots=True)
class HomeModel:
    """What Home shows. ``starts`` has the label of each start button by its action, ``systems`` the title of each back
    end."""

    starts: Mapping[str, str]
    systems: Mapping[str, str]
    zone: str
    needs_you: Sequence[InboxRow] = ()
    waiting_for_others: int = 0
    running: Sequence[InboxRow] = ()
    coming: Sequence[ComingRow] = ()
    own: Sequence[InboxRow] = ()
    own_is_above: bool = False
    """Whether some of the person's own requests are in another section."""
    paused: Sequence[str] = ()
    reviews: Sequence[str] = ()
    note: str = ""


def home_view(model: HomeModel) -> View:
    """The Home tab. What is empty is left out; somebody without requests reads that there are none."""
    is_new = not (model.needs_you or model.running or model.coming or model.own)
    blocks: list[Block] = []
    if is_new:
        blocks += _welcome()
    blocks.append(_start_buttons(model, primary=is_new))
    if model.paused:
        blocks.append(rich_text_lines(*_lines(model.paused)))
    blocks += [*([context(model.note)] if model.note else []), *_needs_you(model)]
    if model.reviews:
        blocks += [header("Emergencies to review"), rich_text_lines(*_lines(model.reviews))]
    if model.running:
        blocks.append(header(f"Running ({len(model.running)})"))
        blocks += [running_row(row) for row in model.running[:MAX_ROWS]]
        blocks += _more(len(model.running) - MAX_ROWS)
    if model.coming:
        blocks += [header("Coming up, in your time"), *_coming(model.coming[:MAX_COMING], model.zone)]
        blocks += _more(len(model.coming) - MAX_COMING)
    if model.own or not model.own_is_above:
        blocks.append(header("Your requests"))
    blocks += [plain_row(row, "mine") for row in model.own[:MAX_ROWS]]
    if not model.own and not model.own_is_above:
        blocks.append(context("Nothing yet. Your requests and their results will be here."))
    if len(model.own) > MAX_ROWS:
        blocks.append(context("There are more: /nightshift mine"))
    verb = "waits" if model.waiting_for_others == 1 else "wait"
    search = f"{MORE['search']} ({model.waiting_for_others} {verb} for others)"
    blocks.append(actions("home_all", button(search if model.waiting_for_others else MORE["search"], SEARCH_ACTION)))
    return {"type": "home", "blocks": blocks[:100]}


def home_error_view(text: str) -> View:
    """The Home tab for somebody who cannot be shown anything."""
    return {"type": "home", "blocks": [header("Nightshift"), rich_text_lines([text_run(text)])]}


def _welcome() -> list[Block]:
    text = (
        "Fill in a form and say when in your own words, such as “Saturday 21:00”. You see what would happen before "
        "anything is sent."
    )
    return [header("Plan maintenance, get it approved, see it done"), rich_text_lines([text_run(text)])]


def _start_buttons(model: HomeModel, *, primary: bool) -> Block:
    buttons = [
        button(label, action, style="primary" if primary and number == 0 else "")
        for number, (action, label) in enumerate(list(model.starts.items())[:20])
    ]
    options: list[Element] = [{"text": plain_text(label, 75), "value": value} for value, label in MORE.items()]
    return actions("home_start", *buttons, {"type": "overflow", "action_id": MORE_ACTION, "options": options})


def _needs_you(model: HomeModel) -> Iterator[Block]:
    if not model.needs_you:
        return
    yield header(f"Needs you ({len(model.needs_you)})")
    for row in model.needs_you[:MAX_DECISIONS]:
        yield from decision_row(row, model.systems.get(row.backend, row.backend))
    yield from _more(len(model.needs_you) - MAX_DECISIONS)


def _more(count: int) -> list[Block]:
    return [context(f"{count_noun(count, 'more requests')}: search below")] if count > 0 else []


def _coming(rows: Sequence[ComingRow], zone: str) -> Iterator[Block]:
    """The starts of each day, in the reader's zone."""
    for day, starts in groupby(rows, lambda row: row.starts_at.astimezone(ZoneInfo(zone)).date()):
        lines = [
            f"{_clock(row.starts_at, zone)}  {clip(row.title, 150)} ({row.name}{', paused' if row.is_held else ''})"
            for row in starts
        ]
        yield rich_text_lines([text_run(f"{day:%a} {day.day} {day:%b}", bold=True)])
        yield rich_text(bullets(lines))


def _clock(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def _lines(texts: Sequence[str]) -> list[Sequence[Element]]:
    return [[text_run(clip(text, 600))] for text in texts[:MAX_LINES]]
