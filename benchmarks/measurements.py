"""Figures: what was measured, and whether it meets its target."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

OUTPUT_PATH = Path(__file__).parent / "out" / "latest.json"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure. ``target`` is the bound it must meet, in words; ``passed`` is None for a figure without a target."""

    name: str
    value: float
    unit: str
    target: str = ""
    passed: bool | None = None


def below(name: str, value: float, unit: str, target: float) -> Measurement:
    """A figure that must stay below its target."""
    return Measurement(name, round(value, 3), unit, f"< {target:g}", value < target)


def at_most(name: str, value: float, unit: str, target: float) -> Measurement:
    """Return a figure that may reach its target and must not exceed it."""
    return Measurement(name, round(value, 3), unit, f"<= {target:g}", value <= target)


def at_least(name: str, value: float, unit: str, target: float) -> Measurement:
    """A figure that must reach its target."""
    return Measurement(name, round(value, 3), unit, f">= {target:g}", value >= target)


def informational(name: str, value: float, unit: str) -> Measurement:
    """A figure without a target, for comparison."""
    return Measurement(name, round(value, 3), unit)


def percentile(values: Sequence[float], fraction: float) -> float:
    """The value below which ``fraction`` of them lie; NaN where there are none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


def show(figures: Sequence[Measurement]) -> None:
    """Print figures as a table."""
    width = max((len(figure.name) for figure in figures), default=0)
    for figure in figures:
        word = {True: "passed", False: "FAILED", None: ""}[figure.passed]
        print(f"{figure.name:{width}}  {figure.value:>12.3f} {figure.unit:8} {figure.target:>9}  {word}", flush=True)


def store(figures: Sequence[Measurement]) -> None:
    """Write figures to ``benchmarks/out/latest.json``."""
    OUTPUT_PATH.parent.mkdir(exist_ok=True)
    OUTPUT_PATH.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")
