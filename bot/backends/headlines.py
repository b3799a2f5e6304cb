"""What a request would do, in one line that begins with what happens: "Run Command: uptime on 8 hosts"."""

from bot.backends.exchange import Targets
from bot.visible_text import visible

MAX_LENGTH = 80
_MAX_VALUE_LENGTH = 40
_ELLIPSIS = "…"


def headline(what: str, targets: Targets) -> str:
    """Return ``what`` happens and on what, in at most ``MAX_LENGTH`` characters, all of them visible.

    A single target is named, several are counted. Without targets only ``what`` is said.
    """
    where = shortened(targets_text(targets), MAX_LENGTH // 2)
    if not where:
        return shortened(what, MAX_LENGTH)
    return f"{shortened(what, MAX_LENGTH - len(where) - 1)} {where}"


def targets_text(targets: Targets) -> str:
    """Return where it happens: "on web05", "on 8 hosts"; "" if there is no target."""
    if targets.count == 1:
        return f"on {targets.names[0]}" if targets.names else f"on 1 {targets.noun.removesuffix('s')}"
    return f"on {targets.count} {targets.noun}" if targets.count else ""


def values_text(values: list[str]) -> str:
    """Return values of parameters as a few words."""
    return " ".join(shortened(value, _MAX_VALUE_LENGTH) for value in values if value.strip())


def shortened(text: str, length: int) -> str:
    """Return a text in one line of at most ``length`` visible characters."""
    line = visible(text.strip())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}{_ELLIPSIS}"
