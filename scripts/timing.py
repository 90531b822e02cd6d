"""Times functions beside each other, so that what else a machine does hits all of them alike."""

import statistics
import time

import numpy as np


def compare(what, functions, seconds):
    """Runs functions in turn and prints their median times, and ratios to the first's.

    Args:
        what: the name of the comparison, at the start of each line.
        functions: dict from names to functions without arguments, each called once beforehand.
        seconds: to repeat them for; at least five times.
    """
    for function in functions.values():
        np.asarray(function())
    times = {name: [] for name in functions}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(next(iter(times.values()))) < 5:
        for name, function in functions.items():
            start = time.perf_counter()
            np.asarray(function())
            times[name].append(time.perf_counter() - start)
    first = next(iter(times.values()))
    for name, found in times.items():
        ratio = statistics.median(a / b for a, b in zip(found, first, strict=True))
        print(
            f"{what:14} {name:26} {1e3 * statistics.median(found):9.1f} ms {ratio:7.2f} x",
            flush=True,
        )
