"""Errors for a phrase without exactly one meaning. ``read`` turns them into results."""

from bot.schedule.parsing.nodes import SyntaxNode


class ParseError(Exception):
    """The phrase is rejected because of these nodes. Their words are named in the result."""

    def __init__(self, reason: str, *nodes: SyntaxNode, example: str = "") -> None:
        self.reason = reason
        self.nodes = nodes
        self.example = example
        super().__init__(reason)


class AmbiguityError(Exception):
    """The nodes have several meanings.

    Each of ``options`` is a text with one meaning. It replaces the words of ``replace``, or is inserted after
    ``insert_after``, and the phrase is read again. ``whole_phrases`` replace the whole phrase. ``time_passed`` means
    that the time is over, ``is_doubtful`` that no answer is likely; such answers are offered only if there are no
    others. ``time_after`` is the node after which any time of day answers the question. ``accepts_one`` makes a
    question of a single answer; without it, the phrase is rejected then.
    """

    def __init__(
        self,
        question: str,
        options: tuple[str, ...],
        *nodes: SyntaxNode,
        replace: tuple[SyntaxNode, ...] | None = None,
        insert_after: SyntaxNode | None = None,
        whole_phrases: tuple[str, ...] = (),
        time_passed: bool = False,
        is_doubtful: bool = False,
        accepts_one: bool = False,
        time_after: SyntaxNode | None = None,
    ) -> None:
        self.question = question
        self.options = options
        self.nodes = nodes
        self.replace = nodes if replace is None else replace
        self.insert_after = insert_after
        self.whole_phrases = whole_phrases
        self.time_passed = time_passed
        self.is_doubtful = is_doubtful
        self.accepts_one = accepts_one or time_after is not None
        self.time_after = time_after
        super().__init__(question)
