"""Make phrases from meanings, in six languages; reading one must give its meaning back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bot.schedule import Once, Parsed, Schedule, Series, TimePreferences, Window, next_runs, read

ZONE = ZoneInfo("Asia/Tokyo")
_DAYS_AHEAD = 300


@dataclass(frozen=True)
class Words:
    """The words of a language for the phrases below. ``{}`` is the place of what is said."""

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    tomorrow: str
    date: str
    at: str
    between: str
    lasting: str
    every_day: str
    every_weekday: tuple[str, ...]
    every_weeks: str
    every_month: str


def _weekly(template: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(template.format(name) for name in names)


def _words(weekdays: str, months: str, every: str, *templates: str) -> Words:
    days = tuple(weekdays.split())
    tomorrow, day, at, between, lasting, every_day, every_weeks, every_month = templates
    return Words(
        days, tuple(months.split()), tomorrow, day, at, between, lasting, every_day, _weekly(every, days), every_weeks,
        every_month,
    )  # fmt: skip


LANGUAGES = {
    "en": _words(
        "monday tuesday wednesday thursday friday saturday sunday",
        "january february march april may june july august september october november december",
        "every {}", "tomorrow", "{0} {1}", "at {}", "from {} to {}", "at {} for {} hours", "every day",
        "every {0} weeks on {1}", "every month on the {0}th",
    ),
    "de": _words(
        "montag dienstag mittwoch donnerstag freitag samstag sonntag",
        "januar februar märz april mai juni juli august september oktober november dezember",
        "jeden {}", "morgen", "{0}. {1}", "um {}", "von {} bis {}", "um {} für {} Stunden", "jeden Tag",
        "alle {0} Wochen am {1}", "jeden Monat am {0}.",
    ),
    "fr": _words(
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "chaque {}", "demain", "le {0} {1}", "à {}", "de {} à {}", "à {} pendant {} heures", "tous les jours",
        "toutes les {0} semaines le {1}", "chaque mois le {0}",
    ),
    "es": _words(
        "lunes martes miércoles jueves viernes sábado domingo",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "cada {}", "mañana", "el {0} de {1}", "a las {}", "de {} a {}", "a las {} durante {} horas", "todos los días",
        "cada {0} semanas el {1}", "cada mes el {0}",
    ),
    "nl": _words(
        "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
        "januari februari maart april mei juni juli augustus september oktober november december",
        "elke {}", "morgen", "{0} {1}", "om {}", "van {} tot {}", "om {} gedurende {} uur", "elke dag",
        "elke {0} weken op {1}", "elke maand op de {0}e",
    ),
    "pt": _words(
        "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "toda {}", "amanhã", "{0} de {1}", "às {}", "das {} às {}", "às {} por {} horas", "todo dia",
        "a cada {0} semanas na {1}", "todo mês no dia {0}",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A phrase, when it is said, and its meaning: a start, perhaps an end, or the first runs of a series."""

    phrase: str
    language: str
    now: datetime
    start: datetime
    end: datetime | None = None
    runs: tuple[datetime, ...] = ()

    def problem(self) -> str:
        """Return what is wrong with the reading of the phrase, or nothing."""
        preferences = TimePreferences(uses_24h_clock=True, day_first=True, language=self.language)
        reading = read(self.phrase, now=self.now, zone=ZONE.key, preferences=preferences)
        if not isinstance(reading, Parsed):
            return f"{self.phrase!r} at {self.now}: {reading.kind}"
        return "" if self._is_meant(reading.schedule) else f"{self.phrase!r} at {self.now}: {reading.schedule}"

    def _is_meant(self, schedule: Schedule) -> bool:
        match schedule:
            case Once(start=start):
                return not self.runs and self.end is None and start.wall == self.start
            case Window(start=start, end=end):
                return (start.wall, end.wall) == (self.start, self.end)
            case Series():
                found = next_runs(schedule, self.now, len(self.runs))
                return tuple(run.wall for run in found) == self.runs
            case _:
                return False


def made_phrases(language: str, count: int, seed: int) -> Iterator[Made]:
    """Yield phrases of a language; the same ones for the same seed."""
    random = Random(f"{language}{seed}")
    for _ in range(count):
        now = datetime(2026, 1, 1, tzinfo=ZONE) + timedelta(minutes=random.randrange(2 * 365 * 24 * 60))
        yield random.choice((_point, _point, _window, _lasting, _series, _monthly))(
            random, LANGUAGES[language], language, now
        )


def _day(random: Random, words: Words, now: datetime) -> tuple[str, date]:
    ahead = random.randrange(1, 7)
    day = now.date() + timedelta(days=ahead)
    far = now.date() + timedelta(days=random.randrange(1, _DAYS_AHEAD))
    return random.choice(
        (
            (words.tomorrow, now.date() + timedelta(days=1)),
            (words.weekdays[day.weekday()], day),
            (words.date.format(far.day, words.months[far.month - 1]), far),
            (far.isoformat(), far),
        )
    )


def _clock(random: Random) -> time:
    return time(random.randrange(24), random.choice((0, 0, 15, 30, 45)))


def _point(random: Random, words: Words, language: str, now: datetime) -> Made:
    text, day = _day(random, words, now)
    clock = _clock(random)
    parts = [text, words.at.format(f"{clock:%H:%M}") if random.random() < 0.7 else f"{clock:%H:%M}"]
    return Made(" ".join(parts), language, now, datetime.combine(day, clock))


def _window(random: Random, words: Words, language: str, now: datetime) -> Made:
    text, day = _day(random, words, now)
    start = datetime.combine(day, _clock(random))
    end = start + timedelta(minutes=15 * random.randrange(1, 49))
    phrase = f"{text} {words.between.format(f'{start:%H:%M}', f'{end:%H:%M}')}"
    return Made(phrase, language, now, start, end)


def _lasting(random: Random, words: Words, language: str, now: datetime) -> Made:
    text, day = _day(random, words, now)
    start, hours = datetime.combine(day, _clock(random)), random.randrange(2, 30)
    phrase = f"{text} {words.lasting.format(f'{start:%H:%M}', hours)}"
    return Made(phrase, language, now, start, start + timedelta(hours=hours))


def _series(random: Random, words: Words, language: str, now: datetime) -> Made:
    clock, weekday, interval = _clock(random), random.randrange(7), random.randrange(2, 9)
    first = datetime.combine(now.date(), clock)
    first += timedelta(days=first <= now.replace(tzinfo=None))
    at = words.at.format(f"{clock:%H:%M}")
    kind = random.randrange(3)
    if kind == 0:
        runs = tuple(first + timedelta(days=n) for n in range(5))
        return Made(f"{words.every_day} {at}", language, now, first, runs=runs)
    first += timedelta(days=(weekday - first.weekday()) % 7)
    weeks = 1 if kind == 1 else interval
    name = words.weekdays[weekday]
    days = words.every_weekday[weekday] if kind == 1 else words.every_weeks.format(interval, name)
    runs = tuple(first + timedelta(weeks=n * weeks) for n in range(5))
    return Made(f"{days} {at}", language, now, first, runs=runs)


def _monthly(random: Random, words: Words, language: str, now: datetime) -> Made:
    clock, number = _clock(random), random.randrange(4, 20)
    months = ((now.year + (now.month - 1 + n) // 12, (now.month - 1 + n) % 12 + 1) for n in range(7))
    runs = [datetime.combine(date(year, month, number), clock) for year, month in months]
    coming = tuple(run for run in runs if run > now.replace(tzinfo=None))[:5]
    phrase = f"{words.every_month.format(number)} {words.at.format(f'{clock:%H:%M}')}"
    return Made(phrase, language, now, coming[0], runs=coming)
