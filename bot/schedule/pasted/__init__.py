"""Read rules that are pasted: cron lines, systemd calendar expressions, RRULEs of RFC 5545."""

import re

from bot.schedule.parsing.errors import AmbiguityError, ParseError
from bot.schedule.pasted.cron import read_cron
from bot.schedule.pasted.fields import PastedRule
from bot.schedule.pasted.rrule import NoTimeOfDay, read_rrule
from bot.schedule.pasted.systemd import read_systemd

_SIGNS = re.compile(r"[*=@?#~]|\.\.|^[\d,/-]+ +[\d,/-]+ ")

__all__ = ["PastedRule", "read_pasted_rule"]


def read_pasted_rule(phrase: str) -> PastedRule | None:
    """Return the rule of a cron line and the like, or None where the phrase is none.

    Raises ParseError for a rule that has errors or that a series cannot hold, AmbiguityError for one without a time.
    """
    if _SIGNS.search(phrase) is None:
        return None
    for reader in (read_rrule, read_systemd, read_cron):
        try:
            if (rule := reader(phrase)) is not None:
                return rule
        except NoTimeOfDay:
            texts = tuple(f"{phrase} at {time}" for time in ("09:00", "21:00"))
            raise AmbiguityError("At what time?", (), whole_phrases=texts) from None
        except ValueError as error:
            raise ParseError(str(error), example="every friday at 22:00") from None
    return None
