"""Cancels runs and series."""

from bot.backends.base import Handle
from bot.backends.foreman.api import ForemanApi
from bot.backends.foreman.progress import has_ended
from bot.backends.foreman.start import JOB_INVOCATIONS, RECURRING_LOGICS
from bot.errors import Refused


async def cancel(api: ForemanApi, handle: Handle) -> str:
    """Cancel a run, or a whole series through its recurring logic. Raises BackendError."""
    if handle.kind == "series":
        await api.post(f"{RECURRING_LOGICS}/{handle.id}/cancel", {})
        return f"Series {handle.id} is cancelled: Foreman makes no more runs of it."
    try:
        await api.post(f"{JOB_INVOCATIONS}/{handle.id}/cancel", {"force": False})
    except Refused as error:
        if error.status != 422:
            raise
        rows, _ = await api.get_rows(JOB_INVOCATIONS, search=f"id = {handle.id}", per_page=1)
        if not rows or not has_ended(rows[0]):
            raise
        return f"Job {handle.id} had already ended in Foreman: {rows[0].get('status_label') or 'finished'}."
    return f"Foreman is cancelling job {handle.id}; hosts that have finished stay as they are."
