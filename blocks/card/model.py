"""What a card shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.requests.approval.status import ApprovalStatus
from bot.requests.disclosure import card_excerpts
from bot.requests.lifecycle import FINAL_STATES
from bot.requests.model import Decision, Request, Run, Stage
from bot.requests.pauses import Pause


@dataclass(frozen=True, slots=True)
class SystemNames:
    """What people call a back end: ``Foreman production``, and its product: ``Foreman``."""

    title: str
    product: str

    @classmethod
    def of(cls, backend: str) -> "SystemNames":
        """Return names for a back end of which only the full name is known, such as ``foreman.prod``."""
        return cls(backend, backend.partition(".")[0].capitalize())


@dataclass(frozen=True, slots=True)
class Card:
    """What a card shows. The receipt is the requester's own copy, without the buttons that decide."""

    request: Request
    decisions: Sequence[Decision] = ()
    runs: Sequence[Run] = ()
    status: ApprovalStatus | None = None
    """How far the approval has come; None once it is over."""
    stages: Sequence[Stage] = ()
    """Who may approve now; empty for those of the requirement."""
    pauses: Sequence[Pause] = ()
    """The pauses that hold its next start."""
    released_from: Sequence[Pause] = ()
    """The pauses that would hold its next start if it were not released from them."""
    review: str = ""
    """How the review of an emergency stands; "" for other requests."""
    review_is_due: bool = False
    """Whether somebody must still review it."""
    variant: Literal["approval", "receipt"] = "approval"
    mentions_approvers: bool = False
    """Whether it mentions them. It does in their channel; a direct message reaches them without."""
    reader: str = ""
    """The user id of the one person who reads it; "" in a channel."""
    system: SystemNames | None = None
    """What people call its system; None if only the name in the configuration is known."""

    reader_zones: frozenset[str] | None = None
    """The time zones of its readers, as far as they are known; None if none is."""

    @property
    def system_names(self) -> SystemNames:
        return self.system or SystemNames.of(self.request.content.backend)

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for approval."""
        return self.request.state == "awaiting_approval"

    @property
    def is_over(self) -> bool:
        return self.request.state in FINAL_STATES

    @property
    def current_decisions(self) -> list[Decision]:
        """The decisions on the present content, those that were taken back too."""
        return [d for d in self.decisions if d.content_hash == self.request.content_hash]

    @property
    def must_read_first(self) -> bool:
        """Whether an approver must read more than the card shows."""
        return self.is_waiting and card_excerpts(self.request).hidden > 0

    @property
    def silent_run(self) -> Run | None:
        """The run whose system has not answered for a while; None if there is none."""
        return next((run for run in self.runs if run.state == "running" and run.silent_since and run.problem), None)

    @property
    def is_in_doubt(self) -> bool:
        """Whether people have to say what became of a run: the only one, or one of a series."""
        return not self.is_over and (
            self.request.state == "unknown" or any(run.state == "unknown" for run in self.runs)
        )
