"""Rules for each customer: ``[[policy.each]]`` repeats its rules for a list of names, or for the rows of a CSV file.

Texts in the rules can have ``{name}`` and the name of any column. The result is a table as if somebody had written
every rule by hand.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, NamedTuple, Self

from pydantic import BeforeValidator, JsonValue, ValidationError, model_validator
from pydantic_core import ErrorDetails

from bot.requests.policy.suggestions import did_you_mean
from bot.requests.setting_types import SettingPath, as_list
from bot.values import FrozenModel

FileReader = Callable[[str], str]
"""Returns the text of a file that a policy names. Raises OSError or ValueError."""
Names = Annotated[tuple[str, ...], BeforeValidator(as_list)]
_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


class EachSettings(FrozenModel):
    """One table ``[[policy.each]]``: who the customers are, and what is the same for all of them."""

    names: Names = ()
    """The names of the customers, where nothing else differs."""
    file: str = ""
    """A CSV file, relative to this one: a line of headings, of which one is ``name``, and a line for each customer."""
    systems: Names = ()
    """The customer's systems, such as ``["opsramp.{name}"]``."""
    approvals_channel: str = ""
    """The channel in which requests of these systems wait for approval."""
    results_channel: str = ""
    """The channel in which their outcomes are posted."""
    rules: tuple[Mapping[str, JsonValue], ...] = ()
    """Rules as everywhere."""

    @model_validator(mode="after")
    def _check_consistent(self) -> Self:
        if bool(self.names) == bool(self.file):
            raise ValueError("say who the customers are in one way: names or file")
        if (self.approvals_channel or self.results_channel) and not self.systems:
            raise ValueError('channels are those of systems; name them, such as systems = ["opsramp.{name}"]')
        return self


class Customer(NamedTuple):
    """A customer, with the systems and channels that are theirs. ``place`` is where the name stands."""

    name: str
    place: str
    systems: tuple[str, ...]
    approvals_channel: str
    results_channel: str


class Expansion(NamedTuple):
    """What ``each`` turns into: all rules as the file would have them, and where each of the new ones comes from."""

    rules: object
    origins: Mapping[int, SettingPath]
    """The path of the rule under ``each``, by the index of the rule that was made from it."""
    customers: tuple[Customer, ...]
    problems: tuple[tuple[SettingPath, str], ...]
    errors: tuple[ErrorDetails, ...]
    """What does not fit in the tables themselves."""


Row = Mapping[str, str]


def expand_each(
    table: Mapping[str, object], place_of: Callable[[SettingPath], str], read_file: FileReader
) -> Expansion:
    """Return the rules of a policy's table, with those of ``each`` after its own."""
    own = table.get("rules", [])
    if "each" not in table or not isinstance(own, list):
        return Expansion(own, {}, (), (), ())
    rules = list(own)
    origins: dict[int, SettingPath] = {}
    customers: list[Customer] = []
    problems: list[tuple[SettingPath, str]] = []
    errors: list[ErrorDetails] = []
    tables = table.get("each", [])
    for index, raw in enumerate(tables if isinstance(tables, list) else [tables]):
        path: SettingPath = ("each", index)
        try:
            settings = EachSettings.model_validate(raw)
            rows = list(_rows(settings, place_of((*path, "names")), read_file))
        except ValidationError as error:
            errors += [{**item, "loc": (*path, *item["loc"])} for item in error.errors()]
            continue
        except ValueError as error:
            problems.append(((*path, "file"), str(error)))
            continue
        try:
            new = [_customer(settings, place, row) for place, row in rows]
        except ValueError as error:
            problems.append((path, str(error)))
            continue
        problems += [(path, text) for text in _named_twice(customers, new)]
        customers += new
        for number, rule in enumerate(settings.rules):
            try:
                filled = [fill_in(dict(rule), row) for _, row in rows]
            except ValueError as error:
                problems.append(((*path, "rules", number), str(error)))
                continue
            origins |= dict.fromkeys(range(len(rules), len(rules) + len(filled)), (*path, "rules", number))
            rules += filled
    return Expansion(rules, origins, tuple(customers), tuple(problems), tuple(errors))


def _rows(settings: EachSettings, place: str, read_file: FileReader) -> Iterator[tuple[str, Row]]:
    """Yield the place and the columns of each customer. Raises ValueError for a file that cannot be used."""
    if settings.names:
        yield from ((place, {"name": name}) for name in settings.names)
        return
    try:
        lines = read_file(settings.file).removeprefix("\ufeff").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ValueError(f"{settings.file} cannot be read: {reason}.") from error
    if len(lines) < 2:
        raise ValueError(f"{settings.file} has no customers; it needs a line of headings and a line for each.")
    reader = csv.reader(lines, delimiter=";" if ";" in lines[0] and "," not in lines[0] else ",")
    lines_of_cells = _cells(reader, settings.file)
    heads = [head.strip().lower() for head in next(lines_of_cells)]
    if "name" not in heads:
        raise ValueError(f'{settings.file}:1: no column is called "name"; there is {", ".join(heads)}.')
    for cells in filter(None, lines_of_cells):
        place = f"{settings.file}:{reader.line_num}"
        if len(cells) != len(heads):
            raise ValueError(f"{place}: there are {len(cells)} values for {len(heads)} columns.")
        row = {head: cell.strip() for head, cell in zip(heads, cells, strict=True)}
        if empty := [head for head, cell in row.items() if not cell]:
            raise ValueError(f"{place}: {empty[0]} is empty.")
        yield place, row


def _cells(reader: Iterator[list[str]], file: str) -> Iterator[list[str]]:
    """Yield the cells of each line. Raises ValueError for a line that is no CSV."""
    try:
        yield from reader
    except csv.Error as error:
        raise ValueError(f"{file}: is not CSV: {error}.") from error


def _customer(settings: EachSettings, place: str, row: Row) -> Customer:
    texts = (settings.approvals_channel, settings.results_channel, *settings.systems)
    approvals, results, *systems = (_fill_text(text, row) for text in texts)
    return Customer(row["name"], place, tuple(systems), approvals, results)


def _named_twice(known: list[Customer], new: list[Customer]) -> Iterator[str]:
    places = {customer.name.casefold(): customer.place for customer in known}
    for customer in new:
        folded = customer.name.casefold()
        other = places.get(folded, "")
        places[folded] = customer.place
        if other:
            yield f'the customer "{customer.name}" is at {customer.place} and at {other}; take one out.'


def fill_in(value: JsonValue, row: Row) -> JsonValue:
    """Return a value with the columns of a row in place of ``{column}``. Raises ValueError for an unknown column."""
    match value:
        case str():
            return _fill_text(value, row)
        case list():
            return [fill_in(item, row) for item in value]
        case dict():
            return {key: fill_in(item, row) for key, item in value.items()}
    return value


def _fill_text(text: str, row: Row) -> str:
    def column(match: re.Match[str]) -> str:
        if match[1] not in row:
            hint = did_you_mean(match[1], row) or f"there is {', '.join(row)}."
            raise ValueError(f"no column is called {match[0]}; {hint}")
        return row[match[1]]

    return _PLACEHOLDER.sub(column, text)
