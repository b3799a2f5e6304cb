"""Long texts in pages: divided, and never cut."""

from collections.abc import Iterable, Iterator, Sequence

from blocks.text import Block, Element, preformatted, rich_text, rich_text_lines, text_run
from bot.requests.disclosure import Passage
from bot.visible_text import EMOJI_STYLES, visible, visible_lines

MAX_ROW_LENGTH = 200
"""Maximum length of a text in a row; a longer one has a box of its own."""
MAX_PIECE_LENGTH = 2_500
MAX_PAGE_LENGTH = 8_000
MAX_PAGE_BLOCKS = 30
"""Maximum size of a page. It leaves room for what is above it, however many bytes a character takes."""


def passage_pages(first_row: Sequence[Element], passages: Iterable[Passage]) -> list[list[Block]]:
    """Passages as blocks, page by page, below a row that is always there."""
    pages: list[list[Block]] = [[]]
    length = 0
    for block, block_length in _blocks(first_row, passages):
        if pages[-1] and (len(pages[-1]) == MAX_PAGE_BLOCKS or length + block_length > MAX_PAGE_LENGTH):
            pages.append([])
            length = 0
        pages[-1].append(block)
        length += block_length
    return pages


def _blocks(first_row: Sequence[Element], passages: Iterable[Passage]) -> Iterator[tuple[Block, int]]:
    """Each block with the length of its text. Short rows share a block."""
    rows: list[Sequence[Element]] = [first_row] if first_row else []
    length = 0
    for passage in passages:
        label, text = visible(passage.label), visible_lines(passage.text)
        if len(label) + len(text) <= MAX_ROW_LENGTH and "\n" not in text:
            if length + len(label) + len(text) > MAX_PIECE_LENGTH:
                yield rich_text_lines(*rows), length
                rows, length = [], 0
            value = [text_run(text, code=True)] if text else []
            rows.append([text_run(f"{label} ", bold=True), *value])
            length += len(label) + len(text)
            continue
        if rows:
            yield rich_text_lines(*rows), length
            rows, length = [], 0
        for piece in _pieces(label):
            yield rich_text_lines([text_run(piece, bold=True)]), len(piece)
        for piece in _pieces(text):
            yield rich_text(preformatted(piece)), len(piece)
    if rows:
        yield rich_text_lines(*rows), length


def _pieces(text: str) -> Iterator[str]:
    """Divide a text, at the end of a line if there is one in the second half of a piece."""
    while len(text) > MAX_PIECE_LENGTH:
        line_end = text.rfind("\n", MAX_PIECE_LENGTH // 2, MAX_PIECE_LENGTH) + 1
        end = line_end or MAX_PIECE_LENGTH
        while text[end] in EMOJI_STYLES:
            end -= 1
        yield text[:end]
        text = text[end:]
    yield text
