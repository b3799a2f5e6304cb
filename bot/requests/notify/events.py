"""What happens to a request, and whom each event concerns: the table of notifications."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Event(StrEnum):
    """Something that people are told of."""

    REQUESTED = "requested"
    EDITED = "edited"
    ASKED_AGAIN = "asked_again"
    CHANGES_REQUESTED = "changes_requested"
    NEXT_STAGE = "next_stage"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    ABOUT_TO_START = "about_to_start"
    HELD = "held"
    CANCELLED = "cancelled"
    ENDED = "ended"
    FAILED = "failed"
    UNKNOWN = "outcome_unknown"
    PROPOSED = "proposed"
    SKIPPED = "skipped"
    PAUSED = "paused"
    RESUMED = "resumed"
    RELEASED = "released"
    REVIEWED = "reviewed"
    UNDELIVERABLE = "undeliverable"


@dataclass(frozen=True, slots=True)
class Row:
    """Whom an event concerns. What is left empty tells nobody."""

    channel: Literal["", "card", "thread"] = ""
    """What the approvers' channel gets: a new card, or a reply in the thread of the card."""
    mentions: Literal["", "approvers", "undecided", "requester"] = ""
    """Whom the message in the approvers' channel mentions."""
    requester: Literal["", "receipt", "note", "outcome"] = ""
    """What the requester gets as a direct message."""
    copies: Literal["", "absent", "second group"] = ""
    """Which approvers get a card as a direct message: those who are not in the channel, or all of the second group."""
    holders: bool = False
    """Whether those who have such a card get a reply in its thread."""
    results: bool = False
    """Whether the channel for results is told."""
    admins: bool = False


TABLE: Mapping[Event, Row] = {
    Event.REQUESTED: Row(channel="card", mentions="approvers", requester="receipt", copies="absent"),
    Event.EDITED: Row(channel="thread", mentions="approvers", requester="note", copies="absent", holders=True),
    Event.ASKED_AGAIN: Row(channel="thread", mentions="approvers", requester="note", copies="absent", holders=True),
    Event.CHANGES_REQUESTED: Row(channel="thread", mentions="requester", requester="note"),
    Event.NEXT_STAGE: Row(channel="thread", mentions="approvers", copies="absent", holders=True),
    Event.REMINDED: Row(channel="thread", mentions="undecided", copies="absent", holders=True),
    Event.ESCALATED: Row(channel="thread", mentions="approvers", copies="second group", holders=True),
    Event.APPROVED: Row(requester="note"),
    Event.DENIED: Row(requester="note"),
    Event.EXPIRED: Row(requester="note"),
    Event.ABOUT_TO_START: Row(channel="thread", requester="note"),
    Event.HELD: Row(channel="thread", requester="note"),
    Event.CANCELLED: Row(channel="thread", requester="note"),
    Event.ENDED: Row(channel="thread", requester="outcome", results=True),
    Event.FAILED: Row(channel="thread", requester="outcome", results=True),
    Event.UNKNOWN: Row(channel="thread", mentions="requester", requester="note", admins=True),
    Event.PROPOSED: Row(channel="thread", mentions="approvers", holders=True),
    Event.SKIPPED: Row(channel="thread", requester="note"),
    Event.PAUSED: Row(channel="thread", requester="note"),
    Event.RESUMED: Row(channel="thread", requester="note"),
    Event.RELEASED: Row(channel="thread", requester="note"),
    Event.REVIEWED: Row(channel="thread", requester="note"),
    Event.UNDELIVERABLE: Row(requester="note", admins=True),
}

URGENT = frozenset({Event.ESCALATED})
"""Events that do not wait for the end of somebody's quiet hours."""
