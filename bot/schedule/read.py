"""Read a phrase as a schedule, a question or a rejection."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime

from bot.schedule.calendar_names import LANGUAGES
from bot.schedule.echo import PASTED_RULE, button_label
from bot.schedule.limits import overlap_reason, too_far_reason
from bot.schedule.model import (
    Ambiguous,
    Choice,
    Now,
    Parsed,
    PhraseSpan,
    Reading,
    Rejected,
    Schedule,
    Series,
    TimePreferences,
)
from bot.schedule.parsing import dates
from bot.schedule.parsing.cleaning import clean
from bot.schedule.parsing.errors import AmbiguityError, ParseError
from bot.schedule.parsing.grammar import parse
from bot.schedule.parsing.lexer import is_foreign, tokenize
from bot.schedule.parsing.nodes import FieldValue, NowNode, SyntaxNode, ZoneNode
from bot.schedule.parsing.spelling import suggestions
from bot.schedule.parsing.tokens import Token
from bot.schedule.parsing.zones import zone_names
from bot.schedule.pasted import PastedRule, read_pasted_rule
from bot.schedule.resolving.context import PhraseContext
from bot.schedule.resolving.pasted_series import build_pasted_series
from bot.schedule.resolving.recurring import is_series
from bot.schedule.resolving.series import build_series
from bot.schedule.resolving.windows import resolve_single
from bot.schedule.resolving.zones import in_named_zone, is_wrong_abbreviation, resolve_zone
from bot.schedule.words import to_phrase

EXAMPLE_PHRASE = "tomorrow 21:00"
MAX_PHRASE_LENGTH = 200
"""Maximum number of characters of a phrase."""
_WARM_UP_PHRASES = ("tomorrow 21:00 in berlin", "unknownword", "every friday at 22:00", "0 22 * * 5")
_MAX_DEPTH = 3
_SHORTEST_UNIX_TIME = 9
MAX_CHOICES = 10
"""Maximum number of answers to a question."""
_NOT_UNDERSTOOD = "'{word}' was not understood."
_HIDDEN_FIELDS = ("start", "end", "certainty")
_FIELD_LABELS = {
    "is_midnight": "midnight",
    "has_meridiem": "half",
    "has_at": "led",
    "has_h_suffix": "hours_only",
    "is_approximate": "about",
    "has_on": "on",
    "is_today": "today",
    "determiner": "which",
    "is_range": "span",
    "has_day_word": "named",
    "is_end": "end_of",
    "is_next": "coming",
    "is_dash": "dash",
    "question": "ask",
    "abbreviation": "letters",
    "has_holidays": "holidays",
    "has_nights": "nights",
    "is_choice": "or",
    "is_offset": "fixed",
    "weeks_later": "later",
    "runs_per_unit": "counted",
}
"""What the output of ``--json`` calls the fields of a node. Programs read it, so these labels do not change."""
_SHOWN_FIELDS: dict[str, tuple[tuple[str, str], ...]] = {}
"""The fields of each production that are shown, with their labels; filled when a node is first described."""
_Origin = tuple[datetime, str, TimePreferences, bool]
"""When and where a phrase was said, the speaker's preferences, and whether whole days are accepted."""


def read(
    phrase: str, *, now: datetime, zone: str, preferences: TimePreferences = TimePreferences(), whole_days: bool = False
) -> Reading:
    """Read a phrase said at ``now`` (zone-aware) by a user whose IANA zone is ``zone``. It never raises for a phrase.

    ``whole_days`` also accepts what cannot be run: a date or a series without a time, and times beyond the horizon.
    """
    # In UTC, because adding to a time in another zone moves its wall clock.
    origin, text = (now.astimezone(UTC), zone, preferences, whole_days), clean(phrase)
    if preferences.language == "en" or len(text) > MAX_PHRASE_LENGTH or not is_foreign(text, preferences.language):
        return _read(text, origin)
    english = (origin[0], zone, preferences.model_copy(update={"language": "en"}), whole_days)
    reading, english_reading = _read(text, origin, corrects=False), _read(text, english, corrects=False)
    if isinstance(reading, Rejected) and isinstance(english_reading, Rejected):
        return _read(text, origin)
    return _either(reading, english_reading, origin)


def _either(reading: Reading, english: Reading, origin: _Origin) -> Reading:
    """Return the reading in the speaker's language or in English, whichever is understood; ask where they differ."""
    if isinstance(english, Rejected):
        return reading
    if isinstance(reading, Rejected):
        return english
    choices = {choice.label: choice for choice in (*_meanings(reading, origin), *_meanings(english, origin))}
    if len(choices) == 1 or choices.keys() == {choice.label for choice in _meanings(reading, origin)}:
        return reading
    answers = tuple(choices.values())[:MAX_CHOICES]
    return Ambiguous(
        phrase=reading.phrase, ask="In which language is that meant?", choices=answers, word=reading.phrase
    )


def _meanings(reading: Reading, origin: _Origin) -> tuple[Choice, ...]:
    """Return what a reading may mean, each with a phrase that means it in every language."""
    if isinstance(reading, Ambiguous):
        return reading.choices
    if isinstance(reading, Rejected):
        return ()
    meaning = reading.model_copy(update={"phrase": to_phrase(reading.schedule)})
    return (Choice(label=button_label(reading.schedule, origin[1]), meaning=meaning),)


def _read(phrase: str, origin: _Origin, *, corrects: bool = True) -> Reading:
    if len(phrase) > MAX_PHRASE_LENGTH:
        reason = f"A time of more than {MAX_PHRASE_LENGTH} characters is not read."
        return Rejected(phrase=phrase[:MAX_PHRASE_LENGTH], reason=reason, word=phrase[:20], example=EXAMPLE_PHRASE)
    tokens: list[Token] = []
    try:
        if (pasted := read_pasted_rule(phrase)) is not None:
            return _read_pasted(phrase, pasted, origin)
        tokens = tokenize(phrase, origin[2].language)
        if tokens[0].kind == "end":
            return Rejected(phrase=phrase, reason="Say when.", example=EXAMPLE_PHRASE)
        nodes = parse(tokens)
        return _interpret(phrase, tokens, nodes, origin, has_spans=True)
    except ParseError as problem:
        question = _did_you_mean(phrase, tokens, problem, origin[2].language) if corrects else None
        reading = _ambiguous(phrase, tokens, question, origin) if question else None
        return reading if isinstance(reading, Ambiguous) else _rejected(phrase, tokens, problem)
    except AmbiguityError as question:
        return _ambiguous(phrase, tokens, question, origin)
    except (OverflowError, ValueError):
        return Rejected(phrase=phrase, reason="That is too far away.", word=phrase, example=EXAMPLE_PHRASE)


def _interpret(
    phrase: str, tokens: Sequence[Token], nodes: Sequence[SyntaxNode], origin: _Origin, *, has_spans: bool = False
) -> Parsed:
    now, zone, preferences, whole_days = origin
    ctx = PhraseContext(tokens, now, zone, preferences, whole_days)
    for token in tokens[:-4] if len(phrase) > _SHORTEST_UNIX_TIME else ():
        if token.name == "unix" and token.kind == "date":
            ctx.add_assumption(f"{phrase[token.start : token.end]} was read as a Unix time.")
    schedule = _build_schedule(ctx, _resolve_zone(ctx, nodes))
    _check_limits(ctx, schedule)
    spans = _spans(phrase, tokens, nodes) if has_spans else ()
    return Parsed(phrase=phrase, schedule=schedule, assumptions=tuple(ctx.assumptions), spans=spans)


def _read_pasted(phrase: str, pasted: PastedRule, origin: _Origin) -> Parsed:
    """Return the series of a pasted rule. It must be one that a phrase can say too, or it is rejected."""
    now, zone, preferences, whole_days = origin
    ctx = PhraseContext((), now, zone, preferences, whole_days)
    ctx.set_zone(pasted.zone or zone)
    series = build_pasted_series(ctx, pasted)
    _check_limits(ctx, series)
    said = to_phrase(series)
    try:
        tokens = tokenize(said)
        is_same = _interpret(said, tokens, parse(tokens), (now, zone, preferences, whole_days)).schedule == series
    except (ParseError, AmbiguityError):
        is_same = False
    if not is_same:
        raise ParseError(f"A series here cannot hold this rule ({said}).", example="every friday at 22:00")
    spans = (PhraseSpan(text=phrase, production=PASTED_RULE, meaning=pasted.source),)
    return Parsed(phrase=phrase, schedule=series, assumptions=tuple(ctx.assumptions), spans=spans)


def warm_up() -> None:
    """Load what the first phrases would otherwise wait for: dateparser, languages, names of zones and cities."""
    dates.warm_up()
    zone_names()
    for language in ("en", *LANGUAGES):
        preferences = TimePreferences(language=language)
        for phrase in _WARM_UP_PHRASES:
            read(phrase, now=datetime(2026, 1, 1, tzinfo=UTC), zone="UTC", preferences=preferences)


def _resolve_zone(ctx: PhraseContext, nodes: Sequence[SyntaxNode]) -> list[SyntaxNode]:
    """Set the zone of the phrase and return the other nodes."""
    zones = [node for node in nodes if isinstance(node, ZoneNode)]
    offsets = [node for node in zones if node.is_offset]
    if len(offsets) == 1 and len(zones) == 2:
        # 2026-12-01T10:00:00+01:00[Europe/Berlin] is a time at the offset, and is shown in the zone.
        zones.remove(offsets[0])
        ctx.written_offset = offsets[0].candidates[0]
    nodes_by_zone = {name: node for node in zones if (name := resolve_zone(node, ctx.speaker_zone))}
    if len(nodes_by_zone) > 1:
        raise ParseError("Two time zones are named.", *zones)
    for node in zones:
        if resolve_zone(node, ctx.speaker_zone) is None:
            letters = node.abbreviation.upper() or ctx.text_of(node)
            raise AmbiguityError(
                f"Which zone is meant by {letters}?", tuple(f" {name}" for name in node.candidates), node
            )
    ctx.zone_nodes = zones
    ctx.set_zone(ctx.written_offset or next(iter(nodes_by_zone), ctx.speaker_zone))
    ctx.named_zone = next(iter(nodes_by_zone), "") if ctx.written_offset else ""
    for name, node in nodes_by_zone.items():
        if node.abbreviation and len(node.candidates) > 1:
            ctx.add_assumption(f"{node.abbreviation.upper()} was read as {name}, the zone of the profile.")
        ctx.zone_abbreviation = node.abbreviation
    return [node for node in nodes if not isinstance(node, ZoneNode)]


def _build_schedule(ctx: PhraseContext, nodes: Sequence[SyntaxNode]) -> Schedule:
    if not nodes:
        raise ParseError("That names no time.")
    if len(nodes) == 1 and isinstance(nodes[0], NowNode) and ctx.zone == ctx.speaker_zone:
        return Now()
    if is_series(nodes):
        if ctx.named_zone:
            raise ParseError("Two time zones are named.", *ctx.zone_nodes)
        return build_series(ctx, nodes)
    schedule = resolve_single(ctx, nodes)
    if ctx.named_zone:
        return in_named_zone(schedule, ctx.named_zone)
    actual = schedule.start.local.tzname() or ""
    if is_wrong_abbreviation(ctx.zone_abbreviation, actual):
        ctx.add_assumption(
            f"{ctx.zone_abbreviation.upper()} was read as the time in {ctx.zone}, which is {actual} then."
        )
    return schedule


def _check_limits(ctx: PhraseContext, schedule: Schedule) -> None:
    """Reject what could never run; with ``whole_days`` only the meaning counts."""
    if ctx.whole_days:
        return
    reason = too_far_reason(schedule, ctx.now) or (overlap_reason(schedule) if isinstance(schedule, Series) else None)
    if reason is not None:
        raise ParseError(reason)


def _did_you_mean(phrase: str, tokens: Sequence[Token], problem: ParseError, language: str) -> AmbiguityError | None:
    """Return the question whether a word that is not known stands for one that is spelt almost alike."""
    node = problem.nodes[0] if len(problem.nodes) == 1 else None
    if node is None or problem.reason or tokens[node.start].kind != "other":
        return None
    word = _text_of(phrase, tokens, problem.nodes)
    words = suggestions(word, language)
    if not words:
        return None
    start = phrase.find(word, max(0, tokens[node.start].start - len(word)))
    places = [n for n, token in enumerate(tokens) if start <= token.start < start + len(word) and token.kind != "end"]
    whole = SyntaxNode(places[0], places[-1] + 1) if places else node
    question = f"'{word}' was not understood. Did you mean {' or '.join(words)}?"
    return AmbiguityError(question, words, whole, accepts_one=True)


def _rejected(phrase: str, tokens: Sequence[Token], error: ParseError) -> Rejected:
    word = _text_of(phrase, tokens, error.nodes)
    reason = error.reason or _NOT_UNDERSTOOD.format(word=word)
    return Rejected(phrase=phrase, reason=reason, word=word, example=error.example or EXAMPLE_PHRASE)


def _ambiguous(phrase: str, tokens: Sequence[Token], error: AmbiguityError, origin: _Origin) -> Reading:
    """Return the question with every answer read in full, or a rejection if fewer than two answers remain."""
    word = _text_of(phrase, tokens, error.nodes)
    choices = _choices(phrase, tokens, error, origin, 0)
    if len(choices) > MAX_CHOICES:
        reason = f"'{phrase}' can mean more than {MAX_CHOICES} different times. Name the date, the hour and the zone."
        return Rejected(phrase=phrase, reason=reason, word=word, example=choices[0].meaning.phrase)
    if len(choices) > (not error.accepts_one):
        place = tokens[error.time_after.end - 1].end if error.time_after is not None else None
        return Ambiguous(phrase=phrase, ask=error.question, choices=choices, word=word, time_place=place)
    example = choices[0].meaning.phrase if choices else EXAMPLE_PHRASE
    return Rejected(phrase=phrase, reason=error.question, word=word, example=example)


def _choices(
    phrase: str, tokens: Sequence[Token], error: AmbiguityError, origin: _Origin, depth: int
) -> tuple[Choice, ...]:
    """Read the phrase with each option put in; where another question remains, take its answers instead."""
    texts = [_rewrite(phrase, tokens, error, option) for option in error.options]
    choices: list[Choice] = []
    late_choices: list[Choice] = []
    for text in (*texts, *(() if depth else error.whole_phrases)):
        if len(choices) > MAX_CHOICES:
            break
        inner = tokenize(text, origin[2].language)
        try:
            pasted = read_pasted_rule(text)
            meaning = _read_pasted(text, pasted, origin) if pasted else _interpret(text, inner, parse(inner), origin)
            choices.append(Choice(label=button_label(meaning.schedule, origin[1]), meaning=meaning))
        except AmbiguityError as question:
            answers = _choices(text, inner, question, origin, depth + 1) if depth < _MAX_DEPTH else ()
            (late_choices if question.time_passed or question.is_doubtful else choices).extend(answers)
        except ParseError as problem:
            correction = _did_you_mean(text, inner, problem, origin[2].language) if depth < _MAX_DEPTH else None
            choices += _choices(text, inner, correction, origin, depth + 1) if correction else ()
        except (OverflowError, ValueError):
            continue
    choices += late_choices if len(choices) <= (not error.accepts_one) else []
    return tuple({choice.label: choice for choice in choices}.values())


def _rewrite(phrase: str, tokens: Sequence[Token], error: AmbiguityError, option: str) -> str:
    """Return the phrase with an option in place of the words in doubt."""
    if error.insert_after is not None:
        end = tokens[error.insert_after.end - 1].end
        return phrase[:end] + option + phrase[end:]
    text = phrase
    ordered = sorted(error.replace, key=lambda node: node.start, reverse=True)
    for node in ordered:
        new = option if node is ordered[-1] else ""
        text = text[: tokens[node.start].start] + " " + new + " " + text[tokens[node.end - 1].end :]
    return " ".join(text.split()).replace(" ,", ",").strip(" ,")


def _text_of(phrase: str, tokens: Sequence[Token], nodes: Sequence[SyntaxNode]) -> str:
    """Return the words from the first to the last of the nodes."""
    if not nodes or not tokens:
        return phrase
    first, last = min(node.start for node in nodes), max(node.end for node in nodes) - 1
    start, end = tokens[first].start, tokens[last].end
    if first == last and tokens[first].kind == "other":
        while start and not phrase[start - 1].isspace():
            start -= 1
        while end < len(phrase) and not phrase[end].isspace():
            end += 1
    return phrase[start:end]


def _spans(phrase: str, tokens: Sequence[Token], nodes: Sequence[SyntaxNode]) -> tuple[PhraseSpan, ...]:
    """Describe each node by its words, its production and its fields."""
    return tuple(
        PhraseSpan(
            text=phrase[tokens[node.start].start : tokens[node.end - 1].end],
            production=node.production,
            meaning=_describe_node(node),
        )
        for node in nodes
    )


def _describe_node(node: SyntaxNode) -> str:
    """List the fields of a node that are set: "hour 21, minute 30"."""
    production = node.production
    if production not in _SHOWN_FIELDS:
        names = [field.name for field in fields(node) if field.name not in _HIDDEN_FIELDS]
        _SHOWN_FIELDS[production] = tuple((name, _FIELD_LABELS.get(name, name)) for name in names)
    values: list[tuple[str, FieldValue]] = [(label, getattr(node, name)) for name, label in _SHOWN_FIELDS[production]]
    return ", ".join(f"{label} {_format_value(value)}" for label, value in values if value or label == "hour")


def _format_value(value: FieldValue) -> str:
    return " ".join(map(_format_value, value)) if isinstance(value, tuple) else str(value)
