"""Figures: what was measured, and whether it is good enough."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

OUTPUT_PATH = Path(__file__).parent / "out" / "latest.json"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure. ``bar`` is what it must reach, in words; ``holds`` is None for a figure without a bar."""

    name: str
    value: float
    unit: str
    bar: str = ""
    holds: bool | None = None


def below(name: str, value: float, unit: str, bar: float) -> Measurement:
    """A figure that must stay below its bar."""
    return Measurement(name, round(value, 3), unit, f"< {bar:g}", value < bar)


def at_least(name: str, value: float, unit: str, bar: float) -> Measurement:
    """A figure that must reach its bar."""
    return Measurement(name, round(value, 3), unit, f">= {bar:g}", value >= bar)


def informational(name: str, value: float, unit: str) -> Measurement:
    """A figure that others are compared with."""
    return Measurement(name, round(value, 3), unit)


def percentile(values: Sequence[float], fraction: float) -> float:
    """The value below which ``share`` of them lie; not a number where there are none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


def show(figures: Sequence[Measurement]) -> None:
    """Print them as a table."""
    width = max((len(figure.name) for figure in figures), default=0)
    for figure in figures:
        word = {True: "holds", False: "FALLS SHORT", None: ""}[figure.holds]
        print(f"{figure.name:{width}}  {figure.value:>12.3f} {figure.unit:8} {figure.bar:>9}  {word}", flush=True)


def store(figures: Sequence[Measurement]) -> None:
    """Write them where others find them."""
    OUTPUT_PATH.parent.mkdir(exist_ok=True)
    OUTPUT_PATH.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")
