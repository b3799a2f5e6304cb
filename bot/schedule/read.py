"""Reading a phrase: the one way in. A phrase becomes a schedule, a question, or a refusal."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.schedule import absolute
from bot.schedule.context import Context
from bot.schedule.echo import label
from bot.schedule.limits import overlapping, too_far
from bot.schedule.model import Choice, Habits, Now, Question, Reading, Refusal, Schedule, Series, Span, Understood
from bot.schedule.pieces import Piece, Present, Zone
from bot.schedule.problems import Ask, Unread
from bot.schedule.recurring import is_series
from bot.schedule.scan import scan
from bot.schedule.series import series
from bot.schedule.tokens import Token, tokenise
from bot.schedule.windows import single
from bot.schedule.zones import misnamed, names, settled

EXAMPLE = "tomorrow 21:00"
LONGEST = 200
"""Characters of the longest phrase that is read at all."""
_DEPTH = 3
_CHOICES = 4
_MESSAGE = "'{word}' was not understood."
_Said = tuple[datetime, str, Habits, bool]
"""When and where a phrase was said, the speaker's habits, and whether whole days are wanted."""


def read(phrase: str, *, now: datetime, zone: str, habits: Habits = Habits(), whole_days: bool = False) -> Reading:
    """Read a phrase said at ``now`` (zone-aware) by somebody whose IANA zone is ``zone``. No phrase makes it raise.

    ``whole_days`` answers what the words mean even where nothing could be run by it: a date without a time, a series
    without one, and times beyond the horizon.
    """
    # In UTC, because adding to a time in another zone counts what the clocks there show.
    return _read(phrase, (now.astimezone(UTC), zone, habits, whole_days))


def _read(phrase: str, said: _Said) -> Reading:
    if len(phrase) > LONGEST:
        reason = f"A time of more than {LONGEST} characters is not read."
        return Refusal(phrase=phrase[:LONGEST], reason=reason, word=phrase[:20], example=EXAMPLE)
    tokens: list[Token] = []
    try:
        tokens = tokenise(phrase)
        if tokens[0].kind == "end":
            return Refusal(phrase=phrase, reason="Say when.", example=EXAMPLE)
        return _understood(phrase, tokens, said, 0)
    except Unread as problem:
        return _refused(phrase, tokens, problem)
    except Ask as question:
        return _asked(phrase, tokens, question, said)
    except (OverflowError, ValueError):
        return Refusal(phrase=phrase, reason="That is too far away.", word=phrase, example=EXAMPLE)


def _understood(phrase: str, tokens: Sequence[Token], said: _Said, depth: int) -> Understood:
    now, zone, habits, whole_days = said
    pieces = scan(tokens)
    ctx = Context(tokens, now, zone, habits, whole_days)
    schedule = _schedule(ctx, _in_zone(ctx, pieces))
    _within_limits(ctx, schedule)
    spans = () if depth else _spans(phrase, tokens, pieces)
    return Understood(phrase=phrase, schedule=schedule, assumptions=tuple(ctx.notes), spans=spans)


def warm() -> None:
    """Load what the first phrases would otherwise wait for: dateparser with its language, and the zone names."""
    absolute.warm()
    names()


def _in_zone(ctx: Context, pieces: Sequence[Piece]) -> list[Piece]:
    """Settle the zone of the phrase; the other pieces come back."""
    zones = [piece for piece in pieces if isinstance(piece, Zone)]
    found = {name: piece for piece in zones if (name := settled(piece, ctx.speaker))}
    if len(found) > 1:
        raise Unread("Two time zones are named.", *zones)
    for piece in zones:
        if settled(piece, ctx.speaker) is None:
            letters = piece.letters.upper() or ctx.text(piece)
            raise Ask(f"Which zone is meant by {letters}?", tuple(f" {name}" for name in piece.candidates), piece)
    ctx.zones = zones
    ctx.move_to(next(iter(found), ctx.speaker))
    for name, piece in found.items():
        if piece.letters and len(piece.candidates) > 1:
            ctx.note(f"{piece.letters.upper()} was read as {name}, the zone of the profile.")
        ctx.letters = piece.letters
    return [piece for piece in pieces if not isinstance(piece, Zone)]


def _schedule(ctx: Context, pieces: Sequence[Piece]) -> Schedule:
    if not pieces:
        raise Unread("That names no time.")
    if len(pieces) == 1 and isinstance(pieces[0], Present) and ctx.zone == ctx.speaker:
        return Now()
    if is_series(pieces):
        return series(ctx, pieces)
    schedule = single(ctx, pieces)
    actual = schedule.start.local.tzname() or ""
    if misnamed(ctx.letters, actual):
        ctx.note(f"{ctx.letters.upper()} was read as the time in {ctx.zone}, which is {actual} then.")
    return schedule


def _within_limits(ctx: Context, schedule: Schedule) -> None:
    """Refuse what the bot could never run; ``whole_days`` only asks what the words mean."""
    if ctx.whole_days:
        return
    reason = too_far(schedule, ctx.now) or (overlapping(schedule) if isinstance(schedule, Series) else None)
    if reason is not None:
        raise Unread(reason)


def _refused(phrase: str, tokens: Sequence[Token], problem: Unread) -> Refusal:
    word = _words(phrase, tokens, problem.pieces)
    reason = problem.reason or _MESSAGE.format(word=word)
    return Refusal(phrase=phrase, reason=reason, word=word, example=problem.example or EXAMPLE)


def _asked(phrase: str, tokens: Sequence[Token], problem: Ask, said: _Said) -> Reading:
    """The question with every answer read in full; what is left of fewer than two answers is a refusal."""
    word = _words(phrase, tokens, problem.pieces)
    choices = _choices(phrase, tokens, problem, said, 0)
    if len(choices) > 1:
        return Question(phrase=phrase, ask=problem.ask, choices=choices, word=word)
    example = choices[0].meaning.phrase if choices else EXAMPLE
    return Refusal(phrase=phrase, reason=problem.ask, word=word, example=example)


def _choices(phrase: str, tokens: Sequence[Token], problem: Ask, said: _Said, depth: int) -> tuple[Choice, ...]:
    """What the phrase means with each answer put in; an answer that leaves another question stands for its answers."""
    texts = [_rewritten(phrase, tokens, problem, option) for option in problem.options]
    found: list[Choice] = []
    last: list[Choice] = []
    for text in (*texts, *(() if depth else problem.whole)):
        inner = tokenise(text)
        try:
            meaning = _understood(text, inner, said, depth + 1)
            found.append(Choice(label=label(meaning.schedule, said[1]), meaning=meaning))
        except Ask as question:
            answers = _choices(text, inner, question, said, depth + 1) if depth < _DEPTH else ()
            (last if question.passed else found).extend(answers[: max(1, _CHOICES // len(texts))])
        except (Unread, OverflowError, ValueError):
            continue
    found += last if len(found) < 2 else []
    return tuple({choice.label: choice for choice in found}.values())[:_CHOICES]


def _rewritten(phrase: str, tokens: Sequence[Token], problem: Ask, option: str) -> str:
    """The phrase with an option in the place of the words that were asked about."""
    if problem.after is not None:
        end = tokens[problem.after.end - 1].end
        return phrase[:end] + option + phrase[end:]
    text = phrase
    ordered = sorted(problem.replace, key=lambda piece: piece.start, reverse=True)
    for piece in ordered:
        new = option if piece is ordered[-1] else ""
        text = text[: tokens[piece.start].start] + " " + new + " " + text[tokens[piece.end - 1].end :]
    return " ".join(text.split()).replace(" ,", ",").strip(" ,")


def _words(phrase: str, tokens: Sequence[Token], pieces: Sequence[Piece]) -> str:
    """The words from the first to the last of the pieces."""
    if not pieces or not tokens:
        return phrase
    first, last = min(piece.start for piece in pieces), max(piece.end for piece in pieces) - 1
    start, end = tokens[first].start, tokens[last].end
    if first == last and tokens[first].kind == "other":
        while start and not phrase[start - 1].isspace():
            start -= 1
        while end < len(phrase) and not phrase[end].isspace():
            end += 1
    return phrase[start:end]


def _spans(phrase: str, tokens: Sequence[Token], pieces: Sequence[Piece]) -> tuple[Span, ...]:
    """Each piece as its words, the production that read it, and what it says."""
    return tuple(
        Span(
            text=phrase[tokens[piece.start].start : tokens[piece.end - 1].end],
            production=type(piece).__name__.lower(),
            meaning=_meaning(piece),
        )
        for piece in pieces
    )


def _meaning(piece: Piece) -> str:
    """What a piece says, field by field: "hour 21, minute 30"."""
    said = [(name, getattr(piece, name)) for name in piece.__dataclass_fields__ if name not in ("start", "end", "sure")]
    return ", ".join(f"{name} {_plain(value)}" for name, value in said if value or name == "hour")


def _plain(value: object) -> str:
    return " ".join(map(_plain, value)) if isinstance(value, tuple) else str(value)
