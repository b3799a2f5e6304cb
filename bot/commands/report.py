"""The lines of ``nightshift doctor``: what is in order, what to know, and each fault with what to do."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Report:
    """Prints lines at once, and keeps what somebody has to do."""

    to_do: list[str] = field(default_factory=list)

    def ok(self, what: str) -> bool:
        """Report that something works. Returns True."""
        print(f"ok    {what}")
        return True

    def note(self, what: str) -> None:
        """Report something to know that is no fault."""
        print(f"note  {what}")

    def fault(self, what: str, mend: str) -> bool:
        """Report a fault and what to do about it. Returns False."""
        print(f"FAULT {what}")
        print(f"      {mend[:1].upper()}{mend[1:]}.")
        self.to_do.append(mend)
        return False
