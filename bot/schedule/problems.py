"""The two ways in which a phrase is not understood, raised inside the reader and turned into values by ``read``."""

from bot.schedule.pieces import Piece


class Unread(Exception):
    """The pieces given are not understood: the phrase is refused, and their words are named."""

    def __init__(self, reason: str, *pieces: Piece, example: str = "") -> None:
        self.reason = reason
        self.pieces = pieces
        self.example = example
        super().__init__(reason)


class Ask(Exception):
    """The pieces given have several meanings. ``options`` are texts that say each meaning without doubt; each one
    stands for the words of ``replace`` (or is put behind ``after``), and the phrase is then read again. ``whole`` are
    phrases that stand for all of it. ``passed`` says that the time is gone: its answers are another question's last."""

    def __init__(
        self,
        ask: str,
        options: tuple[str, ...],
        *pieces: Piece,
        replace: tuple[Piece, ...] | None = None,
        after: Piece | None = None,
        whole: tuple[str, ...] = (),
        passed: bool = False,
    ) -> None:
        self.ask = ask
        self.options = options
        self.pieces = pieces
        self.replace = pieces if replace is None else replace
        self.after = after
        self.whole = whole
        self.passed = passed
        super().__init__(ask)
