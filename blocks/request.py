"""Pieces of a request that cards, messages and Details share."""

from collections.abc import Sequence

from blocks.text import Element, clip, text_run, user_mention
from bot.requests.disclosure import Excerpt, LeftOut
from bot.requests.model import Person, Request
from bot.requests.text import count_noun


def excerpt_elements(excerpt: Excerpt, *, before: str = "", after: str = "") -> list[Element]:
    """An excerpt between two marks, and how much it leaves out."""
    return [text_run(f"{before}{excerpt.text}{after}"), *hidden_note(excerpt.hidden)]


def requester_elements(request: Request, system: str) -> list[Element]:
    """Everyone who wrote a request, and what people call its system."""
    elements: list[Element] = [text_run("Requested by ", bold=True), user_mention(request.requester.user)]
    if request.edited_by:
        elements += [text_run(", edited by "), *_user_mentions(request.edited_by)]
    if request.taken_over_from:
        elements += [text_run(", taken over from "), *_user_mentions(request.taken_over_from)]
    return [*elements, text_run(f" · {clip(system, 60)}")]


def title_of(request: Request) -> str:
    """What a request does; its name if it has no title."""
    return request.title.strip() or request.name


def _user_mentions(people: Sequence[Person]) -> list[Element]:
    elements: list[Element] = []
    for person in people:
        elements += [text_run(", "), user_mention(person.user)] if elements else [user_mention(person.user)]
    return elements


def hidden_note(hidden: int) -> list[Element]:
    """How many characters of a text are left out; nothing if it is whole."""
    return [text_run(" … "), text_run(count_noun(hidden, "more characters"), italic=True)] if hidden else []


def left_out_rows(left_out: LeftOut, noun: str) -> list[Sequence[Element]]:
    """A row on the rows that are left out; none if nothing is."""
    if not left_out.rows:
        return []
    text = f"{count_noun(left_out.rows, f'more {noun}')} ({count_noun(left_out.characters, 'characters')})"
    return [[text_run("… "), text_run(text, italic=True)]]
