"""Figures: what was measured, and whether it is good enough."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

OUT = Path(__file__).parent / "out" / "latest.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. ``bar`` is what it must reach, in words; ``holds`` is None for a figure without a bar."""

    name: str
    value: float
    unit: str
    bar: str = ""
    holds: bool | None = None


def under(name: str, value: float, unit: str, bar: float) -> Figure:
    """A figure that must stay below its bar."""
    return Figure(name, round(value, 3), unit, f"< {bar:g}", value < bar)


def at_least(name: str, value: float, unit: str, bar: float) -> Figure:
    """A figure that must reach its bar."""
    return Figure(name, round(value, 3), unit, f">= {bar:g}", value >= bar)


def plain(name: str, value: float, unit: str) -> Figure:
    """A figure that others are compared with."""
    return Figure(name, round(value, 3), unit)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of them lie; not a number where there are none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(figures: Sequence[Figure]) -> None:
    """Print them as a table."""
    width = max((len(figure.name) for figure in figures), default=0)
    for figure in figures:
        word = {True: "holds", False: "FALLS SHORT", None: ""}[figure.holds]
        print(f"{figure.name:{width}}  {figure.value:>12.3f} {figure.unit:8} {figure.bar:>9}  {word}", flush=True)


def store(figures: Sequence[Figure]) -> None:
    """Write them where others find them."""
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")
