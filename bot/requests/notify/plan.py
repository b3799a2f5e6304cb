"""The notification plan: event, request and people become messages.

The preview promises what this plan says, and what is sent is this plan, so the two cannot differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.requests.lifecycle import FINAL_STATES
from bot.requests.model import Notify, Request, Stage
from bot.requests.notify.events import TABLE, URGENT, Event, Row
from bot.requests.notify.preferences import NO_PREFERENCES, Preferences
from bot.requests.text import count_noun

MAX_COPIES = 20
"""Maximum of approvers who get a direct message about one request. The mention must do for the others."""
MAX_MENTIONS = 10
"""Maximum of people whom a reminder mentions by name. Beyond that it mentions their groups."""

MessageKind = Literal["card", "receipt", "reply", "note", "outcome"]
_BY_IMPORTANCE: tuple[MessageKind, ...] = ("card", "receipt", "outcome", "reply", "note")
"""Where two messages would say the same in one place, the first kind of these is sent."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The people of a request at the time of an event. All are ids of users, groups and channels.

    ``actor`` is who caused the event, "" for Nightshift. ``asked`` are the groups and people whom policy names.
    ``other_channels`` have a card too, from before the request was moved to another system.
    ``approvers`` are those who may still decide, nearest to deciding first. ``second_group`` are those of them who may
    since the escalation. ``in_channel`` are the members of the approvers' channel. All three are None if not known.
    ``holders`` have a card as a direct message.
    """

    requester: str
    channel: str
    actor: str = ""
    results: str = ""
    admins: str = ""
    other_channels: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    approvers: tuple[str, ...] | None = None
    second_group: tuple[str, ...] | None = None
    in_channel: frozenset[str] | None = None
    holders: frozenset[str] = frozenset()
    notify: Notify = "mention"
    preferences: Mapping[str, Preferences] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A message: where it goes, what it is, whom it mentions, and what it says.

    ``place`` is a channel or a user. A reply goes into the thread of the card that is there. What a card, a receipt and
    an outcome say is rendered from the request.
    """

    place: str
    kind: MessageKind
    mentions: tuple[str, ...] = ()
    text: str = ""
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The messages of an event, and whom of the approvers they reach.

    ``by_mention`` see the mention in the channel, ``by_copy`` get a card as a direct message, and ``left_out`` are
    neither in the channel nor among the first ``MAX_COPIES``.
    """

    messages: tuple[PlannedMessage, ...]
    by_mention: tuple[str, ...] = ()
    by_copy: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def notified(self) -> frozenset[str]:
        """The approvers who are told, by user id."""
        return frozenset((*self.by_mention, *self.by_copy))


def plan(event: Event, audience: Audience, text: str = "", request: Request | None = None) -> Plan:
    """Return who is told what of an event, and where. Nobody is told twice in one place, nor of what they did.

    ``request`` is None for one that is not made yet.
    """
    row = TABLE[event]
    copies = _copies(row, audience)
    left_out = _left_out(row, audience, copies)
    needs_mention = audience.notify != "dm" or len(copies) < len(_wanting_copies(row, audience))
    by_mention = _by_mention(row, audience, copies) if needs_mention else ()
    found = [
        *_in_channel(row, audience, text, needs_mention=needs_mention),
        *_to_holders(row, audience, text),
        *(PlannedMessage(user, "card") for user in copies if user not in audience.holders),
        *_to_requester(event, row, request, audience, text),
        *_elsewhere(event, row, request, audience, text, left_out),
    ]
    unique: dict[tuple[str, str], PlannedMessage] = {}
    for message in sorted(found, key=lambda message: _BY_IMPORTANCE.index(message.kind)):
        unique.setdefault(
            (message.place, message.text), replace(message, is_urgent=_is_urgent(event, message, request, audience))
        )
    return Plan(tuple(unique.values()), by_mention, copies, left_out)


def _is_urgent(event: Event, message: PlannedMessage, request: Request | None, audience: Audience) -> bool:
    """Return whether a message does not wait for quiet hours: an escalation, and what asks for an emergency."""
    is_emergency = request is not None and request.is_emergency and request.requirement.effect == "ask"
    return event in URGENT or (is_emergency and message.place != audience.requester)


def _wanting_copies(row: Row, audience: Audience) -> list[str]:
    """Return who is to get a card as a direct message, if there were no limit: those who are not in the channel first.

    Where it is not known who is in the channel, nobody counts as being there.
    """
    approvers = audience.second_group if row.copies == "second group" else audience.approvers
    if not row.copies or approvers is None:
        return []
    there = audience.in_channel or frozenset()
    candidates = [user for user in approvers if user not in (audience.actor, audience.requester)]
    absent = [user for user in candidates if user not in there]
    present = [user for user in candidates if user in there]
    if row.copies == "second group" or audience.notify != "mention":
        return [*absent, *present]
    return [*absent, *(user for user in present if audience.preferences.get(user, NO_PREFERENCES).copies)]


def _copies(row: Row, audience: Audience) -> tuple[str, ...]:
    return tuple(_wanting_copies(row, audience)[:MAX_COPIES])


def _left_out(row: Row, audience: Audience, copies: tuple[str, ...]) -> tuple[str, ...]:
    there = audience.in_channel or frozenset()
    return tuple(user for user in _wanting_copies(row, audience) if user not in copies and user not in there)


def _by_mention(row: Row, audience: Audience, copies: tuple[str, ...]) -> tuple[str, ...]:
    """Return the approvers who see their mention in the channel."""
    if row.mentions not in ("approvers", "undecided") or audience.approvers is None:
        return ()
    there = audience.in_channel or frozenset()
    reached = (user for user in audience.approvers if user in there and user != audience.actor)
    return tuple(user for user in reached if audience.notify != "dm" or user not in copies)


def _in_channel(row: Row, audience: Audience, text: str, *, needs_mention: bool) -> list[PlannedMessage]:
    """Return the message in the approvers' channel. A policy with ``notify = "dm"`` mentions only whom no copy
    reaches."""
    if not row.channel or not audience.channel:
        return []
    mentions: tuple[str, ...] = ()
    match row.mentions:
        case "approvers":
            mentions = audience.asked if needs_mention else ()
        case "undecided":
            mentions = _undecided(audience)
        case "requester" if audience.requester != audience.actor:
            mentions = (audience.requester,)
    if row.channel == "card":
        return [PlannedMessage(audience.channel, "card", mentions)]
    others = [PlannedMessage(channel, "reply", (), text) for channel in audience.other_channels]
    return [PlannedMessage(audience.channel, "reply", mentions, text), *others]


def _undecided(audience: Audience) -> tuple[str, ...]:
    """Return whom a reminder mentions: those in the channel who may still decide, or their groups if they are many."""
    if audience.approvers is None or audience.in_channel is None:
        return audience.asked
    there = tuple(user for user in audience.approvers if user in audience.in_channel)
    return there if len(there) <= MAX_MENTIONS else audience.asked


def _to_holders(row: Row, audience: Audience, text: str) -> list[PlannedMessage]:
    """Return the replies under the cards that approvers have as direct messages."""
    if not row.holders:
        return []
    waiting = audience.holders if audience.approvers is None else audience.holders & frozenset(audience.approvers)
    others = sorted(waiting - {audience.actor, audience.requester})
    return [PlannedMessage(user, "reply", (user,), text) for user in others]


def _to_requester(
    event: Event, row: Row, request: Request | None, audience: Audience, text: str
) -> list[PlannedMessage]:
    preferences = audience.preferences.get(audience.requester, NO_PREFERENCES)
    if not row.requester or (row.requester != "receipt" and audience.actor == audience.requester):
        return []
    goes_on = request is not None and request.is_series and request.state not in FINAL_STATES
    if row.requester == "outcome" and not preferences.wants_outcome(failed=event is Event.FAILED, goes_on=goes_on):
        return []
    return [PlannedMessage(audience.requester, row.requester, (), text)]


def _elsewhere(
    event: Event, row: Row, request: Request | None, audience: Audience, text: str, left_out: tuple[str, ...]
) -> list[PlannedMessage]:
    """Return what the channel for results and the administrators get."""
    found = []
    if row.results and audience.results:
        mentions = (audience.requester,) if event is Event.FAILED else ()
        found.append(PlannedMessage(audience.results, "outcome", mentions, text))
    if row.admins and audience.admins:
        found.append(PlannedMessage(audience.admins, "note", (), text))
    elif left_out and audience.admins:
        found.append(PlannedMessage(audience.admins, "note", (), _left_out_text(request, len(left_out))))
    return found


def asked_of(*stages: Stage) -> tuple[str, ...]:
    """Return whom stages name, by id: groups first."""
    return tuple(dict.fromkeys(name for stage in stages for name in (*stage.groups, *stage.users)))


def _left_out_text(request: Request | None, count: int) -> str:
    """Tell the administrators how many approvers nothing reaches."""
    name = request.name if request is not None else "a request"
    people = f"{count_noun(count, 'approvers')} of {name} {'is' if count == 1 else 'are'}"
    return (
        f"{people} not in the approvers' channel, and only the first {MAX_COPIES} get a direct message. "
        "Invite them to the channel, or name fewer approvers."
    )
