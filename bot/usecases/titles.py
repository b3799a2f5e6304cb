"""The title of a request: what would happen, and how often."""

from bot.backends.base import Operation, Params, Preview
from bot.requests.emergency import marked_title
from bot.requests.model import Requirement
from bot.requests.text import inside_a_sentence
from bot.schedule import Schedule, Series, to_phrase, zone_name

_MAX_SERIES_LENGTH = 50
"""A longer description of a series is left to the card."""


def request_title(
    operation: Operation[Params], preview: Preview, schedule: Schedule, requirement: Requirement, rerun_of: str = ""
) -> str:
    """Return the title that lists, cards and messages show. ``rerun_of`` is the name of the request whose failed
    targets it is for: "Rerun NS-7: restart nginx on 3 hosts". What it does is said all the same, because the form of a
    rerun can be changed."""
    what = preview.headline or operation.title
    if rerun_of:
        what = f"Rerun {rerun_of}: {inside_a_sentence(what)}"
    return marked_title(f"{what}{_how_often(schedule)}", requirement)


def _how_often(schedule: Schedule) -> str:
    if not isinstance(schedule, Series):
        return ""
    phrase = to_phrase(schedule).replace(f" {zone_name(schedule.zone)}", "", 1)
    return f", {phrase}" if len(phrase) <= _MAX_SERIES_LENGTH else ", in a series"
