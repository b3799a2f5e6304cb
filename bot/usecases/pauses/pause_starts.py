"""Pauses the starts of a system, or of everything."""

from collections.abc import Sequence
from datetime import datetime

from bot.ids import new_id
from bot.requests.pauses import Pause, local_time
from bot.requests.text import count_noun
from bot.storage import audit, pauses, runs
from bot.usecases.actor import Actor
from bot.usecases.pauses.notes import mark_held_cards, note_to_admins
from bot.usecases.pauses.pause_series import checked_reason
from bot.usecases.pauses.permission import check_may_pause
from bot.usecases.pauses.scopes import Scope
from bot.usecases.services import Services


async def pause_starts(services: Services, actor: Actor, scope: Scope, until: datetime | None, reason: str) -> str:
    """Hold every start of a system, or of everything, until a moment or until somebody resumes it.

    What runs goes on. A second pause does not replace the first: both count. Returns what happened, as a sentence.
    Raises InputError, NotAllowed or SlackSilent.
    """
    reason = checked_reason(reason)
    await check_may_pause(services, actor.person, scope)
    now = services.clock.now()
    async with services.db.write() as tx:
        pause = Pause(
            id=new_id("p"), scope=scope.kind, name=scope.name, since=now, until=until, by=actor.person, reason=reason
        )
        await pauses.add(tx, pause)
        await runs.recheck(tx, pause.name, now)
        data = {"scope": scope.name or "everything", "until": until.isoformat() if until else None, "reason": reason}
        await audit.record(tx, now, actor.person.key, "starts.paused", "", data)
        # The audit trail lets one transaction through after the other, so a pause of the same moment is seen here.
        others = [other for other in await pauses.not_ended(tx) if other.id != pause.id and scope.is_of(other)]
        earlier = [other for other in others if other.holds_at(now)]
        zone = services.settings.channels.default_zone
        await note_to_admins(tx, services, pause_line(scope, pause, zone), dedupe=pause.id, by=actor.person)
        await mark_held_cards(tx, now, pause)
        going_on = await runs.count_going(tx, scope.name)
    services.wake.sender.set()
    services.wake.scheduler.set()
    lines = [pause_line(scope, pause, actor.zone), "Nothing starts meanwhile.", *_earlier_lines(earlier, actor.zone)]
    if going_on:
        lines.append(f"Not stopped: {count_noun(going_on, 'runs')} that began before.")
    return " ".join(lines)


def pause_line(scope: Scope, pause: Pause, zone: str) -> str:
    """Return what is paused, until when and why, as a sentence. ``zone`` is that of its time."""
    return f"⏸️ {scope.title} is paused until {_end_text(pause, zone)}: {pause.reason.rstrip('. ')}."


def _earlier_lines(earlier: Sequence[Pause], zone: str) -> list[str]:
    """Return that it was paused already, as a sentence."""
    return [
        f"It was paused already until {_end_text(pause, zone)}: {pause.reason}. Both count." for pause in earlier[:1]
    ]


def _end_text(pause: Pause, zone: str) -> str:
    return local_time(pause.until, zone) if pause.until else "somebody resumes it"
