"""The line numbers of keys and tables in a TOML text, which the standard library does not tell."""

import re
from collections.abc import Iterator
from itertools import accumulate

from bot.requests.setting_types import SettingPath

_HEADER = re.compile(r"\s*(\[\[?)\s*(?P<key>[^\]]+?)\s*\]")
_KEY = re.compile(
    r"""\s*(?P<key>(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_TOKEN = re.compile(r'''"""|\'\'\'|"(?:\\.|[^"\\])*"|'[^']*'|#.*|[\[\]{}]''')


class TomlLines:
    """The line numbers of a valid TOML text. Keys inside an inline table have the line of that table."""

    def __init__(self, text: str) -> None:
        self._line_by_path: dict[SettingPath, int] = {}
        counts: dict[SettingPath, int] = {}
        table: SettingPath = ()
        for number, line in _statements(text):
            if match := _HEADER.match(line):
                table = _table_path(_parts(match["key"]), match[1] == "[[", counts)
                self._line_by_path.setdefault(table, number)
            elif match := _KEY.match(line):
                for path in accumulate(((part,) for part in _parts(match["key"])), initial=table):
                    self._line_by_path.setdefault(path, number)

    def line(self, path: SettingPath) -> int:
        """Return the line of a path, or of the nearest table around it; 1 if there is neither. A list of tables is
        where its first one is."""
        while path:
            for known in (path, (*path, 0)):
                if known in self._line_by_path:
                    return self._line_by_path[known]
            path = path[:-1]
        return 1


def _parts(key: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(key))


def _table_path(parts: tuple[str, ...], is_item: bool, counts: dict[SettingPath, int]) -> SettingPath:
    """Return the path of a table header: its names, with the index after each array of tables."""
    path: SettingPath = ()
    for index, part in enumerate(parts):
        path = (*path, part)
        if is_item and index == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Return the lines on which a statement begins, without those inside a value of several lines."""
    depth, quote = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if not depth and not quote:
            yield number, line
            value = line if not _HEADER.match(line) else ""
        else:
            value = line
        depth, quote = _quote_and_depth_after(value, depth, quote)


def _quote_and_depth_after(line: str, depth: int, quote: str) -> tuple[int, str]:
    """Return how many brackets, and which multi-line quote, are still open at the end of a line."""
    while line:
        if quote:
            _, closing, line = line.partition(quote)
            quote = "" if closing else quote
            continue
        token = _TOKEN.search(line)
        if token is None:
            break
        line = line[token.end() :]
        match token[0]:
            case '"""' | "'''":
                quote = token[0]
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
    return depth, quote
