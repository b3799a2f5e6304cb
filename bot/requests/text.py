"""Short phrases that reasons are composed of."""

from collections.abc import Sequence
from datetime import datetime

from bot.requests.model import Stage


def join_words(texts: Sequence[str], conjunction: str = "and") -> str:
    """Join texts: ``a``, ``a and b``, ``a, b and c``."""
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {conjunction} {texts[-1]}"


def first_few(names: Sequence[str], limit: int = 3) -> str:
    """Return the first few of many names: ``a, b, c and 7 more``."""
    if len(names) <= limit + 1:
        return join_words(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"


def count_noun(count: int, noun: str) -> str:
    """Format a number of things: ``43 hosts``, ``1 host``."""
    return f"{count:,} {noun.removesuffix('s') if count == 1 else noun}"


def inside_a_sentence(title: str) -> str:
    """Return a title as it follows a comma or colon: without its first capital, unless that is part of a name or
    an abbreviation: "restart nginx", "RPM update", "Run Command"."""
    first, _, rest = title.partition(" ")
    is_plain = first[1:].islower() and not rest[:1].isupper()
    return f"{title[:1].lower()}{title[1:]}" if is_plain else title


def approver_names(stage: Stage) -> str:
    """Name the approvers of a stage: ``@sre or U0123ABCD``."""
    return join_words(stage.names or (*stage.groups, *stage.users), "or") or "nobody"


def stage_text(stage: Stage) -> str:
    """Describe a stage: ``2 of @sre``."""
    return f"{stage.quorum} of {approver_names(stage)}"


def stages_text(stages: Sequence[Stage]) -> str:
    """Describe stages: ``2 of @sre``, ``2 of @sre, then 1 of @dba``."""
    return ", then ".join(map(stage_text, stages)) or "an approval that nobody can give"


def format_moment(at: datetime) -> str:
    """Format a zone-aware moment in its own zone: ``Sat 7 Mar 2026 22:00 CET``."""
    return f"{at:%a} {at.day} {at:%b %Y %H:%M %Z}"


def format_span(start: datetime, end: datetime) -> str:
    """Format a period in the zone of its start: ``Sat 7 Mar 2026 22:00 to 23:00 CET``."""
    end = end.astimezone(start.tzinfo)
    if start.date() == end.date() and start.utcoffset() == end.utcoffset():
        return f"{start:%a} {start.day} {start:%b %Y %H:%M} to {end:%H:%M %Z}"
    return f"{format_moment(start)} to {format_moment(end)}"
