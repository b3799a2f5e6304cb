"""Errors between a bot, its workspace and the people in it."""

from collections.abc import Sequence


class ApiError(Exception):
    """Slack rejects a call: ``code`` is its error, ``messages`` has details with JSON pointers."""

    def __init__(self, code: str, messages: Sequence[str] = (), **extra: object) -> None:
        self.code = code
        self.messages = tuple(messages)
        self.extra = extra
        super().__init__("; ".join((code, *self.messages)))

    def body(self) -> dict[str, object]:
        """The answer as Slack writes it."""
        out: dict[str, object] = {"ok": False, "error": self.code, **self.extra}
        if self.messages:
            out["response_metadata"] = {"messages": [f"[ERROR] {text}" for text in self.messages]}
            if self.code == "invalid_blocks":
                out["errors"] = list(self.messages)
        return out


class NotVisible(LookupError):
    """A person looked for something that is not on their screen; the text says what is."""


class SearchFailed(Exception):
    """A select that asks the bot for its options got none that Slack can show; ``code`` says why."""

    def __init__(self, code: str, messages: Sequence[str] = ()) -> None:
        self.code = code
        self.messages = tuple(messages)
        super().__init__("; ".join((code, *self.messages)))
