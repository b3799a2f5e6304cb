"""The DevExtreme lists: filter, sort, skip and take, and the queries on which the real server fails."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    ">=": lambda a, b: a is not None and a >= b,
    "<=": lambda a, b: a is not None and a <= b,
    ">": lambda a, b: a is not None and a > b,
    "<": lambda a, b: a is not None and a < b,
}


class Unsupported(Exception):
    """The real server answers such a query with 500."""


def filter_rows(rows: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """The part of the rows that a query asks for. Raises Unsupported."""
    for selector, operator, value in _conditions(json.loads(query.get("filter") or "[]")):
        rows = [row for row in rows if _COMPARE[operator](_value(row.get(selector)), _operand(value))]
    for sort in reversed(json.loads(query.get("sort") or "[]")):
        rows = sorted(rows, key=lambda row, s=sort: (row[s["selector"]], row["id"]), reverse=bool(sort.get("desc")))  # type: ignore[misc]
    skip, take = int(query.get("skip", 0)), int(query.get("take", 20))
    return {"data": rows[skip : skip + take], "totalCount": -1, "groupCount": -1, "summary": None}


def equal_to(query: Mapping[str, str], selector: str) -> Any:
    """The value that a query wants a selector to have; None where it does not say or cannot be read."""
    found = json.loads(query.get("filter") or "[]")
    return next((c[2] for c in found if isinstance(c, list) and c[:2] == [selector, "="]), None)


def _conditions(found: Any) -> list[tuple[str, str, Any]]:
    """The conditions of a filter, which must all hold."""
    if not found:
        return []
    if isinstance(found[0], str):
        selector, operator, value = found
        if selector.endswith("Name") or operator not in _COMPARE:
            raise Unsupported
        return [(selector, operator, value)]
    conditions = []
    for part in found:
        if part == "or":
            raise Unsupported
        if part != "and":
            conditions += _conditions(part)
    return conditions


def _operand(value: Any) -> Any:
    """Dates are written month first, in UTC."""
    if isinstance(value, str) and value.count("/") == 2:
        return datetime.strptime(value, "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)
    return value


def _value(value: Any) -> Any:
    if isinstance(value, str) and value[4:5] == "-" and "T" in value:
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value
