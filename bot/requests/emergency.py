"""Emergencies: requests that run first and are reviewed afterwards, by people who did not take part."""

from collections.abc import Mapping
from datetime import datetime

from bot.requests.durations import format_duration
from bot.requests.model import Person, Request, Requirement, Review, Stage
from bot.requests.pauses import local_time
from bot.requests.text import approver_names, join_words
from bot.values import FrozenModel

EMERGENCY_LABEL = "Emergency"
_MARK = "Emergency: "


class DueReview(FrozenModel):
    """The review of one emergency. ``by``, ``comment`` and ``reviewed_at`` are of the review itself, once there is one.
    ``asked_at`` and ``overdue_told_at`` are when the reviewers were told."""

    request_id: str
    due_at: datetime
    asked_at: datetime | None = None
    overdue_told_at: datetime | None = None
    by: Person | None = None
    comment: str = ""
    reviewed_at: datetime | None = None


def marked_title(title: str, requirement: Requirement) -> str:
    """Return the title of a request, marked if it is an emergency. Lists, cards, outcomes and messages show it."""
    title = title.removeprefix(_MARK)
    return f"{_MARK}{title}" if requirement.review else title


def review_sentence(review: Review) -> str:
    """Return who must review an emergency, and how soon."""
    return f"{approver_names(review.by)} must review it within {format_duration(review.within)}."


def emergency_rows(requirement: Requirement) -> tuple[tuple[str, str], ...]:
    """Return the label and value for the card of an emergency; nothing for other requests."""
    return ((EMERGENCY_LABEL, review_sentence(requirement.review)),) if requirement.review else ()


def named_reviewers(request: Request) -> tuple[str, ...]:
    """Return the ids of the users whom policy names one by one for the review of a request."""
    return request.requirement.review.by.users if request.requirement.review else ()


def due_review_text(request: Request, review: DueReview, now: datetime, zone: str, names: Mapping[str, str]) -> str:
    """Return how the review of an emergency stands: due, overdue or done. ``zone`` is that of the times, ``names`` has
    the names of users by id."""
    if review.reviewed_at is not None:
        return f"Reviewed {local_time(review.reviewed_at, zone)}: {review.comment}"
    by = request.requirement.review.by if request.requirement.review else Stage()
    who = join_words([names.get(name, name) for name in by.names or by.groups + by.users], "or") or "nobody"
    if now >= review.due_at:
        return f"Its review was due {local_time(review.due_at, zone)}: {who} must do it now."
    return f"{who} must review it by {local_time(review.due_at, zone)}."
