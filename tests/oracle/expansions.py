"""Expand random rules with the libraries of others, in several zones over three years, and count what differs."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import islice, takewhile
from random import Random
from zoneinfo import ZoneInfo

from cronsim import CronSim
from dateutil.rrule import rrulestr

from bot.commands.when import to_rrule
from bot.schedule import Parsed, Series, ZonedTime, occurrences, read, to_phrase

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe",
    "Pacific/Auckland", "America/St_Johns", "Africa/Casablanca", "Asia/Tehran", "Pacific/Chatham", "Europe/London",
)  # fmt: skip
_YEARS = timedelta(days=3 * 365)
_MAX_RUNS = 3000
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass
class Tally:
    """How many rules were compared with one library, and which differ."""

    name: str
    compared: int = 0
    different: list[str] = field(default_factory=list)

    def add(self, rule: str, ours: list[datetime], theirs: list[datetime]) -> None:
        """Count a rule."""
        self.compared += 1
        if ours != theirs:
            index = next((n for n, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), -1)
            pair = (ours[index], theirs[index]) if index >= 0 else (len(ours), len(theirs))
            self.different.append(f"{rule}: ours {pair[0]}, theirs {pair[1]}")


def series_of(rule: str, now: datetime, zone: str) -> Series | None:
    """Return the series of a pasted rule, or None where a series cannot hold it."""
    reading = read(rule, now=now, zone=zone)
    return reading.schedule if isinstance(reading, Parsed) and isinstance(reading.schedule, Series) else None


def ours_until(series: Series, after: datetime, end: datetime) -> list[datetime]:
    """Return our runs of a series up to an instant."""
    return [run.instant for run in takewhile(lambda run: run.instant <= end, occurrences(series, after))][:_MAX_RUNS]


def random_now(random: Random) -> datetime:
    """Return a moment of 2026."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=random.randrange(365 * 24 * 60))


def random_rule(random: Random) -> str:
    """Return an RRULE with a time of day."""
    at = f"BYHOUR={random.randrange(24)};BYMINUTE={random.choice((0, 0, 15, 30))}"
    every = random.randrange(1, 5)
    days = ",".join(sorted(random.sample(_DAYS, random.randrange(1, 4)), key=_DAYS.index))
    nths = f"{random.choice((-1, 1, 2, 3, 4))}{random.choice(_DAYS)}"
    return random.choice(
        (
            f"FREQ=DAILY;INTERVAL={every};{at}",
            f"FREQ=WEEKLY;INTERVAL={every};BYDAY={days};{at}",
            f"FREQ=MONTHLY;INTERVAL={every};BYDAY={nths};{at}",
            f"FREQ=MONTHLY;INTERVAL={every};BYMONTHDAY={random.choice((1, 15, 28, 31, -1))};{at}",
            f"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS={random.choice((1, -1))};{at}",
            f"FREQ=YEARLY;BYMONTH={random.randrange(1, 13)};BYMONTHDAY={random.randrange(1, 29)};{at}",
            f"FREQ=YEARLY;BYMONTH={random.randrange(1, 13)};BYDAY={nths};{at}",
        )
    )


def with_dateutil(count: int, seed: int) -> Tally:
    """Compare with dateutil's own reading of the rule, on the clock of the zone."""
    random, tally = Random(seed), Tally("python-dateutil")
    for _ in range(count):
        rule, zone, now = random_rule(random), random.choice(ZONES), random_now(random)
        series = series_of(rule, now, zone)
        if series is None:
            continue
        end = now + _YEARS
        start = datetime.combine(series.first.wall.date(), time())
        stop = end.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        walls = rrulestr(to_rrule(series) or "", dtstart=start).between(start, stop, inc=True)
        theirs = [_instant(wall, zone) for wall in walls]
        theirs = [at for at in dict.fromkeys(theirs) if now < at <= end]
        tally.add(f"{rule} {zone} from {now}", ours_until(series, now, end), theirs[:_MAX_RUNS])
    return tally


def _instant(wall: datetime, zone: str) -> datetime:
    """Return the instant of a wall-clock time: its first one, or the end of the gap that it is in."""
    tz = ZoneInfo(zone)
    instant = wall.replace(tzinfo=tz).astimezone(UTC)
    if instant.astimezone(tz).replace(tzinfo=None) == wall:
        return instant
    before = wall.replace(tzinfo=tz, fold=1).astimezone(UTC)
    minutes = takewhile(
        lambda at: at <= instant + timedelta(hours=1), (before + timedelta(minutes=n) for n in range(240))
    )
    return next(at for at in minutes if at.astimezone(tz).replace(tzinfo=None) >= wall)


def random_cron(random: Random) -> str:
    """Return a cron line that does not name both a date and a weekday."""
    minute, hour = random.choice(("0", "30", "15,45")), str(random.randrange(24))
    hour = random.choice((hour, "*/6", "8-18/2"))
    days = random.choice(("* * *", "1,15 * *", "L * *", "* * 1-5", "* * 0", "* * 2#2", "* * 5L", "10 3,9 *", "* 6-8 6"))
    return f"{minute} {hour} {days}"


def with_cronsim(count: int, seed: int) -> Tally:
    """Compare with cronsim, which follows Debian's cron across changes of the clocks."""
    random, tally = Random(seed), Tally("cronsim")
    for _ in range(count):
        line, zone, now = random_cron(random), random.choice(ZONES), random_now(random)
        series = series_of(line, now, zone)
        if series is None:
            continue
        end = now + _YEARS
        local = now.astimezone(ZoneInfo(zone))
        theirs = (at.astimezone(UTC) for at in islice(CronSim(line, local), 2 * _MAX_RUNS))
        found = [at for at in dict.fromkeys(theirs) if at <= end]
        tally.add(f"{line} {zone} from {now}", ours_until(series, now, end), found[:_MAX_RUNS])
    return tally


def random_calendar(random: Random) -> str:
    """Return a calendar expression of systemd."""
    clock = f"{random.randrange(24):02}:{random.choice(('00', '30'))}"
    days = random.choice(
        ("Mon..Fri", "Sat,Sun", "*-*-*", "Sat *-*-1..7", "*-*~01", "*-01,04,07,10-01", "Wed *-*-9..15")
    )
    return f"{days} {clock}"


def with_systemd(count: int, seed: int) -> Tally | None:
    """Compare with ``systemd-analyze calendar``, or return None where there is none."""
    program = shutil.which("systemd-analyze")
    if program is None:
        return None
    random, tally = Random(seed), Tally("systemd-analyze calendar")
    for _ in range(count):
        rule, zone, now = (
            random_calendar(random),
            random.choice(("UTC", "Europe/Berlin", "Asia/Tokyo")),
            random_now(random),
        )
        series = series_of(f"{rule} {zone}", now, "UTC")
        if series is None:
            continue
        base = f"{now:%Y-%m-%d %H:%M:%S} UTC"
        command = [program, "calendar", f"--base-time={base}", "--iterations=40", f"{rule} {zone}"]
        text = subprocess.run(command, capture_output=True, text=True, check=True, env={"TZ": "UTC"}).stdout
        theirs = [
            datetime.strptime(found, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            for found in re.findall(r"(?:Next elapse|Iteration #\d+|\(in UTC\)): \w{3} ([\d-]+ [\d:]+) UTC", text)
        ]
        ours = [run.instant for run in _first(series, now, len(theirs))]
        tally.add(f"{rule} {zone} from {now}", ours, theirs)
    return tally


def _first(series: Series, now: datetime, count: int) -> Iterator[ZonedTime]:
    return islice(occurrences(series, now), count)


def said_back(count: int, seed: int) -> Tally:
    """Compare the runs of a rule with those of the words that describe it."""
    random, tally = Random(seed), Tally("our own words")
    for _ in range(count):
        rule, zone, now = random_rule(random), random.choice(ZONES), random_now(random)
        series = series_of(rule, now, zone)
        again = read(to_phrase(series), now=now, zone=zone) if series else None
        if series is None or not isinstance(again, Parsed) or not isinstance(again.schedule, Series):
            continue
        end = now + _YEARS
        tally.add(rule, ours_until(series, now, end), ours_until(again.schedule, now, end))
    return tally
