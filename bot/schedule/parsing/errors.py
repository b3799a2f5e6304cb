"""The two ways in which a phrase is not understood, raised inside the reader and turned into values by ``read``."""

from bot.schedule.parsing.nodes import SyntaxNode


class ParseError(Exception):
    """The nodes given are not understood: the phrase is refused, and their words are named."""

    def __init__(self, reason: str, *nodes: SyntaxNode, example: str = "") -> None:
        self.reason = reason
        self.nodes = nodes
        self.example = example
        super().__init__(reason)


class AmbiguityError(Exception):
    """The nodes given have several meanings. ``options`` are texts that say each meaning without doubt; each one
    stands for the words of ``replace`` (or is put behind ``after``), and the phrase is then read again. ``whole`` are
    phrases that stand for all of it. ``passed`` says that the time is gone: its answers are another question's last."""

    def __init__(
        self,
        question: str,
        options: tuple[str, ...],
        *nodes: SyntaxNode,
        replace: tuple[SyntaxNode, ...] | None = None,
        insert_after: SyntaxNode | None = None,
        whole_phrases: tuple[str, ...] = (),
        time_passed: bool = False,
    ) -> None:
        self.question = question
        self.options = options
        self.nodes = nodes
        self.replace = nodes if replace is None else replace
        self.insert_after = insert_after
        self.whole_phrases = whole_phrases
        self.time_passed = time_passed
        super().__init__(question)
