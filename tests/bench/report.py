"""What all benchmarks print alike: where they ran, percentiles, a line of figures and its bar.

A benchmark is never red or green by time: it prints, and people compare.
"""

import argparse
import logging
import math
import os
from collections.abc import Sequence

_WHAT_WIDTH = 46


def parser(about: str) -> argparse.ArgumentParser:
    """Return the parser of a benchmark, whose help is its docstring as it stands."""
    return argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def begin() -> None:
    """Say where it runs, and keep the program's own log lines out of the figures."""
    silence()
    figure("load of this machine", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


def silence() -> None:
    """Keep the program's own log lines out of the figures; errors are still printed."""
    logging.getLogger("pvc").setLevel(logging.ERROR)


def figure(what: str, value: str, bar: str = "") -> None:
    """Print one figure."""
    print(f"{what:<{_WHAT_WIDTH}} {value}" + (f"   bar {bar}" if bar else ""), flush=True)


def spread(
    what: str, values: Sequence[float], unit: str, bar: str = "", *, digits: int = 2
) -> None:
    """Print median, p99 and the worst of many measured values."""
    figure(what, spread_text(values, unit, digits=digits), bar)


def spread_text(values: Sequence[float], unit: str, *, digits: int = 2) -> str:
    """Return median, p99 and the worst of many measured values."""
    if not values:
        return "nothing was measured"
    named = (("median", 50.0), ("p99", 99.0), ("worst", 100.0))
    shown = (f"{name} {percentile(values, at):{digits + 5}.{digits}f}" for name, at in named)
    return f"{'  '.join(shown)} {unit}"


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent of all do not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else 0.0
