"""Compare the cron lines that Foreman would get with Fugit, which Foreman reads them with: is every run the same?"""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from bot.backends.foreman.placement import ScheduledInForeman, choose_scheduler
from bot.backends.foreman.server import ForemanServer
from bot.backends.foreman.translate import to_cron_line
from bot.schedule import Parsed, Series, occurrences, read

NOT_COMPARED = 3
"""Exit status where there is no Ruby with Fugit."""
SERVER = ForemanServer("3.15", (16, 1), (11, 0))
NOW = datetime(2026, 11, 26, 9, 15, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)
ZONES = (
    "UTC", "Europe/Berlin", "Europe/London", "Europe/Paris", "Europe/Madrid", "Europe/Lisbon", "Europe/Dublin",
    "Europe/Helsinki", "Europe/Athens", "Europe/Moscow", "Europe/Istanbul", "Atlantic/Azores", "America/New_York",
    "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage",
    "America/Halifax", "America/St_Johns", "America/Sao_Paulo", "America/Santiago", "America/Asuncion",
    "America/Havana", "America/Mexico_City", "America/Bogota", "Pacific/Honolulu", "Pacific/Auckland",
    "Pacific/Chatham", "Australia/Sydney", "Australia/Brisbane", "Australia/Adelaide", "Australia/Lord_Howe",
    "Asia/Tokyo", "Asia/Kolkata", "Asia/Beirut", "Asia/Jerusalem", "Asia/Tehran", "Africa/Cairo", "Africa/Casablanca",
)  # fmt: skip
PATTERNS = {
    "every day": "every day at 22:00",
    "every day in the night": "every day at 02:30",
    "every day at midnight": "every day at 00:00",
    "several times a day": "every day at 06:00 and 18:00",
    "weekdays": "every weekday at 06:00",
    "one weekday": "every friday at 22:00",
    "sunday in the night": "every sunday at 02:30",
    "day of the month": "every month on the 15th at 04:00",
    "29th in the night": "every month on the 29th at 02:30",
    "last day of the month": "every month on the last day at 23:00",
    "nth weekday": "every month on the 2nd tuesday at 22:00",
    "5th weekday": "every month on the 5th monday at 22:00",
    "last weekday": "every month on the last sunday at 03:00",
    "several nth weekdays": "every month on the 1st and 3rd friday at 22:00",
    "day counted from a weekday": "every month on the saturday after the 2nd tuesday at 22:00",
    "date of each year": "every year on the 24th of december at 06:00",
    "weekday of some months": "every quarter on the first monday at 06:00",
    "every six hours": "every 6 hours",
}  # fmt: skip
_RUBY = """
require "json"; require "fugit"
STDIN.each_line do |text|
  line, from, to = JSON.parse(text)
  cron = Fugit.do_parse_cron(line) rescue nil
  runs = cron && []
  t = EtOrbi::EoTime.new(from, "UTC")
  begin
    while cron && (t = cron.next_time(t)) && t.to_i <= to do runs << t.to_i end
  rescue RuntimeError
    runs << -1
  end
  puts JSON.dump(runs)
  STDOUT.flush
end
"""


@dataclass
class Row:
    """What was found of one pattern: in zones without and with clock changes, and what Foreman would be given."""

    compared: int = 0
    unread: int = 0
    different: list[str] = field(default_factory=list)
    handed_over: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """A cron line of a pattern in a zone, and our runs of it."""

    pattern: str
    zone: str
    text: str
    handed_over: bool
    runs: Sequence[int]


def fugit_version() -> str | None:
    """Return the version of Fugit, or None where there is no Ruby with it."""
    ruby = shutil.which("ruby")
    if ruby is None:
        return None
    command = [ruby, "-e", 'require "fugit"; print Fugit::VERSION']
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout if answer.returncode == 0 else None


def lines(patterns: dict[str, str] = PATTERNS, zones: Sequence[str] = ZONES) -> Iterator[Line]:
    """Yield the line of each pattern in each zone, with our runs of three years."""
    for pattern, phrase in patterns.items():
        for zone in zones:
            reading = read(phrase, now=NOW, zone=zone)
            assert isinstance(reading, Parsed), reading
            series = reading.schedule
            assert isinstance(series, Series)
            placed = choose_scheduler(series, NOW, SERVER, zone)
            if series.rule.freq == "hourly" and not isinstance(placed, ScheduledInForeman):
                continue
            runs = [
                int(run.instant.timestamp())
                for run in takewhile(lambda run: run.instant <= NOW + YEARS, occurrences(series, NOW))
            ]
            yield Line(pattern, zone, to_cron_line(series, "fugit"), isinstance(placed, ScheduledInForeman), runs)


def compare(patterns: dict[str, str]) -> Row:
    """Return what was found of some patterns."""
    ours = list(lines(patterns))
    asked = "".join(
        json.dumps([line.text, int(NOW.timestamp()), int((NOW + YEARS).timestamp())]) + "\n" for line in ours
    )
    ruby = shutil.which("ruby") or "ruby"
    answers = subprocess.run([ruby, "-e", _RUBY], input=asked, capture_output=True, text=True, check=True).stdout
    row = Row()
    for line, answer in zip(ours, answers.splitlines(), strict=True):
        _add(row, line, json.loads(answer))
    return row


def _add(row: Row, line: Line, theirs: list[int] | None) -> None:
    row.handed_over += line.handed_over
    if theirs is None:
        row.unread += 1
        return
    row.compared += 1
    if theirs == list(line.runs):
        return
    apart = sorted(set(theirs) ^ set(line.runs))[0]
    moment = datetime.fromtimestamp(apart, UTC)
    text = f"{line.text}: {'only Fugit' if apart in theirs else 'only Nightshift'} runs at {moment:%Y-%m-%d %H:%M} UTC"
    row.different.append(text)
    if line.handed_over:
        row.wrong.append(text)


def report() -> int:
    """Print a table of the patterns. Returns how many lines that Foreman would get run at other moments there."""
    print(f"Fugit {fugit_version()}: {len(PATTERNS)} patterns in {len(ZONES)} zones, over three years")
    print("pattern, lines compared, not read by this Fugit, differ, given to Foreman, of these differ")
    wrong = 0
    for pattern, phrase in PATTERNS.items():
        row = compare({pattern: phrase})
        counts = (row.compared, row.unread, len(row.different), row.handed_over, len(row.wrong))
        print(f"{pattern}: {', '.join(map(str, counts))}", flush=True)
        for text in row.wrong[:20]:
            print(f"  {text}", flush=True)
        wrong += len(row.wrong)
    return wrong


if __name__ == "__main__":
    raise SystemExit(1 if report() else 0)
