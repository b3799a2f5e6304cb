"""Sessions that may be what a call of unknown outcome made, and in what they are not what it asked for. No I/O."""

from collections.abc import Iterator, Sequence

from bot.backends.base import Candidate, Handle
from bot.backends.immybot.progress import target_label
from bot.backends.immybot.sessions import Session, SessionQuery
from bot.values import JsonObject

MAX_CANDIDATES = 10
_MAX_NAMES = 3


def group_candidates(
    handle: Handle, query: SessionQuery, body: JsonObject, sessions: Sequence[Session]
) -> list[Candidate]:
    """Return the sessions as runs: those of one group are one run, and so are those without a group.

    ``handle`` is the one that the call would have returned, ``body`` what the call has sent.
    """
    groups: dict[str, list[Session]] = {}
    for session in sorted(sessions, key=lambda session: session.id):
        groups.setdefault(session.group_id, []).append(session)
    found = [_candidate(handle, query, body, group, members) for group, members in groups.items()]
    return sorted(found, key=lambda candidate: (not candidate.carries_token, len(candidate.differences)))[
        :MAX_CANDIDATES
    ]


def _candidate(
    handle: Handle, query: SessionQuery, body: JsonObject, group: str, sessions: Sequence[Session]
) -> Candidate:
    numbers = ",".join(str(session.id) for session in sessions)
    is_ours = group == query.group
    labels = [target_label(session) for session in sessions]
    more = f" and {len(labels) - _MAX_NAMES} more" if len(labels) > _MAX_NAMES else ""
    starts = [session.starts_at for session in sessions if session.starts_at is not None]
    return Candidate(
        id=numbers,
        handle=handle if is_ours else handle.model_copy(update={"id": numbers}),
        title=f"{'Session' if len(sessions) == 1 else 'Sessions'} {numbers} · {', '.join(labels[:_MAX_NAMES])}{more}",
        starts_at=min(starts, default=None),
        carries_token=is_ours,
        other_token="" if is_ours else group,
        differences=() if is_ours else tuple(_differences(query, body, sessions)),
    )


def _differences(query: SessionQuery, body: JsonObject, sessions: Sequence[Session]) -> Iterator[str]:
    if any(not query.may_match(session) for session in sessions):
        yield "It is for targets that were not asked for."
    missing = query.computers - {session.computer_id for session in sessions if session.computer_id is not None}
    if missing:
        yield f"It leaves out {len(missing)} of the computers that were asked for."
    for name, value in sessions[0].arguments.items():
        # Versions differ in how they write the same value, so only the same type is compared.
        if type(value) is type(body.get(name)) and value != body[name]:
            yield f"Its {name} is {value}, not {body[name]}."
