"""The order of changes in one view."""

import asyncio
from weakref import WeakValueDictionary


class ViewTurns:
    """Lets changes of a view happen one after the other, and typing settle first."""

    def __init__(self) -> None:
        self._keystrokes: dict[str, int] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def is_last_keystroke(self, view_id: str, seconds: float) -> bool:
        """Wait; False when the person typed on, or changed something else, in the meantime."""
        mine = self._keystrokes[view_id] = self._keystrokes.get(view_id, 0) + 1
        await asyncio.sleep(seconds)
        if self._keystrokes.get(view_id) != mine:
            return False
        del self._keystrokes[view_id]
        return True

    def lock(self, view_id: str) -> asyncio.Lock:
        """The lock of a view. Two changes at once would each miss what the other stored. A change carries what was
        typed just before it, so that is not waited for any more."""
        self._keystrokes.pop(view_id, None)
        return self._locks.setdefault(view_id, asyncio.Lock())
