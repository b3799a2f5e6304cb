"""The change that work belongs to: a reference such as a ticket's number, in a field where policy requires one."""

CHANGE_LABEL = "Change"


def change_rows(change: str) -> tuple[tuple[str, str], ...]:
    """Return the label and value for the card; nothing if no change is given."""
    return ((CHANGE_LABEL, change),) if change else ()
