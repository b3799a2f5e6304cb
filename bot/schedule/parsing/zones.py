"""Parse time zones: IANA names, offsets from UTC, cities, and the common abbreviations."""

import re
from collections.abc import Sequence
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.schedule.parsing.errors import ParseError
from bot.schedule.parsing.nodes import AmbiguousNode, ZoneNode
from bot.schedule.parsing.tokens import Token

# Abbreviations that mean one region, whatever the season: people write EST in July and mean New York.
_NEW_YORK, _CHICAGO, _DENVER = ("America/New_York",), ("America/Chicago",), ("America/Denver",)
_PACIFIC, _BERLIN, _HELSINKI = ("America/Los_Angeles",), ("Europe/Berlin",), ("Europe/Helsinki",)
ABBREVIATIONS: dict[str, tuple[str, ...]] = {
    "utc": ("UTC",), "gmt": ("UTC",), "z": ("UTC",), "zulu": ("UTC",),
    "et": _NEW_YORK, "est": _NEW_YORK, "edt": _NEW_YORK, "ct": _CHICAGO, "cdt": _CHICAGO, "mt": _DENVER,
    "mdt": _DENVER, "pt": _PACIFIC, "pst": _PACIFIC, "pdt": _PACIFIC, "akst": ("America/Anchorage",),
    "akdt": ("America/Anchorage",), "hst": ("Pacific/Honolulu",), "cet": _BERLIN, "cest": _BERLIN, "eet": _HELSINKI,
    "eest": _HELSINKI, "msk": ("Europe/Moscow",), "trt": ("Europe/Istanbul",), "jst": ("Asia/Tokyo",),
    "kst": ("Asia/Seoul",), "sgt": ("Asia/Singapore",), "hkt": ("Asia/Hong_Kong",), "pkt": ("Asia/Karachi",),
    "wib": ("Asia/Jakarta",), "ict": ("Asia/Bangkok",), "awst": ("Australia/Perth",), "aedt": ("Australia/Sydney",),
    "acdt": ("Australia/Adelaide",), "nzst": ("Pacific/Auckland",), "nzdt": ("Pacific/Auckland",),
    "sast": ("Africa/Johannesburg",), "brt": ("America/Sao_Paulo",), "nst": ("America/St_Johns",),
    "aest": ("Australia/Sydney", "Australia/Brisbane"), "acst": ("Australia/Adelaide", "Australia/Darwin"),
    "cst": ("America/Chicago", "Asia/Shanghai", "America/Havana"), "mst": ("America/Denver", "America/Phoenix"),
    "ist": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"), "bst": ("Europe/London", "Asia/Dhaka"),
    "ast": ("America/Halifax", "America/Puerto_Rico", "Asia/Riyadh"), "sst": ("Pacific/Pago_Pago", "Asia/Singapore"),
    "amt": ("America/Manaus", "Asia/Yerevan"), "gst": ("Asia/Dubai", "Atlantic/South_Georgia"),
}  # fmt: skip
LOCAL = "local"
"""Stands for the speaker's own zone."""
SEASONLESS_ABBREVIATIONS = frozenset({LOCAL, "utc", "gmt", "z", "zulu", "et", "ct", "mt", "pt"})
"""Abbreviations that name a zone in summer and in winter alike."""

# Cities that give no zone its name, and countries with one zone.
_EXTRA_CITIES = {
    "munich": "Europe/Berlin", "hamburg": "Europe/Berlin", "frankfurt": "Europe/Berlin", "cologne": "Europe/Berlin",
    "stuttgart": "Europe/Berlin", "germany": "Europe/Berlin", "geneva": "Europe/Zurich", "milan": "Europe/Rome",
    "italy": "Europe/Rome", "france": "Europe/Paris", "lyon": "Europe/Paris", "barcelona": "Europe/Madrid",
    "manchester": "Europe/London", "edinburgh": "Europe/London", "uk": "Europe/London", "kyiv": "Europe/Kyiv",
    "rotterdam": "Europe/Amsterdam", "krakow": "Europe/Warsaw", "poland": "Europe/Warsaw", "nyc": "America/New_York",
    "boston": "America/New_York", "miami": "America/New_York", "atlanta": "America/New_York",
    "philadelphia": "America/New_York", "dallas": "America/Chicago", "houston": "America/Chicago",
    "austin": "America/Chicago", "seattle": "America/Los_Angeles", "san francisco": "America/Los_Angeles",
    "san diego": "America/Los_Angeles", "las vegas": "America/Los_Angeles", "salt lake city": "America/Denver",
    "montreal": "America/Toronto", "ottawa": "America/Toronto", "rio de janeiro": "America/Sao_Paulo",
    "mumbai": "Asia/Kolkata", "delhi": "Asia/Kolkata", "new delhi": "Asia/Kolkata", "bangalore": "Asia/Kolkata",
    "bengaluru": "Asia/Kolkata", "hyderabad": "Asia/Kolkata", "pune": "Asia/Kolkata", "chennai": "Asia/Kolkata",
    "india": "Asia/Kolkata", "beijing": "Asia/Shanghai", "shenzhen": "Asia/Shanghai", "china": "Asia/Shanghai",
    "osaka": "Asia/Tokyo", "japan": "Asia/Tokyo", "hanoi": "Asia/Ho_Chi_Minh", "abu dhabi": "Asia/Dubai",
    "tel aviv": "Asia/Jerusalem", "israel": "Asia/Jerusalem", "canberra": "Australia/Sydney",
    "wellington": "Pacific/Auckland", "cape town": "Africa/Johannesburg",
}  # fmt: skip
_ZONE_PHRASES = {
    "eastern": _NEW_YORK, "mountain": ("America/Denver", "America/Phoenix"), "pacific": _PACIFIC,
    "central": ("America/Chicago", "Europe/Berlin"), "central european": _BERLIN,
}  # fmt: skip
_CITY_AREAS = frozenset({"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"})
# Places that are also words.
_NOT_CITIES = frozenset({"easter", "midway", "wake", "reunion", "north", "south", "west", "knox", "lindeman", "act"})
_ZONES_BY_FRACTIONAL_OFFSET = {
    210: "Asia/Tehran", 270: "Asia/Kabul", 330: "Asia/Kolkata", 345: "Asia/Kathmandu", 390: "Asia/Yangon",
    525: "Australia/Eucla", 570: "Australia/Darwin", -570: "Pacific/Marquesas",
}  # fmt: skip
"""Zones without daylight saving at an offset that is not a whole hour, by minutes east of Greenwich."""

_LARGEST_UNSURE_OFFSET = 10
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-])\s?(\d\d?):?(\d\d)?(?::\d\d)?")


@cache
def zone_names() -> dict[str, str]:
    """Return every IANA name by its lower-case spelling."""
    return {name.lower(): name for name in available_timezones()}


@cache
def _zones_by_city() -> dict[str, str]:
    cities = {}
    for name in available_timezones():
        area, _, city = name.partition("/")
        lower = city.lower().replace("_", " ")
        if area in _CITY_AREAS and "/" not in city and lower not in _NOT_CITIES:
            cities[lower] = name
    return cities | _EXTRA_CITIES


@cache
def zone_info(name: str) -> ZoneInfo:
    """Return the zone of an IANA name."""
    return ZoneInfo(name)


def is_known_zone(name: str) -> bool:
    """Tell whether there is a time zone of this IANA name."""
    return name in zone_names().values()


def time_zone(tokens: Sequence[Token], i: int) -> ZoneNode | AmbiguousNode | None:
    """Parse a time zone: ``Europe/Berlin``, ``UTC+2``, ``in New York``, ``CET``, ``berlin time``."""
    start = i
    if tokens[i].name == "unsure":
        return _offset_or_end(tokens[i], i)
    if tokens[i].name in ("in", "on"):
        i += 1
    token = tokens[i]
    if token.text in ("utc", "gmt") and (question := _spaced_offset_or_end(tokens, start, i)) is not None:
        return question
    if token.kind == "zone":
        name = zone_names().get(token.text)
        node = ZoneNode(start, i + 1, (name,) if name else ())
        if name is None:
            raise ParseError(
                f"There is no time zone called {token.text}.", node, example="tomorrow 21:00 Europe/Berlin"
            )
    elif token.kind == "offset":
        node = ZoneNode(start, i + 1, (), is_offset=True)
        node.candidates = (_fixed_offset_zone(token.text, node),)
    elif token.kind == "other":
        place = _named_zone(tokens, i, start)
        if place is None:
            return None
        node = place
    else:
        return None
    if tokens[node.end].name == "time":
        node.end += 1
    return node


def _offset_or_end(token: Token, i: int) -> AmbiguousNode:
    """Ask whether the 05:00 of "22:00-05:00" is the end of a range or an offset from UTC."""
    options = (f" to {token.text[1:]}", f" UTC{token.text}")
    return AmbiguousNode(i, i + 1, f"Is {token.text[1:]} the end, or an offset from UTC?", options)


def _spaced_offset_or_end(tokens: Sequence[Token], start: int, i: int) -> AmbiguousNode | None:
    """Ask whether "22:00 UTC - 5" is a time at an offset, or one until 5; no offset is as far as UTC-11."""
    dash, figures = tokens[i + 1 : i + 3]
    if dash.kind != "dash" or figures.kind not in ("number", "clock") or not i:
        return None
    hours = figures.parts[0] if figures.parts else figures.number
    hours = hours // 100 if len(figures.text) == 4 and not figures.parts else hours
    if hours > _LARGEST_UNSURE_OFFSET:
        return None
    options = (f"{tokens[i].text} to {figures.text}", f"{tokens[i].text}-{figures.text}")
    return AmbiguousNode(start, i + 3, f"Is {figures.text} the end, or an offset from UTC?", options)


def _fixed_offset_zone(text: str, node: ZoneNode) -> str:
    match = _OFFSET.fullmatch(text)
    if match is None:
        return "UTC"
    sign = 1 if match[1] == "+" else -1
    minutes = sign * (int(match[2]) * 60 + int(match[3] or 0))
    if minutes == 0:
        return "UTC"
    if minutes in _ZONES_BY_FRACTIONAL_OFFSET:
        return _ZONES_BY_FRACTIONAL_OFFSET[minutes]
    hours, rest = divmod(abs(minutes), 60)
    if rest or hours > (14 if sign > 0 else 12):
        raise ParseError(f"No zone keeps {text} all the year. Name a place instead.", node)
    # These names have the opposite sign (POSIX).
    return f"Etc/GMT{-sign * hours:+d}"


def _named_zone(tokens: Sequence[Token], i: int, start: int) -> ZoneNode | None:
    letters = tokens[i].text
    if letters in ABBREVIATIONS:
        return ZoneNode(start, i + 1, ABBREVIATIONS[letters], letters)
    if letters in ("local", "my", "our") and tokens[i + 1].name == "time":
        return ZoneNode(start, i + 1, (), LOCAL)
    words = [letters]
    while tokens[i + len(words)].kind == "other":
        words.append(tokens[i + len(words)].text)
    for count in range(len(words), 0, -1):
        text = " ".join(words[:count])
        if candidates := _ZONE_PHRASES.get(text):
            return ZoneNode(start, _skip_qualifier(tokens, i + count), candidates)
        if city := _zones_by_city().get(text):
            return ZoneNode(start, i + count, (city,))
    return None


def _skip_qualifier(tokens: Sequence[Token], i: int) -> int:
    """Return the place after "standard" at ``i``, where "time" follows it."""
    has_qualifier = tokens[i].text in ("standard", "daylight", "summer") and tokens[i + 1].name == "time"
    return i + 1 if has_qualifier else i
