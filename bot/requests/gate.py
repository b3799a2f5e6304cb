"""The gate before every start. It stands in the way of the run itself, so that no other path leads around it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.requests.approval import Ruling, standing
from bot.requests.directory import Directory
from bot.requests.freezes import Hit, blocking
from bot.requests.model import Decision
from bot.requests.rounds import Round


def may_start(
    around: Round, decisions: Iterable[Decision], directory: Directory, now: datetime, hits: Sequence[Hit] = ()
) -> Ruling:
    """Whether a run may start at this moment: its approval stands, by people who may give it now and for the content
    as it is now, and no freeze is in the way. ``hits`` are the freezes that this one run touches."""
    found = standing(around, decisions, directory, now)
    if found.state != "approved":
        return Ruling(allowed=False, reason=f"The approval does not stand any more: {found.words}.")
    if stops := blocking(hits, around.requirement):
        return Ruling(allowed=False, reason=" ".join(hit.words for hit in stops))
    return Ruling(allowed=True)
